"""Subclasses published beside their base."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Double, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Shape(ComplexModel):
    name = Unicode


class Circle(Shape):
    radius = Double


class Square(Shape):
    __namespace__ = "urn:golden:square"
    side = Double


class Canvas(ComplexModel):
    main = Shape
    shapes = Array(Shape)


class Shapes(Service):
    @rpc(Shape, _returns=Shape)
    def echo(ctx, shape):
        return shape

    @rpc(Canvas, _returns=Canvas)
    def canvas(ctx, canvas):
        return canvas

    @rpc(_returns=Array(Shape))
    def all(ctx):
        return [Shape(name="s"), Circle(name="c", radius=1.5), Square(name="q", side=2.0), None]

    @rpc(Shape, _returns=Unicode)
    def kind(ctx, shape):
        return type(shape).__name__

    @rpc(Square, _returns=Square)
    def square(ctx, square):
        return square


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Shapes],
        "golden.polymorphism",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
