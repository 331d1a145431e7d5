"""Named port types."""

from __future__ import annotations

from typing import Any

from spyne import Application, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Ports(Service):
    __port_types__ = ["Readers", "Writers"]

    @rpc(_returns=Unicode, _port_type="Readers")
    def read(ctx):
        return "r"

    @rpc(Unicode, _port_type="Writers")
    def write(ctx, value):
        pass


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Ports],
        "golden.port_types",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
