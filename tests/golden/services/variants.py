"""One class customized in several places."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Thing(ComplexModel):
    n = Integer
    s = Unicode


class Holder(ComplexModel):
    plain = Thing
    must = Thing.customize(min_occurs=1)
    many = Thing.customize(max_occurs="unbounded")
    solid = Thing.customize(nillable=False, min_occurs=1)
    listed = Array(Thing)


class Variants(Service):
    @rpc(Thing, Thing.customize(min_occurs=1), Holder, _returns=Thing.customize(min_occurs=1))
    def use(ctx, a, b, holder):
        return a

    @rpc(Holder, _returns=Holder)
    def echo(ctx, holder):
        return holder


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Variants],
        "golden.variants",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
