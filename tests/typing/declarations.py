"""What type checkers see of declarations. Not run: mypy and pyright read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, assert_type

import spyne
from spyne import (
    Application,
    Array,
    ComplexModel,
    DeclarationError,
    Fault,
    Integer,
    Iterable,
    Limits,
    M,
    MethodContext,
    MethodDescriptor,
    Middleware,
    NullServer,
    SelfReference,
    Service,
    Unicode,
    ValidationError,
    XmlAttribute,
    mrpc,
    rpc,
    srpc,
)
from spyne.model.complex import ComplexModelBase
from spyne.model.primitive import Decimal
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument

# Functions keep their signature, whichever way they are decorated.


@rpc
def annotated(ctx: MethodContext, name: str, times: Annotated[int, "kept"] = 1) -> Iterator[str]:
    yield from [name] * times


@rpc(Unicode, Integer(ge=0), _returns=Iterable(Unicode))
def classic(ctx: MethodContext, name: str, times: int) -> Iterator[str]:
    yield from [name] * times


@srpc
def without_context(a: int) -> int:
    return a


@rpc(_body_style="bare")
async def later(ctx: MethodContext, a: int) -> int:
    return a


def takes(function: Callable[[MethodContext, str, int], Iterator[str]]) -> None: ...


takes(annotated)
takes(classic)


def check_functions(ctx: MethodContext) -> None:
    assert_type(annotated(ctx, "a"), Iterator[str])
    assert_type(annotated(ctx, "a", times=2), Iterator[str])
    assert_type(classic(ctx, "a", 2), Iterator[str])
    assert_type(without_context(1), int)


# Classes are declared with attributes and with annotations.


class Customer(ComplexModel):
    __namespace__ = "urn:shop"

    name = Unicode(max_len=5)
    age = Integer
    friends = Array(SelfReference)
    tag = XmlAttribute(Unicode, use="required")

    class Attributes(ComplexModel.Attributes):
        min_occurs = 1


class Order(ComplexModel):
    _type_info = [("number", M(Integer)), ("total", Decimal(10, 2))]


class Item(ComplexModel):
    name: str
    price: float = 0.0
    tags: list[str] | None = None

    def total(self, count: int) -> float:
        return self.price * count

    @mrpc
    def rename(self, ctx: MethodContext, name: str) -> None:
        self.name = name


def check_classes() -> None:
    item = Item(name="a", price=1.5)
    assert_type(item, Item)
    assert_type(item.name, str)
    assert_type(item.total(2), float)
    assert_type(item.tags, list[str] | None)
    assert_type(item.as_dict(), dict[str, Any])
    assert_type(Item.init_from(item), Item)
    assert_type(Customer(name="a"), Customer)
    assert_type(Customer.customize(min_occurs=1), type[Customer])
    assert_type(Customer.ancestors(), list[type[ComplexModelBase]])


# Services, applications and servers are typed.


class Shop(Service):
    __in_header__ = Customer
    __out_header__ = (Customer, Order)

    @rpc(Customer, _returns=[Order, Unicode], _throws=[Fault])
    def buy(ctx, customer: Customer) -> tuple[Order, str]:
        return Order(number=1), customer.as_dict()["name"]

    @staticmethod  # gives ctx its type: a checker takes the first parameter of a method for its self
    @rpc
    def price(ctx: MethodContext, item: Item) -> float:
        ctx.out_header = Customer(name="a")
        return item.price


def noting(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return handler


def check_applications() -> None:
    middleware: list[Middleware] = [noting]
    app = Application(
        [Shop],
        tns="urn:shop",
        name="Shop",
        in_protocol=Soap11(validator="lxml"),
        out_protocol=JsonDocument(complex_as=list),
        limits=Limits(body=1024),
        middleware=middleware,
    )
    Application(
        [Shop],
        "urn:shop",
        in_protocol=[
            Soap11(style="rpc", check_action=True),
            Soap12(style="rpc", must_understand=False, understands=("{urn:x}*",)),
        ],
    )
    assert_type(app.tns, str)
    assert_type(Shop.price(MethodContext(app), Item()), float)
    assert_type(app.limits, Limits)
    assert_type(Shop.public_methods, dict[str, MethodDescriptor])
    server = NullServer(app, wire=True)
    assert_type(server.service.price(Item()), Any)
    XmlDocument(validator="soft", pretty_print=True)


def check_errors() -> None:
    error = ValidationError("x", "the value %r is wrong")
    fault: Fault = error
    assert_type(fault.lang, str)
    assert issubclass(DeclarationError, ValueError)
    assert_type(spyne.__version__, str)
