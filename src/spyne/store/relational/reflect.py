"""The other way round: from the columns of a table that is there already to the types of members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from spyne.model import binary, primitive
from spyne.model._fields import model_of
from spyne.model.complex import Array
from spyne.model.enum import Enum
from spyne.schema import DeclarationError, Place
from spyne.store.relational._column_types import type_of_column
from spyne.store.relational._times import Elapsed, Moment
from spyne.store.relational.documents import Document
from spyne.store.relational.files import StoredFile
from spyne.store.relational.types import Chunks, FreeJson, FreeMarkup, Members, Text, UuidText

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Column, Table

__all__ = ["fields_of", "type_of"]


def fields_of(table: Table, owner: str) -> dict[str, Any]:
    """The type of each column by its key, with what the column says of keys, NULL, defaults and indexes.

    Raises DeclarationError, naming class and column, for a type that nothing stands for.
    """
    return {str(key): type_of(column, f"{owner}.{key}") for key, column in table.c.items()}


def type_of(column: Column[Any], where: str) -> Any:
    """The type of a column. Raises DeclarationError for one that nothing stands for."""
    made = _by_type(column.type, where)
    filled = column.default is not None or column.server_default is not None or column.primary_key or column.nullable
    options: dict[str, Any] = {
        "nullable": bool(column.nullable),
        "min_occurs": 0 if filled else 1,
        "db_type": column.type,
    }
    if column.primary_key:
        options |= {"pk": True, "nullable": True}
    if column.server_default is not None or column.default is not None:
        options["nullable"] = True
    if column.foreign_keys:
        options["fk"] = next(iter(column.foreign_keys)).target_fullname
    return made.customize(**options)


def _by_type(kind: Any, where: str) -> Any:
    for row, make in _TYPES:
        if isinstance(kind, row):
            return make(kind)
    name = type(kind).__name__
    raise DeclarationError(
        f"{where}: no type stands for a column of {name}; declare the member in the class, or leave it out"
    )


def _text(kind: Any) -> Any:
    return primitive.Unicode if kind.length is None else primitive.Unicode(int(kind.length))


def _plain(kind: Any) -> Any:
    """The same as for a column of a declarative class."""
    return model_of(type_of_column(kind, None, Place()))


def _enum(kind: Any) -> Any:
    return Enum(*kind.enums, type_name=kind.name or f"{kind.enums[0]}Enum")


def _decorated(kind: Any) -> Any:
    return _by_type(kind.impl_instance, type(kind).__name__)


def _array(kind: Any) -> Any:
    return Array(_by_type(kind.item_type, "item"))


def _is(tp: Any) -> Callable[[Any], Any]:
    return lambda _: tp


# The first row that fits decides: an Enum is a String too.
_TYPES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (UuidText, _is(primitive.Uuid)),
    (Members, _is(primitive.Unicode)),
    (Moment, lambda kind: primitive.DateTime if kind.timezone else primitive.DateTime(timezone=False)),
    (Chunks, _is(binary.ByteArray)),
    (FreeJson, _is(primitive.AnyDict)),
    (FreeMarkup, _is(primitive.AnyXml)),
    (StoredFile, lambda kind: binary.File(store_as=kind.store)),
    (Document, lambda kind: kind.tp.customize(store_as=kind.how)),
    (Text, _is(primitive.Unicode)),
    (Elapsed, _is(primitive.Duration)),
    ((sa.Boolean, sa.Date, sa.Float, sa.Integer, sa.Interval, sa.JSON, sa.Numeric), _plain),
    (sa.types.TypeDecorator, _decorated),
    (sa.Enum, _enum),
    (sa.Uuid, _is(primitive.Uuid)),
    (sa.DateTime, lambda kind: primitive.DateTime if kind.timezone else primitive.DateTime(timezone=False)),
    (sa.Time, _is(primitive.Time)),
    (sa.ARRAY, _array),
    (postgresql.INET, _is(primitive.IpAddress)),
    (postgresql.CIDR, _is(primitive.Unicode)),
    (postgresql.MACADDR, _is(primitive.MacAddress)),
    (postgresql.INTERVAL, _is(primitive.Duration)),
    (sa.LargeBinary, _is(binary.ByteArray)),
    (sa.String, _text),
)
