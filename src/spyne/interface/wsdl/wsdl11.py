"""WSDL 1.1: the contract of a SOAP service (W3C Note, 15 March 2001)."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

from lxml import etree

from spyne.const.xml import WSDL11
from spyne.interface.wsdl._bindings import styles_of
from spyne.interface.wsdl._messages import MessageWriter, offered
from spyne.interface.wsdl._ports import add_bindings, add_port_types, add_services, port_types_of
from spyne.interface.xml_schema import XmlSchema

if TYPE_CHECKING:
    from spyne.interface._base import Interface

__all__ = ["Wsdl11"]

SOAP_OVER_HTTP = "http://schemas.xmlsoap.org/soap/http"
_PLACEHOLDER = "spyne-address-of-this-service"
_KEPT_ADDRESSES = 16


class Wsdl11(XmlSchema):
    """The WSDL 1.1 document of an application, document/literal or as the SOAP protocols say rpc/literal, with a binding for each
    version of SOAP that it reads.

    xsl_href: a stylesheet to show it with. _with_partnerlink: accepted and without effect. part_name: the name of every body's
    message part in place of the element's, ``parameters`` for clients made with .NET. unique_port_names: name each port after
    its service too where several services would have ports of one name, which WSDL 1.1 §2.6 asks for but existing clients do not
    expect.

    `root_elt` is the document once built, `schema_dict` its schemas; listeners of ``document_built`` and
    ``wsdl_document_built`` may change it before it is written.
    """

    type = "wsdl11"

    def __init__(
        self,
        interface: Interface,
        xsl_href: str | None = None,
        _with_partnerlink: bool = False,
        element_form_default: str = "qualified",
        *,
        part_name: str | None = None,
        unique_port_names: bool = False,
    ) -> None:
        super().__init__(interface, element_form_default)
        self.xsl_href = xsl_href
        self.part_name = part_name
        self.unique_port_names = unique_port_names
        self.url: str | None = None
        self.root_elt: etree._Element | None = None
        self._document: bytes | None = None
        self._template: tuple[bytes, ...] | None = None
        self._by_address: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def build_interface_document(self, url: str | None = None) -> None:
        """Build the document for an address and keep it: from now on it is the answer for every address.

        url: where the service is; the application's `public_url` in its place if None.
        """
        with self._lock:
            self._build(url or self._public_url() or "")
            self._document = self._write()

    def get_interface_document(self) -> bytes | None:
        """The document that was built last, UTF-8 with an XML declaration; None before."""
        return self._document

    def document_for(self, url: str) -> bytes:
        """The document for the address that a request came to, at the cost of a lookup.

        A document built by `build_interface_document`, or an application with a `public_url`, has that one address. The document is
        built once; other addresses are put into the finished bytes, and the latest of them are kept.
        """
        if self._document is not None:
            return self._document
        url = self._public_url() or url
        with self._lock:
            found = self._by_address.get(url)
            if found is None:
                found = _escaped(url).encode().join(self._pieces(url))
                self._by_address[url] = found
                if len(self._by_address) > _KEPT_ADDRESSES:
                    self._by_address.popitem(last=False)
            else:
                self._by_address.move_to_end(url)
            return found

    def _public_url(self) -> str | None:
        return getattr(self.interface.app, "public_url", None)

    def _pieces(self, url: str) -> tuple[bytes, ...]:
        """The document without its address, cut where it stands."""
        if self._template is None:
            self._build(url)
            addresses = [element for element in self._root().iter() if _is_address(element, url)]
            for element in addresses:
                element.set("location", _PLACEHOLDER)
            self._template = tuple(self._write().split(_PLACEHOLDER.encode()))
            for element in addresses:
                element.set("location", url)
        return self._template

    def _root(self) -> etree._Element:
        assert self.root_elt is not None
        return self.root_elt

    def _build(self, url: str) -> None:
        interface, app = self.interface, self.interface.app
        styles = styles_of(app)
        rpc = styles[0].rpc
        self.url = url
        root = etree.Element(WSDL11("definitions"), nsmap=dict(interface.document_nsmap))
        root.set("targetNamespace", interface.tns)
        root.set("name", app.name)
        self.root_elt = root
        self._build_schemas(etree.SubElement(root, WSDL11("types")))
        messages = MessageWriter(interface, root, self.part_name, rpc=rpc)
        calls = offered(interface, rpc=rpc)
        messages.write(calls)
        ports = port_types_of(interface, calls)
        add_services(root, ports, styles, url, unique=self.unique_port_names)
        add_port_types(root, ports, messages)
        for style in styles:
            add_bindings(root, ports, messages, style, app.transport or SOAP_OVER_HTTP)
        self.fire("document_built")
        self.fire("wsdl_document_built")

    def _write(self) -> bytes:
        tree = self._root().getroottree()
        if self.xsl_href:
            text = f'type="text/xsl" href="{_escaped(self.xsl_href)}"'
            self._root().addprevious(etree.ProcessingInstruction("xml-stylesheet", text))
        data: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=True)
        return data


def _escaped(text: str) -> str:
    """The text between the quotes of an attribute."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _is_address(element: Any, url: str) -> bool:
    """Whether an element is the address of a port of ours; a listener may have given one another location."""
    return isinstance(element.tag, str) and element.tag.endswith("}address") and element.get("location") == url
