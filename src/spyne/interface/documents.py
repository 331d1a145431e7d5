"""The interface documents of one application, each made on first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spyne.interface._base import Interface
    from spyne.interface.wsdl import Wsdl11
    from spyne.interface.xml_schema import XmlSchema

__all__ = ["InterfaceDocuments", "InterfaceDocumentsBase"]


class InterfaceDocumentsBase:
    """A container of documents: subclass it and pass the class to an application as `documents_container`."""

    def __init__(self, interface: Interface) -> None:
        self.interface = interface


class InterfaceDocuments(InterfaceDocumentsBase):
    """XML Schema and WSDL 1.1. A subclass may set its own in the constructor: ``self.wsdl11 = Wsdl11(interface, …)``."""

    @cached_property
    def xml_schema(self) -> XmlSchema:
        """The XML Schema documents."""
        from spyne.interface.xml_schema import XmlSchema

        return XmlSchema(self.interface)

    @cached_property
    def wsdl11(self) -> Wsdl11:
        """The WSDL 1.1 document."""
        from spyne.interface.wsdl import Wsdl11

        return Wsdl11(self.interface)
