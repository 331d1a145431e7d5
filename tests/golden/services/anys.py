"""Values without a declared shape."""

from __future__ import annotations

from typing import Any

from spyne import Any as AnyValue
from spyne import AnyDict, AnyHtml, AnyXml, Application, ComplexModel, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Holder(ComplexModel):
    xml = AnyXml
    data = AnyDict
    name = Unicode


class Anys(Service):
    @rpc(AnyXml, _returns=AnyXml)
    def xml(ctx, value):
        return value

    @rpc(AnyDict, _returns=AnyDict)
    def data(ctx, value):
        return value

    @rpc(AnyValue, _returns=AnyValue)
    def anything(ctx, value):
        return value

    @rpc(AnyHtml, _returns=AnyHtml)
    def html(ctx, value):
        return value

    @rpc(Holder, _returns=Holder)
    def holder(ctx, value):
        return value

    @rpc(_returns=AnyDict)
    def made(ctx):
        return {"a": 1, "b": ["x", "y"], "c": {"d": None, "e": 1.5}}


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Anys],
        "golden.anys",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
