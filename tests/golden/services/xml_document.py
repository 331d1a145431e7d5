"""A plain XML application."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Fault, Integer, Service, Unicode, rpc
from spyne.protocol.xml import XmlDocument


class Item(ComplexModel):
    n = Integer(ge=0)
    s = Unicode


class PlainXml(Service):
    @rpc(Item, _returns=Array(Item))
    def echo(ctx, item):
        return [item, None]

    @rpc(Unicode, _returns=Unicode)
    def text(ctx, value):
        return value

    @rpc()
    def fail(ctx):
        raise Fault("Client.Some", "text", detail={"a": 1})


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to XmlDocument both ways."""
    return Application(
        [PlainXml],
        "golden.xml_document",
        in_protocol=in_protocol or XmlDocument(),
        out_protocol=out_protocol or XmlDocument(),
    )
