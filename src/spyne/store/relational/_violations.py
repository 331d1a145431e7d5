"""What a database says that was broken.

Drivers say it in three ways: PostgreSQL's by fields of the error (https://www.postgresql.org/docs/current/protocol-error-fields.html),
SQLite's and MariaDB's by a code and a message of fixed form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from sqlalchemy.exc import DataError, SQLAlchemyError, StatementError
from sqlalchemy.orm.exc import StaleDataError

from spyne.store.relational._dialects import Unstorable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Kind", "Violation", "violation_of"]

Kind: TypeAlias = Literal["unique", "missing", "in_use", "null", "check", "value", "again"]


class Violation(NamedTuple):
    """What was broken, as the driver tells it; empty where it does not."""

    kind: Kind
    table: str = ""
    columns: tuple[str, ...] = ()
    constraint: str = ""


_SQLSTATES: dict[str, Kind] = {
    "22001": "value",
    "22003": "value",
    "22007": "value",
    "22008": "value",
    "22021": "value",
    "22P02": "value",
    "23001": "in_use",
    "23502": "null",
    "23503": "missing",
    "23505": "unique",
    "23514": "check",
    "23P01": "unique",
    "40001": "again",
    "40P01": "again",
    "54000": "value",
    "55P03": "again",
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
    1020: "again",
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
    3572: "again",
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


def violation_of(error: SQLAlchemyError) -> Violation | None:
    """What an error of SQLAlchemy's is about; None for one that neither the caller nor another call at the same time has caused."""
    if isinstance(error, StaleDataError):
        return Violation("again")
    if not isinstance(error, StatementError):
        return None
    found = _said(error)
    statement = error.statement or ""
    if found is not None and not found.table and (written := _WRITTEN_TABLE.match(statement)):
        found = found._replace(table=written[1])
    if found is not None and found.kind == "missing" and statement.lstrip()[:6].upper() == "DELETE":
        return found._replace(kind="in_use")
    return found


def _said(error: StatementError) -> Violation | None:
    origin: Any = error.orig
    if isinstance(origin, Unstorable):
        return Violation("value", columns=tuple(_columns_with(origin.value, error.params)))
    if isinstance(origin, OverflowError):  # of SQLAlchemy's own Interval, where a database has none
        return Violation("value")
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
