"""Unusual things returned by user code."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Ignored, Integer, Iterable, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Pair(ComplexModel):
    a = Unicode
    b = Integer(min_occurs=1)


class Nest(ComplexModel):
    pair = Pair
    pairs = Array(Pair)


class Returns(Service):
    @rpc(_returns=Pair)
    def as_dict(ctx):
        return {"a": "x", "b": 1, "unknown": 2}

    @rpc(_returns=Pair)
    def as_tuple(ctx):
        return ("x", 1)

    @rpc(_returns=Pair)
    def as_list(ctx):
        return ["x"]

    @rpc(_returns=Nest)
    def nested_dicts(ctx):
        return {"pair": {"a": "x"}, "pairs": [{"b": 2}, ("y", 3), Pair(a="z")]}

    @rpc(_returns=Array(Pair))
    def array_of_dicts(ctx):
        return [{"a": "1"}, {"b": 2}]

    @rpc(_returns=Unicode)
    def ignored(ctx):
        return Ignored("anything")

    @rpc(_returns=Unicode)
    def none(ctx):
        return None

    @rpc(_returns=Unicode(min_occurs=1))
    def none_required(ctx):
        return None

    @rpc(_returns=Pair)
    def none_model(ctx):
        return None

    @rpc(_returns=Pair.customize(min_occurs=1))
    def none_model_required(ctx):
        return None

    @rpc(_returns=Array(Unicode))
    def none_array(ctx):
        return None

    @rpc(_returns=Array(Unicode))
    def empty_array(ctx):
        return []

    @rpc(_returns=Array(Unicode))
    def none_item(ctx):
        return ["a", None, ""]

    @rpc(_returns=Unicode)
    def empty_string(ctx):
        return ""

    @rpc(_returns=Integer)
    def text_for_integer(ctx):
        return "abc"

    @rpc(_returns=Unicode)
    def integer_for_text(ctx):
        return 5

    @rpc(_returns=Iterable(Unicode))
    def generator(ctx):
        yield "a"
        yield "b"

    @rpc(_returns=Iterable(Unicode))
    def empty_generator(ctx):
        return
        yield

    @rpc(_returns=Iterable(Unicode))
    def failing_generator(ctx):
        yield "a"
        raise ValueError("late")

    @rpc(_returns=Array(Integer))
    def array_of_range(ctx):
        return range(3)

    @rpc(_returns=Array(Integer))
    def array_of_set(ctx):
        return {7}


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Returns],
        "golden.returns",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
