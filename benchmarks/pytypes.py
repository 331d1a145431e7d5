"""Plain slotted objects shared by the hand-written and generated codecs."""

import datetime as dt
import uuid as _uuid
from dataclasses import dataclass
from decimal import Decimal

from benchmarks import workloads as W


@dataclass(slots=True)
class Address:
    street: str
    city: str
    zip: str
    country: str


@dataclass(slots=True)
class Customer:
    name: str
    email: str
    address: Address


@dataclass(slots=True)
class Item:
    sku: str
    qty: int
    price: Decimal
    tags: list


@dataclass(slots=True)
class Order:
    id: int
    uuid: _uuid.UUID
    customer: Customer
    created: dt.datetime
    total: Decimal
    items: list


@dataclass(slots=True)
class Row:
    id: int
    name: str
    value: float
    when: dt.datetime
    flag: bool


def order_obj():
    o = dict(W.ORDER)
    c = dict(o["customer"])
    c["address"] = Address(**c["address"])
    o["customer"] = Customer(**c)
    o["items"] = [Item(**i) for i in o["items"]]
    return Order(**o)


ORDER = order_obj()
ROWS = [Row(**r) for r in W.ROWS]
BULK = [Row(**r) for r in W.BULK]

# The same shape as tables, for generic and generated codecs: kinds are s i f d b t u,
# a (cls, fields) pair is a nested object, ("list", tag, kind) a wrapped array.
F_ADDRESS = (Address, [("street", "s"), ("city", "s"), ("zip", "s"), ("country", "s")])
F_CUSTOMER = (Customer, [("name", "s"), ("email", "s"), ("address", F_ADDRESS)])
F_ITEM = (Item, [("sku", "s"), ("qty", "i"), ("price", "d"), ("tags", ("list", "tag", "s"))])
F_ORDER = (
    Order,
    [
        ("id", "i"),
        ("uuid", "u"),
        ("customer", F_CUSTOMER),
        ("created", "t"),
        ("total", "d"),
        ("items", ("list", "item", F_ITEM)),
    ],
)
F_ROW = (Row, [("id", "i"), ("name", "s"), ("value", "f"), ("when", "t"), ("flag", "b")])
F_ROWS = ("list", "row", F_ROW)
