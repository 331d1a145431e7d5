"""How methods are bound to a protocol: SOAP 1.1 (WSDL 1.1 §3), SOAP 1.2, or HTTP (§4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from lxml import etree

from spyne.const.xml import NS_HTTP, NS_WSDL11_SOAP, NS_WSDL11_SOAP12, WSDL11

if TYPE_CHECKING:
    from spyne.interface._base import Call, Message
    from spyne.interface.wsdl._messages import MessageWriter


class Style(msgspec.Struct, frozen=True):
    """The namespace of the binding's own elements, and whether they are SOAP's."""

    namespace: str
    soap: bool = True

    def tag(self, name: str) -> str:
        """The qualified name of one of the binding's elements."""
        return f"{{{self.namespace}}}{name}"


_SOAP12 = Style(NS_WSDL11_SOAP12)
_SOAP11 = Style(NS_WSDL11_SOAP)
_HTTP = Style(NS_HTTP, soap=False)


def style_of(app: Any) -> Style:
    """The binding for what the application reads, by the tags of the protocol; SOAP 1.1 for formats that WSDL has none for."""
    tags = getattr(app.in_protocol, "type", ())
    if "soap12" in tags:
        return _SOAP12
    return _HTTP if "http" in tags and "soap" not in tags else _SOAP11


def begin_binding(binding: etree._Element, style: Style, transport: str) -> None:
    """The element that says which protocol the binding is for."""
    if style.soap:
        etree.SubElement(binding, style.tag("binding"), {"style": "document", "transport": transport})
    else:
        etree.SubElement(binding, style.tag("binding"), {"verb": "GET"})


def bind(binding: etree._Element, call: Call, messages: MessageWriter, style: Style) -> None:
    """One operation of a binding."""
    name = call.descriptor.operation_name
    operation = etree.SubElement(binding, WSDL11("operation"), {"name": name})
    if style.soap:
        etree.SubElement(operation, style.tag("operation"), {"soapAction": name, "style": "document"})
    else:
        etree.SubElement(operation, style.tag("operation"), {"location": f"/{call.request.name}"})
    for kind, message in (("input", call.request), ("output", call.response)):
        element = etree.SubElement(operation, WSDL11(kind), {"name": message.name})
        if style.soap:
            _soap_body(element, message, messages, style)
        elif kind == "input":
            etree.SubElement(element, style.tag("urlEncoded"))
    for fault in call.faults if style.soap else ():
        element = etree.SubElement(operation, WSDL11("fault"), {"name": fault.name})
        etree.SubElement(element, style.tag("fault"), {"name": fault.name, "use": "literal"})


def _soap_body(element: etree._Element, message: Message, messages: MessageWriter, style: Style) -> None:
    etree.SubElement(element, style.tag("body"), {"use": "literal"})
    for header in message.headers:
        attributes = {"use": "literal", "message": messages.header_message(message), "part": header.name}
        etree.SubElement(element, style.tag("header"), attributes)
