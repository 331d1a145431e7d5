"""msgspec Struct types and the bare decode+encode floor."""

import datetime as dt
import uuid
from decimal import Decimal

import msgspec

from benchmarks import workloads as W


class Address(msgspec.Struct):
    street: str
    city: str
    zip: str
    country: str


class Customer(msgspec.Struct):
    name: str
    email: str
    address: Address


class Item(msgspec.Struct):
    sku: str
    qty: int
    price: Decimal
    tags: list[str]


class Order(msgspec.Struct):
    id: int
    uuid: uuid.UUID
    customer: Customer
    created: dt.datetime
    total: Decimal
    items: list[Item]


class Row(msgspec.Struct):
    id: int
    name: str
    value: float
    when: dt.datetime
    flag: bool


class HelloIn(msgspec.Struct):
    name: str
    times: int


class RowsIn(msgspec.Struct):
    n: int


OUT_ROWS = [Row(**r) for r in W.ROWS]
IN = {"hello": HelloIn, "order": Order, "rows": RowsIn, "bulk": list[Row]}
FN = {
    "hello": lambda a: ["Hello, %s" % a.name] * a.times,
    "order": lambda a: a,
    "rows": lambda a: OUT_ROWS[: a.n],
    "bulk": lambda a: len(a),
}


def direct(w, proto):
    m = msgspec.json if proto == "json" else msgspec.msgpack
    dec, enc, fn = m.Decoder(IN[w]).decode, m.Encoder().encode, FN[w]
    return lambda d: enc(fn(dec(d)))
