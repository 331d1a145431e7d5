"""Unqualified local elements through a documents container."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.interface import InterfaceDocuments
from spyne.interface.wsdl import Wsdl11
from spyne.protocol.soap import Soap11


class Documents(InterfaceDocuments):
    def __init__(self, interface):
        super().__init__(interface)
        self.wsdl11 = Wsdl11(interface, element_form_default="unqualified")


class Item(ComplexModel):
    n = Integer
    s = Unicode(max_len=2)


class Unqualified(Service):
    @rpc(Item, _returns=Item)
    def echo(ctx, item):
        return item


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Unqualified],
        "golden.element_form",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
        documents_container=Documents,
    )
