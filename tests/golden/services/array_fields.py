"""Arrays as fields of complex types."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Date, Integer, Iterable, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Leaf(ComplexModel):
    n = Integer


class Box(ComplexModel):
    names = Array(Unicode)
    days = Array(Date, member_name="day", type_name="DayList")
    leaves = Array(Leaf)
    loose = Array(Leaf, wrapped=False)
    numbers = Integer(max_occurs="unbounded", min_occurs=1)
    lazy = Iterable(Integer)
    must = Array(Unicode, min_occurs=1, nillable=False, type_name="MustList")


class ArrayFields(Service):
    @rpc(Box, _returns=Box)
    def echo(ctx, box):
        return box

    @rpc(_returns=Box)
    def empty(ctx):
        return Box(names=[], leaves=[], loose=[], numbers=[], must=[])

    @rpc(_returns=Box)
    def none(ctx):
        return Box()

    @rpc(_returns=Box)
    def holes(ctx):
        return Box(names=["a", None, ""], leaves=[Leaf(n=1), None], loose=[None], numbers=[1, None], must=["x"])


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [ArrayFields],
        "golden.array_fields",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
