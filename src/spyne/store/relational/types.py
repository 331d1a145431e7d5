"""Column types whose Python side is what Spyne's types hold, on every database: nothing is rounded, cut or moved in silence.

On PostgreSQL they are that server's own types (uuid, inet, ltree, xml); elsewhere the nearest type that keeps the value.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from spyne.model.binary import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Dialect

__all__ = [
    "Chunks",
    "ExactNumber",
    "FreeJson",
    "FreeMarkup",
    "IntFlag",
    "Members",
    "Moment",
    "Named",
    "PGGeometry",
    "Text",
    "UuidText",
    "json_type",
]


class Named(UserDefinedType[str]):
    """A type of which SQLAlchemy needs to know the name only, such as ``Named("XML")``; values are str."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """The type in DDL."""
        return self.name


def json_type(binary: bool) -> TypeEngine[Any]:
    """JSON, or PostgreSQL's jsonb; None is NULL, not ``null``."""
    plain = sa.JSON(none_as_null=True)
    return plain.with_variant(postgresql.JSONB(none_as_null=True), "postgresql") if binary else plain


class Text(TypeDecorator[Any]):
    """Text that one database has a type of its own for. native: that type, on PostgreSQL. other: the type elsewhere."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, native: TypeEngine[Any], other: TypeEngine[Any]) -> None:
        super().__init__()
        self.native = native
        self.other = other

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The native type on PostgreSQL."""
        return self.native if dialect.name == "postgresql" else self.other

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Text; objects of `ipaddress` and of `AnyUri` give theirs."""
        return None if value is None else str(getattr(value, "href", value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Text, whatever the driver made of it."""
        return None if value is None else str(value)


class UuidText(TypeDecorator[uuid.UUID]):
    """uuid.UUID; elsewhere than on PostgreSQL its 36 characters, as Spyne 2 stored them."""

    impl = sa.CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """PostgreSQL's uuid, or text."""
        return sa.Uuid() if dialect.name == "postgresql" else sa.CHAR(36)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """A UUID or its text."""
        if value is None:
            return None
        found = value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
        return found if dialect.name == "postgresql" else str(found)

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        """A UUID."""
        return value if value is None or isinstance(value, uuid.UUID) else uuid.UUID(str(value))


class Moment(TypeDecorator[datetime.datetime]):
    """datetime. With a time zone every value read is aware, and one written without is taken for UTC, on all databases alike;
    without, one that is aware is written as UTC.
    """

    impl = sa.DateTime
    cache_ok = True

    def __init__(self, timezone: bool = True) -> None:
        super().__init__(timezone=timezone)
        self.timezone = timezone

    def process_bind_param(self, value: datetime.datetime | None, dialect: Dialect) -> Any:
        """In UTC, without saying so where the column cannot."""
        if value is None or (value.tzinfo is None and not self.timezone):
            return value
        aware = value.replace(tzinfo=datetime.UTC) if value.tzinfo is None else value
        if self.timezone and dialect.name == "postgresql":
            return aware
        return aware.astimezone(datetime.UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime.datetime | None, dialect: Dialect) -> Any:
        """Aware where the column is."""
        naive = self.timezone and value is not None and value.tzinfo is None
        return value.replace(tzinfo=datetime.UTC) if naive and value is not None else value


class ExactNumber(TypeDecorator[Any]):
    """decimal.Decimal, or int where `whole`; `precision` and `scale` as in SQL.

    SQLite keeps 64-bit integers and 15 digits of others: it is given nothing that it would round, see `process_bind_param`.
    """

    impl = sa.DECIMAL
    cache_ok = True

    def __init__(self, precision: int | None = None, scale: int | None = None, whole: bool = False) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale
        self.whole = whole

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own decimals; SQLite gets numbers as they are."""
        return Named(self._declared()) if dialect.name == "sqlite" else self.impl_instance

    def _declared(self) -> str:
        digits = [str(size) for size in (self.precision, self.scale) if size is not None]
        return f"DECIMAL({', '.join(digits)})" if digits else "DECIMAL"

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The number. Raises ValueError for one that SQLite would round."""
        if value is None:
            return None
        number = value if isinstance(value, decimal.Decimal) else decimal.Decimal(str(value))
        if dialect.name != "sqlite":
            return number
        if number == number.to_integral_value() and abs(number) < 2**63:
            return int(number)
        near = float(number)
        if decimal.Decimal(repr(near)) != number:
            raise ValueError(f"SQLite would round {number}: it keeps 15 digits; use db_type=sqlalchemy.Text()")
        return near

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """An int or a Decimal with the column's scale."""
        if value is None:
            return None
        if self.whole:
            return int(value)
        number = value if isinstance(value, decimal.Decimal) else decimal.Decimal(repr(value))
        return number if self.scale is None else round(number, self.scale)


class IntFlag(TypeDecorator[bool]):
    """bool as 0 and 1 in a SMALLINT: ``Boolean(store_as=int)``."""

    impl = sa.SmallInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """0 or 1."""
        return None if value is None else int(bool(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """A bool."""
        return None if value is None else bool(value)


class Chunks(TypeDecorator[Any]):
    """Bytes, as the sequence of chunks that a ByteArray is, or as one bytes object where not `chunked`."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, chunked: bool = True) -> None:
        super().__init__()
        self.chunked = chunked

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """One bytes object."""
        return None if value is None else join(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The bytes, in a tuple of one chunk if they are chunked."""
        if value is None:
            return None
        return (bytes(value),) if self.chunked else bytes(value)


class Members(TypeDecorator[Any]):
    """Members of an enumeration, stored as their wire texts: an enum type of that name where the database has such."""

    impl = sa.Enum
    cache_ok = True

    def __init__(self, members: Mapping[str, Any], name: str, metadata: sa.MetaData | None = None) -> None:
        super().__init__(*members, name=name, metadata=metadata, native_enum=True)
        self.members = tuple(members.items())
        self._member = dict(members)
        self._text = {id(member): text for text, member in members.items()}

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The text of a member, or a text."""
        return value if value is None or value.__class__ is str else self._text.get(id(value), value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The member; a text that is none of them stays what it is."""
        return self._member.get(value, value)


class FreeMarkup(TypeDecorator[Any]):
    """lxml elements; `read` makes them of text and `write` text of them."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, native: str, read: Callable[[str], Any], write: Callable[[Any], str]) -> None:
        super().__init__()
        self.native = native
        self.read = read
        self.write = write

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The native type on PostgreSQL, text elsewhere."""
        return Named(self.native) if dialect.name == "postgresql" else sa.Text()

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Text."""
        return None if value is None else self.write(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """An element."""
        return None if value is None else self.read(value)


class FreeJson(TypeDecorator[Any]):
    """Dicts and lists of what JSON has; `write` makes such of other values."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self, binary: bool, write: Callable[[Any], Any]) -> None:
        super().__init__(none_as_null=True)
        self.binary = binary
        self.write = write

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSON, or jsonb where PostgreSQL has it."""
        return json_type(self.binary)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """What JSON has."""
        return None if value is None else self.write(value)


class PGGeometry(UserDefinedType[str]):
    """PostGIS's geometry, read and written as well-known text, for `db_type`: ``Point(2, db_type=PGGeometry("POINT"))``."""

    cache_ok = True

    def __init__(
        self, geometry_type: str = "GEOMETRY", srid: int = 4326, dimension: int = 2, format: str = "wkt"
    ) -> None:
        self.geometry_type = geometry_type.upper()
        self.srid = srid
        self.dimension = dimension
        self.format = format

    def get_col_spec(self, **_: Any) -> str:
        """The type in DDL."""
        return f"geometry({self.geometry_type},{self.srid})"

    def bind_expression(self, bindvalue: Any) -> Any:
        """The value from its text."""
        return sa.func.ST_GeomFromText(bindvalue, self.srid, type_=self)

    def column_expression(self, colexpr: Any) -> Any:
        """The value as text."""
        return sa.func.ST_AsText(colexpr, type_=self)
