"""From one member of a class to its column: type, length, constraints, indexes and defaults, read from the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index

from spyne.codec import tree
from spyne.codec._base import Options
from spyne.model import primitive
from spyne.model._base import use
from spyne.model._heritage import declared_type, is_model
from spyne.model.binary import File, HybridFileStore
from spyne.model.complex import Array as ArrayModel
from spyne.model.primitive import NATIVE_MAP
from spyne.model.store_as import store_as
from spyne.schema import DeclarationError, Lowering, Place, nodes
from spyne.store.relational.documents import Document, StoredFile, parse_html, parse_xml, write_html, write_xml
from spyne.store.relational.types import (
    Chunks,
    Elapsed,
    ExactNumber,
    FreeJson,
    FreeMarkup,
    IntFlag,
    Members,
    Moment,
    Named,
    Real,
    Text,
    TimeOfDay,
    UuidText,
    long_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Use", "checks_of", "column_of", "indexes_of", "is_repeated", "use_of"]

BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A 64-bit number that SQLite counts up by itself in a primary key, which it does for INTEGER only."""

_INTEGERS: Mapping[str, Callable[[], Any]] = {
    "byte": sa.SmallInteger,
    "unsignedByte": sa.SmallInteger,
    "short": sa.SmallInteger,
    "unsignedShort": sa.Integer,
    "int": sa.Integer,
    "unsignedInt": sa.BigInteger,
    "long": sa.BigInteger,
    "unsignedLong": lambda: ExactNumber(20, 0, whole=True),
}
"""The smallest type that holds every value, by the type's name in XSD; those of any size are exact decimals."""


_STRUCT = nodes.Struct(fields=(), cls=object, make=object)
_ARRAY = nodes.Array(item=nodes.Field(type=_STRUCT))
"""What stands for objects and arrays: other classes need not be complete while one is mapped."""


class Use(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One member: where it stands, its declared type, its field in the schema and its customizations."""

    owner: str
    name: str
    tp: Any
    field: nodes.Field
    attributes: Any

    @property
    def where(self) -> str:
        """For messages: ``User.email``."""
        return f"{self.owner}.{self.name}"

    @property
    def nullable(self) -> bool:
        """Whether the column takes NULL."""
        return self.field.nillable and not self.attributes.pk


def use_of(owner: str, name: str, declared: Any) -> Use:
    """What is known of a member. Raises DeclarationError for a type that is none."""
    tp = declared_type(declared)
    if is_model(tp) and hasattr(tp, "_type_info"):
        field = use(tp, _ARRAY if issubclass(tp, ArrayModel) else _STRUCT)
    else:
        field = Lowering(natives=NATIVE_MAP).field(tp, Place(owner, "", name))
    attributes = tp.Attributes if is_model(tp) else field.hints.get("attributes") or primitive.Unicode.Attributes
    return Use(owner=owner, name=name, tp=tp, field=field, attributes=attributes)


def is_repeated(use: Use) -> bool:
    """Whether the value is a list."""
    return use.field.repeated or isinstance(nodes.resolve(use.field.type), nodes.Array)


def column_of(use: Use, metadata: sa.MetaData) -> Column[Any] | None:
    """The column of a member, None for one that has none: an object without `store_as`, or one of a table of its own.

    Raises DeclarationError for a type that no column holds and for customizations that contradict each other.
    """
    attributes = use.attributes
    how = attributes.store_as if attributes.store_as in (bool, int) else _how(use)
    if attributes.exc_db or (how is not None and getattr(how, "kind", "") == "table"):
        return None
    column_type = attributes.db_type or _type_of(use, how, metadata)
    if column_type is None:
        return None
    args, options = _given(attributes.sqla_column_args, use)
    options = {"nullable": use.nullable, **_options(use), **options}
    name = options.pop("name", None) or use.name
    keys = [_foreign_key(use)] if attributes.fk is not None else []
    return Column(name, column_type, *keys, *args, **options)


def _how(use: Use) -> Any:
    given = use.attributes.store_as
    return given if isinstance(given, HybridFileStore) else store_as(given, use.where)


def _given(given: Any, use: Use) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """`sqla_column_args`: a dict of keywords, or positional arguments with such a dict at their end."""
    if given is None:
        return (), {}
    if isinstance(given, dict):
        return (), dict(given)
    if isinstance(given, list | tuple):
        args = tuple(given)
        return (args[:-1], dict(args[-1])) if args and isinstance(args[-1], dict) else (args, {})
    raise DeclarationError(f"{use.where}: sqla_column_args is a dict of keywords of Column, not {given!r}")


def _options(use: Use) -> dict[str, Any]:
    """What the customizations say to `Column`."""
    attributes = use.attributes
    found: dict[str, Any] = {}
    if attributes.pk:
        found["primary_key"] = True
    for name in ("autoincrement", "onupdate", "server_default"):
        if getattr(attributes, name) is not None:
            found[name] = getattr(attributes, name)
    if attributes.db_default is not None:
        found["default"] = attributes.db_default
    if found.get("server_default") is not None and isinstance(found["server_default"], bool | int | float):
        found["server_default"] = sa.text(str(found["server_default"]).lower())
    return found


def _foreign_key(use: Use) -> ForeignKey:
    fk = use.attributes.fk
    if isinstance(fk, ForeignKey):
        return fk
    if isinstance(fk, str):
        if "." not in fk:
            raise DeclarationError(f"{use.where}: fk={fk!r} names no column; write '<table>.<column>'")
        return ForeignKey(fk)
    if isinstance(fk, Column) or hasattr(fk, "property"):
        return ForeignKey(fk if isinstance(fk, Column) else fk.property.columns[0])
    raise DeclarationError(f"{use.where}: fk={fk!r} is neither '<table>.<column>', nor a column, nor a ForeignKey")


# --- types ---


def _type_of(use: Use, how: Any, metadata: sa.MetaData) -> Any:
    node = nodes.resolve(use.field.type)
    if is_model(use.tp) and issubclass(use.tp, File):
        if not isinstance(how, HybridFileStore):
            raise DeclarationError(f"{use.where}: a File needs a place: add store_as=HybridFileStore('<directory>')")
        return StoredFile(how, use.where)
    if isinstance(node, nodes.Any) and not use.field.repeated:
        return _free(node, how)
    if how is not None and how not in (bool, int):
        return Document(use.tp, how, use.where)
    if isinstance(node, nodes.Struct | nodes.Array | nodes.Map):
        return None
    if use.field.repeated:
        raise DeclarationError(
            f"{use.where}: several values do not fit into one column; add store_as='json' or store_as='table', or exc_db=True"
        )
    return _scalar(use, node, metadata)


def _free(node: nodes.Any, how: Any) -> Any:
    kind = getattr(how, "kind", None) or {"xml": "xml", "html": "html"}.get(node.flavour, "json")
    if kind == "html" or (kind == "xml" and node.flavour == "html"):
        return FreeMarkup("TEXT", parse_html, write_html)
    if kind == "xml":
        return FreeMarkup("XML", parse_xml, write_xml)
    return FreeJson(kind == "jsonb", tree.compile_encoder(nodes.Field(type=node), Options(), tree.JSON))


def _scalar(use: Use, node: Any, metadata: sa.MetaData) -> Any:
    if is_model(use.tp):
        for model, make in _BY_MODEL:
            if issubclass(use.tp, model):
                return make(use)
    if isinstance(node, nodes.Enum):
        return Members(node.members, _enum_name(node), metadata)
    for kind, make_node in _BY_KIND:
        if isinstance(node, kind):
            return make_node(use, node)
    raise DeclarationError(
        f"{use.where}: no column holds a {use.tp!r}; add db_type=<a type of SQLAlchemy's> or exc_db=True"
    )


def _enum_name(node: nodes.Enum) -> str:
    found: Any = node
    while found.base is not None and not found.namespace:
        found = found.base
    return str(found.name)


def _named(node: Any) -> Any:
    """The nearest node with a public name."""
    return node.base if node.base is not None and node.base.namespace == nodes.XSD_NAMESPACE != node.namespace else node


def _text(use: Use, node: nodes.Str) -> Any:
    return long_text() if node.facets.max_len is None else sa.String(int(node.facets.max_len))


def _integer(use: Use, node: nodes.Int) -> Any:
    found: Any = node
    while found is not None:
        if found.name in _INTEGERS and found.namespace == nodes.XSD_NAMESPACE:
            made = _INTEGERS[found.name]()
            return BIG_KEY if use.attributes.pk and isinstance(made, sa.BigInteger) else made
        found = found.base
    if use.attributes.pk:
        return BIG_KEY
    if use.attributes.fk is not None or use.attributes.autoincrement:
        return sa.BigInteger()
    return ExactNumber(*_digits(node.facets, 0), whole=True)


def _decimal(use: Use, node: nodes.Decimal) -> Any:
    return ExactNumber(*_digits(node.facets, node.facets.fraction_digits))


def _digits(facets: nodes.Facets, scale: int | None) -> tuple[int | None, int | None]:
    """Precision and scale of a column. SQL takes a precision alone for whole numbers, so both are said or none."""
    total = facets.total_digits
    if total is None or scale is None or float("inf") in (total, scale):
        return None, None
    return int(total), int(scale)


def _boolean(use: Use, node: nodes.Bool) -> Any:
    return IntFlag() if use.attributes.store_as is int else sa.Boolean()


def _moment(use: Use, node: nodes.DateTime) -> Any:
    return Moment(getattr(use.attributes, "timezone", True) is not False)


def _bytes(use: Use, node: nodes.Bytes) -> Any:
    return Chunks(chunked=node.load is not None)


def _float(use: Use, node: nodes.Float) -> Any:
    return Real(short=node.bits == 32 or node.name == "float")


_BY_KIND: tuple[tuple[type, Callable[[Use, Any], Any]], ...] = (
    (nodes.Bool, _boolean),
    (nodes.Int, _integer),
    (nodes.Decimal, _decimal),
    (nodes.Float, _float),
    (nodes.Uuid, lambda _use, _node: UuidText()),
    (nodes.Str, _text),
    (nodes.Bytes, _bytes),
    (nodes.Date, lambda _use, _node: sa.Date()),
    (nodes.Time, lambda _use, _node: TimeOfDay()),
    (nodes.DateTime, _moment),
    (nodes.Duration, lambda _use, _node: Elapsed()),
)


def _address(length: int) -> Callable[[Use], Any]:
    return lambda _: Text(Named("INET"), sa.String(length))


def _length(use: Use) -> Any:
    most = getattr(use.attributes, "max_len", None)
    return long_text() if most is None or most == float("inf") else sa.String(int(most))


_BY_MODEL: tuple[tuple[type, Callable[[Use], Any]], ...] = (
    (primitive.Ipv4Address, _address(15)),
    (primitive.Ipv6Address, _address(45)),
    (primitive.IpAddress, _address(45)),
    (primitive.Ltree, lambda use: Text(Named("LTREE"), _length(use))),
    (primitive.LtreeLarge, lambda _: Text(Named("LTREE"), long_text())),
    (primitive.AnyUri, lambda use: Text(_length(use), _length(use))),
)
"""Types that are more than their kind."""


# --- constraints and indexes ---

_BOUNDS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))


def checks_of(use: Use, column: Column[Any], table: str) -> Iterator[CheckConstraint]:
    """What the type says of values, said to the database too: bounds of numbers, least lengths, allowed values.

    Only what was customized; a key's numbers are the database's own affair. `sqla_column_args` or `db_type` take it away.
    """
    node = nodes.resolve(use.field.type)
    attributes = use.attributes
    plain = isinstance(node, nodes.Scalar) and not isinstance(node, nodes.Enum) and not use.field.repeated
    if not plain or attributes.pk or attributes.db_type is not None or attributes.store_as is not None:
        return
    assert isinstance(node, nodes.Scalar)
    if node.namespace:  # a type with a name of its own: its limits are what its column is chosen for
        return
    facets = node.facets
    known = node.base.facets if isinstance(node.base, nodes.Scalar) else nodes.NO_FACETS
    rules: list[Any] = []
    if isinstance(node, nodes.Int | nodes.Decimal | nodes.Float):
        for name, sign in _BOUNDS:
            bound = getattr(facets, name)
            if bound is not None and bound != getattr(known, name):
                rules.append(column.op(sign, is_comparison=True)(sa.literal_column(f"{bound}")))
    if isinstance(node, nodes.Str) and facets.min_len and facets.min_len != known.min_len:
        rules.append(sa.func.length(column) >= sa.literal_column(str(facets.min_len)))
    values = [value for value in facets.values if value is not None]
    if isinstance(node, nodes.Str | nodes.Int) and values and facets.values != known.values:
        rules.append(column.in_([sa.literal_column(_literal(value)) for value in values]))
    if rules:
        yield CheckConstraint(sa.and_(*rules), name=f"{table}_{column.name}_check")


def _literal(value: Any) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def indexes_of(use: Use, column: Column[Any], table: str) -> Iterator[Index]:
    """The indexes of one column, named after the table and the member. Raises DeclarationError for an unknown form of `index`.

    index: True, a method's name, or (name, method). unique: True, or the index's name.
    """
    attributes = use.attributes
    unique, index = attributes.unique, attributes.index
    if unique:
        name = unique if isinstance(unique, str) else f"{table}_{use.name}_unique"
        yield Index(name, column, unique=True)
    if not index:
        return
    options: dict[str, Any] = {}
    name = f"{table}_{use.name}"
    if isinstance(index, list | tuple) and len(index) == 2 and all(isinstance(part, str) for part in index):
        name, options["postgresql_using"] = index
    elif isinstance(index, str):
        options["postgresql_using"] = index
    elif index is not True:
        raise DeclarationError(f"{use.where}: index={index!r} is True, a method such as 'gin', or ('name', 'method')")
    if options.get("postgresql_using") == "unique":
        raise DeclarationError(f"{use.where}: index='unique' is no method; write unique=True")
    yield Index(name, column, **options)
