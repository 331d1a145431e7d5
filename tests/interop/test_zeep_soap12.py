"""zeep calls a real server in SOAP 1.2, in both versions at one address, and in rpc style."""

from __future__ import annotations

import datetime
from decimal import Decimal
from wsgiref.validate import validator as validated

import pytest
import zeep
from lxml import etree
from tests.interop import bank
from zeep.exceptions import Fault

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

ENVELOPES = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
TYPES = {"1.1": "text/xml", "1.2": "application/soap+xml"}
MADE = {"1.1": Soap11, "1.2": Soap12}
BINDINGS = {"1.1": "BankApplication", "1.2": "BankApplicationSoap12"}


def served(*versions):
    """The bank in these versions, and what its requests and answers say of their version."""
    application = bank.application(
        [MADE[version](validator="soft") for version in versions],
        [MADE[version](polymorphic=True) for version in versions],
    )
    wsgi = WsgiApplication(application)
    seen = []

    def note(ctx):
        asked = ctx.in_document.tag if ctx.in_document is not None else None
        seen.append((ctx.transport.request_content_type, asked, ctx.transport.mime_type, b"".join(ctx.out_string)))

    for event in ("wsgi_return", "wsgi_exception"):
        wsgi.event_manager.add_listener(event, note)
    return validated(wsgi), seen


@pytest.fixture(params=["1.2 alone", "1.1 of both", "1.2 of both"])
def bound(request, serve):
    """A proxy by version, and what was seen on the way."""
    version, _, how = request.param.partition(" ")
    wsgi, seen = served("1.2") if how == "alone" else served("1.1", "1.2")
    with zeep.Client(serve(wsgi) + "/?wsdl") as client:
        ports = {name: port.binding.name.localname for name, port in client.wsdl.services["Bank"].ports.items()}
        assert ports == (
            {BINDINGS["1.1"]: BINDINGS["1.1"]} if how == "alone" else {name: name for name in BINDINGS.values()}
        )

        def bind(service="Bank"):
            return client.bind(service, BINDINGS["1.1"] if how == "alone" else BINDINGS[version])

        yield version, bind, client, seen


VALUES = {
    "text": "grün & <blau> ]]>\n  €\U0001f600",
    "integer": -(10**30),
    "decimal": Decimal("-12345678901234567890.000000001"),
    "double": 1.5e-300,
    "flag": False,
    "day": datetime.date(1970, 2, 3),
    "moment": datetime.datetime(2024, 2, 29, 12, 0, 0, 1, datetime.UTC),
    "span": datetime.timedelta(days=-3, seconds=4, microseconds=5),
    "blob": bytes(range(256)),
    "colour": "dark blue",
}


def test_values_and_versions(bound):
    """Values come back as they went, in envelopes of the version that was asked for."""
    version, bind, _, seen = bound
    answer = zeep.helpers.serialize_object(bind().echo(VALUES), dict)
    assert {name: value for name, value in answer.items() if value is not None} == VALUES
    ((asked_type, asked, told_type, told),) = seen
    assert asked_type.partition(";")[0] == told_type.partition(";")[0] == TYPES[version]
    assert asked == etree.fromstring(told).tag == f"{{{ENVELOPES[version]}}}Envelope"


def test_headers(bound):
    """Headers in and out, one that must be understood among them."""
    version, bind, client, _ = bound
    service = bind("Guarded")
    token = client.get_element(f"{{{bank.SECURITY}}}Token")(user="Ann")
    answer = service.who_am_i(_soapheaders=[token])
    assert (answer.body.who_am_iResult, answer.header.Receipt.number) == ("Ann", 7)
    header = etree.fromstring(
        f'<s:Token xmlns:s="{bank.SECURITY}" xmlns:e="{ENVELOPES[version]}" e:mustUnderstand="1"><s:user>Bob</s:user></s:Token>'
    )
    assert service.who_am_i(_soapheaders=[header]).body.who_am_iResult == "Bob"
    header.tag = "{urn:other}Other"
    with pytest.raises(Fault, match="must be understood"):
        service.who_am_i(_soapheaders=[header])


def test_subclasses_and_bare_messages(bound):
    """xsi:type both ways, and messages without a wrapper."""
    _, bind, client, _ = bound
    employee = client.get_type(f"{{{bank.PEOPLE}}}Employee")(name="Ann", salary=Decimal("1234.56"))
    assert bind().kind_of(employee) == "Employee"
    assert bind().echo_person(employee).salary == Decimal("1234.56")
    assert bind("Bare").older(id=1, name="Ann").id == 2


def test_faults(bound):
    """Code, text and detail as zeep tells them; the status is right."""
    version, bind, _, seen = bound
    with pytest.raises(Fault) as caught:
        bind().find("Zoe")
    error = caught.value
    assert error.message == "nobody is called Zoe"
    assert error.detail.findtext("name") == "Zoe"
    if version == "1.2":
        assert error.code == "soap12env:Sender"
        assert [str(code) for code in error.subcodes] == [f"{{{bank.TNS}}}NoSuchPerson"]
    else:
        assert error.code == "soap11env:Client.NoSuchPerson"
    with pytest.raises(Fault, match=r"^Internal Error$") as caught:
        bind().crash()
    assert caught.value.detail is None
    assert len(seen) == 2


# --- rpc style ---


class Item(ComplexModel):
    __namespace__ = "urn:rpc:items"
    name = Unicode
    amount = Integer


class Shop(Service):
    @rpc(Unicode, Integer, Item, Array(Item), _returns=Unicode)
    def order(ctx, customer, priority, first, more):
        names = [item.name for item in (first, *(more or ())) if item is not None]
        return f"{customer} {priority} {' '.join(names)}"

    @rpc(Item, _returns=Item, _body_style="bare")
    def double(ctx, item):
        return Item(name=item.name, amount=item.amount * 2)

    @rpc(_returns=(Unicode, Integer), _out_variable_names=("name", "amount"))
    def both(ctx):
        return "a", 1

    @rpc(Unicode, _returns=Array(Item))
    def search(ctx, text):
        return [Item(name=text, amount=number) for number in range(3)]

    @rpc(Unicode, _returns=Unicode)
    def maybe(ctx, text):
        return text

    @rpc(Unicode, _one_way=True)
    def tell(ctx, text):
        TOLD.append(text)


TOLD = []


@pytest.mark.parametrize("port", ["Shop", "ShopSoap12"])
def test_rpc_literal(serve, port):
    """Zeep understands the document, and what it sends and gets: parts of every kind, in both versions."""
    protocols = [Soap11(style="rpc", validator="soft"), Soap12(style="rpc", validator="soft")]
    app = Application([Shop], "urn:rpc", name="Shop", in_protocol=protocols)
    with zeep.Client(serve(validated(WsgiApplication(app))) + "/?wsdl") as client:
        service = client.bind("Shop", port)
        assert service.order("Ann", 1, {"name": "x"}, {"Item": [{"name": "y"}, {"name": "z"}]}) == "Ann 1 x y z"
        assert service.double({"name": "x", "amount": 2}).amount == 4
        assert zeep.helpers.serialize_object(service.both(), dict) == {"name": "a", "amount": 1}
        found = service.search("q")
        assert [item.amount for item in found] == [0, 1, 2]
        assert service.maybe("x") == "x"
        assert service.tell("psst") is None
        assert TOLD.pop() == "psst"
