"""How methods are bound to a protocol: SOAP 1.1 (WSDL 1.1 §3), SOAP 1.2, or HTTP (§4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from lxml import etree

from spyne.const.xml import NS_HTTP, NS_WSDL11_SOAP, NS_WSDL11_SOAP12, WSDL11

if TYPE_CHECKING:
    from spyne.interface._base import Call, Message
    from spyne.interface.wsdl._messages import MessageWriter


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """The namespace of the binding's own elements, and whether they are SOAP's. rpc: the style, document otherwise. suffix: what is
    added to the names of bindings and ports, where there are several.
    """

    namespace: str
    soap: bool = True
    rpc: bool = False
    suffix: str = ""

    def tag(self, name: str) -> str:
        """The qualified name of one of the binding's elements."""
        return f"{{{self.namespace}}}{name}"


_SOAP11 = Style(namespace=NS_WSDL11_SOAP)
_SOAP12 = Style(namespace=NS_WSDL11_SOAP12)
_HTTP = Style(namespace=NS_HTTP, soap=False)
_SOAP12_SUFFIX = "Soap12"


def styles_of(app: Any) -> list[Style]:
    """The bindings for what the application reads, by the tags of its protocols; SOAP 1.1 for formats that WSDL has none for.

    Both versions of SOAP have one each, that of 1.1 first.
    """
    protocols = getattr(app, "in_protocols", None) or (app.in_protocol,)
    soaps = [protocol for protocol in protocols if "soap" in protocol.type]
    rpc = any(getattr(protocol, "style", "") == "rpc" for protocol in soaps)
    newer = [protocol for protocol in soaps if "soap12" in protocol.type]
    if not soaps:
        tags = getattr(protocols[0], "type", ())
        return [_HTTP if "http" in tags else _SOAP11]
    if not newer:
        return [msgspec.structs.replace(_SOAP11, rpc=rpc)]
    soap12 = msgspec.structs.replace(_SOAP12, rpc=rpc)
    if len(newer) == len(soaps):
        return [soap12]
    return [msgspec.structs.replace(_SOAP11, rpc=rpc), msgspec.structs.replace(soap12, suffix=_SOAP12_SUFFIX)]


def begin_binding(binding: etree._Element, style: Style, transport: str) -> None:
    """The element that says which protocol the binding is for."""
    if style.soap:
        etree.SubElement(binding, style.tag("binding"), {"style": _name(style), "transport": transport})
    else:
        etree.SubElement(binding, style.tag("binding"), {"verb": "GET"})


def bind(binding: etree._Element, call: Call, messages: MessageWriter, style: Style) -> None:
    """One operation of a binding; a one-way operation has an input only (WSDL 1.1 §2.4.1)."""
    name = call.descriptor.operation_name
    operation = etree.SubElement(binding, WSDL11("operation"), {"name": name})
    if style.soap:
        etree.SubElement(operation, style.tag("operation"), {"soapAction": name, "style": _name(style)})
    else:
        etree.SubElement(operation, style.tag("operation"), {"location": f"/{call.request.name}"})
    for kind, message in messages_of(call):
        element = etree.SubElement(operation, WSDL11(kind), {"name": message.name})
        if style.soap:
            _soap_body(element, message, messages, style)
        elif kind == "input":
            etree.SubElement(element, style.tag("urlEncoded"))
    for fault in call.faults if style.soap and not call.descriptor.one_way else ():
        element = etree.SubElement(operation, WSDL11("fault"), {"name": fault.name})
        etree.SubElement(element, style.tag("fault"), {"name": fault.name, "use": "literal"})


def messages_of(call: Call) -> tuple[tuple[str, Message], ...]:
    """The messages of an operation, by what they are to it."""
    if call.descriptor.one_way:
        return (("input", call.request),)
    return (("input", call.request), ("output", call.response))


def _name(style: Style) -> str:
    return "rpc" if style.rpc else "document"


def _soap_body(element: etree._Element, message: Message, messages: MessageWriter, style: Style) -> None:
    attributes = {"use": "literal", "namespace": message.namespace} if style.rpc else {"use": "literal"}
    etree.SubElement(element, style.tag("body"), attributes)
    for header in message.headers:
        attributes = {"use": "literal", "message": messages.header_message(message), "part": header.name}
        etree.SubElement(element, style.tag("header"), attributes)
