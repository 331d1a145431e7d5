"""MessagePackDocument: its documents, its options, and the bytes of Spyne 2.14."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal as D  # noqa: N817 - short, for the tables

import pytest
from tests.protocol.msgpack_calls import post

import msgpack
from spyne import (
    AnyDict,
    AnyUri,
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Fault,
    Integer,
    NullServer,
    Service,
    Time,
    Unicode,
    Uuid,
    rpc,
)
from spyne.client.http import HttpClient
from spyne.protocol.msgpack import MessagePackDocument
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication

NS = "t"
UTC = dt.UTC


class P(ComplexModel):
    __namespace__ = NS
    n = Integer
    s = Unicode
    d = Decimal
    f = Double
    b = ByteArray
    w = DateTime
    day = Date
    u = Uuid
    flag = Boolean
    arr = Array(Unicode)
    du = Duration
    t = Time


class Q(ComplexModel):
    __namespace__ = NS
    h = ByteArray(encoding="hex")
    an = AnyDict
    aw = DateTime
    uri = AnyUri
    big = Integer
    neg = Integer
    inf = Double


ONE = {
    "n": 2**70,
    "s": "é",
    "d": D("1.50"),
    "f": 1.5,
    "b": [b"\x00\xff"],
    "w": dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
    "day": dt.date(2020, 1, 2),
    "u": uuid.UUID(int=5),
    "flag": True,
    "arr": ["a"],
    "du": dt.timedelta(days=1),
    "t": dt.time(1, 2, 3),
}


class S(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    def say_hello(ctx, name, times):
        return [f"Hello, {name}"] * times

    @rpc(P, _returns=P)
    def echo(ctx, p):
        return p

    @rpc(_returns=P)
    def give(ctx):
        return P(**ONE)

    @rpc(_returns=Q)
    def more(ctx):
        free, moment = {"k": "v", "l": [1, "x"]}, dt.datetime(2020, 1, 2, 3, 4, 5)
        return Q(h=[b"\x01\xff"], an=free, aw=moment, uri="http://x", big=2**64, neg=-(2**63), inf=float("inf"))

    @rpc(_returns=Integer)
    def small(ctx):
        return 5

    @rpc(_returns=[Integer, Unicode])
    def two(ctx):
        return 5, "x"

    @rpc()
    def fail(ctx):
        raise Fault("Client.Some", "text", detail={"a": "b"})

    @rpc(P, _returns=Unicode, _body_style="bare")
    def bare(ctx, p):
        return p.s

    @rpc(AnyDict, _returns=AnyDict)
    def free(ctx, value):
        return value


def application(validator="soft", **options):
    return Application(
        [S],
        NS,
        in_protocol=MessagePackDocument(validator=validator, **options),
        out_protocol=MessagePackDocument(**options),
    )


def exchange(body, *, content_type="application/x-msgpack", **options):
    return post(WsgiApplication(application(**options)), body, content_type)


def call(request, **options):
    return msgpack.unpackb(exchange(msgpack.packb(request, datetime=True), **options).body, timestamp=3)


PLAIN = {
    "n": str(2**70),
    "s": "é",
    "d": "1.50",
    "f": 1.5,
    "b": b"\x00\xff",
    "w": "2020-01-02T03:04:05Z",
    "day": "2020-01-02",
    "u": str(uuid.UUID(int=5)),
    "flag": True,
    "arr": ["a"],
    "du": "P1D",
    "t": "01:02:03",
}
SAYS = ["Hello, Dave"] * 2
CALLS = {
    "by name": ({"say_hello": {"name": "Dave", "times": 2}}, SAYS),
    "in order": ({"say_hello": ["Dave", 2]}, SAYS),
    "keys as bin": ({b"say_hello": {b"name": "Dave", b"times": 2}}, SAYS),
    "all as bin": ({b"say_hello": {b"name": b"Dave", b"times": b"2"}}, SAYS),
    "in order as bin": ({b"say_hello": [b"Dave", 2]}, SAYS),
    "mixed": ({"say_hello": {b"name": "Dave", "times": 2}}, SAYS),
    "an object": ({"echo": {"p": PLAIN}}, PLAIN),
    "an object in order": ({"echo": [list(PLAIN.values())]}, PLAIN),
    "an object as bin": (
        {b"echo": {b"p": {key.encode(): v.encode() if isinstance(v, str) else v for key, v in PLAIN.items()}}},
        PLAIN,
    ),
    "no arguments": ({"small": {}}, 5),
    "nil": ({"small": None}, 5),
    "an empty array": ({"small": []}, 5),
    "two results": ({"two": {}}, {"twoResult0": 5, "twoResult1": "x"}),
    "bare": ({"bare": {"s": "x"}}, "x"),
    "bare in order": ({"bare": [1, "x"]}, "x"),
    "a moment as a timestamp": ({"echo": {"p": {"w": dt.datetime(2020, 1, 2, tzinfo=UTC)}}}, {"w": "2020-01-02T00:00:00Z"}),
    "a number for a decimal": ({"echo": {"p": {"d": 1.5, "n": 2.0}}}, {"d": "1.5", "n": 2}),
    "a uuid as bytes": ({"echo": {"p": {"u": uuid.UUID(int=5).bytes}}}, {"u": str(uuid.UUID(int=5))}),
    "bytes as base64": ({"echo": {"p": {"b": "AP8="}}}, {"b": b"\x00\xff"}),
    "free content": ({"free": {"value": {b"a": [b"\x00", {5: 1.5}]}}}, {"a": [b"\x00", {"5": 1.5}]}),
    "a long name": ({"say_hello" + "x" * 300: {}}, None),
    "a fault": ({"fail": {}}, {"faultcode": "Client.Some", "faultstring": "text", "detail": {"a": "b"}}),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "answer"), CALLS.values(), ids=CALLS)
def test_calls(request_, answer):
    """A foreign library writes the request and reads the answer: texts are str, bytes bin, the rest as in JSON."""
    found = call(request_)
    if answer is None:
        assert found["faultcode"] == "Client.ResourceNotFound"
    else:
        assert found == answer


# What Spyne 2.14 (msgpack 1.x, Python 3.11) answered: request and response, in hexadecimal.
OF_2_14 = {
    "hello": (
        "81c4097361795f68656c6c6f82c4046e616d65c40444617665c40574696d657302",
        "92c40b48656c6c6f2c2044617665c40b48656c6c6f2c2044617665",
    ),
    "hello in order": (
        "81c4097361795f68656c6c6f92c4044461766502",
        "92c40b48656c6c6f2c2044617665c40b48656c6c6f2c2044617665",
    ),
    "hello, str inside": (
        "81c4097361795f68656c6c6f82a46e616d65a444617665a574696d657302",
        "92c40b48656c6c6f2c2044617665c40b48656c6c6f2c2044617665",
    ),
    "one of each": (
        "81c4046769766580",
        (
            "8cc4016ec41631313830353931363230373137343131333033343234c40173c402c3a9c40164c404312e3530c40166cb3ff8000000000000"
            "c40162c40200ffc40177c419323032302d30312d30325430333a30343a30352b30303a3030c403646179c40a323032302d30312d3032c40175"
            "c42430303030303030302d303030302d303030302d303030302d303030303030303030303035c404666c6167c3c40361727291c40161c40264"
            "75c403503144c40174a830313a30323a3033"
        ),
    ),
    "more": (
        "81c4046d6f726580",
        (
            "87c40168c40430316666c402616e82a16ba176a16c9201a178c4026177c413323032302d30312d30325430333a30343a3035c403757269c408"
            "687474703a2f2f78c403626967c4143138343436373434303733373039353531363136c4036e6567d38000000000000000c403696e66cb7ff0"
            "000000000000"
        ),
    ),
    "a number": ("81c405736d616c6c80", "05"),
    "two results": ("81c40374776f80", "82c40a74776f526573756c743005c40a74776f526573756c7431c40178"),
    "a fault": (
        "81c4046661696c80",
        "83a96661756c74636f6465ab436c69656e742e536f6d65ab6661756c74737472696e67a474657874a664657461696c81a161a162",
    ),
}


@pytest.mark.parametrize("name", OF_2_14)
def test_the_bytes_of_spyne_2_14(name):
    """With text_as_bin a 2.14 client gets what it got; its requests are understood without it too, to the same effect."""
    request, response = map(bytes.fromhex, OF_2_14[name])
    assert exchange(request, text_as_bin=True).body.hex() == response.hex()
    plain = msgpack.unpackb(exchange(request).body)
    assert as_text(plain) == as_text(msgpack.unpackb(response))


def as_text(value):
    """What is common to both flavours."""
    if isinstance(value, dict):
        return {as_text(key): as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(as_text, value))
    try:
        text = value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value
    return text.removesuffix("+00:00").removesuffix("Z") if isinstance(text, str) else text


def test_the_wrappers_of_spyne_2_14():
    """Names of messages and classes around, as bin too."""
    found = call({b"give": {}}, text_as_bin=True, ignore_wrappers=False)
    assert list(found) == [b"giveResponse"]
    assert list(found[b"giveResponse"]) == [b"giveResult"]
    assert found[b"giveResponse"][b"giveResult"][b"P"][b"d"] == b"1.50"


def test_moments_as_timestamps():
    """The extension type of the specification, for those with a zone."""
    found = call({"give": {}}, timestamps=True)
    assert found == {**PLAIN, "w": ONE["w"]}


@pytest.mark.parametrize(
    "options", [{}, {"timestamps": True}, {"text_as_bin": True}, {"complex_as": list}, {"ignore_wrappers": False}]
)
def test_calls_through_spynes_own_client(serve, options):
    """What the client writes the server reads, and the other way round, in every flavour; faults are raised."""
    app = application(**options)
    service = HttpClient(serve(WsgiApplication(app)), app).service
    assert list(service.say_hello("Dave", times=2)) == SAYS
    assert {**service.echo(P(**ONE)).as_dict(), "b": ONE["b"]} == P(**ONE).as_dict()
    assert service.two() == [5, "x"]
    if "complex_as" in options:
        return  # a fault as a list cannot be told from a result
    with pytest.raises(Fault) as caught:
        service.fail()
    assert (caught.value.faultcode, caught.value.faultstring) == ("Client.Some", "text")


@pytest.mark.parametrize("content_type", ["application/msgpack", "application/vnd.msgpack", "text/plain", None])
def test_media_types(content_type):
    """Alone it reads whatever it is sent; its own answer is application/x-msgpack."""
    answer = exchange(msgpack.packb({"small": {}}), content_type=content_type)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "application/x-msgpack", b"\x05")
    assert MessagePackDocument().takes("Application/MsgPack") is True
    assert MessagePackDocument().takes("application/json") is False


ACCEPTED = [
    {"mw_packer": msgpack.Packer},
    {"mw_unpacker": msgpack.Unpacker, "use_list": False, "raw": False, "use_bin_type": True},
    {"use_list": True},
    {"key_encoding": "utf8"},
]
REFUSED = [
    ({"raw": True}, "declared types"),
    ({"use_bin_type": False}, "text_as_bin"),
    ({"mw_packer": dict}, "msgspec"),
    ({"mw_unpacker": dict}, "msgspec"),
    ({"text_as_bin": True, "timestamps": True}, "leave out one"),
    ({"complex_as": set}, "dict or list"),
    ({"validator": "lxml"}, "no validator"),
]


@pytest.mark.parametrize("options", ACCEPTED)
def test_options_of_spyne_2_that_change_nothing(options):
    """Their defaults and what amounts to them are taken."""
    assert NullServer(application(**options), wire=True).service.small() == 5


@pytest.mark.parametrize(("options", "words"), REFUSED)
def test_options_that_cannot_be_kept(options, words):
    """The error says why, and what to do."""
    with pytest.raises(DeclarationError, match=words):
        MessagePackDocument(**options)


def test_the_document_is_there_for_listeners():
    """in_document and out_document are builtins, though nothing was built for the call."""
    app = application()
    seen = []
    app.event_manager.add_listener(
        "method_return_document", lambda ctx: seen.extend([ctx.in_document, ctx.out_document])
    )
    assert NullServer(app, wire=True).service.small() == 5
    assert seen == [{"small": {}}, 5]
