"""MessagePackRpc: the envelopes of the msgpack-rpc specification, in both directions, one and several in a request."""

from __future__ import annotations

import pytest
from tests.protocol.msgpack_calls import post

import msgpack
from spyne import Application, Array, ComplexModel, Fault, Integer, NullServer, Service, Unicode, rpc
from spyne.client._base import ResponseError, read_response
from spyne.client.http import HttpClient
from spyne.context import MethodContext, ProtocolContext
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.server.wsgi import WsgiApplication

NS = "t"
pack = msgpack.packb
NOTED = []


class Pair(ComplexModel):
    __namespace__ = NS
    a = Integer
    b = Unicode


class S(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    def say_hello(ctx, name, times):
        return [f"Hello, {name}"] * times

    @rpc(Pair, Pair.customize(max_occurs="unbounded"), _returns=Array(Pair))
    def pairs(ctx, one, more):
        return [one, *(more or ())]

    @rpc(_returns=[Integer, Unicode])
    def two(ctx):
        return 5, "x"

    @rpc(Pair, _returns=Pair, _body_style="bare")
    def bare(ctx, pair):
        return pair

    @rpc(_body_style="bare", _returns=Unicode)
    def nothing_in(ctx):
        return "out"

    @rpc(_returns=Integer)
    def crash(ctx):
        raise ValueError("secret")

    @rpc(Unicode)
    def fail(ctx, text):
        raise Fault("Client.Some", text, detail={"a": "b"})

    @rpc(Unicode, _one_way=True)
    def note(ctx, text):
        NOTED.append(text)


def application(validator="soft", limits=None, out=MessagePackRpc, **options):
    return Application(
        [S],
        NS,
        in_protocol=MessagePackRpc(validator=validator, **options),
        out_protocol=out(**options if out is MessagePackRpc else {}),
        limits=limits,
    )


def exchange(*messages, raw=b"", **options):
    """The answer's status, and the messages in it."""
    answer = post(WsgiApplication(application(**options)), b"".join(map(pack, messages)) + raw)
    unpacker = msgpack.Unpacker()
    unpacker.feed(answer.body)
    return answer.status, list(unpacker)


RESULTS = {
    "in order": (["say_hello", ["Dave", 2]], ["Hello, Dave"] * 2),
    "by name": (["say_hello", {"name": "Dave", "times": 2}], ["Hello, Dave"] * 2),
    "as bin": ([b"say_hello", {b"name": b"Dave", "times": 2}], ["Hello, Dave"] * 2),
    "in order as bin": ([b"say_hello", [b"Dave", 1]], ["Hello, Dave"]),
    "objects": (["pairs", [{"a": 1}, [{"b": "x"}, {"a": 2}]]], [{"a": 1}, {"b": "x"}, {"a": 2}]),
    "objects in order": (["pairs", [[1, "x"], [[2]]]], [{"a": 1, "b": "x"}, {"a": 2}]),
    "two results": (["two", []], {"twoResult0": 5, "twoResult1": "x"}),
    "bare in order": (["bare", [{"a": 1}]], {"a": 1}),
    "bare by name": (["bare", {"pair": {"a": 1}}], {"a": 1}),
    "bare by name as bin": (["bare", {b"pair": {"a": 1}}], {"a": 1}),
    "bare in order twice": (["bare", [[1, "x"]]], {"a": 1, "b": "x"}),
    "bare without": (["bare", []], {}),
    "bare without a name": (["bare", {}], {}),
    "bare and empty": (["nothing_in", []], "out"),
    "the namespace of the target": (["say_hello", ["Dave", 0]], []),
}


@pytest.mark.parametrize(("request_", "result"), RESULTS.values(), ids=RESULTS)
def test_results(request_, result):
    """A request is answered by a response with its number and no error."""
    assert exchange([0, 7, *request_]) == (200, [[1, 7, None, result]])


@pytest.mark.parametrize("msgid", [0, 1, 127, 128, 255, 256, 2**16, 2**32 - 1])
def test_the_number_comes_back(msgid):
    """Whatever its size, also with an error."""
    assert exchange([0, msgid, "two", []])[1][0][:2] == [1, msgid]
    assert exchange([0, msgid, "nope", []])[1][0][:2] == [1, msgid]


INVALID, NOT_FOUND, MALFORMED = "Client.ValidationError", "Client.ResourceNotFound", "Client.MessagePackDecodeError"
BAD_INPUT, TOO_LONG = "Client.InvalidInput", "Client.RequestTooLong"
ERRORS = {
    "a fault": ([0, 7, "fail", ["text"]], 7, "Client.Some", "text", 400),
    "an exception": ([0, 7, "crash", []], 7, "Server", "Internal Error", 500),
    "unknown": ([0, 7, "nope", []], 7, NOT_FOUND, "nope", 404),
    "dunder": ([0, 7, "__class__", []], 7, NOT_FOUND, "__class__", 404),
    "a wrong type": ([0, 7, "say_hello", ["Dave", "x"]], 7, INVALID, "times: the value 'x'", 400),
    "a wrong type by name": ([0, 7, "say_hello", {"times": []}], 7, INVALID, "times: the value '[]'", 400),
    "a wrong type inside": ([0, 7, "pairs", [{"a": "x"}]], 7, INVALID, "one/a: the value 'x'", 400),
    "too many": ([0, 7, "say_hello", ["Dave", 1, 2]], 7, INVALID, "3 items for 2 members", 400),
    "too many for bare": ([0, 7, "bare", [{}, {}]], 7, INVALID, "2 items for 1 members", 400),
    "a bare array of numbers": ([0, 7, "bare", [5]], 7, INVALID, "members", 400),
    "params as text": ([0, 7, "two", "x"], 7, BAD_INPUT, "params is an array", 400),
    "params nil": ([0, 7, "two", None], 7, BAD_INPUT, "params is an array", 400),
    "a name that is a number": ([0, 7, 5, []], 7, BAD_INPUT, "name of the method", 400),
    "a name that is no UTF-8": ([0, 7, b"\xff", []], 7, BAD_INPUT, "name of the method", 400),
    "a name that is an array": ([0, 7, ["two"], []], 7, BAD_INPUT, "name of the method", 400),
    "a number that is text": ([0, "7", "two", []], None, BAD_INPUT, "msgid", 400),
    "a number that is nil": ([0, None, "two", []], None, BAD_INPUT, "msgid", 400),
    "a number below 0": ([0, -1, "two", []], None, BAD_INPUT, "msgid", 400),
    "a number beyond 32 bits": ([0, 2**32, "two", []], None, BAD_INPUT, "msgid", 400),
    "a response": ([1, 7, None, 5], None, BAD_INPUT, "[0, msgid, method, params]", 400),
    "another kind": ([3, 7, "two", []], None, BAD_INPUT, "[0, msgid, method, params]", 400),
    "a kind that is text": (["0", 7, "two", []], None, BAD_INPUT, "[0, msgid, method, params]", 400),
    "too short": ([0, 7, "two"], None, BAD_INPUT, "[0, msgid, method, params]", 400),
    "too long": ([0, 7, "two", [], 1], None, BAD_INPUT, "[0, msgid, method, params]", 400),
    "empty": ([], None, BAD_INPUT, "[0, msgid, method, params]", 400),
    "a map": ({"two": []}, None, BAD_INPUT, "[0, msgid, method, params]", 400),
    "nil": (None, None, BAD_INPUT, "[0, msgid, method, params]", 400),
}


@pytest.mark.parametrize(("message", "msgid", "code", "words", "status"), ERRORS.values(), ids=ERRORS)
def test_errors(message, msgid, code, words, status):
    """The fault is in the place of the error, the result is nil; the number is nil where none could be read."""
    found, ((kind, number, error, result),) = exchange(message)
    assert (found, kind, number, error["faultcode"], result) == (status, 1, msgid, code, None)
    assert words in error["faultstring"]


RAW = {
    "nothing": (b"", MALFORMED, "too early (byte 0)", 400),
    "cut off": (pack([0, 7, "two", []])[:-1], MALFORMED, "too early", 400),
    "cut off after one": (pack([0, 7, "two", []]) + b"\x94", MALFORMED, "too early", 400),
    "the reserved byte": (b"\xc1", MALFORMED, "0xc1", 400),
    "announced": (b"\xdd\xff\xff\xff\xff", TOO_LONG, "body=", 413),
    "depth": (b"\x91" * 100_000, TOO_LONG, "depth=64", 413),
    "depth inside": (b"\x94\x00\x07\xa3two" + b"\x91" * 70 + b"\xc0", TOO_LONG, "depth=64", 413),
}


@pytest.mark.parametrize(("data", "code", "words", "status"), RAW.values(), ids=RAW)
def test_what_is_no_message(data, code, words, status):
    """It is answered by one error without a number, or with its number where it got that far."""
    found, ((kind, _, error, result),) = exchange(raw=data)
    assert (found, kind, error["faultcode"], result) == (status, 1, code, None)
    assert words in error["faultstring"]


def test_text_that_is_no_utf8():
    """In an argument it is the arguments' fault, and the number is known."""
    _, ((_, number, error, _),) = exchange(raw=b"\x94\x00\x07\xa9say_hello\x92\xa1\xff\x01")
    assert (number, error["faultcode"]) == (7, MALFORMED)
    assert "not UTF-8" in error["faultstring"]


@pytest.mark.parametrize("message", [[2, "note", ["n"]], [2, "fail", ["x"]], [2, "nope", []], [2, "crash", []]])
def test_notifications_are_not_answered(message):
    """Neither by a result nor by an error; over HTTP it is 202."""
    NOTED.clear()
    assert exchange(message) == (202, [])
    assert message[2] * (message[1] == "note") == NOTED


def test_a_request_of_a_one_way_method():
    """The caller gave a number, but HTTP has said that nothing follows."""
    assert exchange([0, 7, "note", ["x"]])[0] in (200, 202)


def test_several_messages_in_a_request():
    """Each is served for itself; the answers come one after another, those to notifications are left out."""
    NOTED.clear()
    status, found = exchange(
        [0, 1, "say_hello", ["a", 1]],
        [2, "note", ["n"]],
        [0, 2, "nope", []],
        [5],
        [0, 1, "fail", ["f"]],
        [0, 3, "two", []],
    )
    assert status == 200
    assert [message[:2] for message in found] == [[1, 1], [1, 2], [1, None], [1, 1], [1, 3]]
    assert [message[2] and message[2]["faultcode"] for message in found] == [
        None,
        NOT_FOUND,
        BAD_INPUT,
        "Client.Some",
        None,
    ]
    assert (found[0][3], found[-1][3]) == (["Hello, a"], {"twoResult0": 5, "twoResult1": "x"})
    assert NOTED == ["n"]
    assert exchange([2, "note", ["1"]], [2, "note", ["2"]]) == (202, [])


def test_too_many_messages_in_a_request():
    """None of them is served."""
    NOTED.clear()
    limits = Limits(calls=3)
    assert exchange(*[[2, "note", ["x"]]] * 3, limits=limits) == (202, [])
    assert len(NOTED) == 3
    status, ((_, _, error, _),) = exchange(*[[2, "note", ["x"]]] * 4, limits=limits)
    assert (status, error["faultcode"], len(NOTED)) == (413, TOO_LONG, 3)
    assert "calls=3" in error["faultstring"]


@pytest.mark.parametrize(
    "options", [{}, {"timestamps": True}, {"text_as_bin": True}, {"complex_as": list}, {"ignore_wrappers": False}]
)
def test_calls_through_spynes_own_client(serve, options):
    """Arguments go in order; the result comes back, faults are raised, one-way methods are notifications."""
    app = application(**options)
    service = HttpClient(serve(WsgiApplication(app)), app).service
    NOTED.clear()
    assert list(service.say_hello("Dave", times=2)) == ["Hello, Dave"] * 2
    assert [pair.as_dict() for pair in service.pairs(Pair(a=1), [Pair(b="x")])] == [{"a": 1}, {"b": "x"}]
    assert [pair.as_dict() for pair in service.pairs(Pair(a=1))] == [{"a": 1}]
    assert list(service.two()) == [5, "x"]
    assert service.bare(Pair(a=5)).a == 5
    assert service.nothing_in() == "out"
    assert service.note("n") is None
    assert NOTED == ["n"]
    with pytest.raises(Fault) as caught:
        service.fail("text")
    assert (caught.value.faultcode, caught.value.faultstring, caught.value.detail) == (
        "Client.Some",
        "text",
        {"a": "b"},
    )


def test_the_request_of_the_client():
    """[0, msgid, method, params in order]; the number is what the transport says, a notification has none."""
    app = application()
    ctx = MethodContext(app, MethodContext.CLIENT)
    ctx.descriptor = app.interface.service_method_map["{t}say_hello"][0]
    ctx.out_object = ["Dave", 2]
    ctx.outprot_ctx = ProtocolContext()
    ctx.outprot_ctx.msgid = 9
    app.in_protocol.serialize(ctx, "request")
    app.in_protocol.create_out_string(ctx)
    assert msgpack.unpackb(b"".join(ctx.out_string)) == [0, 9, "say_hello", ["Dave", 2]]
    assert ctx.out_document == [0, 9, "say_hello", ["Dave", 2]]


RESPONSES = {
    "a result": ([1, 0, None, ["x"]], ["x"], None),
    "an error of other servers": ([1, 0, "went wrong", None], None, ("Server", "went wrong")),
    "an error as bin": ([1, 0, b"went wrong", None], None, ("Server", "went wrong")),
    "an error as a number": ([1, 0, 5, None], None, ("Server", "5")),
    "an error as an array": ([1, 0, ["Client.A", "b", "", ""], None], None, ("Client.A", "b")),
    "an error as a map": ([1, 0, {"code": 5}, None], None, ("Server", "{…}")),
    "an error without a number": ([1, None, {"faultcode": "Client.A", "faultstring": "b"}, None], None, ("Client.A", "b")),
    "another number": ([1, 5, None, ["x"]], None, "another request"),
    "no number": ([1, None, None, ["x"]], None, "another request"),
    "a request": ([0, 0, "two", []], None, "[1, msgid, error, result]"),
    "too short": ([1, 0, None], None, "[1, msgid, error, result]"),
    "a wrong result": ([1, 0, None, 5], None, "is not an array"),
}  # fmt: skip


@pytest.mark.parametrize(("message", "result", "error"), RESPONSES.values(), ids=RESPONSES)
def test_what_the_client_makes_of_responses(message, result, error):
    """Faults of the service, and a Fault raised for what is no answer."""
    app = application()
    ctx = MethodContext(app, MethodContext.CLIENT)
    ctx.descriptor = app.interface.service_method_map["{t}say_hello"][0]
    ctx.in_protocol = app.out_protocol
    ctx.in_string = [pack(message)]
    if isinstance(error, str):
        with pytest.raises(Fault) as caught:
            read_response(ctx)
        assert error in caught.value.faultstring
        return
    read_response(ctx)
    assert (ctx.in_error and (ctx.in_error.faultcode, ctx.in_error.faultstring)) == error
    assert (None if ctx.in_object is None else list(ctx.in_object)) == result


def test_the_document_is_there_for_listeners():
    """in_document and out_document are whole messages."""
    app = application()
    seen = []
    app.event_manager.add_listener(
        "method_return_document", lambda ctx: seen.extend([ctx.in_document, ctx.out_document])
    )
    assert list(NullServer(app, wire=True).service.two()) == [5, "x"]
    assert seen == [[0, 0, "two", []], [1, 0, None, {"twoResult0": 5, "twoResult1": "x"}]]


def test_beside_other_protocols():
    """Read as MessagePack-RPC, answered as JSON; and a call that came otherwise has no number to give back."""
    answer = post(WsgiApplication(application(out=JsonDocument)), pack([0, 7, "say_hello", ["Dave", 1]]))
    assert (answer.status, answer.body) == (200, b'["Hello, Dave"]')
    app = Application([S], NS, in_protocol=MessagePackDocument(), out_protocol=MessagePackRpc())
    answer = post(WsgiApplication(app), pack({"two": {}}))
    assert msgpack.unpackb(answer.body)[:3] == [1, None, None]


def test_a_response_that_is_none(serve):
    """The client says so, with the status and the beginning of what came."""
    app = application()
    other = Application([S], NS, in_protocol=MessagePackRpc(), out_protocol=JsonDocument())
    with pytest.raises(ResponseError):
        HttpClient(serve(WsgiApplication(other)), app).service.two()
