"""Faults as XmlDocument and SOAP 1.1 write and read them (SOAP 1.1 §4.4), and what all versions put into their detail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lxml import etree

from spyne.codec import xml_encode
from spyne.codec._xml_any import write_dict
from spyne.codec._xml_text import escape
from spyne.const.xml import NS_SOAP11_ENV
from spyne.error import Fault
from spyne.protocol._xml_prefixes import declare, prefixes_of
from spyne.schema import Place, resolve

if TYPE_CHECKING:
    from spyne.codec._base import Options
    from spyne.interface._base import Interface

FAULT = f"{{{NS_SOAP11_ENV}}}Fault"


def fault_text(fault: Fault, interface: Interface, options: Options) -> str:
    """A SOAP 1.1 Fault element; the prefix ``soap11env`` is not declared here."""
    actor = f"<faultactor>{escape(fault.faultactor or '')}</faultactor>"
    content = detail_content(fault, interface, options)
    detail = f"<detail>{content}</detail>" if content else ""
    return (
        f"<soap11env:Fault><faultcode>soap11env:{escape(str(fault.faultcode))}</faultcode>"
        f"<faultstring>{escape(str(fault.faultstring))}</faultstring>{actor}{detail}</soap11env:Fault>"
    )


def detail_content(fault: Fault, interface: Interface, options: Options) -> str:
    """What stands in the detail of a fault, empty text where there is nothing to tell.

    First the members that the fault's class declares, as the element that the WSDL names; then the `detail`: a dict as elements
    without a namespace, an XML element or an object as it is, anything else as text.
    """
    declared = _typed(type(fault), fault, interface, options) if type(fault)._type_info else ""
    return declared + _free(fault.detail, interface, options)


def _free(detail: Any, interface: Interface, options: Options) -> str:
    if detail is None:
        return ""
    if isinstance(detail, Mapping):
        return write_dict(detail)
    if etree.iselement(detail):
        return str(etree.tostring(detail, encoding="unicode", with_tail=False))
    return escape(detail) if isinstance(detail, str) else _typed(type(detail), detail, interface, options)


def _typed(cls: Any, value: Any, interface: Interface, options: Options) -> str:
    field = interface.lowering.field(cls, Place("", interface.tns, ""))
    node = resolve(field.type)
    element = xml_encode.Element(namespace=node.namespace, name=node.name)
    prefixes = prefixes_of(interface, (field,), node.namespace, options.prefixes)
    return declare(xml_encode.compile_encoder(field, element, options, prefixes)(value), prefixes)


def read_fault(element: Any) -> Fault:
    """The Fault that a SOAP 1.1 Fault element says."""
    parts = {child.tag: child for child in element if isinstance(child.tag, str)}
    code = text_of(parts.get("faultcode"))
    detail = parts.get("detail")
    return Fault(
        code.rpartition(":")[2] or "Server",
        text_of(parts.get("faultstring")),
        text_of(parts.get("faultactor")),
        detail if detail is not None and (len(detail) or detail.text) else None,
    )


def text_of(element: Any) -> str:
    """The text of an element without the white space around it, empty where there is none."""
    return "" if element is None else (element.text or "").strip()
