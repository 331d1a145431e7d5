"""FastAPI + pydantic v2 (JSON), async endpoints; the ASGI app is called directly."""

import datetime as dt
import uuid
from decimal import Decimal

from fastapi import Body, FastAPI
from pydantic import BaseModel

from benchmarks import workloads as W
from benchmarks.asgi_call import runner


class Address(BaseModel):
    street: str
    city: str
    zip: str
    country: str


class Customer(BaseModel):
    name: str
    email: str
    address: Address


class Item(BaseModel):
    sku: str
    qty: int
    price: Decimal
    tags: list[str]


class Order(BaseModel):
    id: int
    uuid: uuid.UUID
    customer: Customer
    created: dt.datetime
    total: Decimal
    items: list[Item]


class Row(BaseModel):
    id: int
    name: str
    value: float
    when: dt.datetime
    flag: bool


OUT_ROWS = [Row(**r) for r in W.ROWS]
asgi_app = FastAPI()


@asgi_app.post("/say_hello")
async def say_hello(name: str = Body(), times: int = Body()) -> list[str]:
    return ["Hello, %s" % name] * times


@asgi_app.post("/put_order")
async def put_order(order: Order) -> Order:
    return order


@asgi_app.post("/get_rows")
async def get_rows(n: int = Body(embed=True)) -> list[Row]:
    return OUT_ROWS[:n]


@asgi_app.post("/put_rows")
async def put_rows(rows: list[Row]) -> int:
    return len(rows)


def cases():
    for w in W.WORKLOADS:
        yield "fastapi-json", w, "json", runner(asgi_app, "/" + W.OP[w], W.json_request(w, False), "application/json")
