"""Plain Python types as declarations."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

from spyne import Application, Array, ComplexModel, Service, rpc
from spyne.protocol.soap import Soap11


class Plain(ComplexModel):
    i = int
    s = str
    f = float
    b = bool
    d = decimal.Decimal
    t = datetime.datetime
    day = datetime.date
    hour = datetime.time
    span = datetime.timedelta


class Native(Service):
    @rpc(int, str, float, bool, _returns=str)
    def scalars(ctx, i, s, f, b):
        return repr((i, s, f, b))

    @rpc(Plain, _returns=Plain)
    def echo(ctx, plain):
        return plain

    @rpc(Array(int), _returns=Array(str))
    def arrays(ctx, numbers):
        return [str(n) for n in numbers or []]


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Native],
        "golden.native_types",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
