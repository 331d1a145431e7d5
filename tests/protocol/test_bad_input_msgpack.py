"""MessagePack: what attackers send is answered by a Client fault with the HTTP status of its kind, in the protocol's own form."""

from __future__ import annotations

import datetime as dt
import logging
import tracemalloc

import pytest
from hypothesis import given, settings
from tests.protocol.msgpack_calls import post
from tests.protocol.mutation import hostile
from tests.protocol.victim import LEAKS, TNS, Victim

import msgpack
from spyne import Application
from spyne.limits import Limits
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.server.wsgi import WsgiApplication

SYNTAX = ("Client.MessagePackDecodeError", 400)
TOO_LONG = ("Client.RequestTooLong", 413)
INVALID = ("Client.ValidationError", 400)
NOT_FOUND = ("Client.ResourceNotFound", 404)
pack = msgpack.packb


def victim(protocol=MessagePackDocument, validator="soft", limits=None, **options):
    app = Application(
        [Victim], TNS, in_protocol=protocol(validator=validator), out_protocol=protocol(**options), limits=limits
    )
    return WsgiApplication(app)


def fault_of(protocol, body):
    """The fault in an answer, None in a good one; anything but one well-formed answer is an error."""
    found = msgpack.unpackb(body, strict_map_key=False)
    if protocol is MessagePackRpc:
        assert [found[0], len(found)] == [1, 4]
        return found[2]
    return found if isinstance(found, dict) and "faultcode" in found else None


ECHO = b"\x81\xa4echo\x81\xa4text"


def take(value=None, **members):
    """A call of the method that takes everything."""
    return pack({"take": members}, datetime=True)


def inside(name, data):
    """The same with bytes for a value."""
    return b"\x81\xa4take\x81" + pack(name) + data


REFUSED = {
    # body, (code, status), words of the fault
    "78 array32": (b"\xdd\xff\xff\xff\xff", SYNTAX, "it ends too early (byte 5)"),
    "78 map32": (b"\xdf\xff\xff\xff\xff", SYNTAX, "it ends too early (byte 5)"),
    "78 array32 for an array": (inside("numbers", b"\xdd\xff\xff\xff\xff"), SYNTAX, "it ends too early"),
    "78 array32 in free content": (inside("free", b"\xdd\xff\xff\xff\xff"), SYNTAX, "it ends too early"),
    "78 array32 for a text": (inside("text", b"\xdd\xff\xff\xff\xff"), SYNTAX, "it ends too early"),
    "78 array32 in a member nobody knows": (inside("nope", b"\xdd\xff\xff\xff\xff"), SYNTAX, "it ends too early"),
    "78 map32 in an unknown method": (b"\x81\xa4nope\xdf\xff\xff\xff\xff", SYNTAX, "it ends too early"),
    "78 array16 in array16": (inside("free", b"\xdc\xff\xff" * 60), SYNTAX, "it ends too early"),
    "78 str32": (ECHO + b"\xdb\xff\xff\xff\xffabc", SYNTAX, "it ends too early"),
    "78 bin32": (inside("blob", b"\xc6\xff\xff\xff\xffabc"), SYNTAX, "it ends too early"),
    "78 ext32": (inside("blob", b"\xc9\xff\xff\xff\xff\x05abc"), SYNTAX, "it ends too early"),
    "78 arrays": (b"\x91" * 100_000, SYNTAX, "nests too deep"),
    "78 maps": (b"\x81\xa1a" * 100_000, SYNTAX, "nests too deep"),
    "78 well-formed depth": (inside("free", b"\x91" * 100 + b"\x01"), TOO_LONG, "depth=64"),
    "78 depth for a text": (ECHO + b"\x91" * 100 + b"\x01", TOO_LONG, "depth=64"),
    "78 depth in a tree": (inside("tree", b"\x81\xa5inner" * 100 + b"\x80"), TOO_LONG, "depth=64"),
    "78 depth in a member nobody knows": (inside("nope", b"\x91" * 100 + b"\x01"), TOO_LONG, "depth=64"),
    "78 depth in an unknown method": (b"\x81\xa4nope" + b"\x91" * 100 + b"\x01", TOO_LONG, "depth=64"),
    "78 extension": (ECHO + b"\xd4\x05x", SYNTAX, "the extension type 5"),
    "78 extension in free content": (inside("free", b"\x81\xa1a\xc7\x03\x7fabc"), SYNTAX, "the extension type 127"),
    "78 extension as a key": (inside("free", b"\x81\xd4\x05x\x01"), SYNTAX, "the extension type 5"),
    "78 extension as the method": (b"\x81\xd4\x05x\x80", SYNTAX, "the extension type 5"),
    "78 timestamp of another size": (inside("moment", b"\xd4\xff\x00"), SYNTAX, "timestamp"),
    "78 timestamp beyond all years": (inside("moment", b"\xc7\x0c\xff\x00\x00\x00\x00\x7f" + b"\xff" * 7), SYNTAX, "timestamp"),
    "78 timestamp for a date": (take(day=dt.datetime(2020, 1, 2, tzinfo=dt.UTC)), INVALID, "day: the value '2020"),
    "78 timestamp for a text": (take(text=dt.datetime(2020, 1, 2, tzinfo=dt.UTC)), INVALID, "text: "),
    "78 not UTF-8": (ECHO + b"\xa1\xff", SYNTAX, "the document has a text that is not UTF-8"),
    "78 not UTF-8 as a key": (inside("free", b"\x81\xa1\xff\x01"), SYNTAX, "not UTF-8"),
    "78 not UTF-8 as a key in bin": (b"\x81\xa4echo\x81\xc4\x01\xff\x01", SYNTAX, "a key that is not UTF-8"),
    "78 not UTF-8 as the method": (b"\x81\xa1\xff\x80", SYNTAX, "not UTF-8"),
    "78 not UTF-8 as the method in bin": (b"\x81\xc4\x01\xff\x80", SYNTAX, "not UTF-8"),
    "78 not UTF-8 in bin": (ECHO + b"\xc4\x01\xff", INVALID, "text: the value 'binary data' is not text in utf-8"),
    "78 surrogate": (ECHO + b"\xa3\xed\xa0\x80", SYNTAX, "not UTF-8"),
    "78 overlong": (ECHO + b"\xa2\xc0\xaf", SYNTAX, "not UTF-8"),
    "78 the reserved byte": (ECHO + b"\xc1", SYNTAX, "the byte 0xc1 begins no value"),
    "an array as a key": (inside("free", b"\x81\x90\x01"), SYNTAX, "a key that is neither a text nor a number"),
    "a map as a key": (inside("free", b"\x81\x80\x01"), SYNTAX, "the key of a map is a map"),
    "nil as a key": (inside("free", b"\x81\xc0\x01"), SYNTAX, "a key that is neither"),
    "nothing": (b"", SYNTAX, "the document is not well-formed MessagePack: it ends too early (byte 0)"),
    "cut off": (ECHO, SYNTAX, "it ends too early (byte 12)"),
    "cut off in the name": (b"\x81\xa4ech", SYNTAX, "it ends too early (byte 5)"),
    "cut off after the name": (b"\x81\xa4echo", SYNTAX, "it ends too early (byte 6)"),
    "something after the end": (ECHO + b"\xa1x\xc0", SYNTAX, "something follows its end (byte 14)"),
    "something after an unknown method": (b"\x81\xa4nope\x80\x80", SYNTAX, "something follows its end (byte 7)"),
    "JSON": (b'{"echo": {"text": "x"}}', SYNTAX, ""),
    "XML": (b"<echo/>", SYNTAX, ""),
    "noise": (bytes(range(256)), SYNTAX, ""),
    "nil": (b"\xc0", INVALID, "exactly one key"),
    "a number": (b"\x05", INVALID, "exactly one key"),
    "an array": (b"\x91\xa4echo", INVALID, "exactly one key"),
    "no key": (b"\x80", INVALID, "exactly one key"),
    "two keys": (pack({"echo": {}, "show": {}}), INVALID, "exactly one key"),
    "an array of calls": (pack([{"echo": {}}]), INVALID, "exactly one key"),
    "C38 dunder": (pack({"__class__": {}}), NOT_FOUND, "__class__"),
    "C38 another namespace": (pack({"{other}echo": {}}), NOT_FOUND, "echo"),
    "an empty name": (pack({"": {}}), NOT_FOUND, ""),
    "a name that is a number": (pack({5: {}}), NOT_FOUND, "5"),
    "a name with line breaks": (pack({"a\r\nb": {}}), NOT_FOUND, r"a\u000d\u000ab"),
    "a long name": (pack({"x" * 100_000: {}}), NOT_FOUND, "…"),
    "arguments as a text": (pack({"echo": "x"}), INVALID, ""),
    "arguments as bytes": (pack({"echo": b"x"}), INVALID, ""),
    "arguments as a number": (pack({"echo": 1}), INVALID, ""),
    "too many arguments": (pack({"echo": [1, 2, 3, 4]}), INVALID, "4 items for 1 members"),
    "D40 integer with a fraction": (take(integer=1.5), INVALID, "integer"),
    "D40 integer as true": (take(integer=True), INVALID, "integer"),
    "D40 integer as NaN": (take(integer=float("nan")), INVALID, "integer"),
    "D40 integer as infinity": (take(integer=float("inf")), INVALID, "integer"),
    "D40 integer of 10^6 digits": (take(integer="9" * 1_000_000), INVALID, "number_text=1024"),
    "D40 integer of 10^6 digits in bin": (take(integer=b"9" * 1_000_000), INVALID, "number_text=1024"),
    "D40 integer as other digits": (take(integer="１"), INVALID, "integer"),
    "D40 integer as bytes that are no text": (take(integer=b"\xff"), INVALID, "integer"),
    "D40 byte": (take(byte=128), INVALID, "byte: the value '128' must be <= 127"),
    "D41 decimal with an exponent": (take(decimal="1e5"), INVALID, "decimal: the value '1e5'"),
    "D41 decimal that is long": (take(decimal="9" * 2000), INVALID, "number_text=1024"),
    "D41 NaN": (take(decimal=float("nan")), INVALID, "decimal: "),
    "D41 NaN as a text": (take(decimal="NaN"), INVALID, "decimal: the value 'NaN'"),
    "D41 infinity": (take(decimal=float("inf")), INVALID, "decimal: "),
    "D42 double as a text": (take(double="INF"), INVALID, "double"),
    "D43 date": (take(day="2023-02-29"), INVALID, "day: the value '2023-02-29'"),
    "D43 zone": (take(moment="2020-01-01T00:00:00+24:00"), INVALID, "moment: "),
    "D43 duration": (take(span="P999999999999Y"), INVALID, "span: "),
    "D44 base64": (take(blob="****"), INVALID, "blob: the value '****'"),
    "D44 hex": (take(hexa="abc"), INVALID, "hexa: the value 'abc'"),
    "D47 pattern": (take(slow="a" * 60 + "!"), INVALID, "slow: "),
    "D48 digits": (take(money="12345.678"), INVALID, "money: "),
    "an enum": (take(colour="blue"), INVALID, "colour: "),
    "a uuid": (take(uuid="x"), INVALID, "uuid: "),
    "a uuid in too few bytes": (take(uuid=b"x" * 15), INVALID, "uuid: "),
    "a length": (take(short="123456"), INVALID, "short: "),
    "an array as a text": (take(numbers="123"), INVALID, "numbers: "),
    "an array as a map": (take(numbers={"0": 1}), INVALID, "numbers: "),
    "an item": (take(numbers=[1, "x"]), INVALID, "numbers[1]: "),
    "an object inside": (take(tree={"inner": {"inner": {"name": []}}}), INVALID, "tree/inner/inner/name: "),
    "markup": (take(markup="<a"), INVALID, "markup: "),
    "markup with entities": (take(markup='<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'), INVALID, "markup: "),
    "82 body": (take(text="x" * 10 * 1024 * 1024), TOO_LONG, "body=10485760"),
}  # fmt: skip


def attack(application, protocol, body, caplog):
    """Send a bad request: its fault leaks nothing, it leaves one short line in the log, and the next request is served."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "spyne"):
        answer = post(application, body)
    fault = fault_of(protocol, answer.body)
    assert fault["faultcode"].partition(".")[0] == "Client", fault
    assert not LEAKS.search(answer.body), answer.body
    assert len(answer.body) < 3000
    (line,) = [record.getMessage() for record in caplog.records]
    assert len(line) < 300
    assert line.isprintable()
    assert fault["faultcode"] in line
    good = pack({"echo": {"text": "fine"}}) if protocol is MessagePackDocument else pack([0, 1, "echo", ["fine"]])
    assert b"fine" in post(application, good).body
    return fault["faultcode"], answer.status, fault["faultstring"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(caplog, name):
    """The fault's code decides the status (400, 404, 413), and its text names the place, the value and the rule."""
    body, answered, words = REFUSED[name]
    *found, text = attack(victim(), MessagePackDocument, body, caplog)
    assert tuple(found) == answered
    assert words in text
    assert text.isprintable()


@pytest.mark.parametrize("name", [name for name, (_, (code, _), _) in REFUSED.items() if code != INVALID[0]])
def test_what_is_refused_without_a_validator(caplog, name):
    """What is malformed, unknown or too large is so whatever the validator."""
    body, answered, _ = REFUSED[name]
    assert attack(victim(validator=None), MessagePackDocument, body, caplog)[:2] == answered


@pytest.mark.parametrize(
    "name", [name for name, (body, _, _) in REFUSED.items() if body.startswith(b"\x81\xa4take\x81")]
)
def test_what_is_refused_in_rpc(caplog, name):
    """The same arguments in the other envelope, and the number comes back with the fault."""
    body, _, words = REFUSED[name]
    code, status, text = attack(victim(MessagePackRpc), MessagePackRpc, b"\x94\x00\x07" + body[1:], caplog)
    assert code in (SYNTAX[0], TOO_LONG[0], INVALID[0])
    assert status in (400, 413)
    if code == INVALID[0]:
        assert words in text


SERVED = {
    "a key twice": (b"\x81\xa4echo\x82\xa4text\xa1a\xa4text\xa1b", b"\xa1b"),
    "a key as str and bin": (b"\x81\xa4echo\x82\xa4text\xa1a\xc4\x04text\xa1b", b"\xa1b"),
    "longer forms than needed": (
        b"\xdf\x00\x00\x00\x01\xdb\x00\x00\x00\x04echo\xde\x00\x01\xda\x00\x04text\xd9\x01x",
        b"\xa1x",
    ),
    "a name in str8": (b"\x81\xd9\x04echo\x81\xa4text\xa1x", b"\xa1x"),
    "unknown members": (pack({"echo": {"nope": [1, {}], "text": "x", "__class__": {}}}), b"\xa1x"),
    "an unknown key that is no UTF-8": (b"\x81\xa4echo\x81\xa1\xff\x01", None),
    "unknown members of any kind": (b"\x81\xa4echo\x82\xa1z\xd4\x05x\xa4text\xa1x", None),
    "nil": (pack({"echo": None}), b"\xc0"),
    "text in bin": (pack({"echo": {"text": b"x"}}), b"\xa1x"),
    "NUL": (pack({"echo": {"text": "a\0b"}}), pack("a\0b")),
    "80 hash collisions": (pack({"echo": {str(i * (2**61 - 1)): 1 for i in range(10_000)}}), b"\xc0"),
    "NaN for a double": (take(double=float("nan")), pack("taken")),
}


@pytest.mark.parametrize(("body", "answered"), SERVED.values(), ids=SERVED)
def test_harmless_after_all(body, answered):
    """What the specification lets pass is served; an extension in a member nobody knows may be refused or not."""
    answer = post(victim(), body)
    assert answer.status == 200 or answered is None
    assert answered in (None, answer.body)


@pytest.mark.parametrize(
    "body",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\x7f\xff\xff\xff",
        inside("free", b"\xdc\xff\xff" * 60),
        inside("numbers", b"\xdd\x10\x00\x00\x00" + b"\x01" * 100),
    ],
)
@pytest.mark.parametrize("protocol", [MessagePackDocument, MessagePackRpc])
def test_memory_is_bounded_by_what_arrives(body, protocol):
    """A length that is announced reserves nothing."""
    application = victim(protocol)
    post(application, body)
    tracemalloc.start()
    try:
        post(application, body)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


LIMITS = {
    "body": (1000, lambda n: pack({"echo": {"text": "x" * (n - 15)}})),
    "depth": (10, lambda n: inside("free", b"\x81\xa1a" * (n - 2) + b"\x01")),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_at_its_edge(caplog, name):
    """What reaches a limit is served, what passes it is 413 with the limit's name."""
    maximum, make = LIMITS[name]
    application = victim(limits=Limits(**{name: maximum}))
    assert post(application, make(maximum)).status == 200
    code, status, text = attack(application, MessagePackDocument, make(maximum + 1), caplog)
    assert (code, status) == TOO_LONG
    assert f"limit {name}={maximum}" in text
    assert post(victim(limits=Limits(**{name: None})), make(maximum + 1)).status == 200


GOOD_DOCUMENTS = [
    pack({"echo": {"text": "fine"}}),
    pack({b"echo": [b"fine"]}),
    take(
        integer=5, decimal="1.5", money="1.50", double=1.5, flag=True, day="2020-01-02", uuid=b"x" * 16, numbers=[1, 2]
    ),
    take(
        tree={"name": "a", "inner": {"name": "b"}},
        free={"a": [1, {"b": b"c"}]},
        moment=dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
    ),
    take(blob=b"\xff", hexa="ff", colour="red", span="P1D", clock="01:02:03", markup="<a/>", slow="aab"),
]
GOOD_MESSAGES = [
    pack([0, 1, "echo", ["fine"]]),
    pack([2, "echo", {"text": "fine"}]),
    pack([0, 2**32 - 1, b"echo", {b"text": b"fine"}]),
    *(b"\x94\x00\x07" + document[1:] for document in GOOD_DOCUMENTS[2:]),
    pack([0, 1, "echo", ["a"]]) + pack([2, "echo", ["b"]]) + pack([0, 2, "show", [None]]),
]
APPLICATIONS = {
    protocol: [victim(protocol), victim(protocol, None), victim(protocol, text_as_bin=True)]
    for protocol in (MessagePackDocument, MessagePackRpc)
}


@given(body=hostile(*GOOD_DOCUMENTS))
@settings(max_examples=150, deadline=None)
def test_any_document_gets_a_well_formed_answer(body):
    """Whatever bytes come: a result or a fault of the client."""
    for application in APPLICATIONS[MessagePackDocument]:
        answer = post(application, body)
        fault = fault_of(MessagePackDocument, answer.body)
        check(answer, fault)


def check(answer, fault):
    """A fault is the client's, and its status fits; nothing leaks."""
    if fault is None:
        assert answer.status in (200, 202)
    else:
        assert fault["faultcode"].startswith("Client."), fault
        assert answer.status in (400, 404, 413)
        assert not LEAKS.search(answer.body.replace(b"spyne.", b"")), answer.body


@given(body=hostile(*GOOD_MESSAGES))
@settings(max_examples=150, deadline=None)
def test_any_message_gets_a_well_formed_answer(body):
    """Whatever bytes come: responses, each with a result or a fault of the client, or nothing for notifications."""
    for application in APPLICATIONS[MessagePackRpc]:
        answer = post(application, body)
        unpacker = msgpack.Unpacker(strict_map_key=False)
        unpacker.feed(answer.body)
        responses = list(unpacker)
        assert bool(responses) is (answer.status != 202)
        for response in responses:
            assert response[0] == 1
            assert len(response) == 4
            assert response[2] is None or response[2]["faultcode"].startswith("Client."), response
            assert response[1] is None or 0 <= response[1] < 2**32
