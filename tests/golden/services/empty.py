"""No arguments, no returns, both and neither."""

from __future__ import annotations

from typing import Any

from spyne import Application, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Empty(Service):
    @rpc()
    def neither(ctx):
        pass

    @rpc(_returns=Unicode)
    def no_args(ctx):
        return "out"

    @rpc(Unicode)
    def no_return(ctx, value):
        pass

    @rpc()
    def returns_anyway(ctx):
        return 5


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Empty],
        "golden.empty",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
