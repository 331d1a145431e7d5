"""fastapi-soap (pydantic-xml), one URL per operation."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from fastapi import FastAPI
from fastapi_soap import SoapRouter, XMLBody
from fastapi_soap.models import BodyContent
from fastapi_soap.response import SoapResponse
from pydantic_xml import BaseXmlModel, element, wrapped

from benchmarks import workloads as W
from benchmarks.asgi_call import runner


class Address(BaseXmlModel, tag="address"):
    street: str = element()
    city: str = element()
    zip: str = element()
    country: str = element()


class Customer(BaseXmlModel, tag="customer"):
    name: str = element()
    email: str = element()
    address: Address


class Item(BaseXmlModel, tag="item"):
    sku: str = element()
    qty: int = element()
    price: Decimal = element()
    tags: list[str] = wrapped("tags", element(tag="tag"))


class Order(BaseXmlModel, tag="order"):
    id: int = element()
    uuid: UUID = element()
    customer: Customer
    created: dt.datetime = element()
    total: Decimal = element()
    items: list[Item] = wrapped("items", element(tag="item"))


class Row(BaseXmlModel, tag="row"):
    id: int = element()
    name: str = element()
    value: float = element()
    when: dt.datetime = element()
    flag: bool = element()


class HelloIn(BodyContent, tag="say_hello"):
    name: str = element()
    times: int = element()


class HelloOut(BodyContent, tag="say_helloResponse"):
    r: list[str] = wrapped("say_helloResult", element(tag="string"))


class OrderIn(BodyContent, tag="put_order"):
    order: Order


class OrderOut(BodyContent, tag="put_orderResponse"):
    order: Order


class RowsIn(BodyContent, tag="get_rows"):
    n: int = element()


class RowsOut(BodyContent, tag="get_rowsResponse"):
    r: list[Row] = wrapped("get_rowsResult", element(tag="row"))


class BulkIn(BodyContent, tag="put_rows"):
    rows: list[Row] = wrapped("rows", element(tag="row"))


class BulkOut(BodyContent, tag="put_rowsResponse"):
    r: int = element(tag="put_rowsResult")


OUT_ROWS = [Row(**r) for r in W.ROWS]
soap = SoapRouter(name="Bench", prefix="/soap")


@soap.operation(name="say_hello", request_model=HelloIn, response_model=HelloOut)
async def say_hello(body: HelloIn = XMLBody(HelloIn)):
    return SoapResponse(HelloOut(r=["Hello, %s" % body.name] * body.times))


@soap.operation(name="put_order", request_model=OrderIn, response_model=OrderOut)
async def put_order(body: OrderIn = XMLBody(OrderIn)):
    return SoapResponse(OrderOut(order=body.order))


@soap.operation(name="get_rows", request_model=RowsIn, response_model=RowsOut)
async def get_rows(body: RowsIn = XMLBody(RowsIn)):
    return SoapResponse(RowsOut(r=OUT_ROWS[: body.n]))


@soap.operation(name="put_rows", request_model=BulkIn, response_model=BulkOut)
async def put_rows(body: BulkIn = XMLBody(BulkIn)):
    return SoapResponse(BulkOut(r=len(body.rows)))


asgi_app = FastAPI()
asgi_app.include_router(soap)


def cases():
    for w in W.WORKLOADS:
        # its documented style has unqualified bodies; it does not find the call element under a namespace
        d = W.soap_request(w).replace(b' xmlns="%s"' % W.NS.encode(), b"")
        yield "fastapi-soap", w, "soap", runner(asgi_app, "/soap/" + W.OP[w], d, "text/xml; charset=utf-8")
