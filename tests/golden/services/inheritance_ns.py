"""Two and three levels over several namespaces."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Part(ComplexModel):
    __namespace__ = "urn:golden:base"
    number = Unicode


class Wheel(Part):
    __namespace__ = "urn:golden:wheels"
    inches = Integer


class SnowWheel(Wheel):
    studs = Integer
    spare = Array(Wheel)


class Parts(Service):
    @rpc(SnowWheel, _returns=SnowWheel)
    def echo(ctx, wheel):
        return wheel

    @rpc(Wheel, _returns=Part)
    def base(ctx, wheel):
        return wheel


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Parts],
        "golden.inheritance_ns",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
