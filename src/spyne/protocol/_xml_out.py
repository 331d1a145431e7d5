"""What the XML protocols write: documents that stay text until somebody asks for a tree, and faults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as AnyType

from lxml import etree

from spyne.codec import xml_encode
from spyne.codec._base import EncodeError, Options
from spyne.codec._xml_text import escape, escape_attribute
from spyne.const.xml import NS_SOAP11_ENV, NS_XSD, NS_XSI
from spyne.context import Lazy
from spyne.error import Fault
from spyne.interface._base import Interface, Message, members
from spyne.protocol._base import first
from spyne.schema import Any, Field, Node, Place, Struct, resolve

PROLOG = b"<?xml version='1.0' encoding='UTF-8'?>\n"


class XmlText(Lazy):
    """A finished document as text; calling it parses the text into a tree."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self) -> AnyType:
        return etree.fromstring(self.text)


def declare(text: str, prefixes: Mapping[str, str]) -> str:
    """The document with `prefixes` (namespace to prefix) and, where it is used, ``xsi`` declared on its root element."""
    end = min(index for index in (text.find(mark, 1) for mark in " />") if index > 0)
    return f"{text[:end]}{declarations(prefixes)}{xsi_if_used(text)}{text[end:]}"


def declarations(prefixes: Mapping[str, str]) -> str:
    """The namespace declarations as attributes, each with a space before it."""
    return "".join(f' xmlns:{prefix}="{escape_attribute(namespace)}"' for namespace, prefix in prefixes.items())


def xsi_if_used(text: str) -> str:
    """The declaration of ``xsi`` for a text that uses it."""
    return f' xmlns:xsi="{NS_XSI}"' if "xsi:" in text else ""


def prefixes_of(interface: Interface, fields: tuple[Field, ...], namespace: str = "") -> dict[str, str]:
    """The namespaces in which the elements of these fields may be, with the interface's prefixes for them."""
    found = {namespace: ""} if namespace else {}
    seen: set[int] = set()
    for field in fields:
        _gather(field, found, seen)
    return {space: interface.get_namespace_prefix(space) for space in found}


def _gather(field: Field, found: dict[str, str], seen: set[int]) -> None:
    own = field.hints.get("xml_namespace")
    if own:
        found[own] = ""
    node = resolve(field.type)
    if id(node) in seen:
        return
    seen.add(id(node))
    _gather_node(node, found, seen)


def _gather_node(node: Node, found: dict[str, str], seen: set[int]) -> None:
    if node.namespace and node.namespace != NS_XSD and members(node):
        found[node.namespace] = ""
    for field in members(node):
        _gather(field, found, seen)
    if isinstance(node, Struct):
        if node.base is not None:
            _gather_node(node.base, found, seen)
        for subtype in node.subtypes().values():
            if id(subtype) not in seen:
                seen.add(id(subtype))
                _gather_node(subtype, found, seen)


class Writer:
    """Writes one message: the root element's text for a sequence of results (or arguments), prefixes not yet declared."""

    __slots__ = ("headers", "prefixes", "write")

    def __init__(self, interface: Interface, message: Message, options: Options) -> None:
        self.prefixes = prefixes_of(interface, (message.field, *message.headers), message.namespace)
        element = xml_encode.Element(namespace=message.namespace, name=message.name)
        if message.wrapped:
            self.write = xml_encode.compile_message_encoder(message.field, element, options, self.prefixes)
        else:
            encode = xml_encode.compile_encoder(message.field, element, options, self.prefixes)
            self.write = lambda values: encode(first(values))
        self.headers = [_header_writer(field, options, self.prefixes) for field in message.headers]

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


def fault_text(fault: Fault, interface: Interface, options: Options) -> str:
    """A SOAP 1.1 Fault element (§4.4); the prefix ``soap11env`` is not declared here."""
    actor = f"<faultactor>{escape(fault.faultactor or '')}</faultactor>"
    return (
        f"<soap11env:Fault><faultcode>soap11env:{escape(str(fault.faultcode))}</faultcode>"
        f"<faultstring>{escape(str(fault.faultstring))}</faultstring>{actor}"
        f"{detail_text(fault, interface, options)}</soap11env:Fault>"
    )


def detail_text(fault: Fault, interface: Interface, options: Options) -> str:
    """The ``detail`` element of a fault, empty text where there is nothing to tell (SOAP 1.1 §4.4).

    A dict becomes elements without a namespace, an XML element or an object goes in as it is, and so do the members that the
    fault's class declares, as the element that the WSDL names.
    """
    declared = _typed(type(fault), fault, interface, options) if type(fault)._type_info else ""
    detail = fault.detail
    if isinstance(detail, Mapping):
        return _DETAIL_DICT(detail)
    if etree.iselement(detail):
        detail = etree.tostring(detail, encoding="unicode", with_tail=False)
    elif isinstance(detail, str):
        detail = escape(detail)
    elif detail is not None:
        detail = _typed(type(detail), detail, interface, options)
    content = declared + (detail or "")
    return f"<detail>{content}</detail>" if content else ""


_DETAIL_DICT = xml_encode.compile_encoder(
    Field(type=Any(flavour="dict")), xml_encode.Element(namespace="", name="detail"), Options(), {}
)


def _typed(cls: AnyType, value: AnyType, interface: Interface, options: Options) -> str:
    field = interface.lowering.field(cls, Place("", interface.tns, ""))
    node = resolve(field.type)
    element = xml_encode.Element(namespace=node.namespace, name=node.name)
    prefixes = prefixes_of(interface, (field,), node.namespace)
    return declare(xml_encode.compile_encoder(field, element, options, prefixes)(value), prefixes)


def read_fault(element: AnyType) -> Fault:
    """The Fault that a SOAP 1.1 Fault element says."""
    parts = {child.tag: child for child in element if isinstance(child.tag, str)}
    code = _text(parts.get("faultcode"))
    detail = parts.get("detail")
    return Fault(
        code.rpartition(":")[2] or "Server",
        _text(parts.get("faultstring")),
        _text(parts.get("faultactor")),
        detail if detail is not None and (len(detail) or detail.text) else None,
    )


def _text(element: AnyType) -> str:
    return "" if element is None else (element.text or "").strip()


FAULT = f"{{{NS_SOAP11_ENV}}}Fault"
