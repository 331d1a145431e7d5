"""JsonRpc: what attackers send is answered by an error of JSON-RPC, or by none to a notification."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from tests.protocol.dict_victims import GOOD, attack, check_alive, send, serve, strict_json
from tests.protocol.mutation import hostile

from spyne.limits import Limits

SYNTAX = (-32700, "Client.JsonDecodeError", 200)
TOO_LONG = (-32600, "Client.RequestTooLong", 413)
REQUEST = (-32600, "Client.InvalidRequest", 200)
NOT_FOUND = (-32601, "Client.ResourceNotFound", 200)
INVALID = (-32602, "Client.ValidationError", 200)
BAD_INPUT = (-32600, "Client.InvalidInput", 200)

# Large requests in the usual form are cut into pieces unread, others are not.
FORMS = {
    "usual": '{"jsonrpc":"2.0","method":"%(method)s","params":%(params)s,"id":7}',
    "large": "{" + " " * 2500 + '"jsonrpc":"2.0","method":"%(method)s","params":%(params)s,"id":7}',
    "unusual": '{"id":7,"params":%(params)s,"method":"%(method)s","jsonrpc":"2.0"}',
}


def call(form, method, params):
    """A request in one of the forms."""
    return FORMS[form] % {"method": method, "params": params}


# Params of a method, the answer, words of the message: each is sent in both forms.
PARAMS = {
    "77 well-formed depth": ("echo", '{"text": %s}' % ("[" * 5000 + "]" * 5000), TOO_LONG, "depth=64"),
    "77 arrays that are not closed": ("echo", "[" * 100_000, TOO_LONG, "depth=64"),
    "77 depth in free content": ("take", '{"free": ' + '{"a":' * 100 + "1" + "}" * 101, TOO_LONG, "depth=64"),
    "77 depth in a member nobody knows": ("take", '{"nope": ' + "[" * 5000 + "]" * 5000 + "}", TOO_LONG, "depth=64"),
    "77 depth in no method": ("nope", "[" * 5000 + "]" * 5000, TOO_LONG, "depth=64"),
    "77 number of 10^6 digits": ("take", '{"integer": %s}' % ("9" * 1_000_000), TOO_LONG, "number_text=1024"),
    "77 number in a member nobody knows": ("take", '{"nope": [%s]}' % ("9" * 5000), TOO_LONG, "number_text=1024"),
    "77 NaN": ("take", '{"double": NaN}', SYNTAX, ""),
    "77 lone surrogate": ("echo", r'["\ud800"]', SYNTAX, "half of a surrogate pair"),
    "77 exponent": ("take", '{"double": 1e999}', INVALID, "double"),
    "77 huge exponent": ("take", '{"free": {"a": 1e999999999999999999999}}', SYNTAX, "out of range"),
    "46 NUL": ("echo", '["a\0b"]', SYNTAX, ""),
    "a comma too many": ("echo", '["x",]', SYNTAX, "not well-formed JSON"),
    "two values": ("echo", '["x"]["y"]', SYNTAX, "not well-formed JSON"),
    "a brace too many": ("echo", '{"text":"x"}}', SYNTAX, "not well-formed JSON"),
    "a comment": ("echo", '["x"]/**/', SYNTAX, ""),
    "no value": ("echo", "", SYNTAX, ""),
    "too many arguments": ("echo", "[1, 2, 3]", INVALID, "has 3 items for 1 members"),
    "an argument as an object": ("echo", "[{}]", INVALID, "text"),
    "a text as params": ("echo", '"x"', REQUEST, "params"),
    "C38 dunder": ("__class__", "{}", NOT_FOUND, "__class__"),
    "C38 another namespace": ("{other}echo", "{}", NOT_FOUND, "echo"),
    "the namespace": ("{victim}echo", "{}", NOT_FOUND, "echo"),
    "an empty name": ("", "{}", NOT_FOUND, ""),
    "a name with line breaks": (r"a\r\nb", "{}", NOT_FOUND, r"a\u000d\u000ab"),
    "a long name": ("x" * 100_000, "{}", NOT_FOUND, "…"),
    "a reserved name": ("rpc.discover", "{}", NOT_FOUND, "rpc.discover"),
    "an integer as a text": ("take", '{"integer": "1"}', INVALID, "integer"),
    "a byte": ("take", '{"byte": 128}', INVALID, "byte: the value '128' must be <= 127"),
    "a decimal with an exponent": ("take", '{"decimal": "1e5"}', INVALID, "decimal: the value '1e5'"),
    "a date": ("take", '{"day": "2023-02-29"}', INVALID, "day: the value '2023-02-29'"),
    "base64": ("take", '{"blob": "****"}', INVALID, "blob: the value '****'"),
    "an item": ("take", '{"numbers": [1, "x"]}', INVALID, "numbers[1]: "),
    "an object inside": ("take", '{"tree": {"inner": {"inner": {"name": []}}}}', INVALID, "tree/inner/inner/name: "),
    "a pattern": ("take", '{"slow": "%s!"}' % ("a" * 60), INVALID, "slow: "),
}  # fmt: skip


def check(caplog, body, answered, words, validator="soft", **environ):
    """The error's number, the fault's code, the status and the words are those expected; the error's id is returned."""
    data = body if isinstance(body, bytes) else body.encode()
    answer = attack(serve("json-rpc", validator), "json-rpc", data, caplog, **environ)
    found = strict_json(answer.body)
    assert (found["error"]["code"], answer.code, answer.status) == answered
    assert words in answer.text
    assert answer.text.isprintable()
    return found["id"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PARAMS)
def test_params_that_are_refused(caplog, name, form):
    """However the request is written, the error is the same; its id is null where the request is no JSON."""
    method, params, answered, words = PARAMS[name]
    found = check(caplog, call(form, method, params), answered, words)
    if answered in (REQUEST, NOT_FOUND, INVALID):
        assert found == 7
    elif answered == TOO_LONG or name == "77 huge exponent":
        assert found in (7, None)
    else:
        assert found is None


MALFORMED = [name for name, (_, _, answered, _) in PARAMS.items() if answered != INVALID]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", MALFORMED)
def test_params_that_are_refused_without_a_validator(caplog, name, form):
    """What is malformed, unknown or too large is so whatever the validator."""
    method, params, answered, words = PARAMS[name]
    check(caplog, call(form, method, params), answered, words, None)


@pytest.mark.parametrize("name", [name for name in PARAMS if name != "77 number of 10^6 digits"])
def test_in_a_batch(caplog, name):
    """In a batch the others are answered, unless the document as a whole is no JSON or too large."""
    method, params, (number, code, _), _ = PARAMS[name]
    application = serve("json-rpc")
    batch = f"[{GOOD['json-rpc'].decode()},{call('usual', method, params)}]"
    found = strict_json(attack(application, "json-rpc", batch.encode(), caplog).body)
    if (number, code) in (REQUEST[:2], NOT_FOUND[:2], INVALID[:2]):
        assert [each.get("result") for each in found] == ["fine", None]
        assert (found[1]["error"]["code"], found[1]["error"]["data"]["faultcode"]) == (number, code)
    else:
        shown = found if isinstance(found, dict) else found[1]
        assert (shown["error"]["code"], shown["error"]["data"]["faultcode"]) == (number, code)


REFUSED = {
    "nothing": ("", SYNTAX, "it ends too early (byte 0)"),
    "spaces": ("  \n", SYNTAX, ""),
    "cut off": (GOOD["json-rpc"][:-1], SYNTAX, "it ends too early"),
    "cut off in the params": ('{"jsonrpc":"2.0","method":"echo","params":{"text":"x"', SYNTAX, "it ends too early"),
    "cut off, with an id at the end": ('{"jsonrpc":"2.0","method":"echo","params":{"text":"x","id":7}', SYNTAX, "it ends too early"),
    "an id that is no number": ('{"jsonrpc":"2.0","method":"echo","params":{},"id":01}', SYNTAX, "invalid number"),
    "something after the end": (GOOD["json-rpc"] + b"1", SYNTAX, "trailing characters"),
    "a batch that is not closed": (b"[" + GOOD["json-rpc"], SYNTAX, ""),
    "a comma too many in a batch": (b"[" + GOOD["json-rpc"] + b",]", SYNTAX, ""),
    "two batches": ("[1][1]", SYNTAX, ""),
    "77 arrays": ("[" * 100_000, TOO_LONG, "depth=64"),
    "77 objects": ('{"a":' * 100_000, TOO_LONG, "depth=64"),
    "77 a long id": ('{"jsonrpc":"2.0","method":"echo","params":{},"id":%s}' % ("9" * 5000), TOO_LONG, "number_text=1024"),
    "77 UTF-16": (GOOD["json-rpc"].decode().encode("utf-16"), SYNTAX, ""),
    "77 not UTF-8": (b'{"jsonrpc":"2.0","method":"echo","params":{"text":"\xe9"},"id":1}', SYNTAX, "is not UTF-8"),
    "77 not UTF-8 in the method": (b'{"jsonrpc":"2.0","method":"\xe9","params":{},"id":1}', SYNTAX, "is not UTF-8"),
    "77 not UTF-8 in the id": (b'{"jsonrpc":"2.0","method":"echo","params":{},"id":"\xe9"}', SYNTAX, "is not UTF-8"),
    "77 not UTF-8 in a member nobody knows": (b'{"jsonrpc":"2.0","method":"echo","params":{},"x":"\xe9","id":1}', SYNTAX, "is not UTF-8"),
    "77 a mark of byte order": (b"\xef\xbb\xbf" + GOOD["json-rpc"], SYNTAX, ""),
    "null": ("null", REQUEST, "a request is an object"),
    "a text": ('"echo"', REQUEST, "a request is an object"),
    "a number": ("1", REQUEST, "a request is an object"),
    "an empty object": ("{}", REQUEST, 'jsonrpc is not "2.0"'),
    "an empty batch": ("[ ]", REQUEST, "a batch has at least one request"),
    "a call as JsonDocument has it": ('{"echo": {"text": "x"}}', REQUEST, 'jsonrpc is not "2.0"'),
    "the flavour of Spyne 2": ('{"ver": 1, "body": {"echo": {"text": "x"}}}', REQUEST, 'jsonrpc is not "2.0"'),
    "a batch of 10^5": ("[" + "1," * 100_000 + "1]", TOO_LONG, "calls=100"),
    "B15 body": ('{"jsonrpc":"2.0","method":"echo","params":["%s"],"id":1}' % ("x" * 10 * 1024 * 1024), TOO_LONG, "body=10485760"),
    "XML": ('<echo xmlns="victim"/>', SYNTAX, ""),
    "noise": (bytes(range(256)), SYNTAX, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(caplog, name):
    """What is no request, or too large as a whole, is answered with the id null."""
    assert check(caplog, *REFUSED[name]) is None


HTTP = {
    "an unknown charset": ({"CONTENT_TYPE": "application/json; charset=nope"}, BAD_INPUT),
    "a charset that does not fit": ({"CONTENT_TYPE": "application/json; charset=utf-32"}, BAD_INPUT),
    "G68 gzip": ({"HTTP_CONTENT_ENCODING": "gzip"}, BAD_INPUT),
    "B15 length": ({"CONTENT_LENGTH": "0x10"}, BAD_INPUT),
    "B15 length over the limit": ({"CONTENT_LENGTH": "99999999"}, TOO_LONG),
    "an empty GET": ({"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0"}, (-32600, "Client.RequestNotAllowed", 405)),
}


@pytest.mark.parametrize(("environ", "answered"), HTTP.values(), ids=HTTP)
def test_requests_that_are_refused_before_they_are_read(caplog, environ, answered):
    """What HTTP says of the request is not believed."""
    assert check(caplog, GOOD["json-rpc"], answered, "", **environ) is None


DEEP = {
    "declared": ("take", '{"tree": {"inner": {"inner": {}}}}'),
    "free": ("take", '{"free": {"a": [[1]]}}'),
}


@pytest.mark.parametrize(("method", "params"), DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("form", FORMS)
def test_the_depth_is_that_of_the_whole_document(form, method, params):
    """The request counts as a level, its params too, and a batch as one more."""
    body = call(form, method, params)
    for data, depth in ((body, 5), (f"[{body}]", 6)):
        assert send(serve("json-rpc", limits=Limits(depth=depth)), "json-rpc", data.encode()).status == 200
        assert send(serve("json-rpc", limits=Limits(depth=depth - 1)), "json-rpc", data.encode()).status == 413


def test_a_batch_of_bad_requests_leaves_one_line_for_each(caplog):
    """75: what a client sends cannot begin a line of the log, nor fill it."""
    injected = json.dumps("x\r\nERROR root forged\u2028\x1b[31m" * 999)
    part = '{"jsonrpc":"2.0","id":1,"method":' + injected + "}"
    caplog.set_level("INFO", "spyne")
    answer = send(serve("json-rpc"), "json-rpc", f"[{part},{part}]".encode())
    assert answer.status == 200
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert all(line.isprintable() and len(line) < 300 for line in lines)


TARGETS = {validator: serve("json-rpc", validator) for validator in (None, "soft")}
TAKE = (
    '{"jsonrpc": "2.0", "method": "take", "params": {"text": "é", "integer": 12, "decimal": "1.50", "double": 1e3,'
    ' "flag": true, "day": "2020-01-02", "blob": "YWJj", "numbers": [1, 2], "tree": {"name": "x", "inner": {}},'
    ' "free": {"a": [1, null, {"id": 1}]}}, "id": "x"}'
).encode()
LARGE = TAKE.replace(b" ", b" " * 200)
BATCH = b"[" + TAKE + b"," + GOOD["json-rpc"] + b', {"jsonrpc": "2.0", "method": "echo"}]'


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=hostile(GOOD["json-rpc"], TAKE, LARGE, BATCH))
def test_whatever_comes(body):
    """Wounded messages and random bytes are answered by results or Client faults in JSON-RPC, or not at all."""
    for application in TARGETS.values():
        answer = send(application, "json-rpc", body)
        assert answer.status in (200, 204, 413), answer
        assert answer.code.partition(".")[0] in ("", "Client"), answer
        check_alive(application, "json-rpc")
