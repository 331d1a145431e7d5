"""Bare bodies."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Ask(ComplexModel):
    q = Unicode(min_occurs=1)
    n = Integer


class Placed(ComplexModel):
    __namespace__ = "urn:golden:placed"
    v = Unicode


class Bare(Service):
    @rpc(Ask, _returns=Ask, _body_style="bare")
    def model(ctx, ask):
        return ask

    @rpc(Unicode, _returns=Unicode, _body_style="bare")
    def text(ctx, value):
        return value

    @rpc(Array(Unicode), _returns=Array(Integer), _body_style="bare")
    def array(ctx, values):
        return [len(v) for v in values]

    @rpc(_body_style="bare")
    def nothing(ctx):
        pass

    @rpc(_returns=Unicode, _body_style="bare")
    def no_args(ctx):
        return "out"

    @rpc(Unicode, _body_style="bare")
    def no_return(ctx, value):
        pass

    @rpc(Placed, _returns=Placed, _body_style="bare")
    def placed(ctx, value):
        return value

    @rpc(Integer(ge=1), _returns=Unicode(max_len=3), _body_style="bare")
    def customized(ctx, value):
        return str(value)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Bare],
        "golden.bare",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
