"""The column type of a member, by its kind in the schema and by what it is kept as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from spyne.codec import tree
from spyne.codec._base import Options
from spyne.model import primitive
from spyne.model._heritage import is_model
from spyne.model.binary import File, HybridFileStore
from spyne.schema import DeclarationError, nodes
from spyne.store.relational._numbers import ExactNumber, Real
from spyne.store.relational._times import Elapsed, Moment, TimeOfDay
from spyne.store.relational.documents import Document, parse_html, parse_xml, write_html, write_xml
from spyne.store.relational.files import StoredFile
from spyne.store.relational.types import (
    Chunks,
    FreeJson,
    FreeMarkup,
    IntFlag,
    Members,
    Named,
    Text,
    UuidText,
    long_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spyne.store.relational._use import Use

__all__ = ["type_of_member"]

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


def type_of_member(use: Use, how: Any, metadata: sa.MetaData) -> Any:
    """The type of a member's column, None for one that has none. how: its `store_as`. Raises DeclarationError for values that no column holds."""
    node = nodes.resolve(use.field.type)
    if is_model(use.tp) and issubclass(use.tp, File):
        if not isinstance(how, HybridFileStore):
            raise DeclarationError(f"{use.where}: a File needs a place: add store_as=HybridFileStore('<directory>')")
        return StoredFile(how, use.where)
    if isinstance(node, nodes.Any) and not use.field.repeated:
        return _free(node, how)
    if how is not None and how not in (bool, int):
        if how.kind == "xml" and use.field.repeated:
            problem = "an XML document has one root"
            raise DeclarationError(f"{use.where}: {problem}: use Array(…) in place of max_occurs='unbounded'")
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
