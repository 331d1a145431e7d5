"""Decimal with and without digits and bounds."""

from __future__ import annotations

from typing import Any

from spyne import Application, Decimal, Service, rpc
from spyne.protocol.soap import Soap11


class Decimals(Service):
    @rpc(Decimal, _returns=Decimal)
    def decimal(ctx, value):
        return value

    @rpc(Decimal(10, 2), _returns=Decimal(12, 4))
    def money(ctx, value):
        return value

    @rpc(Decimal(ge=0, lt=100), _returns=Decimal(total_digits=5))
    def percent(ctx, value):
        return value


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Decimals],
        "golden.decimals",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
