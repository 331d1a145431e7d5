"""Event handlers that change a response's header."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Stamp(ComplexModel):
    by = Unicode


class Evented(Service):
    __out_header__ = Stamp

    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, value):
        return f"{value} {ctx.udc}"


def on_call(ctx):
    ctx.udc = "seen"


def on_return(ctx):
    ctx.out_header = Stamp(by="listener")


Evented.event_manager.add_listener("method_call", on_call)
Evented.event_manager.add_listener("method_return_object", on_return)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Evented],
        "golden.app_events",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
