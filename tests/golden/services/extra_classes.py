"""Types published through classes=."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Base(ComplexModel):
    a = Unicode


class Derived(Base):
    b = Integer


class Lonely(ComplexModel):
    __namespace__ = "urn:golden:lonely"
    c = Unicode


class Extra(Service):
    @rpc(Base, _returns=Base)
    def echo(ctx, base):
        return base


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Extra],
        "golden.extra_classes",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
        classes=[Lonely, Derived],
    )
