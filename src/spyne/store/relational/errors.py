"""What a database refuses, as faults that name the member: never SQL, never a value, never a name that clients do not know.

Drivers say what was broken in three ways: PostgreSQL's by fields of the error (https://www.postgresql.org/docs/current/protocol-error-fields.html),
SQLite's and MariaDB's by a code and a message of fixed form.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, TypeAlias

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import DataError, StatementError

from spyne.error import Fault, ResourceAlreadyExistsError, ValidationError
from spyne.schema.nodes import Struct
from spyne.store.relational.types import Unstorable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import MetaData
    from sqlalchemy.orm import Mapper

    from spyne.middleware import Handler

__all__ = ["DatabaseFaults", "PublicNames", "TryAgainError", "fault_of"]

logger = logging.getLogger(__name__)

Kind: TypeAlias = Literal["unique", "missing", "in_use", "null", "check", "value", "again"]


class TryAgainError(Fault):
    """Two calls got into each other's way, and this one was undone; the same call may succeed now. HTTP 500."""

    CODE = "Server.TryAgain"

    def __init__(self, faultstring: str = "Another call changed the same data at the same time; try again.") -> None:
        super().__init__(self.CODE, faultstring)


class Violation(NamedTuple):
    """What was broken, as the driver tells it; empty where it does not."""

    kind: Kind
    table: str = ""
    columns: tuple[str, ...] = ()
    constraint: str = ""


# --- what the drivers say ---

_SQLSTATES: dict[str, Kind] = {
    "22001": "value",
    "22003": "value",
    "22007": "value",
    "22008": "value",
    "22021": "value",
    "22P02": "value",
    "23502": "null",
    "23503": "missing",
    "23505": "unique",
    "23514": "check",
    "23P01": "unique",
    "40001": "again",
    "40P01": "again",
}
_SQLITE: dict[str, Kind] = {
    "SQLITE_BUSY": "again",
    "SQLITE_BUSY_SNAPSHOT": "again",
    "SQLITE_CONSTRAINT_CHECK": "check",
    "SQLITE_CONSTRAINT_DATATYPE": "value",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "missing",
    "SQLITE_CONSTRAINT_NOTNULL": "null",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_ROWID": "unique",
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_LOCKED": "again",
    "SQLITE_LOCKED_SHAREDCACHE": "again",
    "SQLITE_TOOBIG": "value",
}
_MARIADB: dict[int, Kind] = {
    1048: "null",
    1062: "unique",
    1205: "again",
    1213: "again",
    1264: "value",
    1265: "value",
    1364: "null",
    1366: "value",
    1406: "value",
    1451: "in_use",
    1452: "missing",
    3819: "check",
    4025: "check",
}
_SQLITE_COLUMNS = re.compile(r"constraint failed: (\w+\.\w+(?:, \w+\.\w+)*)$")
_SQLITE_NAME = re.compile(r"constraint failed: (?:index ')?(\w+)'?$")
# A value may stand in the message before these, nothing of a client's after them.
_MARIADB_KEY = re.compile(r"for key '(?:(\w+)\.)?(\w+)'$")
_MARIADB_COLUMN = re.compile(r"^(?:Column|Field) '(\w+)'")
_MARIADB_FOREIGN = re.compile(r"\(`\w+`\.`(\w+)`, CONSTRAINT `(\w+)` FOREIGN KEY \(`(\w+(?:`, `\w+)*)`\)")
_MARIADB_CHECK = re.compile(r"^(?:CONSTRAINT `(?:\w+\.)?(\w+)` failed for `\w+`\.`(\w+)`|Check constraint '(\w+)')")
_WRITTEN_TABLE = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(?:["`\[]?\w+["`\]]?\.)?["`\[]?(\w+)')


def _violation(error: StatementError) -> Violation | None:
    origin: Any = error.orig
    if isinstance(origin, Unstorable):
        return Violation("value", columns=tuple(_columns_with(origin.value, error.params)))
    cause = getattr(origin, "__cause__", None)
    for said in (getattr(origin, "diag", None), cause):  # psycopg's form, and asyncpg's inside SQLAlchemy's own
        found = _from_postgresql(origin, said) if said is not None else None
        if found is not None:
            return found
    name = getattr(origin, "sqlite_errorname", None) or getattr(cause, "sqlite_errorname", None)
    found = _from_sqlite(name, str(origin)) if name is not None else _from_mariadb(origin)
    if found is None and isinstance(error, DataError) and not getattr(origin, "sqlstate", None):
        return Violation("value")  # refused by the driver itself, before the database saw it
    return found


def _columns_with(value: Any, params: Any) -> Iterator[str]:
    """The columns that a statement would give a value."""
    for row in params if isinstance(params, list | tuple) else [params]:
        if isinstance(row, dict):
            yield from (str(name) for name, given in row.items() if given is value)


def _from_postgresql(origin: Any, said: Any) -> Violation | None:
    kind = _SQLSTATES.get(getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None) or "")
    if kind is None:
        return None
    table, column, constraint = (
        getattr(said, f"{part}_name", None) or "" for part in ("table", "column", "constraint")
    )
    return Violation(kind, table, (column,) if column else (), constraint)


def _from_sqlite(name: str, message: str) -> Violation | None:
    kind = _SQLITE.get(name)
    if kind is None:
        return None
    if found := _SQLITE_COLUMNS.search(message):
        places = [place.split(".") for place in found[1].split(", ")]
        return Violation(kind, places[0][0], tuple(column for _, column in places))
    found = _SQLITE_NAME.search(message)
    return Violation(kind, constraint=found[1] if found else "")


def _from_mariadb(origin: Any) -> Violation | None:
    args = (*getattr(origin, "args", ()), "", "")
    number, message = getattr(origin, "errno", None) or args[0], getattr(origin, "msg", None) or args[1] or args[0]
    kind = _MARIADB.get(number) if isinstance(number, int) else None
    if kind is None:
        return None
    message = str(message)
    if found := _MARIADB_KEY.search(message):
        return Violation(kind, found[1] or "", constraint=found[2])
    if found := _MARIADB_FOREIGN.search(message):
        return Violation(kind, found[1], tuple(found[3].split("`, `")), found[2])
    if found := _MARIADB_CHECK.search(message):
        return Violation(kind, found[2] or "", constraint=found[1] or found[3])
    found = _MARIADB_COLUMN.search(message)
    return Violation(kind, columns=(found[1],) if found else ())


# --- what clients know of it ---


class PublicNames:
    """Which member a column is: of the mapped classes that an application publishes; columns of other tables are called as they are.

    metadata: further tables, whose constraints are then known by name.
    """

    def __init__(self, *metadata: MetaData) -> None:
        self._tables: dict[str, Table] = {}
        self._members: dict[str, dict[str, str]] = {}
        for each in metadata:
            self._add_tables(each)

    def add_application(self, app: Any) -> None:
        """Learn the mapped classes among the types of an application."""
        for node in app.interface.types.values():
            mapper = getattr(node.cls, "__mapper__", None) if isinstance(node, Struct) else None
            if mapper is not None:
                self._add_class(mapper, {field.name: field.wire_name or field.name for field in node.fields})

    def _add_class(self, mapper: Mapper[Any], public: dict[str, str]) -> None:
        for known in mapper.tables:
            if isinstance(known, Table):
                self._add_tables(known.metadata)
                self._members.setdefault(known.name, {})
        for prop in mapper.column_attrs:
            for column in prop.columns:
                if prop.key in public and isinstance(column, Column) and isinstance(column.table, Table):
                    self._members.setdefault(column.table.name, {})[column.name] = public[prop.key]

    def _add_tables(self, metadata: MetaData) -> None:
        self._tables.update({table.name: table for table in metadata.tables.values()})

    def members(self, violation: Violation, statement: str) -> tuple[str, ...]:
        """The members that a violation is about, none where that cannot be told."""
        written = _WRITTEN_TABLE.match(statement)
        table = violation.table or (written[1] if written else "")
        columns = violation.columns or self._columns_of(violation, table)
        if violation.kind == "in_use":
            return ()
        known = self._members.get(table)
        if known is None:
            return columns
        return tuple(known[column] for column in columns if column in known)

    def _columns_of(self, violation: Violation, name: str) -> tuple[str, ...]:
        """The columns of a constraint that the driver names, or of the only one of its kind."""
        table = self._tables.get(name)
        if table is None:
            return ()
        if violation.constraint:
            found = next((columns for names, columns in _constraints(table) if violation.constraint in names), ())
            return tuple(found)
        foreign = table.foreign_key_constraints
        return tuple(next(iter(foreign)).column_keys) if violation.kind == "missing" and len(foreign) == 1 else ()


def _constraints(table: Table) -> Iterator[tuple[tuple[str, ...], Iterable[str]]]:
    """The names that a constraint may have, and its columns; one that has none is named by the database."""
    for constraint in table.constraints:
        columns = _columns(table, constraint)
        joined, suffix = "_".join((table.name, *columns)), _SUFFIXES.get(type(constraint), "")
        own = str(constraint.name) if constraint.name else ""
        if isinstance(constraint, PrimaryKeyConstraint):
            yield (own, f"{table.name}_pkey", "PRIMARY"), columns
        elif own or not columns:
            yield (own,), columns
        else:
            yield (f"{joined}_{suffix}", columns[0]), columns
    for column in table.columns:
        for constraint in column.constraints:
            yield (str(constraint.name or f"{table.name}_{column.name}_check"),), [column.name]
    for index in table.indexes:
        yield (str(index.name),), [column.name for column in index.columns]


_SUFFIXES: dict[type, str] = {UniqueConstraint: "key", ForeignKeyConstraint: "fkey", CheckConstraint: "check"}
_WORD = re.compile(r"\w+")


def _columns(table: Table, constraint: Any) -> list[str]:
    found = [column.name for column in getattr(constraint, "columns", ())]
    if not found and isinstance(constraint, CheckConstraint):
        words = frozenset(_WORD.findall(str(constraint.sqltext)))
        found = [column.name for column in table.columns if column.name in words]
    return found


# --- faults ---

_RULES: dict[Kind, tuple[str, str]] = {
    "missing": ("refers to something that does not exist", "something that is referred to does not exist"),
    "in_use": ("is still referred to", "something else still refers to it"),
    "null": ("must not be null", "a value that must be there is not"),
    "check": ("has a value that is not allowed", "a value is not allowed, or does not go with another one"),
    "value": (
        "has a value that cannot be stored",
        "a value cannot be stored: it is too long, too large or out of range",
    ),
}
"""What was broken: with members, and without."""


def fault_of(error: StatementError, names: PublicNames | None = None) -> Fault | None:
    """The fault for an error of a database or its column types that the caller caused, or another call at the same time; None for all others.

    Unique and exclusion constraints give Client.ResourceAlreadyExists; foreign keys, NOT NULL, CHECK and values that a column cannot hold
    Client.ValidationError; deadlocks and failed serialization Server.TryAgain.
    """
    violation = _violation(error)
    if violation is None:
        return None
    if violation.kind == "missing" and (error.statement or "").lstrip()[:6].upper() == "DELETE":
        violation = violation._replace(kind="in_use")
    logger.info(
        "the database refused a change: %s",
        " ".join(filter(None, (violation.kind, violation.table, violation.constraint, *violation.columns))),
    )
    if violation.kind == "again":
        return TryAgainError()
    members = (names or PublicNames()).members(violation, error.statement or "")
    where = ", ".join(members)
    if violation.kind == "unique":
        rule = (
            "another one with this value exists already"
            if len(members) < 2
            else "another one with these values exists already"
        )
        return ResourceAlreadyExistsError(None, f"{where}: {rule}" if where else "another one like this exists already")
    about_member, about_all = _RULES[violation.kind]
    return ValidationError(None, f"{where}: {about_member}" if where else about_all, path=where)


class DatabaseFaults:
    """Middleware for an application whose methods open sessions of their own: constraint violations become faults, see `fault_of`.

    metadata: tables beside those of the mapped classes that the application publishes.
    """

    def __init__(self, *metadata: MetaData) -> None:
        self.names = PublicNames(*metadata)

    def install(self, app: Any) -> None:
        """Learn the names; the application calls this."""
        self.names.add_application(app)

    def __call__(self, handler: Handler) -> Handler:
        def translate(ctx: Any) -> Any:
            try:
                result = handler(ctx)
            except StatementError as error:
                self.raise_fault(error)
            return self.translated(result)

        return translate

    def translated(self, result: Any) -> Any:
        """What a method returned; if that is still to run, with its errors translated."""
        if hasattr(result, "__await__"):
            return self._awaited(result)
        if hasattr(result, "__aiter__"):
            return self._aiterated(result)
        return self._iterated(result) if hasattr(result, "__next__") else result

    async def _awaited(self, result: Any) -> Any:
        try:
            found = await result
        except StatementError as error:
            self.raise_fault(error)
        return self.translated(found)

    def _iterated(self, items: Any) -> Iterator[Any]:
        try:
            yield from items
        except StatementError as error:
            self.raise_fault(error)

    async def _aiterated(self, items: Any) -> Any:
        try:
            async for item in items:
                yield item
        except StatementError as error:
            self.raise_fault(error)
        finally:
            close: Callable[[], Any] | None = getattr(items, "aclose", None)
            if close is not None:
                await close()

    def raise_fault(self, error: StatementError) -> NoReturn:
        """Raise the fault for an error, or the error."""
        fault = fault_of(error, self.names)
        raise error if fault is None else fault from error
