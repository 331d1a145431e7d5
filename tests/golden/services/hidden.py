"""exc_interface and exc."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Secretive(ComplexModel):
    shown = Unicode
    unlisted = Unicode(exc_interface=True)
    never = Integer(exc=True)


class Private(ComplexModel):
    class Attributes(ComplexModel.Attributes):
        exc_interface = True

    a = Unicode


class Hidden(Service):
    @rpc(Secretive, _returns=Secretive)
    def echo(ctx, value):
        if value is not None:
            value.never = 5
        return value


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Hidden],
        "golden.hidden",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
