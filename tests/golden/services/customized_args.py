"""Anonymous customized types as arguments and returns."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, Decimal, Double, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class CustomizedArgs(Service):
    @rpc(Unicode(3), _returns=Unicode(max_len=10))
    def max_len(ctx, value):
        return value

    @rpc(Unicode(min_len=2, max_len=4), _returns=Unicode)
    def lengths(ctx, value):
        return value

    @rpc(Unicode(max_len=5, min_len=5), _returns=Unicode)
    def exact(ctx, value):
        return value

    @rpc(Unicode(pattern=r"[a-z]+\d?"), _returns=Unicode)
    def pattern(ctx, value):
        return value

    @rpc(Unicode(values=["red", "green", "blue"]), _returns=Unicode)
    def values(ctx, value):
        return value

    @rpc(Integer(ge=1, le=10), _returns=Integer(gt=0))
    def closed(ctx, value):
        return value

    @rpc(Integer(gt=1, lt=10), _returns=Integer)
    def open(ctx, value):
        return value

    @rpc(Integer(values=[1, 2, 3]), _returns=Integer)
    def numbers(ctx, value):
        return value

    @rpc(Array(Unicode(max_len=3)), _returns=Array(Integer(ge=0)))
    def arrays(ctx, value):
        return [len(v) for v in value or []]

    @rpc(Unicode(max_len=3, min_occurs=1, nillable=False), Double(default=1.5), _returns=Decimal(4, 1))
    def occurs(ctx, must, maybe):
        return None


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [CustomizedArgs],
        "golden.customized_args",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
