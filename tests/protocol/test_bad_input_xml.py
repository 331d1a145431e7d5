"""XmlDocument: what attackers send is answered by a Client fault with the HTTP status of its kind."""

from __future__ import annotations

import pytest
from tests.protocol.victim import TNS, XSI, attack, send, take, victim

from spyne.limits import Limits

SYNTAX = ("Client.XMLSyntaxError", 400)
TOO_LONG = ("Client.RequestTooLong", 413)
INVALID = ("Client.ValidationError", 400)
NOT_FOUND = ("Client.ResourceNotFound", 404)
BAD_INPUT = ("Client.InvalidInput", 400)

ECHO = f'<echo xmlns="{TNS}"><text>{{}}</text></echo>'


def many(form, count):
    """The form with every number below `count` put in."""
    return "".join(map(form.format, range(count)))


REFUSED = {
    # body, (code, status), words of the fault
    "A1 external entity": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + ECHO.format("&e;"), SYNTAX, "DOCTYPE"),
    "A3 external subset": ('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/">' + ECHO.format("x"), SYNTAX, "DOCTYPE"),
    "A4 entities of entities": (
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + ECHO.format("&b;"), SYNTAX, "DOCTYPE",
    ),
    "A9 after a comment": ("<!-- > --><!DOCTYPE x>" + ECHO.format("x"), SYNTAX, "DOCTYPE"),
    "A9 after a PI": ("<?a ?><!DOCTYPE x>" + ECHO.format("x"), SYNTAX, "DOCTYPE"),
    "A13 UTF-7": ('<?xml version="1.0" encoding="utf-7"?>' + ECHO.format("x"), SYNTAX, "'utf-7'"),
    "B16 depth": ("<a>" * 100_000 + "</a>" * 100_000, TOO_LONG, "depth=64"),
    "B17 siblings": (take("<a/>" * 100_000), TOO_LONG, "children=50000"),
    "B18 attributes": (take("", many(' a{}=""', 10_000)), TOO_LONG, "attributes=256"),
    "B20 attribute": (take("", f' a="{"x" * 1_000_000}"'), TOO_LONG, "attribute_size=65536"),
    "B21 name": (f"<{'x' * 1_000_000}/>", TOO_LONG, "name_length=1024"),
    "B22 unique names": (take(many("<n{}/>", 49_000)), TOO_LONG, "unique_names=10000"),
    "B23 text": (ECHO.format("x" * 9_000_000), TOO_LONG, "text_size=8388608"),
    "B15 body": (ECHO.format("x" * 10 * 1024 * 1024), TOO_LONG, "body=10485760"),
    "C36 xsi:type": (take(f'<tree xmlns:i="{XSI}" xmlns:t="{TNS}" i:type="t:Stranger"/>'), INVALID, "tree: the value 't:Stranger'"),
    "C38 dunder": (f'<__class__ xmlns="{TNS}"/>', NOT_FOUND, "__class__"),
    "another namespace": ('<echo xmlns="other"/>', NOT_FOUND, "{other}echo"),
    "D40 int": (take(f"<integer>{'9' * 5000}</integer>"), INVALID, "integer: the value '999"),
    "D43 date": (take("<day>2023-02-29</day>"), INVALID, "day: the value '2023-02-29'"),
    "D44 base64": (take("<blob>****</blob>"), INVALID, "blob: the value '****'"),
    "D45 underscores": (take("<integer>1_0</integer>"), INVALID, "integer: the value '1_0'"),
    "D46 NUL": (ECHO.format("&#0;"), SYNTAX, ""),
    "an item": (take("<numbers><integer>1</integer><integer>x</integer></numbers>"), INVALID, "numbers[1]: the value 'x'"),
    "a value inside": (take(f"<tree><inner><mark/><name>{'<a/>'}</name></inner></tree>"), INVALID, "tree/inner/name: "),
    "nothing": ("", SYNTAX, ""),
    "JSON": ("{}", SYNTAX, ""),
    "cut off": (ECHO.format("x")[:-1], SYNTAX, ""),
}  # fmt: skip


@pytest.mark.parametrize(("body", "answered", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(caplog, body, answered, words):
    """The fault's code decides the status (400, 404, 413), and its text names the place or the limit."""
    answer = attack(victim("xml"), "xml", body.encode(), caplog)
    assert (answer.code, answer.status) == answered
    assert words in answer.text


@pytest.mark.parametrize("validator", [None, "lxml"])
@pytest.mark.parametrize("name", ["A1 external entity", "B16 depth", "D40 int", "C36 xsi:type", "cut off"])
def test_whatever_the_validator(caplog, validator, name):
    """Safety is no matter of validation."""
    assert attack(victim("xml", validator), "xml", REFUSED[name][0].encode(), caplog).status in (400, 413)


def test_processing_instructions_do_not_count():
    """A12: outside of SOAP they are ignored, and the text around them is whole."""
    answer = send(
        victim("xml"), "xml", ('<?xml-stylesheet href="http://127.0.0.1:1/"?>' + ECHO.format("ad<?x y?>min")).encode()
    )
    assert b">admin<" in answer.body


LIMITS = {
    "body": (1000, lambda n: ECHO.format("x" * (n - len(ECHO) + 2))),
    "depth": (10, lambda n: take(f"<free>{'<a>' * (n - 2)}{'</a>' * (n - 2)}</free>")),
    "elements": (10, lambda n: take("<text/>" * (n - 1))),
    "children": (10, lambda n: take("<text/>" * n)),
    "attributes": (10, lambda n: take("", many(' a{}=""', n - 1))),
    "attribute_size": (100, lambda n: take(f'<tree mark="{"x" * n}"/>')),
    "text_size": (100, lambda n: ECHO.format("x" * n)),
    "name_length": (100, lambda n: take(f"<{'x' * n}/>")),
    "unique_names": (100, lambda n: take(many("<n{}/>", n - 2))),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_at_its_edge(caplog, name):
    """What reaches a limit is served, what passes it is 413 with the limit's name."""
    maximum, make = LIMITS[name]
    application = victim("xml", None, limits=Limits(**{name: maximum}))
    assert send(application, "xml", make(maximum).encode()).status == 200
    answer = attack(application, "xml", make(maximum + 1).encode(), caplog)
    assert (answer.code, answer.status) == TOO_LONG
    assert f"limit {name}={maximum}" in answer.text
    assert send(victim("xml", None, limits=Limits(**{name: None})), "xml", make(maximum + 1).encode()).status == 200


HTTP = {
    "G68 deflate": ({"HTTP_CONTENT_ENCODING": "deflate"}, BAD_INPUT),
    "B15 length": ({"CONTENT_LENGTH": "x"}, BAD_INPUT),
    "B15 length over the limit": ({"CONTENT_LENGTH": "99999999"}, TOO_LONG),
    "B15 length over the body": ({"CONTENT_LENGTH": "999"}, BAD_INPUT),
    "charset": ({"CONTENT_TYPE": "text/xml; charset=rot13"}, SYNTAX),
    "an empty GET": ({"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0"}, SYNTAX),
}


@pytest.mark.parametrize(("environ", "answered"), HTTP.values(), ids=HTTP)
def test_requests_that_are_refused_before_they_are_read(caplog, environ, answered):
    """What HTTP says of the request is not believed."""
    answer = attack(victim("xml"), "xml", ECHO.format("x").encode(), caplog, **environ)
    assert (answer.code, answer.status) == answered
