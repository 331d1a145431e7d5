"""The types of SQLAlchemy's columns as types that travel: what a column cannot hold is refused before it gets there."""

from __future__ import annotations

import datetime
import uuid
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Optional

import msgspec
from sqlalchemy import types as sql

from spyne.model.primitive import (
    AnyDict,
    Decimal,
    Integer8,
    Integer16,
    Integer32,
    Integer64,
    UnsignedInteger8,
    UnsignedInteger16,
    UnsignedInteger32,
    UnsignedInteger64,
)
from spyne.schema._place import mistake
from spyne.schema.nodes import DateTime, Scalar, Time
from spyne.store.relational._times import time_in_utc

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.schema._place import Place
    from spyne.schema.nodes import Field

__all__ = ["InUtc", "Said", "type_of_column"]

# By the type's name in SQL: the number of bits decides, and MariaDB's sign.
_SIGNED: dict[str, Any] = {"TINYINT": Integer8, "SMALLINT": Integer16, "SMALL_INTEGER": Integer16}
_SIGNED |= {"BIGINT": Integer64, "BIG_INTEGER": Integer64}
_UNSIGNED: dict[str, Any] = {"TINYINT": UnsignedInteger8, "SMALLINT": UnsignedInteger16, "BIGINT": UnsignedInteger64}
_UUID_LENGTH = 36


class Said(NamedTuple):
    """What ``Mapped[…]`` says of a column: the type without ``| None``, and what stands beside it in ``Annotated``."""

    tp: Any
    metadata: tuple[Any, ...] = ()


class InUtc(msgspec.Struct, frozen=True):
    """Marks times that go into a column without a zone: those that have one are turned to UTC."""

    def __spyne_annotation__(self, field: Field) -> Field:
        """The field, its values without a zone."""
        node = field.type
        assert isinstance(node, DateTime | Time)
        load = _as_utc if isinstance(node, DateTime) else time_in_utc
        return msgspec.structs.replace(field, type=msgspec.structs.replace(node, load=load))


class AsText(msgspec.Struct, frozen=True):
    """Marks text that drivers may give as an object with such a text form."""

    def __spyne_annotation__(self, field: Field) -> Field:
        """The field, its values turned to text."""
        node = field.type
        assert isinstance(node, Scalar)
        return msgspec.structs.replace(field, type=msgspec.structs.replace(node, dump=str))


def _as_utc(value: datetime.datetime) -> datetime.datetime:
    return value if value.tzinfo is None else value.astimezone(datetime.UTC).replace(tzinfo=None)


# PostgreSQL's own types, by name: what they have in common with others is not said by their classes.
_NAMED: dict[str, Any] = {
    **dict.fromkeys(("INET", "CIDR", "MACADDR", "MACADDR8"), Annotated[str, AsText()]),
    "HSTORE": dict[str, Optional[str]],  # noqa: UP045
}


def type_of_column(column_type: Any, said: Said | None, place: Place) -> Any:
    """What the values of a column travel as. Raises DeclarationError for a type that says nothing of them."""
    tp = _from_type(column_type, said, place)
    metadata = () if said is None else said.metadata
    return Annotated[(tp, *metadata)] if metadata else tp


def _from_type(column_type: Any, said: Said | None, place: Place) -> Any:
    for kind, read in _KINDS:
        if isinstance(column_type, kind):
            return read(column_type, said, place)
    return _by_python_type(column_type, said, place)


def _by_python_type(column_type: Any, said: Said | None, place: Place) -> Any:
    if said is not None:
        return said.tp
    tp = _NAMED.get(column_type.__visit_name__) or _python_type(column_type)
    if tp in (None, object):
        problem = f"a column of the type {type(column_type).__name__} does not say what its values are"
        fix = "say what it travels as, or None for not at all: info={'spyne': str}"
        raise mistake(place, problem, fix)
    return tp


def _python_type(column_type: Any) -> Any:
    try:
        return column_type.python_type
    except NotImplementedError:
        return None


def _decorated(column_type: sql.TypeDecorator[Any], said: Said | None, place: Place) -> Any:
    """The values are Python's side of the decorator; without a word on them, those of the type behind it."""
    if said is not None and not said.metadata and said.tp is not _python_type(column_type.impl_instance):
        return said.tp
    if "python_type" in vars(type(column_type)):
        return column_type.python_type
    return _from_type(column_type.impl_instance, said, place)


def _integer(column_type: Any, said: Said | None, place: Place) -> Any:
    name = type(column_type).__visit_name__.upper()
    if getattr(column_type, "unsigned", False):
        return _UNSIGNED.get(name, UnsignedInteger32)
    return _SIGNED.get(name, Integer32)


def _number(column_type: Any, said: Said | None, place: Place) -> Any:
    return _decimal(column_type.precision, column_type.scale) if column_type.asdecimal else float


@cache
def _decimal(precision: int | None, scale: int | None) -> Any:
    """A decimal of so many digits; of a column without a scale, all of them stand before the point."""
    if precision is None:
        return Decimal
    scale = scale or 0
    limit = 10 ** (precision - scale)
    return Decimal(precision, scale, gt=-limit, lt=limit)


def _date_time(column_type: Any, said: Said | None, place: Place) -> Any:
    return datetime.datetime if column_type.timezone else Annotated[datetime.datetime, InUtc()]


def _time(column_type: Any, said: Said | None, place: Place) -> Any:
    return datetime.time if column_type.timezone else Annotated[datetime.time, InUtc()]


def _limited(python_type: type) -> Callable[[Any, Said | None, Place], Any]:
    def read(column_type: Any, said: Said | None, place: Place) -> Any:
        length = getattr(column_type, "length", None)
        return python_type if length is None else Annotated[python_type, msgspec.Meta(max_length=length)]

    return read


def _enum(column_type: Any, said: Said | None, place: Place) -> Any:
    if column_type.enum_class is not None:
        return column_type.enum_class
    if not column_type.enums:
        raise mistake(place, "the Enum has no values", "give it one")
    return Literal[tuple(column_type.enums)]


def _uuid(column_type: Any, said: Said | None, place: Place) -> Any:
    return uuid.UUID if column_type.as_uuid else Annotated[str, msgspec.Meta(max_length=_UUID_LENGTH)]


def _json(column_type: Any, said: Said | None, place: Place) -> Any:
    """JSON may hold anything; without a type that says more it is an object."""
    return AnyDict if said is None or said.tp in (dict, Any, object) else said.tp


def _array(column_type: Any, said: Said | None, place: Place) -> Any:
    tp: Any = _from_type(column_type.item_type, None, place)
    for _ in range(column_type.dimensions or 1):
        tp = list.__class_getitem__(tp)
    return tp


def _refused(column_type: Any, said: Said | None, place: Place) -> Any:
    problem = f"{type(column_type).__name__} keeps Python objects that no format carries"
    raise mistake(place, problem, "use JSON, or keep it from travelling with info={'spyne': None}")


def _is(python_type: Any) -> Callable[[Any, Said | None, Place], Any]:
    def read(column_type: Any, said: Said | None, place: Place) -> Any:
        return python_type

    return read


# The first row that fits decides: an Enum is a String too.
_KINDS: tuple[tuple[type, Callable[[Any, Said | None, Place], Any]], ...] = (
    (sql.PickleType, _refused),
    (sql.Interval, _is(datetime.timedelta)),
    (sql.TypeDecorator, _decorated),
    (sql.Enum, _enum),
    (sql.Uuid, _uuid),
    (sql.Boolean, _is(bool)),
    (sql.DateTime, _date_time),
    (sql.Date, _is(datetime.date)),
    (sql.Time, _time),
    (sql.Float, _number),
    (sql.Numeric, _number),
    (sql.Integer, _integer),
    (sql.JSON, _json),
    (sql.ARRAY, _array),
    (sql.LargeBinary, _limited(bytes)),
    (sql.String, _limited(str)),
)
