"""suds-community calls a real server."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from suds import WebFault
from suds.cache import NoCache
from suds.client import Client
from tests.interop import bank


@pytest.fixture
def client(serve):
    """A client of the services, which keeps no files."""
    return Client(serve(bank.soap()) + "/?wsdl", cache=NoCache(), timeout=10)


def test_scalars(client):
    """Each kind that suds knows comes back as it went."""
    sent = client.factory.create("{urn:bank:people}Everything")
    values = {
        "text": "grün & <blau>",
        "integer": -(10**20),
        "natural": 3,
        "decimal": Decimal("-1.000000001"),
        "double": 0.1,
        "flag": False,
        "day": datetime.date(1970, 2, 3),
        "clock": datetime.time(23, 59, 59),
        "moment": datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.UTC),
        "span": "P1DT2H",
        "blob": "QUJD",
        "uuid": "12345678-1234-5678-1234-567812345678",
        "colour": "dark blue",
    }
    for name, value in values.items():
        setattr(sent, name, value)
    answer = client.service["Bank"].echo(sent)
    assert {name: answer[name] for name in values} == values


def test_objects_and_arrays(client):
    """Nested objects, arrays, repeated members, attributes."""
    person = client.factory.create("{urn:bank:people}Person")
    person.name, person._id, person.favourite = "Ann", 7, "red"
    person.address = {"street": "Main St"}
    person.nicknames = {"string": ["A", "Annie"]}
    person.phones = ["1", "2"]
    answer = client.service["Bank"].echo_person(person)
    assert (answer.name, answer._id, answer.favourite, answer.address.street) == ("Ann", 7, "red", "Main St")
    assert (answer.nicknames.string, answer.phones) == (["A", "Annie"], ["1", "2"])
    assert client.service["Bank"].say_hello("Ann", 2).string == ["Hello, Ann", "Hello, Ann"]
    assert client.service["Bank"].total([1, 2, 3]) == 6


def test_subclasses(client):
    """xsi:type, both ways."""
    employee = client.factory.create("{urn:bank:people}Employee")
    employee.name, employee.salary = "Ann", Decimal("1234.56")
    assert client.service["Bank"].kind_of(employee) == "Employee"
    answer = client.service["Bank"].echo_person(employee)
    assert type(answer).__name__ == "Employee"
    assert str(answer.salary) == "1234.56"


def test_headers(client):
    """A header of another namespace."""
    token = client.factory.create("{urn:bank:security}Token")
    token.user = "Ann"
    client.set_options(soapheaders=token)
    assert client.service["Guarded"].who_am_i() == "Ann"


def test_bare_messages(client):
    """Messages that are the object itself."""
    made = client.service["Bare"].make_person("Ann", "Main St")
    assert (made.name, made.address.street) == ("Ann", "Main St")


def test_faults(client):
    """Code, text and detail."""
    with pytest.raises(WebFault, match="nobody is called Zoe") as caught:
        client.service["Bank"].find("Zoe")
    assert caught.value.fault.faultcode.endswith(":Client.NoSuchPerson")
    assert caught.value.fault.detail.name == "Zoe"
    with pytest.raises(WebFault, match="Internal Error"):
        client.service["Bank"].crash()


def test_nothing(client):
    """A method without arguments and result."""
    assert not client.service["Bank"].nothing()
