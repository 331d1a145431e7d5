"""A service with everything that SOAP clients meet, for the tests with real ones."""

from __future__ import annotations

from spyne import (
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Enum,
    Fault,
    Integer,
    Iterable,
    SelfReference,
    Service,
    Time,
    Unicode,
    UnsignedInteger,
    Uuid,
    XmlAttribute,
    XmlData,
    rpc,
)
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

TNS = "urn:bank"
PEOPLE = "urn:bank:people"
SECURITY = "urn:bank:security"

Colour = Enum("red", "green", "dark blue", type_name="Colour")


class Token(ComplexModel):
    __namespace__ = SECURITY
    user = Unicode
    secret = Unicode


class Receipt(ComplexModel):
    __namespace__ = SECURITY
    number = Integer


class Address(ComplexModel):
    __namespace__ = PEOPLE
    street = Unicode
    since = Date


class Price(ComplexModel):
    __namespace__ = PEOPLE
    amount = XmlData(Decimal)
    currency = XmlAttribute(Unicode, use="required")


class Person(ComplexModel):
    __namespace__ = PEOPLE
    id = XmlAttribute(Integer)
    name = Unicode(min_occurs=1, nillable=False)
    favourite = Colour
    address = Address
    nicknames = Array(Unicode)
    phones = Unicode(max_occurs="unbounded")
    friend = SelfReference


class Employee(Person):
    __namespace__ = PEOPLE
    salary = Decimal(12, 2)


class NoSuchPerson(Fault):
    __namespace__ = PEOPLE
    CODE = "Client.NoSuchPerson"

    def __init__(self, name):
        super().__init__(self.CODE, f"nobody is called {name}", detail={"name": name})


SCALARS = {
    "text": Unicode,
    "integer": Integer,
    "natural": UnsignedInteger,
    "decimal": Decimal,
    "double": Double,
    "flag": Boolean,
    "day": Date,
    "clock": Time,
    "moment": DateTime,
    "span": Duration,
    "blob": ByteArray,
    "uuid": Uuid,
    "colour": Colour,
}


class Everything(ComplexModel):
    __namespace__ = PEOPLE
    _type_info = list(SCALARS.items())


class Bank(Service):
    """People and their money."""

    @rpc(Unicode, Integer, _returns=Iterable(Unicode))
    def say_hello(ctx, name, times):
        """Says hello a number of times."""
        for _ in range(times or 0):
            yield f"Hello, {name}"

    @rpc(Everything, _returns=Everything)
    def echo(ctx, value):
        return value

    @rpc(*SCALARS.values(), _args=list(SCALARS), _returns=Everything)
    def gather(ctx, *values):
        return Everything(**dict(zip(SCALARS, values, strict=True)))

    @rpc(Person, _returns=Person)
    def echo_person(ctx, person):
        return person

    @rpc(Person, _returns=Unicode)
    def kind_of(ctx, person):
        return type(person).__name__

    @rpc(Array(Person), _returns=Array(Unicode))
    def names(ctx, people):
        return [person.name for person in people]

    @rpc(Array(Array(Integer)), _returns=Array(Array(Integer)))
    def transpose(ctx, rows):
        return [list(row) for row in zip(*rows, strict=True)]

    @rpc(Integer(max_occurs="unbounded"), _returns=Integer)
    def total(ctx, number):
        return sum(number or ())

    @rpc(Price, _returns=Price)
    def double_price(ctx, price):
        return Price(amount=price.amount * 2, currency=price.currency)

    @rpc(_returns=(Unicode, Integer), _out_variable_names=("name", "age"))
    def two_results(ctx):
        return "Ann", 42

    @rpc
    def nothing(ctx):
        pass

    @rpc(Unicode, _throws=NoSuchPerson, _returns=Person)
    def find(ctx, name):
        raise NoSuchPerson(name)

    @rpc(_returns=Unicode)
    def crash(ctx):
        raise RuntimeError("a secret")


class Guarded(Service):
    """Methods with headers."""

    __in_header__ = (Token,)
    __out_header__ = (Receipt,)

    @rpc(_returns=Unicode)
    def who_am_i(ctx):
        ctx.out_header = Receipt(number=7)
        return ctx.in_header.user if ctx.in_header is not None else None


class Bare(Service):
    """Methods without a wrapper."""

    @rpc(Person, _returns=Person, _body_style="bare")
    def older(ctx, person):
        person.id += 1
        return person

    @rpc(Unicode, Unicode, _returns=Person, _body_style="out_bare")
    def make_person(ctx, name, street):
        return Person(name=name, address=Address(street=street))


def application(in_protocol=None, out_protocol=None):
    """The three services."""
    return Application(
        [Bank, Guarded, Bare],
        TNS,
        name="BankApplication",
        in_protocol=in_protocol or Soap11(validator="soft"),
        out_protocol=out_protocol or Soap11(polymorphic=True),
    )


def soap(validator="soft"):
    """The services over SOAP."""
    return WsgiApplication(application(Soap11(validator=validator)))


def soaps():
    """The services over both versions of SOAP on one address."""
    versions = (Soap11, Soap12)
    inside, outside = [each(validator="soft") for each in versions], [each(polymorphic=True) for each in versions]
    return WsgiApplication(application(inside, outside))


def json():
    """The services over JSON."""
    return WsgiApplication(application(JsonDocument(validator="soft"), JsonDocument()))
