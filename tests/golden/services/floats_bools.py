"""Double, Float and Boolean."""

from __future__ import annotations

from typing import Any

from spyne import Application, Boolean, Double, Float, Service, rpc
from spyne.protocol.soap import Soap11


class FloatsBools(Service):
    @rpc(Double, _returns=Double)
    def double(ctx, value):
        return value

    @rpc(Float, _returns=Float)
    def float(ctx, value):
        return value

    @rpc(Boolean, _returns=Boolean)
    def boolean(ctx, value):
        return value

    @rpc(Double(ge=0.5, le=1.5), _returns=Boolean(default=True))
    def bounded(ctx, value):
        return value is not None


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [FloatsBools],
        "golden.floats_bools",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
