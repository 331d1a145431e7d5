"""node-soap calls a real server through its WSDL, over SOAP 1.1 and 1.2.

All calls of a version are made by one process, one after the other; each has its row in `CALLS`.
"""

from __future__ import annotations

import pytest
from tests.interop import bank, foreign

from examples.demo.app import demo


def call(name, arguments=None, **more):
    """A call of a job."""
    return {"name": name, "arguments": [arguments or {}], **more}


VALUES = {
    "text": "grün & <blau> ]]> €\U0001f600",
    "integer": -(2**53),
    "natural": "0",
    "decimal": -1.5,
    "double": 1.5e-300,
    "flag": False,
    "day": "1970-02-03T00:00:00.000Z",
    "clock": "23:59:59.999999",
    "moment": "2024-02-29T12:00:00.001Z",
    "span": "-P2DT23H59M55.999995S",
    "blob": "AAEC/w==",
    "uuid": "12345678-1234-5678-1234-567812345678",
    "colour": "dark blue",
}
"""As node-soap makes them: dates and times are Dates, bytes their base64 text."""
SENT = {**VALUES, "day": "1970-02-03"}

ADDRESS = {"street": "Main St", "since": "2020-01-01T00:00:00.000Z"}
PERSON = {
    "attributes": {"id": "7"},
    "name": "Ann",
    "favourite": "red",
    "address": {**ADDRESS, "since": "2020-01-01"},
    "nicknames": {"string": ["A", "Annie"]},
    "phones": ["1", "2"],
    "friend": {"attributes": {"id": "8"}, "name": "Bob", "friend": {"name": "Eve"}},
}
EMPLOYEE = {"attributes": {"xsi_type": {"type": "Employee", "xmlns": bank.PEOPLE}}, "name": "Ann", "salary": "1234.56"}
TOKEN = {"value": {"Token": {"user": "Ann", "secret": "x"}}, "name": "", "prefix": "sec", "namespace": bank.SECURITY}
ROWS = {"integerArray": [{"integer": [1, 2]}, {"integer": [3, 4]}]}
COLUMNS = {"integerArray": [{"integer": [1, 3]}, {"integer": [2, 4]}]}
HELLOS = {"string": ["Hello, Ann", "Hello, Ann"]}

CALLS = {
    "every scalar in an object": (call("echo", {"value": SENT}), VALUES),
    "every scalar as an argument": (call("gather", SENT), VALUES),
    "objects in objects": (call("echo_person", {"person": PERSON}), {**PERSON, "address": ADDRESS}),
    "a subclass": (call("kind_of", {"person": EMPLOYEE}), "Employee"),
    "a generator": (call("say_hello", {"name": "Ann", "times": 2}), HELLOS),
    "no item": (call("say_hello", {"name": "Ann", "times": 0}), None),
    "objects": (call("names", {"people": {"Person": [{"name": "Ann"}, {"name": "Bob"}]}}), {"string": ["Ann", "Bob"]}),
    "arrays": (call("transpose", {"rows": ROWS}), COLUMNS),
    "repeated arguments": (call("total", {"number": [1, 2, 3]}), 6),
    "none of them": (call("total"), 0),
    "text with attributes": (
        call("double_price", {"price": {"$value": "1.25", "attributes": {"currency": "EUR"}}}),
        {"$value": 2.5, "attributes": {"currency": "EUR"}},
    ),
    "headers": (call("who_am_i", headers=[TOKEN]), "Ann"),
}
"""What is called, and the value of the result."""

FAULTS = {
    "declared": (call("find", {"name": "Zoe"}), "Client", "nobody is called Zoe", {"name": "Zoe"}),
    "undeclared": (call("crash"), "Server", "Internal Error", None),
    "invalid": (
        call("echo_person", {"person": {"name": "x", "address": {"since": "never"}}}),
        "Client",
        "person/address/since: the value 'never' is not a date (xs:date)",
        None,
    ),
}
"""What is called; the fault's code as SOAP 1.1 calls it, its text, its detail."""

OTHERS = {
    "two results": call("two_results"),
    "nothing": call("nothing"),
    "bare": call("older", {"attributes": {"id": 1}, "name": "Ann", "phones": ["1"]}),
    "subclass back": call("echo_person", {"person": EMPLOYEE}),
}

VERSIONS = {
    "1.1": {"options": {}, "envelope": "http://schemas.xmlsoap.org/soap/envelope/", "codes": {}},
    "1.2": {
        "options": {"forceSoap12Headers": True},
        "envelope": "http://www.w3.org/2003/05/soap-envelope",
        "codes": {"Client": "Sender", "Server": "Receiver"},
    },
}


@pytest.fixture(scope="module")
def made():
    """The replies that there are, by version: the calls are made once."""
    return {}


@pytest.fixture
def node():
    """node-soap."""
    return foreign.node_soap()


@pytest.fixture
def answers(node, made, serve):
    """A function that returns all replies of a version by their names in the tables."""

    def answers(version):
        if version not in made:
            jobs = {**{name: row[0] for name, row in (CALLS | FAULTS).items()}, **OTHERS}
            wsdl = f"{serve(bank.soaps())}/?wsdl"
            replies = node.calls(wsdl, *jobs.values(), **VERSIONS[version]["options"])
            made[version] = dict(zip(jobs, replies, strict=True))
        return made[version]

    return answers


@pytest.fixture(params=VERSIONS)
def version(request):
    """A version of SOAP."""
    return request.param


@pytest.mark.parametrize("name", CALLS)
def test_call(answers, version, name):
    """What is sent arrives, and what is returned comes back, in the version asked for."""
    job, expected = CALLS[name]
    reply = answers(version)[name]
    assert f'"{VERSIONS[version]["envelope"]}"' in reply["request"]
    assert f'"{VERSIONS[version]["envelope"]}"' in reply["response"]
    assert reply["result"] == {f"{job['name']}Result": expected}


def test_headers_come_back(answers, version):
    """The answer's header is seen."""
    assert answers(version)["headers"]["headers"] == {"Receipt": {"number": "7"}}


@pytest.mark.parametrize("name", FAULTS)
def test_fault(answers, version, name):
    """Code, text and detail, each where the version puts it."""
    _, code, text, detail = FAULTS[name]
    fault = answers(version)[name]["fault"]
    code = VERSIONS[version]["codes"].get(code, code)
    if version == "1.1":
        found = fault["faultcode"], fault["faultstring"], fault.get("detail")
    else:
        reason = fault["Reason"]["Text"]
        found = (
            fault["Code"]["Value"],
            reason.get("$value") if isinstance(reason, dict) else reason,
            fault.get("Detail"),
        )
    assert found[0].partition(":")[2].partition(".")[0] == code
    assert found[1:] == (text, detail)


def test_other_shapes(answers, version):
    """Two results by name, no result, a bare message, a subclass that comes back as what it is."""
    found = {name: answers(version)[name]["result"] for name in OTHERS}
    assert found["two results"] == {"name": "Ann", "age": 42}
    assert found["nothing"] is None
    assert found["bare"] == {"attributes": {"id": "2"}, "name": "Ann", "phones": ["1"]}
    employee = found["subclass back"]["echo_personResult"]
    assert employee["attributes"]["xsi:type"].endswith(":Employee")
    assert (employee["name"], employee["salary"]) == ("Ann", "1234.56")


def test_the_demo(node, serve):
    """The demo service greets node-soap, which knows it from its WSDL alone."""
    reply = node.call(f"{serve(demo)}/soap?wsdl", "say_hello", {"name": "Dave", "times": 2})
    assert reply["result"] == {"say_helloResult": {"string": ["Hello, Dave", "Hello, Dave"]}}
