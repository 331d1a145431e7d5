"""Simple content with attributes."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Decimal, Service, Unicode, XmlAttribute, XmlData, rpc
from spyne.protocol.soap import Soap11


class Price(ComplexModel):
    value = XmlData(Decimal)
    currency = XmlAttribute(Unicode(max_len=3))


class Label(ComplexModel):
    text = XmlData(Unicode)


class Offer(ComplexModel):
    price = Price
    labels = Array(Label)


class Prices(Service):
    @rpc(Price, _returns=Price)
    def price(ctx, value):
        return value

    @rpc(Offer, _returns=Offer)
    def offer(ctx, value):
        return value


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Prices],
        "golden.xmldata",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
