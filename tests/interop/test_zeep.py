"""zeep calls a real server: what it reads from the WSDL is what it gets."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.validate import validator as validated

import pytest
import zeep
from tests.interop import bank
from zeep.exceptions import Fault, ValidationError

PEOPLE = f"{{{bank.PEOPLE}}}"


@pytest.fixture(params=["soft", "lxml"])
def client(request, serve):
    """A client of the services, under both validators and under the eyes of wsgiref's."""
    with zeep.Client(serve(validated(bank.soap(request.param))) + "/?wsdl") as client:
        yield client


VALUES = {
    "text": "grün & <blau> ]]>\n  €\U0001f600",
    "integer": -(10**30),
    "natural": 0,
    "decimal": Decimal("-12345678901234567890.000000001"),
    "double": 1.5e-300,
    "flag": False,
    "day": datetime.date(1970, 2, 3),
    "clock": datetime.time(23, 59, 59, 999999),
    "moment": datetime.datetime(2024, 2, 29, 12, 0, 0, 1, datetime.UTC),
    "span": datetime.timedelta(days=-3, seconds=4, microseconds=5),
    "blob": bytes(range(256)),
    "uuid": "12345678-1234-5678-1234-567812345678",
    "colour": "dark blue",
}


def as_dict(value):
    """A zeep object as a dict."""
    return zeep.helpers.serialize_object(value, dict)


@pytest.mark.parametrize("operation", ["echo", "gather"])
def test_every_scalar_there_and_back(client, operation):
    """Each kind of value comes back as it went, in an object and as arguments."""
    arguments = {"value": VALUES} if operation == "echo" else VALUES
    assert as_dict(client.service[operation](**arguments)) == VALUES


@pytest.mark.parametrize("name", VALUES)
def test_every_scalar_may_be_absent(client, name):
    """One value alone, the others not there."""
    assert as_dict(client.service.echo({name: VALUES[name]})) == dict.fromkeys(VALUES) | {name: VALUES[name]}


@pytest.mark.parametrize("value", [0.1, -0.0, 1.7976931348623157e308, 5e-324])
def test_doubles(client, value):
    """All digits of a double survive (zeep itself has no valid form of infinity)."""
    assert client.service.echo({"double": value}).double == value


PERSON = {
    "id": 7,
    "name": "Ann",
    "favourite": "red",
    "address": {"street": "Main St", "since": datetime.date(2020, 1, 1)},
    "nicknames": {"string": ["A", "Annie"]},
    "phones": ["1", "2"],
    "friend": {"id": 8, "name": "Bob", "friend": {"id": 9, "name": "Eve"}},
}


def sparse(value):
    """The value without what is None or empty."""
    if isinstance(value, dict):
        return {key: sparse(each) for key, each in value.items() if each not in (None, [])}
    return value


def test_objects_in_objects(client):
    """Nested and recursive objects, arrays, repeated members, attributes and enums."""
    assert sparse(as_dict(client.service.echo_person(PERSON))) == PERSON


def test_subclasses_by_xsi_type(client):
    """A subclass travels as what it is, both ways."""
    employee = client.get_type(PEOPLE + "Employee")(name="Ann", salary=Decimal("1234.56"))
    assert client.service.kind_of(employee) == "Employee"
    assert client.service.kind_of({"name": "Ann"}) == "Person"
    answer = client.service.echo_person(employee)
    assert type(answer).__name__ == "Employee"
    assert answer.salary == Decimal("1234.56")


def test_arrays(client):
    """Generators, arrays of objects, arrays of arrays, repeated arguments, and empty ones."""
    assert client.service.say_hello("Ann", 2) == ["Hello, Ann", "Hello, Ann"]
    assert client.service.say_hello("Ann", 0) in (None, [])
    assert client.service.names({"Person": [{"name": "Ann"}, {"name": "Bob"}]}) == ["Ann", "Bob"]
    rows = {"integerArray": [{"integer": [1, 2]}, {"integer": [3, 4]}]}
    assert as_dict(client.service.transpose(rows)) == [{"integer": [1, 3]}, {"integer": [2, 4]}]
    assert client.service.total([1, 2, 3]) == 6
    assert client.service.total() == 0


def test_text_with_attributes(client):
    """A value that is the text of an element with attributes."""
    answer = client.service.double_price({"_value_1": Decimal("1.25"), "currency": "EUR"})
    assert (answer._value_1, answer.currency) == (Decimal("2.50"), "EUR")


def test_several_results_and_none(client):
    """Two results by name, and a method without one."""
    assert as_dict(client.service.two_results()) == {"name": "Ann", "age": 42}
    assert client.service.nothing() is None


def test_headers_in_and_out(client):
    """Headers of another namespace, in objects and on their own."""
    service = client.bind("Guarded")
    answer = service.who_am_i(_soapheaders={"Token": {"user": "Ann", "secret": "x"}})
    assert (answer.body.who_am_iResult, answer.header.Receipt.number) == ("Ann", 7)
    token = client.get_element(f"{{{bank.SECURITY}}}Token")(user="Bob")
    assert service.who_am_i(_soapheaders=[token]).body.who_am_iResult == "Bob"


def test_bare_messages(client):
    """Messages that are the object itself."""
    service = client.bind("Bare")
    older = service.older(id=1, name="Ann", phones=["1"])
    assert (older.id, older.name, older.phones) == (2, "Ann", ["1"])
    made = service.make_person("Ann", "Main St")
    assert (made.name, made.address.street) == ("Ann", "Main St")


def test_every_service_is_found(client):
    """Each Service class is a service of the document."""
    assert list(client.wsdl.services) == ["Bank", "Guarded", "Bare"]
    for name in client.wsdl.services:
        assert client.bind(name).echo({"integer": 1}).integer == 1


def test_faults(client):
    """Code, text and detail of a declared fault; nothing of an undeclared one."""
    with pytest.raises(Fault) as caught:
        client.service.find("Zoe")
    assert caught.value.code.endswith(":Client.NoSuchPerson")
    assert caught.value.message == "nobody is called Zoe"
    assert caught.value.detail.findtext("name") == "Zoe"
    with pytest.raises(Fault, match=r"^Internal Error$") as caught:
        client.service.crash()
    assert caught.value.detail is None


def test_what_the_schema_requires(client):
    """The client knows what is required, and the server checks it for those that do not."""
    with pytest.raises(ValidationError, match="name"):
        client.service.echo_person({"id": 1})
    message = client.create_message(client.service, "echo_person", {"name": "Ann"})
    (person,) = message.iter(f"{{{bank.TNS}}}person")
    del person[:]
    answer = client.transport.post_xml(
        client.service._binding_options["address"], message, {"SOAPAction": '"echo_person"'}
    )
    assert answer.status_code == 500
    assert b"name" in answer.content


def test_json_clients_call_the_same(serve):
    """A plain HTTP client speaks JSON with the same methods."""
    url = serve(validated(bank.json()))

    def call(name, arguments):
        data = json.dumps({name: arguments}).encode()
        with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=10) as answer:
            assert answer.headers["Content-Type"] == "application/json"
            return json.load(answer)

    assert call("say_hello", {"name": "Ann", "times": 2}) == ["Hello, Ann", "Hello, Ann"]
    person = {
        "id": 7,
        "name": "Ann",
        "favourite": "red",
        "nicknames": ["A"],
        "phones": ["1"],
        "friend": {"name": "Bob"},
    }
    assert call("echo_person", {"person": person}) == person
    assert call("older", {"id": 1, "name": "Ann"}) == {"id": 2, "name": "Ann"}
    assert call("two_results", {}) == {"name": "Ann", "age": 42}
    with pytest.raises(HTTPError) as caught, call("find", {"name": "Zoe"}):
        pass
    with caught.value as error:
        assert error.code == 400
        assert json.load(error) == {
            "faultcode": "Client.NoSuchPerson",
            "faultstring": "nobody is called Zoe",
            "detail": {"name": "Zoe"},
        }
