"""JsonDocument: what attackers send is answered by a Client fault with the HTTP status of its kind."""

from __future__ import annotations

import json

import pytest
from tests.protocol.victim import GOOD, attack, send, victim

from spyne.limits import Limits

SYNTAX = ("Client.JsonDecodeError", 400)
TOO_LONG = ("Client.RequestTooLong", 413)
INVALID = ("Client.ValidationError", 400)
NOT_FOUND = ("Client.ResourceNotFound", 404)
BAD_INPUT = ("Client.InvalidInput", 400)

NESTED = '{"echo": {"text": %s}}'


def take(**members):
    """A call of the method that takes everything."""
    return json.dumps({"take": members})


REFUSED = {
    # body, (code, status), words of the fault
    "77 arrays": ("[" * 100_000, TOO_LONG, "depth=64"),
    "77 objects": ('{"a":' * 100_000, TOO_LONG, "depth=64"),
    "77 well-formed depth": (NESTED % ("[" * 100_000 + "]" * 100_000), TOO_LONG, "depth=64"),
    "77 depth in free content": ('{"take": {"free": ' + '{"a":' * 100 + "1" + "}" * 102, TOO_LONG, "depth=64"),
    "77 depth in a member nobody knows": ('{"take": {"nope": ' + "[" * 5000 + "]" * 5000 + "}}", TOO_LONG, "depth=64"),
    "77 NaN": (NESTED % "NaN", SYNTAX, ""),
    "77 Infinity": (NESTED % "-Infinity", SYNTAX, ""),
    "77 lone surrogate": (NESTED % r'"\ud800"', SYNTAX, "the document has half of a surrogate pair"),
    "77 lone surrogate in a key": (r'{"\udc00": {}}', SYNTAX, "the document has half of a surrogate pair"),
    "77 half a pair": (NESTED % r'"\ud83dx"', SYNTAX, "the document has half of a surrogate pair"),
    "77 UTF-16": ((NESTED % '"x"').encode("utf-16"), SYNTAX, ""),
    "77 not UTF-8": ((NESTED % '"\xe9"').encode("latin-1"), SYNTAX, ""),
    "77 overlong UTF-8": (b'{"echo": {"text": "\xc0\xaf"}}', SYNTAX, ""),
    "77 number of 10^6 digits": ('{"take": {"integer": %s}}' % ("9" * 1_000_000), TOO_LONG, "number_text=1024"),
    "77 number of 4301 digits": ('{"take": {"integer": %s}}' % ("9" * 4301), TOO_LONG, "number_text=1024"),
    "77 number for a text": (NESTED % ("9" * 2000), TOO_LONG, "number_text=1024"),
    "77 number of 2000 digits after the point": ('{"take": {"decimal": 0.%s}}' % ("9" * 2000), TOO_LONG, "number_text=1024"),
    "77 number in a member nobody knows": ('{"take": {"nope": [%s]}}' % ("9" * 5000), TOO_LONG, "number_text=1024"),
    "77 exponent": ('{"take": {"double": 1e999}}', INVALID, "double"),
    "77 huge exponent": ('{"take": {"decimal": 1e999999999999}}', INVALID, "exponent beyond"),
    "D41 exponent of a decimal": ('{"take": {"decimal": 1E+99999}}', INVALID, "decimal"),
    "D41 exponent of an integer": ('{"take": {"integer": 1E+99999}}', INVALID, "integer"),
    "46 NUL": ('{"echo": {"text": "a\0b"}}', SYNTAX, ""),
    "a line break in a string": ('{"echo": {"text": "a\nb"}}', SYNTAX, ""),
    "nothing": ("", SYNTAX, "the document is not well-formed JSON: it ends too early (byte 0)"),
    "spaces": ("   ", SYNTAX, ""),
    "cut off": ('{"echo": {"text": "x"', SYNTAX, "the document is not well-formed JSON: it ends too early (byte 21)"),
    "cut off after a backslash": (r'{"echo": {"text": "\\ud800"', SYNTAX, "it ends too early"),
    "cut off in an unknown method": ('{"nope": {"text": "x"', SYNTAX, "it ends too early (byte 21)"),
    "an integer beyond all": ('{"take": {"integer": 1, "free": 1e999999999999999999999}}', SYNTAX, "the document has a number that is out of range"),
    "something after the end": ('{"echo": {"text": "x"}} {}', SYNTAX, ""),
    "a comma too many": ('{"echo": {"text": "x",}}', SYNTAX, "is not well-formed JSON: trailing comma in object (byte 22)"),
    "a comment": ('{"echo": {"text": "x"} /* */}', SYNTAX, ""),
    "XML": ('<echo xmlns="victim"/>', SYNTAX, ""),
    "noise": (bytes(range(256)), SYNTAX, ""),
    "null": ("null", INVALID, "exactly one key"),
    "a list": ("[1]", INVALID, "exactly one key"),
    "a text": ('"echo"', INVALID, "exactly one key"),
    "no key": ("{}", INVALID, "exactly one key"),
    "two keys": ('{"echo": {}, "show": {}}', INVALID, "exactly one key"),
    "two keys, the first unknown": ('{"a": 1, "b": 2}', INVALID, "Need a dictionary with exactly one key as method name."),
    "two keys, the second known": ('{"a": 1, "echo": {}}', INVALID, "exactly one key"),
    "C38 dunder": ('{"__class__": {}}', NOT_FOUND, "__class__"),
    "C38 another namespace": ('{"{other}echo": {}}', NOT_FOUND, "echo"),
    "an empty name": ('{"": {}}', NOT_FOUND, ""),
    "a name with line breaks": (r'{"a\r\nb": {}}', NOT_FOUND, r"a\u000d\u000ab"),
    "a long name": ('{"%s": {}}' % ("x" * 100_000), NOT_FOUND, "…"),
    "arguments as a text": ('{"echo": "x"}', INVALID, ""),
    "arguments as a number": ('{"echo": 1}', INVALID, ""),
    "too many arguments": ('{"echo": [1, 2, 3, 4]}', INVALID, ""),
    "D40 integer as a text": (take(integer="1"), INVALID, "integer"),
    "D40 integer with a fraction": (take(integer=1.5), INVALID, "integer"),
    "D40 integer as true": (take(integer=True), INVALID, "integer"),
    "D40 byte": (take(byte=128), INVALID, "byte: the value '128' must be <= 127"),
    "D41 decimal with an exponent": (take(decimal="1e5"), INVALID, "decimal: the value '1e5'"),
    "D41 decimal that is long": (take(decimal="9" * 2000), INVALID, "number_text=1024"),
    "D41 NaN": (take(decimal="NaN"), INVALID, "decimal: the value 'NaN'"),
    "D42 double as a text": (take(double="INF"), INVALID, "double"),
    "D43 date": (take(day="2023-02-29"), INVALID, "day: the value '2023-02-29'"),
    "D43 date as a number": (take(day=1.5), INVALID, "day: "),
    "D43 date as an object": (take(day={"year": 1}), INVALID, "day: "),
    "D43 zone": (take(moment="2020-01-01T00:00:00+24:00"), INVALID, "moment: "),
    "D43 duration": (take(span="P999999999999Y"), INVALID, "span: "),
    "D44 base64": (take(blob="****"), INVALID, "blob: the value '****'"),
    "D44 hex": (take(hexa="abc"), INVALID, "hexa: the value 'abc'"),
    "D45 digits": (take(decimal="１"), INVALID, "decimal: the value '１'"),
    "D47 pattern": (take(slow="a" * 60 + "!"), INVALID, "slow: "),
    "D48 digits": (take(money="12345.678"), INVALID, "money: "),
    "an enum": (take(colour="blue"), INVALID, "colour: "),
    "a uuid": (take(uuid="x"), INVALID, "uuid: "),
    "a length": (take(short="123456"), INVALID, "short: "),
    "an array as a text": (take(numbers="123"), INVALID, "numbers: "),
    "an array as an object": (take(numbers={"0": 1}), INVALID, "numbers: "),
    "an item": (take(numbers=[1, "x"]), INVALID, "numbers[1]: "),
    "an object as a list of objects": (take(tree=[[[]]]), INVALID, "tree"),
    "an object inside": (take(tree={"inner": {"inner": {"name": []}}}), INVALID, "tree/inner/inner/name: "),
    "markup": (take(markup="<a"), INVALID, "markup: "),
    "markup with entities": (take(markup='<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'), INVALID, "markup: "),
    "B15 body": (NESTED % f'"{"x" * 10 * 1024 * 1024}"', TOO_LONG, "body=10485760"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(caplog, name):
    """The fault's code decides the status (400, 404, 413), and its text names the place, the value and the rule."""
    body, answered, words = REFUSED[name]
    data = body if isinstance(body, bytes) else body.encode()
    answer = attack(victim("json"), "json", data, caplog)
    assert (answer.code, answer.status) == answered
    assert words in answer.text
    assert answer.text.isprintable()


MALFORMED = [name for name, (_, (code, _), _) in REFUSED.items() if code != INVALID[0]]


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_refused_without_a_validator(caplog, name):
    """What is malformed, unknown or too large is so whatever the validator."""
    body, answered, _ = REFUSED[name]
    data = body if isinstance(body, bytes) else body.encode()
    answer = attack(victim("json", None), "json", data, caplog)
    assert (answer.code, answer.status) == answered


SERVED = {
    "a mark of byte order": (b"\xef\xbb\xbf" + GOOD["json"], None),
    "a key twice": (b'{"echo": {"text": "a", "text": "b"}}', b'"b"'),
    "a method twice": (b'{"echo": {"text": "a"}, "echo": {"text": "b"}}', b'"b"'),
    "a pair of surrogates": (rb'{"echo": {"text": "\ud83d\ude00"}}', '"😀"'.encode()),
    "a long run of digits in a text": (NESTED.encode() % (b'"' + b"9" * 5000 + b'"'), b'"' + b"9" * 5000 + b'"'),
    "digits after escaped quotes": (NESTED.encode() % (rb'"\"' + b"9" * 5000 + b'"'), rb'"\"' + b"9" * 5000 + b'"'),
    "brackets in a text": (NESTED.encode() % (b'"' + b"[" * 5000 + b'"'), b'"' + b"[" * 5000 + b'"'),
    "null": (b'{"echo": null}', b"null"),
    "unknown members": (b'{"echo": {"nope": 1, "text": "x", "__class__": {}}}', b'"x"'),
    "80 hash collisions": (json.dumps({"echo": {str(i * (2**61 - 1)): 1 for i in range(10_000)}}).encode(), b"null"),
}


@pytest.mark.parametrize(("body", "answered"), SERVED.values(), ids=SERVED)
def test_harmless_after_all(body, answered):
    """What RFC 8259 lets pass is served; a byte order mark may be refused (§8.1)."""
    answer = send(victim("json"), "json", body)
    assert answer.status == (400 if answered is None else 200)
    assert answered in (None, answer.body)


def test_keys_that_come_twice(caplog):
    """77: they can be refused, on every level."""
    application = victim("json", duplicate_keys="refuse")
    for key, body in (
        ("text", '{"echo": {"text": "a", "text": "b"}}'),
        ("echo", '{"echo": {}, "echo": {}}'),
        ("b", '{"take": {"free": {"a": [{"b": 1, "b": 2}]}}}'),
        ("text", r'{"echo": {"text": "a", "t\u0065xt": "b"}}'),
    ):
        answer = attack(application, "json", body.encode(), caplog)
        assert (answer.code, answer.status) == SYNTAX
        assert answer.text == f"the document has the key '{key}' twice"


LIMITS = {
    "body": (1000, lambda n: NESTED % f'"{"x" * (n - 22)}"'),
    "depth": (10, lambda n: '{"take": {"free": ' + '{"a": ' * (n - 2) + "1" + "}" * n),
    "number_text": (100, lambda n: '{"take": {"integer": %s}}' % ("1" * n)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_at_its_edge(caplog, name):
    """What reaches a limit is served, what passes it is 413 with the limit's name."""
    maximum, make = LIMITS[name]
    application = victim("json", None, limits=Limits(**{name: maximum}))
    assert send(application, "json", make(maximum).encode()).status == 200
    answer = attack(application, "json", make(maximum + 1).encode(), caplog)
    assert (answer.code, answer.status) == TOO_LONG
    assert f"limit {name}={maximum}" in answer.text
    assert send(victim("json", None, limits=Limits(**{name: None})), "json", make(maximum + 1).encode()).status == 200


DEEP = {
    "declared": '{"take": {"tree": {"inner": {"inner": {}}}}}',
    "an array": '{"take": {"numbers": [1], "tree": {"inner": {"inner": {}}}}}',
    "free": '{"take": {"free": {"a": [[1]]}}}',
}


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_the_depth_is_that_of_the_whole_document(body):
    """The object around the call counts as a level, the one around its arguments too."""
    assert send(victim("json", limits=Limits(depth=5)), "json", body.encode()).status == 200
    assert send(victim("json", limits=Limits(depth=4)), "json", body.encode()).status == 413


def test_the_depth_of_types_that_do_not_recurse():
    """They are measured where the limit is below what they need."""
    body = b'{"take": {"numbers": [1]}}'
    assert send(victim("json", limits=Limits(depth=3)), "json", body).status == 200
    assert send(victim("json", limits=Limits(depth=2)), "json", body).status == 413


def test_numbers_without_a_limit(caplog):
    """Python's own limit of 4300 digits is a fault of the client as well."""
    application = victim("json", None, limits=Limits(number_text=None))
    for body in (
        '{"take": {"integer": %s}}',
        '{"take": {"free": {"a": %s}}}',
        '{"take": {"decimal": %s}}',
        '{"take": {"nope": %s}}',
    ):
        answer = send(application, "json", (body % ("9" * 100_000)).encode())
        assert answer.code in ("", SYNTAX[0], INVALID[0])


HTTP = {
    "G68 gzip": ({"HTTP_CONTENT_ENCODING": "gzip"}, BAD_INPUT),
    "B15 length": ({"CONTENT_LENGTH": "0x10"}, BAD_INPUT),
    "B15 length over the limit": ({"CONTENT_LENGTH": "99999999"}, TOO_LONG),
    "B15 length over the body": ({"CONTENT_LENGTH": "999"}, BAD_INPUT),
    "an unknown charset": ({"CONTENT_TYPE": "application/json; charset=nope"}, BAD_INPUT),
    "a charset that is no text": ({"CONTENT_TYPE": "application/json; charset=hex"}, BAD_INPUT),
    "a charset that does not fit": ({"CONTENT_TYPE": "application/json; charset=utf-32"}, BAD_INPUT),
    "an empty GET": ({"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0"}, SYNTAX),
}


@pytest.mark.parametrize(("environ", "answered"), HTTP.values(), ids=HTTP)
def test_requests_that_are_refused_before_they_are_read(caplog, environ, answered):
    """What HTTP says of the request is not believed."""
    answer = attack(victim("json"), "json", GOOD["json"], caplog, **environ)
    assert (answer.code, answer.status) == answered


def test_the_log_has_one_line_for_each(caplog):
    """75: what a client sends cannot begin a line of the log, nor fill it."""
    injected = "x\r\nERROR root forged\u2028\x1b[31m" * 999
    for call in ({"take": {"integer": injected}}, {injected: {}}, {"take": {"colour": injected, "day": injected}}):
        attack(victim("json"), "json", json.dumps(call).encode(), caplog)
