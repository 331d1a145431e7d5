"""Several results."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Pair(ComplexModel):
    a = Integer


class MultipleReturns(Service):
    @rpc(_returns=(Unicode, Integer))
    def unnamed(ctx):
        return "a", 1

    @rpc(_returns=[Unicode, Integer, Pair, Array(Integer)], _out_variable_names=["text", "number", "pair", "list"])
    def named(ctx):
        return ["a", 1, Pair(a=2), [3, 4]]

    @rpc(_returns=(Unicode, Integer(min_occurs=1), Unicode(max_len=3)))
    def nones(ctx):
        return None, None, None

    @rpc(_returns=(Unicode, Integer))
    def too_few(ctx):
        return ("a",)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [MultipleReturns],
        "golden.multiple_returns",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
