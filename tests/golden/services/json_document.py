"""A JSON application."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Decimal, Fault, Integer, Service, Unicode, rpc
from spyne.protocol.json import JsonDocument


class Item(ComplexModel):
    n = Integer(ge=0)
    s = Unicode(min_occurs=1)
    d = Decimal
    more = Array(Integer)


class Json(Service):
    @rpc(Item, _returns=Item)
    def echo(ctx, item):
        return item

    @rpc(Array(Item), _returns=Array(Item))
    def items(ctx, items):
        return items

    @rpc(Unicode, Integer, _returns=(Unicode, Integer))
    def two(ctx, a, b):
        return a, b

    @rpc()
    def fail(ctx):
        raise Fault("Client.Some", "text", detail={"a": [1, None]})


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to JsonDocument both ways."""
    return Application(
        [Json],
        "golden.json_document",
        in_protocol=in_protocol or JsonDocument(),
        out_protocol=out_protocol or JsonDocument(),
    )
