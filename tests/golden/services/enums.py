"""Enumerations."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Enum, Service, Unicode, rpc
from spyne.protocol.soap import Soap11

Color = Enum("red", "green", "blue", type_name="Color")
Size = Enum("S", "M", "L", type_name="Size", __namespace__="urn:golden:enum")


class Shirt(ComplexModel):
    color = Color
    size = Size(min_occurs=1)
    others = Array(Color)


class Enums(Service):
    @rpc(Color, _returns=Color)
    def color(ctx, value):
        return value

    @rpc(Shirt, _returns=Shirt)
    def shirt(ctx, value):
        return value

    @rpc(Color, _returns=Unicode)
    def spell(ctx, value):
        return str(value)

    @rpc(_returns=Array(Color))
    def all(ctx):
        return [Color.red, Color.green, "blue"]


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Enums],
        "golden.enums",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
