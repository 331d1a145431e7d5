"""Arrays of arrays."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Point(ComplexModel):
    x = Integer
    y = Integer


class Matrices(Service):
    @rpc(Array(Array(Integer)), _returns=Array(Array(Integer)))
    def matrix(ctx, rows):
        return rows

    @rpc(Array(Array(Point)), _returns=Array(Array(Array(Unicode))))
    def deep(ctx, points):
        return [[["a", "b"], []], []]


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Matrices],
        "golden.array_arrays",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
