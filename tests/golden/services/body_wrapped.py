"""The wrapped style said aloud, and soap body styles."""

from __future__ import annotations

from typing import Any

from spyne import Application, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Wrapped(Service):
    @rpc(Unicode, _returns=Unicode, _body_style="wrapped")
    def said(ctx, value):
        return value

    @rpc(Unicode, _returns=Unicode, _soap_body_style="document")
    def document(ctx, value):
        return value


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Wrapped],
        "golden.body_wrapped",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
