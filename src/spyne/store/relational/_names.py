"""Which member a column is, for those who know members only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from spyne.schema.nodes import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import MetaData
    from sqlalchemy.orm import Mapper

    from spyne.store.relational._violations import Violation

__all__ = ["PublicNames"]


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

    def members(self, violation: Violation) -> tuple[str, ...]:
        """The members that a violation is about, none where that cannot be told."""
        if violation.kind == "in_use":
            return ()
        columns = violation.columns or self._columns_of(violation)
        known = self._members.get(violation.table)
        if known is None:
            return columns
        return tuple(known[column] for column in columns if column in known)

    def _columns_of(self, violation: Violation) -> tuple[str, ...]:
        """The columns of a constraint that the driver names, or of the only one of its kind."""
        table = self._tables.get(violation.table)
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
