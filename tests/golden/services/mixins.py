"""Fields merged from mixins."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, DateTime, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Stamped(ComplexModel):
    __mixin__ = True
    created = DateTime
    by = Unicode(max_len=8)


class Numbered(ComplexModel):
    __mixin__ = True
    number = Integer


class Doc(Stamped, Numbered):
    title = Unicode


class Base(ComplexModel):
    a = Unicode


class Child(Base, Stamped):
    c = Unicode


class Mixins(Service):
    @rpc(Doc, Child, _returns=Doc)
    def echo(ctx, doc, child):
        return doc


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Mixins],
        "golden.mixins",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
