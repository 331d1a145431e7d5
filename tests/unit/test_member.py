"""Methods of objects, and classes among the types of an application that can have none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypedDict

import pytest

from spyne import Application, Array, ComplexModel, Fault, Integer, NullServer, Service, Unicode, mrpc, rpc
from spyne.error import InvalidRequestError, RespawnError
from spyne.member import MemberService, member_methods
from spyne.protocol.json import JsonDocument


@dataclass
class Line:
    text: str
    amount: int = 1

    def total(self) -> int:
        """A method of Python's, not of the wire."""
        return self.amount


@dataclass
class Order:
    lines: list[Line] = field(default_factory=list)


class Point(NamedTuple):
    x: int
    y: int


class Options(TypedDict):
    fast: bool


class Counter(ComplexModel):
    __namespace__ = "tns"

    value = Integer

    @mrpc(Integer, _returns=Integer, _when=lambda counter, ctx: counter.value < 10)
    def add(self, ctx, by):
        return self.value + by

    @mrpc(_returns=Unicode, _default_on_null=True)
    def show(self, ctx):
        return f"at {self.value}"


class Special(Counter):
    name = Unicode


class Stock(Service):
    @rpc
    def count(ctx, order: Order, at: Point, options: Options) -> int:
        return sum(line.amount for line in order.lines) + at.x

    @rpc(Counter, Array(Special), _returns=Integer)
    def keep(ctx, counter, others):
        return 0


@pytest.fixture
def server():
    """A server of the services above."""
    return NullServer(Application([Stock], "tns", in_protocol=JsonDocument(), out_protocol=JsonDocument()), wire=True)


@pytest.mark.parametrize("cls", [Line, Order, Point, Options, Special])
def test_classes_without_methods(cls):
    """Records of Python have no methods to serve, and neither has a class that declares none itself."""
    assert member_methods(cls) == {}


def test_records_as_arguments(server):
    """An application takes dataclasses, named tuples and typed dicts; what they hold arrives."""
    order = Order([Line("a", 2), Line("b")])
    assert server.service.count(order, Point(4, 0), {"fast": True}) == 7


def test_methods_are_described_once():
    """The methods of a class by the name of the function; the same descriptors every time, also of a subclass's parent."""
    methods = member_methods(Counter)
    assert list(methods) == ["add", "show"]
    assert member_methods(Counter) is methods is Counter.Attributes.methods
    assert {descriptor.service_class for descriptor in methods.values()} == {MemberService}
    assert methods["add"].name == "Counter.add"
    assert methods["add"].args == ("self", "by")


def test_calls(server):
    """The object travels as the first argument."""
    assert server.service["Counter.add"](Counter(value=3), 4) == 7
    assert server.service["Counter.show"](Counter(value=3)) == "at 3"


def test_precondition(server):
    """A method whose `_when` is false for the object is refused."""
    with pytest.raises(Fault, match="not possible") as caught:
        server.service["Counter.add"](Counter(value=10), 1)
    assert caught.value.faultcode == InvalidRequestError("").faultcode


def test_no_object(server):
    """Without an object there is a fault, or with `_default_on_null` an object as it is when made."""
    assert server.service["Counter.show"](None) == "at None"
    with pytest.raises(Fault) as caught:
        server.service["Counter.add"](None, 1)
    assert caught.value.faultcode == RespawnError("").faultcode


def test_respawn():
    """A class that finds its objects by what was sent of them."""

    class Stored(ComplexModel):
        __namespace__ = "tns"

        key = Integer
        name = Unicode

        @classmethod
        def __respawn__(cls, ctx, filters):
            return cls(key=filters.key, name=f"number {filters.key}")

        @mrpc(_returns=Unicode)
        def title(self, ctx):
            return self.name

    class Shelf(Service):
        @rpc(Stored)
        def put(ctx, stored):
            pass

    application = Application([Shelf], "tns", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    assert NullServer(application).service["Stored.title"](Stored(key=2)) == "number 2"
