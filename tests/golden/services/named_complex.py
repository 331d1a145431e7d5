"""Complex types renamed and moved."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Raw(ComplexModel):
    __type_name__ = "Cooked"
    n = Integer


class Moved(ComplexModel):
    __type_name__ = "MovedType"
    __namespace__ = "urn:golden:moved"
    raw = Raw


class Base(ComplexModel):
    s = Unicode


class NamedComplex(Service):
    @rpc(Raw, Moved, _returns=Array(Moved))
    def use(ctx, raw, moved):
        return [moved]

    @rpc(Base.customize(type_name="Renamed"), _returns=Base)
    def renamed(ctx, base):
        return base


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [NamedComplex],
        "golden.named_complex",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
