"""Spyne 2.14 failed at each of these; the numbers are those of the list of its known defects."""

from __future__ import annotations

import datetime
import decimal
import gc
import json
import subprocess
import sys
import weakref

import pytest
from lxml import etree
from tests.protocol.victim import TNS, XSI, attack, send, soap, take, victim

from spyne import (
    Application,
    Array,
    Boolean,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Enum,
    Fault,
    Integer,
    Integer8,
    Integer32,
    Iterable,
    NullServer,
    Service,
    Time,
    Unicode,
    UnsignedInteger8,
    UnsignedInteger64,
    XmlAttribute,
    XmlData,
    rpc,
    srpc,
)
from spyne.const import MIN_GC_INTERVAL
from spyne.interface.wsdl import Wsdl11
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.server.wsgi import WsgiApplication


def serve(service, protocol=Soap11, **options):
    """A service over one protocol, strict about what comes in."""
    app = Application([service], TNS, in_protocol=protocol(validator="soft"), out_protocol=protocol())
    return WsgiApplication(app, **options)


def call(name, members=""):
    """A SOAP request."""
    return soap(f'<{name} xmlns="{TNS}">{members}</{name}>')


def value_of(answer):
    """The text of the innermost element of a response."""
    return [element.text for element in etree.fromstring(answer.body).iter()][-1]


# --- 1: exceptions that left the WSGI callable --------------------------------------------------------------------------------

LEAKED = {
    # protocol, validator, body, environ; 2.14 raised for each
    "a Duration": ("soap", "soft", soap(take("<span>bad</span>")), {}),
    "month 13": ("soap", "soft", soap(take("<moment>2020-13-01T00:00:00</moment>")), {}),
    "hour 25": ("soap", "soft", soap(take("<clock>25:00:00</clock>")), {}),
    "no body at all": ("soap", "soft", b"", {}),
    "an empty Body": ("soap", "soft", soap(""), {}),
    "an unknown charset": ("soap", "soft", soap(take("")), {"CONTENT_TYPE": "text/xml; charset=nope"}),
    "a length that is none": ("soap", "soft", soap(take("")), {"CONTENT_LENGTH": "ten"}),
    "a Fault as request": ("soap", "soft", soap("<e:Fault/>"), {}),
    "an entity under lxml": ("soap", "lxml", b"<!DOCTYPE a [<!ENTITY e 'x'>]>" + soap(take("<text>&e;</text>")), {}),
    "deep JSON": ("json", None, b'{"take": ' + b"[" * 100_000, {}),
}


@pytest.mark.parametrize(("kind", "validator", "body", "environ"), LEAKED.values(), ids=LEAKED)
def test_1_bad_requests_are_answered(caplog, kind, validator, body, environ):
    """What comes in can only lead to a Client fault."""
    attack(victim(kind, validator), kind, body, caplog, **environ)


def test_1_a_json_number_for_a_decimal():
    """It is a decimal number, all digits of it."""

    class Echo(Service):
        @rpc(Decimal, _returns=Decimal)
        def echo(ctx, value):
            assert isinstance(value, decimal.Decimal)
            return value

    assert send(serve(Echo, JsonDocument), "json", b'{"echo": {"value": 1.10}}').body == b'"1.10"'


@pytest.mark.parametrize("protocol", [Soap11, JsonDocument])
def test_1_a_generator_that_yields_nothing(protocol):
    """It is an empty array."""

    class Empty(Service):
        @rpc(_returns=Iterable(Unicode))
        def nothing(ctx):
            yield from ()

    kind = "json" if protocol is JsonDocument else "soap"
    answer = send(serve(Empty, protocol), kind, b'{"nothing": {}}' if kind == "json" else call("nothing"))
    assert (answer.status, answer.code) == (200, "")


# --- 2 to 4: answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["soap", "json"])
def test_2_a_result_that_cannot_be_written_is_no_success(kind):
    """The status tells of the fault that the body has."""

    class Wrong(Service):
        @rpc(_returns=Array(Integer))
        def numbers(ctx):
            return ["one"]

    protocol = Soap11 if kind == "soap" else JsonDocument
    answer = send(serve(Wrong, protocol), kind, call("numbers") if kind == "soap" else b'{"numbers": {}}')
    assert (answer.status, answer.code, answer.text) == (500, "Server", "Internal Error")


def test_3_the_call_ends_after_its_body_is_sent():
    """Closing events come when nothing of the result is needed any more."""
    order = []

    class Streams(Service):
        @rpc
        def stream(ctx):
            def parts():
                for part in (b"a", b"b"):
                    order.append(part)
                    yield part

            ctx.out_string = parts()

    wsgi = serve(Streams)
    wsgi.app.event_manager.add_listener("method_context_closed", lambda ctx: order.append("closed"))
    wsgi.event_manager.add_listener("wsgi_close", lambda ctx: order.append("close"))
    with pytest.raises(etree.XMLSyntaxError):
        send(wsgi, "soap", call("stream"))
    assert order == [b"a", b"b", "closed", "close"]


def test_4_without_chunks():
    """chunked=False gathers the body, so that its length is known."""
    answer = send(victim("soap"), "soap", call("echo", "<text>x</text>"))
    app = victim("soap").app
    gathered = send(WsgiApplication(app, chunked=False), "soap", call("echo", "<text>x</text>"))
    assert gathered.body == answer.body
    assert ("Content-Length", str(len(answer.body))) in gathered.headers


# --- 5 to 7, 15, 16: values ----------------------------------------------------------------------------------------------------


class Values(Service):
    @rpc(Integer8, Integer32, UnsignedInteger8, UnsignedInteger64, _returns=Unicode)
    def sized(ctx, byte, int_, ubyte, ulong):
        return f"{byte} {int_} {ubyte} {ulong}"

    @rpc(Decimal(5, 2), _returns=Decimal)
    def money(ctx, value):
        return value

    @rpc(Integer(ge=0), _returns=Integer)
    def customized(ctx, value):
        return value

    @rpc(Unicode, _returns=Decimal)
    def decimal(ctx, text):
        return decimal.Decimal(text)

    @rpc(Double, _returns=Double)
    def double(ctx, value):
        return value

    @rpc(Time, _returns=Time)
    def time(ctx, value):
        return value

    @rpc(Duration, _returns=Duration)
    def duration(ctx, value):
        return value

    @rpc(Boolean, _returns=Boolean)
    def flag(ctx, value):
        return value

    @rpc(Unicode(nillable=False, min_occurs=1), _returns=Unicode)
    def text(ctx, value):
        return f"[{value}]"

    @rpc(Integer, _returns=Unicode)
    def nil(ctx, value):
        return str(value)

    @rpc(Date, Time, DateTime, _returns=Unicode)
    def moments(ctx, day, clock, moment):
        return f"{day} {clock} {moment}"

    @rpc(_returns=DateTime(serialize_as="sec"))
    def epoch(ctx):
        return datetime.datetime(1970, 1, 1, 1, tzinfo=datetime.UTC)


TAKEN = {
    # method, members, what comes back
    "5 the least and the greatest": (
        "sized",
        "<byte>-128</byte><int_>-2147483648</int_><ubyte>255</ubyte><ulong>18446744073709551615</ulong>",
        "-128 -2147483648 255 18446744073709551615",
    ),
    "5 digits that fit": ("money", "<value>123.45</value>", "123.45"),
    "5 no exponent": ("decimal", "<text>1E+5</text>", "100000"),
    "15 small decimals": ("decimal", "<text>1E-9</text>", "0.000000001"),
    "15 INF": ("double", "<value>INF</value>", "INF"),
    "15 -INF": ("double", "<value>-INF</value>", "-INF"),
    "15 NaN": ("double", "<value>NaN</value>", "NaN"),
    "15 the zone of a Time": ("time", "<value>10:00:00+02:00</value>", "10:00:00+02:00"),
    "6 half hours": ("time", "<value>10:00:00-02:30</value>", "10:00:00-02:30"),
    "6 microseconds of a Duration": ("duration", "<value>PT1.000005S</value>", "PT1.000005S"),
    "6 seconds since 1970 are UTC's": ("epoch", "", "3600"),
    "15 spaces around a boolean": ("flag", "<value> true </value>", "true"),
    "7 nil that is false": ("nil", f'<value xmlns:i="{XSI}" i:nil="false">1</value>', "1"),
    "16 the empty text is not None": ("text", "<value/>", "[]"),
}


@pytest.mark.parametrize(("method", "members", "answered"), TAKEN.values(), ids=TAKEN)
def test_values_that_are_right(method, members, answered):
    """XSD allows them; 2.14 refused them or wrote something else."""
    answer = send(serve(Values), "soap", call(method, members))
    assert answer.code == "", answer.text
    assert value_of(answer) == answered


REFUSED = {
    "5 total digits": ("money", "<value>12345.6</value>", "total_digits=5"),
    "5 fraction digits": ("money", "<value>1.234</value>", "fraction_digits=2"),
    "5 customized numbers are bounded too": ("customized", f"<value>{'1' * 5000}</value>", "number_text=1024"),
    "6 something after a time": ("time", "<value>10:00:00 or so</value>", "xs:time"),
    "16 underscores": ("customized", "<value>1_000</value>", "xs:integer"),
    "16 Arabic digits": ("customized", "<value>١٢</value>", "xs:integer"),
    "16 an exponent in a decimal": ("money", "<value>1e2</value>", "xs:decimal"),
    "16 yes": ("flag", "<value>yes</value>", "xs:boolean"),
    "15 Python's infinity": ("double", "<value>inf</value>", "xs:double"),
}


@pytest.mark.parametrize(("method", "members", "rule"), REFUSED.values(), ids=REFUSED)
def test_values_that_are_wrong(method, members, rule):
    """XSD forbids them; 2.14 took them, or took them for something else."""
    answer = send(serve(Values), "soap", call(method, members))
    assert answer.code == "Client.ValidationError"
    assert rule in answer.text


def test_5_what_xsd_has_no_text_for_is_not_written():
    """A Decimal that is no number is the service's mistake."""
    assert send(serve(Values), "soap", call("decimal", "<text>NaN</text>")).code == "Server"


def test_6_null_and_numbers_for_moments():
    """Null is None; a number is refused in words."""
    wsgi = serve(Values, JsonDocument)
    answer = send(wsgi, "json", b'{"moments": {"day": null, "clock": null, "moment": null}}')
    assert answer.body == b'"None None None"'
    answer = send(wsgi, "json", b'{"moments": {"moment": 1}}')
    assert (answer.code, answer.text) == (
        "Client.ValidationError",
        "moment: the value '1' is not a date and time (xs:dateTime)",
    )


@pytest.mark.parametrize("kind", ["soap", "json"])
def test_7_and_18_bad_base64_is_refused(kind):
    """It does not become something else, in XML or in JSON."""
    body = soap(take("<blob>!!!</blob>")) if kind == "soap" else b'{"take": {"blob": "!!!"}}'
    answer = send(victim(kind), kind, body)
    assert answer.code == "Client.ValidationError"
    assert "base64" in answer.text


def test_7_text_is_not_cut():
    """A comment in a text does not end it (an entity there is refused with its document)."""
    answer = send(victim("soap"), "soap", call("echo", "<text>adm<!-- -->in</text>"))
    assert value_of(answer) == "admin"


# --- 8, 9: classes and declarations --------------------------------------------------------------------------------------------


def test_8_assignments_are_checked_by_their_own_type():
    """Two members with validation on assignment do not share it."""

    class Checked(ComplexModel):
        number = Integer(validate_on_assignment=True)
        text = Unicode(validate_on_assignment=True)

    found = Checked()
    found.number, found.text = 1, "a"
    with pytest.raises(ValueError, match=r"Checked\.number = 'a'"):
        found.number = "a"
    with pytest.raises(ValueError, match=r"Checked\.text = 1"):
        found.text = 1


def test_8_unknown_members_are_noticed():
    """The constructor of a class does not swallow what it does not know."""

    class Known(ComplexModel):
        a = Integer

    with pytest.raises(TypeError, match="nope"):
        Known(a=1, nope=2)


def test_8_clients_see_no_python():
    """A value of the wrong kind is told in the words of the format."""
    answer = send(victim("json"), "json", b'{"take": {"text": ["n", 1]}}')
    assert answer.text == "text: the value '[…]' is not a string"


class Head(ComplexModel):
    __namespace__ = "urn:head"
    user = Unicode


@pytest.mark.parametrize("header", [Head, [Head], (Head,)])
def test_9_headers_are_declared_as_documented(header):
    """One class, a list or a tuple of classes."""

    class Guarded(Service):
        @rpc(_returns=Unicode, _in_header=header, _out_header=header)
        def who(ctx):
            found = ctx.in_header
            return found.user

    body = soap(f'<who xmlns="{TNS}"/>', '<Head xmlns="urn:head"><user>Ann</user></Head>')
    assert value_of(send(serve(Guarded), "soap", body)) == "Ann"


def test_9_members_by_name():
    """declare_order="name" is taken."""

    class Sorted(ComplexModel):
        class Attributes(ComplexModel.Attributes):
            declare_order = "name"

        b = Integer
        a = Integer

    assert list(Sorted.get_flat_type_info(Sorted)) == ["a", "b"]


def test_9_soap_body_style_counts_on_its_own():
    """It is taken, and checked, without _body_style too."""

    class Styled(Service):
        @rpc(Integer, _returns=Integer, _soap_body_style="document")
        def bare(ctx, value):
            return value

    assert value_of(send(serve(Styled), "soap", call("bare", "<value>1</value>"))) == "1"
    with pytest.raises((TypeError, ValueError)):

        class Wrong(Service):
            @rpc(Integer, _soap_body_style="nonsense")
            def bare(ctx, value):
                pass


# --- 11, 12: the process ---------------------------------------------------------------------------------------------------------


def test_11_applications_are_released():
    """Nothing keeps an application alive but its user."""
    wsgi = victim("soap")
    send(wsgi, "soap", call("echo", "<text>x</text>"))
    found = weakref.ref(wsgi.app)
    del wsgi
    gc.collect()
    assert found() is None


def test_11_requests_do_not_collect_garbage():
    """gc.collect() is nobody's business; the constant that told how often is still there."""
    assert MIN_GC_INTERVAL is not None
    collections = []

    def note(phase, info):
        if info["generation"] == 2:
            collections.append(phase)

    wsgi = victim("soap")
    gc.collect()
    gc.callbacks.append(note)
    try:
        for _ in range(50):
            send(wsgi, "soap", call("echo", "<text>x</text>"))
    finally:
        gc.callbacks.remove(note)
    assert not collections


def test_12_what_python_no_longer_has_is_not_imported():
    """cgi, pytz, six and their like are not needed."""
    code = (
        "import sys, spyne, spyne.protocol.soap, spyne.protocol.json, spyne.protocol.xml, spyne.server.wsgi, spyne.interface.wsdl\n"
        "print([name for name in ('cgi', 'imp', 'pytz', 'six', 'colorama', 'distutils') if name in sys.modules])"
    )
    path = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert path.strip() == "[]"


# --- 13: WSDL --------------------------------------------------------------------------------------------------------------------


class NoSuchThing(Fault):
    __namespace__ = TNS
    _type_info = {"name": Unicode}

    def __init__(self, name):
        super().__init__("Client.NoSuchThing", "no such thing")
        self.name = name


class One(Service):
    @rpc(_in_header=Head, _out_header=Head, _throws=NoSuchThing)
    def one(ctx):
        raise NoSuchThing("x")


class Two(Service):
    @srpc()
    def two():
        pass


WSDL = {"w": "http://schemas.xmlsoap.org/wsdl/", "s": "http://schemas.xmlsoap.org/wsdl/soap/"}


def document(**options):
    """The WSDL of two services."""
    app = Application([One, Two], TNS, in_protocol=Soap11(), out_protocol=Soap11())
    return etree.fromstring(Wsdl11(app.interface, **options).document_for("http://host/"))


def test_13_every_message_that_is_named_is_there():
    """Header messages are found in the namespace where messages are."""
    root = document()
    messages = {message.get("name") for message in root.findall("w:message", WSDL)}
    for header in root.iter(f"{{{WSDL['s']}}}header"):
        prefix, _, name = header.get("message").partition(":")
        assert (header.nsmap[prefix], name in messages) == (TNS, True)


def test_13_ports_and_parts_have_the_names_that_are_asked_for():
    """2.14's names unless the options say so."""
    root = document(unique_port_names=True, part_name="parameters")
    ports = [port.get("name") for port in root.iter(f"{{{WSDL['w']}}}port")]
    assert len(ports) == len(set(ports)) == 2
    parts = {
        part.get("name")
        for message in root.findall("w:message", WSDL)
        for part in message
        if "Head" not in message.get("name")
    }
    assert "parameters" in parts


def test_13_the_declared_fault_is_in_the_detail():
    """The element that wsdl:fault names is what clients find there."""
    wsgi = WsgiApplication(Application([One, Two], TNS, in_protocol=Soap11(), out_protocol=Soap11()))
    body = send(wsgi, "soap", call("one")).body
    detail = etree.fromstring(body).find(".//detail")
    assert [child.tag for child in detail] == [f"{{{TNS}}}NoSuchThing"]
    assert detail[0].findtext(f"{{{TNS}}}name") == "x"


# --- 16 to 18: messages ----------------------------------------------------------------------------------------------------------


def test_16_a_call_that_is_nil_has_no_arguments():
    """xsi:nil on the call's element is no Internal Error."""
    body = soap(f'<nil xmlns="{TNS}" xmlns:i="{XSI}" i:nil="true"/>')
    assert value_of(send(serve(Values), "soap", body)) == "None"


class Base(ComplexModel):
    __namespace__ = TNS
    name = Unicode


class Derived(Base):
    __namespace__ = TNS
    more = Unicode


class Unrelated(ComplexModel):
    __namespace__ = TNS
    name = Unicode


Colour = Enum("red", "green", type_name="Colour")


class Typed(Service):
    @rpc(Base, _returns=Unicode)
    def kind(ctx, value):
        return type(value).__name__

    @rpc(Unrelated)
    def unused(ctx, value):
        pass

    @rpc(Colour, _returns=Unicode)
    def is_true(ctx, value):
        return "true" if value else "false"


def test_17_types_by_name():
    """A prefix that is declared anywhere above counts, and an unrelated class is not made."""
    wsgi = serve(Typed)
    named = f'<kind xmlns="{TNS}"><value xmlns:i="{XSI}" i:type="q:%s"/></kind>'
    assert value_of(send(wsgi, "soap", soap(named % "Derived", declared=f' xmlns:q="{TNS}"'))) == "Derived"
    assert send(wsgi, "soap", soap(named % "Unrelated", declared=f' xmlns:q="{TNS}"')).code == "Client.ValidationError"


def test_17_references_in_a_circle():
    """They are refused."""
    body = soap(
        f'<kind xmlns="{TNS}"><value href="#a"/></kind><multiRef id="a" href="#b"/><multiRef id="b" href="#a"/>'
    )
    answer = send(serve(Typed), "soap", body)
    assert (answer.status, answer.code) == (500, "Client.SoapError")
    assert "leads back to itself" in answer.text


def test_17_the_first_member_of_an_enum_is_true():
    """As every other."""
    assert bool(Colour.red)
    assert value_of(send(serve(Typed), "soap", call("is_true", "<value>red</value>"))) == "true"


class Priced(ComplexModel):
    __namespace__ = TNS
    amount = XmlData(Decimal)
    currency = XmlAttribute(Unicode)


class Bare(Service):
    @rpc(Priced, _returns=Priced, _body_style="bare")
    def double(ctx, price):
        return Priced(amount=price.amount * 2, currency=price.currency)


def test_18_bare_methods_and_text_with_attributes():
    """In XML without an envelope and in JSON."""
    body = f'<double xmlns="{TNS}" currency="EUR">1.5</double>'.encode()
    root = etree.fromstring(send(serve(Bare, XmlDocument), "xml", body).body)
    assert (root.text, root.get("currency")) == ("3.0", "EUR")
    answer = send(serve(Bare, JsonDocument), "json", b'{"double": {"amount": "1.5", "currency": "EUR"}}')
    assert json.loads(answer.body) == {"amount": "3.0", "currency": "EUR"}


def test_faults_of_a_null_server():
    """9: what a service raises is what the caller catches."""
    server = NullServer(Application([One], TNS, in_protocol=Soap11(), out_protocol=Soap11()))
    with pytest.raises(NoSuchThing):
        server.service.one()
