"""Column types whose Python side is what Spyne's types hold, on every database: nothing is rounded, cut or moved in silence.

On PostgreSQL they are that server's own types (uuid, inet, ltree, xml); elsewhere the nearest type that keeps the value.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from spyne.model.binary import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Dialect

__all__ = [
    "Chunks",
    "Elapsed",
    "ExactNumber",
    "FreeJson",
    "FreeMarkup",
    "IntFlag",
    "Members",
    "Moment",
    "Named",
    "PGGeometry",
    "Real",
    "Text",
    "TimeOfDay",
    "Unstorable",
    "UuidText",
    "json_type",
    "long_bytes",
    "long_text",
]

MYSQL = ("mysql", "mariadb")
"""SQLAlchemy's names of MariaDB. Its plain types hold 64 KB of text or bytes, whole seconds, and decimals of ten digits."""


class Unstorable(ValueError):
    """A `value` that the database's column would change or cannot hold."""

    def __init__(self, value: Any, problem: str) -> None:
        super().__init__(problem)
        self.value = value


def long_text() -> TypeEngine[str]:
    """Text of any length."""
    return sa.Text().with_variant(mysql.LONGTEXT(), *MYSQL)


def long_bytes() -> TypeEngine[bytes]:
    """Bytes of any number."""
    return sa.LargeBinary().with_variant(mysql.LONGBLOB(), *MYSQL)


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

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type, with microseconds."""
        return mysql.DATETIME(fsp=6) if dialect.name in MYSQL else self.impl_instance

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


class TimeOfDay(TypeDecorator[datetime.time]):
    """datetime.time; one with a zone is written as UTC."""

    impl = sa.Time
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type, with microseconds."""
        return mysql.TIME(fsp=6) if dialect.name in MYSQL else self.impl_instance

    def process_bind_param(self, value: datetime.time | None, dialect: Dialect) -> Any:
        """Without a zone."""
        if value is None or value.utcoffset() is None:
            return value
        return datetime.datetime.combine(_EPOCH, value).astimezone(datetime.UTC).time()


class Elapsed(TypeDecorator[datetime.timedelta]):
    """datetime.timedelta: PostgreSQL's interval, elsewhere the moment so long after 1970, as SQLAlchemy does."""

    impl = sa.Interval
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The interval, or the moment."""
        if dialect.name == "postgresql":
            return self.impl_instance
        return mysql.DATETIME(fsp=6) if dialect.name in MYSQL else sa.DateTime()

    def process_bind_param(self, value: datetime.timedelta | None, dialect: Dialect) -> Any:
        """The interval, or the moment. Raises Unstorable for one before the year 1 or after 9999."""
        if value is None or dialect.name == "postgresql":
            return value
        try:
            return _EPOCH + value
        except OverflowError:
            raise Unstorable(value, f"{dialect.name} has no place for {value}: it keeps moments as seen from 1970") from None

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The interval."""
        return value - _EPOCH if isinstance(value, datetime.datetime) else value


_EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001 - columns without a zone


class Real(TypeDecorator[float]):
    """float; 32 bits where so said and where a database can keep them without rounding: MariaDB shows six digits of such."""

    impl = sa.Double
    cache_ok = True

    def __init__(self, short: bool = False) -> None:
        super().__init__()
        self.short = short

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """FLOAT or DOUBLE."""
        return sa.FLOAT() if self.short and dialect.name not in MYSQL else sa.Double()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The number. Raises Unstorable for NaN on SQLite, which would make it NULL, and for it and infinities on MariaDB."""
        if value is None or dialect.name == "postgresql" or math.isfinite(value):
            return value
        if dialect.name in MYSQL or math.isnan(value):
            raise Unstorable(value, f"{dialect.name} has no {value}")
        return value


class ExactNumber(TypeDecorator[Any]):
    """decimal.Decimal, or int where `whole`; `precision` and `scale` as in SQL.

    A number of any size has 65 digits on MariaDB, 30 of them after the point unless it is whole. SQLite keeps 64-bit integers and 15 digits of others. Neither is
    given a number that it would round, see `process_bind_param`.
    """

    impl = sa.DECIMAL
    cache_ok = True

    def __init__(self, precision: int | None = None, scale: int | None = None, whole: bool = False) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale
        self.whole = whole
        self._mariadb_scale = 0 if whole else 30

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own decimals; SQLite gets numbers as they are."""
        if self.precision is None and dialect.name in MYSQL:
            return sa.DECIMAL(_MARIADB.prec, self._mariadb_scale)
        return Named(self._declared()) if dialect.name == "sqlite" else self.impl_instance

    def _declared(self) -> str:
        digits = [str(size) for size in (self.precision, self.scale) if size is not None]
        return f"DECIMAL({', '.join(digits)})" if digits else "DECIMAL"

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The number. Raises Unstorable for one that the database would round."""
        if value is None:
            return None
        number = value if isinstance(value, decimal.Decimal) else decimal.Decimal(str(value))
        if dialect.name == "sqlite":
            return _for_sqlite(number)
        return _for_mariadb(number, self._mariadb_scale) if self.precision is None and dialect.name in MYSQL else number

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """An int or a Decimal with the column's scale, without further zeros where it has none."""
        if value is None:
            return None
        if self.whole:
            return int(value)
        if dialect.name == "sqlite":
            number = decimal.Decimal(repr(value))
            return number if self.scale is None else _EXACT.quantize(number, decimal.Decimal((0, (1,), -self.scale)))
        if self.precision is None and dialect.name in MYSQL:
            return decimal.Decimal(f"{value:f}".rstrip("0"))
        return value


_EXACT = decimal.Context(prec=1000)
"""Python's default one rounds to 28 digits."""
_MARIADB = decimal.Context(prec=65, traps=[decimal.Inexact, decimal.InvalidOperation])


def _for_mariadb(number: decimal.Decimal, scale: int) -> decimal.Decimal:
    """The number. Raises Unstorable for one that does not fit into the largest column."""
    try:
        _MARIADB.quantize(number, decimal.Decimal((0, (1,), -scale)))
    except decimal.DecimalException:
        problem = f"MariaDB has no place for {number}: it keeps {65 - scale} digits before the point and {scale} after it"
        raise Unstorable(number, problem) from None
    return number


def _for_sqlite(number: decimal.Decimal) -> Any:
    """An int or a float that is the same number. Raises Unstorable where there is none."""
    if number == number.to_integral_value() and abs(number) < 2**63:
        return int(number)
    near = float(number)
    if decimal.Decimal(repr(near)) != number:
        raise Unstorable(number, f"SQLite would round {number}: it keeps 15 digits; use db_type=sqlalchemy.Text()")
    return near


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

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Bytes of any number."""
        return long_bytes()

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
        return Named(self.native) if dialect.name == "postgresql" else long_text()

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
