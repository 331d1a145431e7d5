"""Complex types inside complex types."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, Boolean, ComplexModel, DateTime, Decimal, Integer, Service, Unicode, Uuid, rpc
from spyne.protocol.soap import Soap11


class Address(ComplexModel):
    street = Unicode
    city = Unicode(min_occurs=1)


class Customer(ComplexModel):
    name = Unicode
    address = Address


class Item(ComplexModel):
    sku = Unicode
    qty = Integer
    price = Decimal


class Order(ComplexModel):
    id = Uuid
    created = DateTime
    paid = Boolean
    customer = Customer
    items = Array(Item, member_name="item")
    notes = Unicode(max_occurs="unbounded")


class Orders(Service):
    @rpc(Order, _returns=Order)
    def put_order(ctx, order):
        return order

    @rpc(Address, Customer, _returns=Address)
    def move(ctx, address, customer):
        return address


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Orders],
        "golden.nested",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
