"""Three services in one application."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Shared(ComplexModel):
    n = Integer


class First(Service):
    @rpc(Shared, _returns=Shared)
    def one(ctx, value):
        return value


class Second(Service):
    @rpc(Shared, _returns=Unicode)
    def two(ctx, value):
        return "two"

    @rpc(_returns=Unicode)
    def also_two(ctx):
        return "also"


class Third(Service):
    pass


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [First, Second, Third],
        "golden.several_services",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
        name="Several",
    )
