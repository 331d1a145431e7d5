"""Several header classes, one of them in another namespace."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Auth(ComplexModel):
    __namespace__ = "golden.headers"
    user = Unicode(min_occurs=1)
    token = Unicode


class Trace(ComplexModel):
    __namespace__ = "urn:golden:trace"
    id = Integer


class Headers(Service):
    __in_header__ = (Auth, Trace)
    __out_header__ = (Auth, Trace)

    @rpc(_returns=Unicode)
    def who(ctx):
        auth, trace = ctx.in_header
        ctx.out_header = [Auth(user="server"), Trace(id=trace.id + 1 if trace is not None else None)]
        return auth.user if auth is not None else None

    @rpc(_returns=Unicode)
    def seen(ctx):
        return repr(ctx.in_header)

    @rpc(_returns=Unicode)
    def first_only(ctx):
        ctx.out_header = Auth(user="one")
        return "ok"


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Headers],
        "golden.headers",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
