"""Column types whose Python side is what Spyne's types hold, on every database: nothing is rounded, cut or moved in silence.

On PostgreSQL they are that server's own types (uuid, inet, ltree, xml); elsewhere the nearest type that keeps the value.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from spyne.model.binary import join
from spyne.store.relational._dialects import MYSQL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.engine import Dialect

__all__ = [
    "Changeable",
    "Chunks",
    "FreeJson",
    "FreeMarkup",
    "IntFlag",
    "Members",
    "Named",
    "PGGeometry",
    "Text",
    "UuidText",
    "json_type",
    "long_bytes",
    "long_text",
]


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


class Changeable(TypeDecorator[Any]):
    """A type whose values can be changed inside: one that is assigned is written, even if it is the object that was there."""

    def compare_values(self, x: Any, y: Any) -> bool:
        """Whether an assigned value needs no UPDATE: the old one may have been changed since, and so says nothing."""
        return x is None and y is None


class FreeMarkup(Changeable):
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


class FreeJson(Changeable):
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
