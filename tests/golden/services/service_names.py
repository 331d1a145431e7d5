"""A service with another name than its class."""

from __future__ import annotations

from typing import Any

from spyne import Application, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Internal(Service):
    __service_name__ = "PublicService"

    @rpc(_returns=Unicode)
    def hello(ctx):
        return "hello"


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Internal],
        "golden.service_names",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
        name="NamedApplication",
    )
