"""min_occurs, nillable and default combined."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Date, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Combo(ComplexModel):
    a = Unicode
    b = Unicode(min_occurs=1)
    c = Unicode(nillable=False)
    d = Unicode(min_occurs=1, nillable=False)
    e = Unicode(default="dflt")
    f = Integer(default=5)
    g = Integer(default=7, min_occurs=1)
    h = Integer(min_occurs=1, default=9, nillable=False)
    i = Integer(min_occurs=0, max_occurs=3)
    j = Date(nullable=False)
    k = Unicode(min_occurs=2, max_occurs=4)


class Inner(ComplexModel):
    n = Integer(default=3)


class Outer(ComplexModel):
    inner = Inner
    must = Inner.customize(min_occurs=1)
    solid = Inner.customize(nillable=False)


class Occurrences(Service):
    @rpc(Combo, _returns=Combo)
    def echo(ctx, combo):
        return combo

    @rpc(Outer, _returns=Outer)
    def outer(ctx, outer):
        return outer

    @rpc(Integer(default=9), Unicode(min_occurs=1), Unicode(nillable=False), _returns=Unicode)
    def args(ctx, n, must, solid):
        return repr((n, must, solid))

    @rpc(Combo, _returns=Unicode)
    def see(ctx, combo):
        return repr([(k, getattr(combo, k)) for k in "abcdefghijk"]) if combo is not None else "None"

    @rpc(_returns=Combo)
    def blank(ctx):
        return Combo(e=None, f=None, g=None, h=None)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Occurrences],
        "golden.occurrences",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
