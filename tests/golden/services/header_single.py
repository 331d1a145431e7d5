"""One header class each way."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Mandatory, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class RequestHeader(ComplexModel):
    session = Mandatory(Unicode)


class ResponseHeader(ComplexModel):
    served_by = Unicode


class SingleHeader(Service):
    __in_header__ = RequestHeader
    __out_header__ = ResponseHeader

    @rpc(Unicode, _returns=Unicode)
    def call(ctx, value):
        ctx.out_header = ResponseHeader(served_by="golden")
        header = ctx.in_header
        return f"{value} {getattr(header, 'session', header)}"

    @rpc(_in_header=(ResponseHeader,), _out_header=RequestHeader, _returns=Unicode)
    def swapped(ctx):
        ctx.out_header = RequestHeader(session="s")
        return repr(ctx.in_header)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [SingleHeader],
        "golden.header_single",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
