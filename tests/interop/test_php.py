"""PHP's SoapClient calls a real server: through its WSDL over SOAP 1.1 and 1.2, and without one in rpc/encoded."""

from __future__ import annotations

from functools import cache

import pytest
from lxml import etree
from tests.interop import bank, foreign
from tests.transport.conftest import _call

from examples.demo.app import demo

OPTIONS = {"features": "SOAP_SINGLE_ELEMENT_ARRAYS", "classmap": {"Employee": "Employee"}}


@pytest.fixture
def php():
    """PHP's SoapClient."""
    return foreign.php()


services = cache(bank.soaps)  # one for all tests


@pytest.fixture(params=["SOAP_1_1", "SOAP_1_2"])
def version(request):
    """A version of SOAP as PHP calls it."""
    return request.param


ENVELOPES = {
    "SOAP_1_1": "http://schemas.xmlsoap.org/soap/envelope/",
    "SOAP_1_2": "http://www.w3.org/2003/05/soap-envelope",
}


@pytest.fixture
def call(php, serve, version):
    """A function that calls one method of the services and returns the reply."""
    wsdl = serve(services()) + "/?wsdl"

    def call(name, arguments=None, *, headers=()):
        reply = php.call(wsdl, name, arguments or {}, headers=headers, soap_version=version, **OPTIONS)
        assert f'"{ENVELOPES[version]}"' in reply["request"]
        return reply

    return call


VALUES = {
    "text": "grün & <blau> ]]>\n  €\U0001f600",
    "integer": -(2**63),
    "natural": 0,
    "decimal": "-12345678901234567890.000000001",
    "double": 1.5e-300,
    "flag": False,
    "day": "1970-02-03",
    "clock": "23:59:59.999999",
    "moment": "2024-02-29T12:00:00.000001+00:00",
    "span": "-P2DT23H59M55.999995S",
    "blob": bytes(range(256)),
    "uuid": "12345678-1234-5678-1234-567812345678",
    "colour": "dark blue",
}


@pytest.mark.parametrize(("operation", "result"), [("echo", "echoResult"), ("gather", "gatherResult")])
def test_every_scalar_there_and_back(call, operation, result):
    """Each kind of value comes back as it went, in an object and as arguments."""
    arguments = {"value": VALUES} if operation == "echo" else VALUES
    assert call(operation, arguments)["result"] == {result: VALUES}


PERSON = {
    "id": 7,
    "name": "Ann",
    "favourite": "red",
    "address": {"street": "Main St", "since": "2020-01-01"},
    "nicknames": {"string": ["A", "Annie"]},
    "phones": ["1", "2"],
    "friend": {"id": 8, "name": "Bob", "friend": {"id": 9, "name": "Eve"}},
}


def test_objects_in_objects(call):
    """Nested and recursive objects, arrays, repeated members, attributes and enums."""
    assert call("echo_person", {"person": PERSON})["result"] == {"echo_personResult": PERSON}


def test_subclasses_by_xsi_type(call):
    """A subclass travels as what it is, both ways."""
    value = {"name": "Ann", "salary": "1234.56"}
    employee = {"$type": "Employee", "namespace": bank.PEOPLE, "value": value}
    assert call("kind_of", {"person": employee})["result"] == {"kind_ofResult": "Employee"}
    answer = call("echo_person", {"person": employee})["result"]
    assert answer == {"echo_personResult": {"class": "Employee", **value}}


ARRAYS = {
    "a generator": ("say_hello", {"name": "Ann", "times": 2}, {"string": ["Hello, Ann", "Hello, Ann"]}),
    "one item": ("say_hello", {"name": "Ann", "times": 1}, {"string": ["Hello, Ann"]}),
    "no item": ("say_hello", {"name": "Ann", "times": 0}, {}),
    "objects": ("names", {"people": {"Person": [{"name": "Ann"}, {"name": "Bob"}]}}, {"string": ["Ann", "Bob"]}),
    "arrays": (
        "transpose",
        {"rows": {"integerArray": [{"integer": [1, 2]}, {"integer": [3, 4]}]}},
        {"integerArray": [{"integer": [1, 3]}, {"integer": [2, 4]}]},
    ),
    "repeated arguments": ("total", {"number": [1, 2, 3]}, 6),
    "none of them": ("total", {}, 0),
    "text with attributes": (
        "double_price",
        {"price": {"_": "1.25", "currency": "EUR"}},
        {"_": "2.50", "currency": "EUR"},
    ),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(call, case):
    """Arrays and repeated members, empty ones too, and an element's text beside its attributes."""
    name, arguments, expected = ARRAYS[case]
    assert call(name, arguments)["result"] == {f"{name}Result": expected}


def test_several_results_and_none(call):
    """Two results by name, and a method without one."""
    assert call("two_results")["result"] == {"name": "Ann", "age": 42}
    assert call("nothing")["result"] == {}


@pytest.mark.parametrize("must", [False, True])
def test_headers_in_and_out(call, must):
    """Headers of another namespace, in both directions; a declared one is understood."""
    token = {
        "namespace": bank.SECURITY,
        "name": "Token",
        "value": {"user": "Ann", "secret": "x"},
        "must_understand": must,
    }
    answer = call("who_am_i", headers=[token])
    assert answer["result"] == {"who_am_iResult": "Ann"}
    assert answer["headers"] == {"Receipt": {"number": 7}}


def test_a_header_that_nobody_understands(call, version):
    """A header that must be understood and is not gets the standard's fault (SOAP 1.1 4.4, SOAP 1.2 5.4.8)."""
    header = {"namespace": "urn:else", "name": "Else", "value": "x", "must_understand": True}
    assert call("nothing", headers=[header])["fault"]["code"].endswith(":MustUnderstand")


SENDER = {"SOAP_1_1": "Client", "SOAP_1_2": "Sender"}
RECEIVER = {"SOAP_1_1": "Server", "SOAP_1_2": "Receiver"}


def test_faults(call, version):
    """Code, text and detail of a declared fault; nothing of an undeclared one."""
    fault = call("find", {"name": "Zoe"})["fault"]
    assert fault["code"].partition(":")[2].partition(".")[0] == SENDER[version]
    assert fault["text"] == "nobody is called Zoe"
    assert fault["detail"]["name"] == "Zoe"
    fault = call("crash")["fault"]
    assert fault["code"].endswith(f":{RECEIVER[version]}")
    assert (fault["text"], fault["detail"]) == ("Internal Error", None)


def test_what_the_schema_forbids(call, version):
    """A value of the wrong kind is refused with its place."""
    fault = call("echo_person", {"person": {"name": "Ann", "address": {"since": "never"}}})["fault"]
    assert fault["code"].partition(":")[2].partition(".")[0] == SENDER[version]
    assert fault["text"] == "person/address/since: the value 'never' is not a date (xs:date)"


def test_bare_messages(call):
    """Messages that are the object itself."""
    older = call("older", {"id": 1, "name": "Ann", "phones": ["1"]})["result"]
    assert older == {"id": 2, "name": "Ann", "phones": ["1"]}
    made = call("make_person", {"name": "Ann", "street": "Main St"})["result"]
    assert made == {"name": "Ann", "address": {"street": "Main St"}}


# --- rpc/encoded, as PHP sends without a WSDL ---


@pytest.fixture
def encoded(php, serve, version):
    """A function that calls one method by address and namespace alone: SOAP_RPC and SOAP_ENCODED, arguments by name."""
    options = {"location": serve(services()) + "/", "uri": bank.TNS, "style": "SOAP_RPC", "use": "SOAP_ENCODED"}

    def encoded(name, /, headers=(), **arguments):
        given = [{"$param": key, "value": value} for key, value in arguments.items()]
        return php.call(None, name, *given, headers=headers, soap_version=version, **options)

    return encoded


def test_encoded_scalars(encoded):
    """PHP's own types arrive as those of the declaration; without a WSDL every answer is text."""
    answer = encoded("gather", text="a <b>", integer=3, double=0.5, flag=True, day="1970-02-03", blob="QUJD")
    told = {"text": "a <b>", "integer": "3", "double": "0.5", "flag": "true", "day": "1970-02-03", "blob": "QUJD"}
    assert answer["result"] == told
    assert "XMLSchema-instance" in answer["request"]


def test_encoded_objects_and_arrays(encoded):
    """Objects are `Struct`, arrays are `Array` with items of any name (SOAP 1.1 5.4)."""
    address = {"street": "Main St", "since": "2020-01-01"}
    friend = {"name": "Bob", "phones": "1"}
    person = {"name": "Ann", "favourite": "red", "address": address, "nicknames": ["A", "Annie"], "friend": friend}
    answer = encoded("echo_person", person=person)["result"]
    assert answer == {**person, "nicknames": {"string": ["A", "Annie"]}}
    assert encoded("transpose", rows=[[1, 2], [3, 4]])["result"]["integerArray"][0] == {"integer": ["1", "3"]}


def test_one_object_in_two_places(encoded):
    """An object that the client holds twice is sent once and referred to (href and id); it arrives in both places."""
    bob = {"$same": "bob", "value": {"name": "Bob"}}
    answer = encoded("names", people=[bob, {"name": "Ann"}, bob])
    assert answer["result"] == {"string": ["Bob", "Ann", "Bob"]}
    assert 'ref="#ref1"' in answer["request"] or 'href="#ref1"' in answer["request"]
    person = encoded("echo_person", person={"name": "Ann", "friend": {"name": "Eve", "friend": {"name": "Bob"}}})[
        "result"
    ]
    assert person["friend"]["friend"] == {"name": "Bob"}


def test_encoded_headers_and_faults(encoded, version):
    """Headers and faults are no different without a WSDL."""
    token = {"namespace": bank.SECURITY, "name": "Token", "value": {"user": "Ann"}, "must_understand": True}
    assert encoded("who_am_i", headers=[token])["result"] == "Ann"
    fault = encoded("find", name="Zoe")["fault"]
    assert fault["code"].partition(":")[2].partition(".")[0] == SENDER[version]
    assert fault["detail"]["name"] == "Zoe"


RECORDED = {
    "SOAP_1_1": """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns1="urn:bank"
 xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"
><SOAP-ENV:Header/><SOAP-ENV:Body><ns1:names><people SOAP-ENC:arrayType="SOAP-ENC:Struct[3]" xsi:type="SOAP-ENC:Array"
><item xsi:type="SOAP-ENC:Struct" id="ref1"><name xsi:type="xsd:string">Bob</name></item><item xsi:type="SOAP-ENC:Struct"
><name xsi:type="xsd:string">Ann</name></item><item href="#ref1"/></people></ns1:names></SOAP-ENV:Body></SOAP-ENV:Envelope>
""",
    "SOAP_1_2": """<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:ns1="urn:bank"
 xmlns:enc="http://www.w3.org/2003/05/soap-encoding" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><env:Header/><env:Body
><ns1:names env:encodingStyle="http://www.w3.org/2003/05/soap-encoding"><people enc:itemType="enc:Struct" enc:arraySize="3"
 xsi:type="enc:Array"><item xsi:type="enc:Struct" enc:id="ref1"><name xsi:type="xsd:string">Bob</name></item><item
 xsi:type="enc:Struct"><name xsi:type="xsd:string">Ann</name></item><item enc:ref="#ref1"/></people></ns1:names></env:Body
></env:Envelope>
""",
}
"""What PHP 8.2 sends for `test_one_object_in_two_places`, with line breaks inside of tags."""


def test_one_object_in_two_places_recorded(version):
    """The same without PHP. Its id is the encoding's and no attribute of the object, and its "#" in SOAP 1.2 is forgiven."""
    types = {"SOAP_1_1": "text/xml; charset=utf-8", "SOAP_1_2": "application/soap+xml; charset=utf-8"}
    answer = _call(services(), body=RECORDED[version].encode(), content_type=types[version])
    found = etree.fromstring(answer.body).iter(f"{{{bank.TNS}}}string")
    assert [element.text for element in found] == ["Bob", "Ann", "Bob"]


# --- the demo ---


def test_the_demo(php, serve):
    """The demo service greets PHP, which knows it from its WSDL alone."""
    reply = php.call(f"{serve(demo)}/soap?wsdl", "say_hello", {"name": "Dave", "times": 2})
    assert reply["result"] == {"say_helloResult": {"string": ["Hello, Dave", "Hello, Dave"]}}
