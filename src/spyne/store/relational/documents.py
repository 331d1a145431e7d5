"""Documents in columns: objects and arrays as JSON, XML or MessagePack, typed on Python's side."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import sqlalchemy as sa

from spyne.codec import tree
from spyne.codec._base import DecodeError, Options
from spyne.model.primitive import NATIVE_MAP
from spyne.model.store_as import StoreAs, json, xml
from spyne.schema import Lowering, Place
from spyne.schema.nodes import Array, Field, Struct, resolve
from spyne.store.relational.types import Changeable, Named, json_type, long_bytes, long_text

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.types import TypeEngine

__all__ = ["Document", "parse_html", "parse_xml", "write_html", "write_xml"]

Convert = Callable[[Any], Any]


class Document(Changeable):
    """A value of `tp`, an object or an array, as a document of the kind that `how` says.

    where: the member it is for, named in errors. A change inside of a value is not seen: assign the value again, or another one.
    """

    cache_ok = True
    impl = sa.Text

    def __init__(self, tp: Any, how: StoreAs, where: str) -> None:
        super().__init__()
        self.tp = tp
        self.how = how
        self.where = where

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type on this database."""
        if self.how.kind == "msgpack":
            return long_bytes()
        if self.how.kind == "xml":
            return Named("XML") if dialect.name == "postgresql" else long_text()
        return json_type(self.how.kind == "jsonb")

    @cached_property
    def _codec(self) -> tuple[Convert, Convert]:
        """The functions out of Python and back; they are made at the first use, when the type is complete."""
        field = msgspec.structs.replace(
            Lowering(natives=NATIVE_MAP).field(self.tp, Place()), min_occurs=0, max_occurs=self._most
        )
        if isinstance(self.how, json):
            return _json_codec(field, self.how)
        if isinstance(self.how, xml):
            return _xml_codec(field, self.how)
        return _msgpack_codec(field)

    @property
    def _most(self) -> int | None:
        most = self.tp.Attributes.max_occurs
        return None if most == float("inf") else int(most)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """The document. Raises EncodeError for a value that its type cannot carry."""
        return None if value is None else self._codec[0](value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The value. Raises ValueError, naming the member, for a document that does not fit its type."""
        if value is None:
            return None
        try:
            return self._codec[1](value)
        except DecodeError as error:
            raise ValueError(f"{self.where}: {error.where() or 'the stored document'} {error.message}") from None


def _json_codec(field: Field, how: json) -> tuple[Convert, Convert]:
    shape: Literal["dict", "list"] = "list" if how.complex_as in (list, "list") else "dict"
    options = Options(ignore_wrappers=how.ignore_wrappers, complex_as=shape)
    return tree.compile_encoder(field, options, tree.JSON), tree.compile_decoder(field, options, tree.JSON)


def _msgpack_codec(field: Field) -> tuple[Convert, Convert]:
    encode = tree.compile_encoder(field, Options(), tree.MSGPACK)
    decode = tree.compile_decoder(field, Options(), tree.MSGPACK)
    return (
        lambda value: msgspec.msgpack.encode(encode(value)),
        lambda data: decode(msgspec.msgpack.decode(bytes(data), strict=False)),
    )


# --- XML ---


def _xml_codec(field: Field, how: xml) -> tuple[Convert, Convert]:
    from spyne.codec import xml_encode, xml_fast

    node = resolve(field.type)
    namespace = "" if node.namespace == "http://www.w3.org/2001/XMLSchema" else node.namespace
    prefixes = {space: f"s{index}" for index, space in enumerate(sorted(_namespaces(field, set()) - {""}))}
    prefixes["http://www.w3.org/2001/XMLSchema-instance"] = "xsi"
    declared = "".join(f' xmlns:{prefix}="{space}"' for space, prefix in prefixes.items())
    element = xml_encode.Element(namespace=namespace, name=how.root_tag or node.name)
    encode = xml_encode.compile_encoder(field, element, Options(), prefixes)
    decode = xml_fast.compile(field, Options(parse_xsi_type=False))

    def write(value: Any) -> str:
        text = encode(value)
        cut = min(place for place in map(text.find, " />") if place > 0)
        return _tidy(f"{text[:cut]}{declared}{text[cut:]}", how)

    return write, lambda text: decode(parse_xml(text))


def _namespaces(field: Field, seen: set[int]) -> set[str]:
    node = resolve(field.type)
    if id(node) in seen:
        return set()
    seen.add(id(node))
    inner = node.fields if isinstance(node, Struct) else (node.item,) if isinstance(node, Array) else ()
    return {node.namespace}.union(*(_namespaces(each, seen) for each in inner))


def _tidy(text: str, how: xml) -> str:
    """The document without declarations of namespaces that it does not use."""
    from lxml import etree

    root = parse_xml(text)
    if how.no_ns:
        for element in root.iter():
            element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(root)
    return str(etree.tostring(root, encoding="unicode", pretty_print=how.pretty_print))


def parse_xml(text: str | bytes) -> Any:
    """An element; entities are not expanded and nothing is fetched."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(text.encode() if isinstance(text, str) else text, parser)


def write_xml(value: Any) -> str:
    """An element, or a document that is text already, which must be well-formed."""
    from lxml import etree

    root = parse_xml(value) if isinstance(value, str | bytes) else value
    return str(etree.tostring(root, encoding="unicode", with_tail=False))


def parse_html(text: str) -> Any:
    """An element of `lxml.html`."""
    import lxml.html

    return lxml.html.fromstring(text)


def write_html(value: Any) -> str:
    """HTML of an element, or text as it is."""
    import lxml.html

    return value if isinstance(value, str) else str(lxml.html.tostring(value, encoding="unicode", with_tail=False))
