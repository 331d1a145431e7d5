"""Wrapped in, bare out."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Reply(ComplexModel):
    text = Unicode
    n = Integer(min_occurs=1)


class OutBare(Service):
    @rpc(Unicode, Integer, _returns=Reply, _body_style="out_bare")
    def reply(ctx, text, n):
        return Reply(text=text, n=n)

    @rpc(Unicode, _returns=Unicode, _body_style="out_bare")
    def text(ctx, value):
        return value

    @rpc(_returns=Array(Reply), _body_style="out_bare")
    def replies(ctx):
        return [Reply(text="a", n=1), Reply(text="b")]

    @rpc(Unicode, _body_style="out_bare")
    def nothing(ctx, value):
        pass


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [OutBare],
        "golden.out_bare",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
