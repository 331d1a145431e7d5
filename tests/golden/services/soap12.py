"""A SOAP 1.2 application."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Fault, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap12


class Item(ComplexModel):
    n = Integer


class Twelve(Service):
    @rpc(Unicode, Item, _returns=Item)
    def echo(ctx, name, item):
        return item

    @rpc()
    def fail(ctx):
        raise Fault("Client.Some", "text")


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap12 both ways."""
    return Application(
        [Twelve],
        "golden.soap12",
        in_protocol=in_protocol or Soap12(),
        out_protocol=out_protocol or Soap12(),
    )
