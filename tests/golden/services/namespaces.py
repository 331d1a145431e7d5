"""Many namespaces at once."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class One(ComplexModel):
    __namespace__ = "urn:golden:one"
    x = Integer


class Two(ComplexModel):
    __namespace__ = "urn:golden:two"
    one = One
    ones = Array(One)
    texts = Array(Unicode)


class Three(ComplexModel):
    one = One
    two = Two


class Four(ComplexModel):
    __namespace__ = "golden.namespaces"
    three = Three
    limited = Unicode(max_len=3)


class Namespaces(Service):
    @rpc(Four, One, _returns=Two)
    def mix(ctx, four, one):
        return Two(one=one, ones=[one], texts=["t"])

    @rpc(Array(Two), _returns=Array(One))
    def arrays(ctx, twos):
        return [t.one for t in twos or []]


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Namespaces],
        "golden.namespaces",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
