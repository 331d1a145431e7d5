"""YamlDocument: what attackers send is answered by a Client fault in YAML, with the HTTP status of its kind."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from tests.protocol.dict_victims import GOOD, attack, check_alive, send, serve
from tests.protocol.mutation import hostile

from spyne.limits import Limits

SYNTAX = ("Client.YamlDecodeError", 400)
TOO_LONG = ("Client.RequestTooLong", 413)
INVALID = ("Client.ValidationError", 400)
NOT_FOUND = ("Client.ResourceNotFound", 404)
BAD_INPUT = ("Client.InvalidInput", 400)

NESTED = "echo: {text: %s}"
LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\necho: {text: *c}"

REFUSED = {
    # body, (code, status), words of the fault
    "79 aliases": (LAUGHS, SYNTAX, "has an anchor or an alias, which are not taken (line 1, column 4)"),
    "79 an alias": (NESTED % "*a", SYNTAX, "(line 1, column 14)"),
    "79 an anchor": (NESTED % "&a x", SYNTAX, "has an anchor"),
    "79 an anchor of a key": ("&a echo: {}", SYNTAX, "has an anchor"),
    "79 an object that is inside itself": ("&a {echo: *a}", SYNTAX, "has an anchor"),
    "79 a call of Python": (NESTED % "!!python/object/apply:os.system [x]", SYNTAX, "'!!python/object/apply:os.system'"),
    "79 a module of Python": (NESTED % "!!python/module:os ''", SYNTAX, "has the tag '!!python/module:os', which is not taken (line 1, column 14)"),
    "79 a tag of the whole": ("!!python/dict {echo: {}}", SYNTAX, "has the tag"),
    "79 a tag of a key": ("!!python/name:os.system echo: {}", SYNTAX, "has the tag"),
    "79 a tag of an array": (NESTED % "!!python/tuple [1]", SYNTAX, "has the tag"),
    "79 a tag by its address": (NESTED % "!<tag:yaml.org,2002:python/none> x", SYNTAX, "has the tag '!!python/none'"),
    "79 a tag by a prefix": ("%TAG !p! tag:yaml.org,2002:python/\n---\necho: {text: !p!none x}", SYNTAX, "has the tag '!!python/none'"),
    "79 a local tag": (NESTED % "!mine x", SYNTAX, "has the tag '!mine'"),
    "79 a long tag": (NESTED % ("!" + "m" * 5000 + " x"), SYNTAX, "…"),
    "79 binary": (NESTED % "!!binary YWJj", SYNTAX, "has the tag '!!binary'"),
    "79 a set": (NESTED % "!!set {a, b}", SYNTAX, "has the tag '!!set'"),
    "79 a tag that does not fit": (NESTED % "!!int x", SYNTAX, "has the value 'x', which is no !!int (line 1, column 14)"),
    "79 a boolean as an integer": (NESTED % "!!int true", SYNTAX, "no !!int"),
    "arrays": ("[" * 100_000, TOO_LONG, "depth=64"),
    "objects": ("{a: " * 100_000, TOO_LONG, "depth=64"),
    "arrays of lines": ("- " * 100_000, TOO_LONG, "depth=64"),
    "depth in free content": ("take: {free: " + "{a: " * 100 + "1" + "}" * 101, TOO_LONG, "depth=64"),
    "depth in a member nobody knows": ("take: {nope: " + "[" * 500 + "]" * 500 + "}", TOO_LONG, "depth=64"),
    "keys of keys": ("? " * 100_000, SYNTAX, "has a key that is no text"),
    "an object as a key": ("? {a: b}\n: c", SYNTAX, "has a key that is no text"),
    "too many nodes": ("[" + "1," * 1_000_001 + "]", TOO_LONG, "elements=1000000"),
    "number of 10^6 digits": ("take: {integer: %s}" % ("9" * 1_000_000), TOO_LONG, "number_text=1024"),
    "number of 4301 digits": ("take: {integer: %s}" % ("9" * 4301), TOO_LONG, "number_text=1024"),
    "number in hexadecimal": ("take: {integer: 0x%s}" % ("f" * 2000), TOO_LONG, "number_text=1024"),
    "number of 2000 digits after the point": ("take: {decimal: 0.%s}" % ("9" * 2000), TOO_LONG, "number_text=1024"),
    "number as a key": ("%s: {}" % ("9" * 5000), TOO_LONG, "number_text=1024"),
    "exponent": ("take: {double: 1e999}", INVALID, "double: the value '1E+999' is out of range"),
    "huge exponent": ("take: {decimal: 1e999999999999999999999}", SYNTAX, "has a number that is out of range (line 1, column 17)"),
    "D41 exponent of a decimal": ("take: {decimal: 1E+99999}", INVALID, "decimal"),
    "a number as 1.1 had it": ("take: {integer: 1_000}", INVALID, "integer: the value '1_000' is not an integer"),
    "a minute as 1.1 had it": ("take: {integer: 1:30}", INVALID, "integer: the value '1:30' is not an integer"),
    "a boolean as 1.1 had it": ("take: {flag: yes}", INVALID, "flag: the value 'yes' is not true, false, 1 or 0"),
    "a key twice": ("echo: {text: a, text: b}", SYNTAX, "the document has the key 'text' twice (line 1, column 17)"),
    "a method twice": ("echo: {}\necho: {}", SYNTAX, "the document has the key 'echo' twice (line 2, column 1)"),
    "a key twice in free content": ("take: {free: {a: [{b: 1, b: 2}]}}", SYNTAX, "the key 'b' twice"),
    "two documents": ("echo: {text: a}\n---\necho: {text: b}", SYNTAX, "is followed by another one (line 2, column 1)"),
    "an empty second one": ("echo: {text: a}\n---\n", SYNTAX, "is followed by another one"),
    "a version of the future": ("%YAML 9.9\n---\necho: {text: x}", SYNTAX, "found incompatible YAML document"),
    "half of a pair": (NESTED % r'"\ud800"', SYNTAX, "found invalid Unicode character escape code (line 1, column 17)"),
    "NUL": (NESTED % "a\0b", SYNTAX, "it has bytes or characters that are not allowed"),
    "a control character": (NESTED % "a\x1bb", SYNTAX, "not allowed"),
    "not UTF-8": (b"echo: {text: \xe9}", SYNTAX, "not allowed"),
    "overlong UTF-8": (b"echo: {text: \xc0\xaf}", SYNTAX, "not allowed"),
    "half of UTF-16": ("echo: {text: x}".encode("utf-16")[:-1], SYNTAX, "not allowed"),
    "a tab": ("echo:\n\ttext: x", SYNTAX, "found character that cannot start any token (line 2, column 1)"),
    "two colons": ("a: b: c", SYNTAX, "the document is not well-formed YAML: mapping values are not allowed in this context (line 1, column 5)"),
    "cut off": ("echo: {text: x", SYNTAX, "did not find expected ',' or '}'"),
    "cut off in a text": ("echo: {text: 'x", SYNTAX, "found unexpected end of stream"),
    "noise": (bytes(range(256)), SYNTAX, ""),
    "nothing": ("", INVALID, "exactly one key"),
    "a comment": ("# echo: {}", INVALID, "exactly one key"),
    "null": ("null", INVALID, "exactly one key"),
    "a list": ("- echo", INVALID, "exactly one key"),
    "a text": ("echo", INVALID, "exactly one key"),
    "JSON with two keys": ('{"echo": {}, "show": {}}', INVALID, "exactly one key"),
    "XML": ('<echo xmlns="victim"/>', INVALID, "exactly one key"),
    "C38 dunder": ("__class__: {}", NOT_FOUND, "__class__"),
    "a merge key": ("<<: {echo: {}}", NOT_FOUND, "<<"),
    "a long name": ("? %s\n: {}" % ("x" * 100_000), NOT_FOUND, "…"),
    "arguments as a text": ("echo: x", INVALID, ""),
    "too many arguments": ("echo: [1, 2, 3, 4]", INVALID, ""),
    "an integer as a text": ("take: {integer: '1'}", INVALID, "integer"),
    "a byte": ("take: {byte: 128}", INVALID, "byte: the value '128' must be <= 127"),
    "a date": ("take: {day: 2023-02-29}", INVALID, "day: the value '2023-02-29'"),
    "a date as a number": ("take: {day: 2023}", INVALID, "day: "),
    "base64": ("take: {blob: '****'}", INVALID, "blob: the value '****'"),
    "a pattern": ("take: {slow: %s!}" % ("a" * 60), INVALID, "slow: "),
    "an enum": ("take: {colour: blue}", INVALID, "colour: "),
    "an item": ("take: {numbers: [1, x]}", INVALID, "numbers[1]: "),
    "an object inside": ("take: {tree: {inner: {inner: {name: []}}}}", INVALID, "tree/inner/inner/name: "),
    "B15 body": (NESTED % f"'{'x' * 10 * 1024 * 1024}'", TOO_LONG, "body=10485760"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(caplog, name):
    """The fault's code decides the status, and its text names the place, the value and the rule."""
    body, answered, words = REFUSED[name]
    answer = attack(serve("yaml"), "yaml", body if isinstance(body, bytes) else body.encode(), caplog)
    assert (answer.code, answer.status) == answered
    assert words in answer.text
    assert answer.text.isprintable()


MALFORMED = [name for name, (_, answered, _) in REFUSED.items() if answered != INVALID]


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_refused_without_a_validator(caplog, name):
    """What is malformed, unknown or too large is so whatever the validator."""
    body, answered, _ = REFUSED[name]
    answer = attack(serve("yaml", None), "yaml", body if isinstance(body, bytes) else body.encode(), caplog)
    assert (answer.code, answer.status) == answered


SERVED = {
    "a mark of byte order": (b"\xef\xbb\xbf" + GOOD["yaml"], b"fine\n"),
    "JSON": (b'{"echo": {"text": "\\u00e9"}}', "é\n".encode()),
    "digits in quotes": (b"echo: {text: '" + b"9" * 5000 + b"'}", b"'" + b"9" * 5000 + b"'\n"),
    "unknown members": (b"echo: {nope: 1, text: x, __class__: {}}", b"x\n"),
    "brackets in a text": (b"echo: {text: '" + b"[" * 50 + b"'}", b"'" + b"[" * 50 + b"'\n"),
    "a document with its ends": (b"%YAML 1.2\n---\necho: {text: x}\n...\n", b"x\n"),
}


@pytest.mark.parametrize(("body", "answered"), SERVED.values(), ids=SERVED)
def test_harmless_after_all(body, answered):
    """What YAML lets pass is served."""
    answer = send(serve("yaml"), "yaml", body)
    assert (answer.status, answer.body) == (200, answered)


LIMITS = {
    "body": (1000, lambda n: NESTED % f"'{'x' * (n - 16)}'"),
    "depth": (10, lambda n: "take: {free: " + "{a: " * (n - 2) + "1" + "}" * (n - 1)),
    "elements": (10, lambda n: "take: {numbers: [" + ",".join("1" * (n - 5)) + "]}"),
    "number_text": (100, lambda n: "take: {integer: %s}" % ("1" * n)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_at_its_edge(caplog, name):
    """What reaches a limit is served, what passes it is 413 with the limit's name."""
    maximum, make = LIMITS[name]
    application = serve("yaml", None, limits=Limits(**{name: maximum}))
    assert send(application, "yaml", make(maximum).encode()).status == 200
    answer = attack(application, "yaml", make(maximum + 1).encode(), caplog)
    assert (answer.code, answer.status) == TOO_LONG
    assert f"limit {name}={maximum}" in answer.text
    assert send(serve("yaml", None, limits=Limits(**{name: None})), "yaml", make(maximum + 1).encode()).status == 200


def test_without_limits(caplog):
    """Python's own limits are faults of the client as well."""
    application = serve("yaml", None, limits=Limits(depth=None, number_text=None))
    for body in ("[" * 50_000, "take: {integer: %s}" % ("9" * 5000)):
        answer = attack(application, "yaml", body.encode(), caplog)
        assert (answer.code, answer.status) == SYNTAX


HTTP = {
    "an unknown charset": ({"CONTENT_TYPE": "text/yaml; charset=nope"}, BAD_INPUT),
    "a charset that does not fit": ({"CONTENT_TYPE": "text/yaml; charset=utf-32"}, BAD_INPUT),
    "G68 gzip": ({"HTTP_CONTENT_ENCODING": "gzip"}, BAD_INPUT),
    "an empty GET": ({"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0"}, INVALID),
}


@pytest.mark.parametrize(("environ", "answered"), HTTP.values(), ids=HTTP)
def test_requests_that_are_refused_before_they_are_read(caplog, environ, answered):
    """What HTTP says of the request is not believed."""
    answer = attack(serve("yaml"), "yaml", GOOD["yaml"], caplog, **environ)
    assert (answer.code, answer.status) == answered


TARGETS = {validator: serve("yaml", validator) for validator in (None, "soft")}
TAKE = b"""\
take:
    text: 'a: b'
    integer: 12
    decimal: 1.50
    double: 1e3
    flag: true
    day: 2020-01-02
    blob: YWJj
    numbers: [1, 2]
    tree: {name: x, inner: {name: "\\u00e9"}}
    free:
        a:
        - 1
        - ~
        b: |
            text
"""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=hostile(GOOD["yaml"], TAKE))
def test_whatever_comes(body):
    """Wounded messages and random bytes are answered by a result or a Client fault, in YAML."""
    for application in TARGETS.values():
        answer = send(application, "yaml", body)
        assert answer.status in (200, 400, 404, 413), answer
        assert answer.code.partition(".")[0] in ("", "Client"), answer
        check_alive(application, "yaml")
