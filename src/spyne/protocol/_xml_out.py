"""What the XML protocols write: documents that stay text until somebody asks for a tree, and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from typing import Any as AnyType

from lxml import etree

from spyne.codec import xml_encode
from spyne.codec._base import EncodeError, Options
from spyne.codec._xml_text import check_xml_chars
from spyne.context import Lazy
from spyne.protocol._base import first
from spyne.protocol._xml_prefixes import Declarations, declarations, declare, prefixes_of, xsi_if_used
from spyne.schema import Field, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spyne.interface._base import Interface, Message

__all__ = ["PROLOG", "Declarations", "Writer", "XmlText", "declarations", "declare", "prefixes_of", "xsi_if_used"]

PROLOG = b"<?xml version='1.0' encoding='UTF-8'?>\n"


class XmlText(Lazy):
    """A finished document as text; calling it parses the text into a tree."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self) -> AnyType:
        check_xml_chars(self.text.encode())
        return etree.fromstring(self.text, _own_parser())


def _own_parser() -> AnyType:
    """A parser for what was written here, of any size."""
    return etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)


class Writer:
    """Writes one message: the root element's text for a sequence of results (or arguments), prefixes not yet declared.

    declared: the namespace declarations for what was written, those in `ENVELOPE` left to whoever writes the envelope.
    cut: the same element cut at the items of its one result, where that may be streamed, else None.
    """

    __slots__ = ("cut", "declared", "headers", "prefixes", "write")
    ENVELOPE: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, interface: Interface, message: Message, options: Options) -> None:
        fields = (message.field, *message.headers)
        self.prefixes = prefixes_of(interface, fields, message.namespace, options.prefixes)
        self.declared = Declarations(interface, self.prefixes, options, always=message.namespace, without=self.ENVELOPE)
        element = xml_encode.Element(namespace=message.namespace, name=message.name)
        if message.wrapped:
            self.write = xml_encode.compile_message_encoder(message.field, element, options, self.prefixes)
        else:
            encode = xml_encode.compile_encoder(message.field, element, options, self.prefixes)
            self.write = lambda values: encode(first(values))
        self.cut = xml_encode.compile_items_encoder(
            message.field, element, options, self.prefixes, wrapped=message.wrapped
        )
        self.headers = [_header_writer(field, options, self.prefixes) for field in message.headers]

    def around(self, headers: AnyType) -> tuple[str, str]:
        """What stands before and after the items of a result that is streamed, in a document of its own."""
        assert self.cut is not None
        return self.declared.on_start(self.cut.start), self.cut.end

    def write_headers(self, given: AnyType) -> str:
        """The header elements of the objects given, one or a sequence; each is written by the declared class it is of."""
        values = list(given) if isinstance(given, list | tuple) else [given]
        return "".join(self._write_header(value, index) for index, value in enumerate(values) if value is not None)

    def _write_header(self, value: AnyType, index: int) -> str:
        for cls, write in self.headers:
            if isinstance(value, cls):
                return str(write(value))
        if index < len(self.headers):
            return str(self.headers[index][1](value))
        raise EncodeError(f"the method declares no header for a {type(value).__name__}; name it in _out_header")


def _header_writer(field: Field, options: Options, prefixes: Mapping[str, str]) -> tuple[AnyType, AnyType]:
    node = resolve(field.type)
    namespace = field.hints.get("xml_namespace") or node.namespace
    element = xml_encode.Element(namespace=namespace, name=field.wire_name)
    cls = node.cls if isinstance(node, Struct) else _Never
    return cls, xml_encode.compile_encoder(field, element, options, prefixes)


class _Never:
    """Stands for the class of header values that have none."""
