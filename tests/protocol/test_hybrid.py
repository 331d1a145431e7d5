"""HybridHttpJsonDocument: the address names the method, the body has the arguments."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocol.dict_victims import GOOD, attack, check_alive, send
from tests.protocol.dict_victims import serve as serve_kind
from tests.protocol.mutation import hostile

from spyne import (
    Application,
    Array,
    ComplexModel,
    Fault,
    Integer,
    Service,
    Unicode,
    rpc,
)
from spyne.client.http import HttpClient
from spyne.limits import Limits
from spyne.protocol.json import HybridHttpJsonDocument, JsonDocument
from spyne.server.wsgi import WsgiApplication, WsgiMounter

TNS = "t"


class Pair(ComplexModel):
    __namespace__ = TNS
    a = Unicode
    b = Integer


class Hybrid(Service):
    @rpc(Unicode, _returns=Unicode)
    def text(ctx, a):
        return a

    @rpc(Unicode, Integer, _returns=(Unicode, Integer))
    def two(ctx, a, b):
        return a, b

    @rpc()
    def nothing(ctx):
        pass

    @rpc(Pair, _body_style="bare", _returns=Pair)
    def pair(ctx, pair):
        return pair

    @rpc(Array(Integer), _body_style="bare", _returns=Integer)
    def total(ctx, numbers):
        return sum(numbers)

    @rpc(Unicode(min_occurs=1, nillable=False), _returns=Unicode)
    def needed(ctx, a):
        return a

    @rpc(_returns=Unicode, _operation_name="größe")
    def size(ctx):
        return "ü"

    @rpc()
    def fail(ctx):
        raise Fault("Client.Some", "text", detail={"a": [1, None]})


def application(validator=None, **options):
    """The service in both directions."""
    return Application(
        [Hybrid],
        TNS,
        in_protocol=HybridHttpJsonDocument(validator=validator),
        out_protocol=HybridHttpJsonDocument(**options),
    )


def ask(method, path, body=b"", web=None, **environ):
    """Status, headers and parsed body of one answer."""
    started = []
    request = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": "", "CONTENT_LENGTH": str(len(body))}
    request |= {"wsgi.input": Reader(body), **environ}
    reply = (web or WsgiApplication(application()))(
        request, lambda status, headers: started.extend([int(status[:3]), dict(headers)])
    )
    data = b"".join(reply)
    return started[0], started[1], json.loads(data) if data else None


class Reader:
    """A stream of a request."""

    def __init__(self, data):
        self.data = data

    def read(self, size=-1):
        data, self.data = self.data[:size], self.data[size:]
        return data


NOT_FOUND = {"faultcode": "Client.ResourceNotFound", "faultstring": "Requested resource '{t}' not found"}

# What Spyne 2.14.0 answered.
RECORDED = {
    "an argument": ("POST", "/text", b'{"a": "hi"}', 200, "hi"),
    "below another path": ("POST", "/x/y/text", b'{"a": "hi"}', 200, "hi"),
    "in order": ("POST", "/text", b'["hi"]', 200, "hi"),
    "two results": ("POST", "/two", b'{"a":"x","b":1}', 200, {"twoResult0": "x", "twoResult1": 1}),
    "a GET with a body": ("GET", "/nothing", b"{}", 200, {}),
    "a PUT": ("PUT", "/text", b'{"a": "hi"}', 200, "hi"),
    "a DELETE": ("DELETE", "/text", b'{"a": "hi"}', 200, "hi"),
    "the method in the body, too": ("POST", "/text", b'{"text": {"a": "hi"}}', 200, None),
    "a slash at the end": ("POST", "/text/", b'{"a": "hi"}', 404, NOT_FOUND),
    "no method": ("POST", "/", b"{}", 404, NOT_FOUND),
    "a fault": (
        "POST",
        "/fail",
        b"{}",
        400,
        {"faultcode": "Client.Some", "faultstring": "text", "detail": {"a": [1, None]}},
    ),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "answer"), RECORDED.values(), ids=RECORDED)
def test_what_2_14_answered(method, path, body, status, answer):
    """Requests that Spyne 2.14 served are served alike."""
    found, headers, document = ask(method, path, body)
    assert (found, document) == (status, answer)
    assert headers["Content-Type"] == "application/json"


SERVED = {
    "a GET": ("GET", "/nothing", b"", {}),
    "a POST without a body": ("POST", "/nothing", b"", {}),
    "white space": ("POST", "/nothing", b" \r\n", {}),
    "null": ("POST", "/text", b"null", None),
    "arguments that are not there": ("GET", "/text", b"", None),
    "another language": ("GET", "/größe".encode().decode("latin-1"), b"", "ü"),
    "a bare object": ("POST", "/pair", b'{"a": "x", "b": 1}', {"a": "x", "b": 1}),
    "a bare array": ("POST", "/total", b"[1, 2]", 3),
    "a key twice": ("POST", "/text", b'{"a": "x", "a": "y"}', "y"),
}


@pytest.mark.parametrize(("method", "path", "body", "answer"), SERVED.values(), ids=SERVED)
@pytest.mark.parametrize("validator", [None, "soft"])
def test_what_is_served(method, path, body, answer, validator):
    """No body is no arguments."""
    web = WsgiApplication(application(validator))
    assert ask(method, path, body, web)[::2] == (200, answer)


def test_head():
    """HEAD is answered like GET, without the body."""
    status, headers, document = ask("HEAD", "/nothing")
    assert (status, headers["Content-Length"], document) == (200, "2", None)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "BREW"])
def test_other_verbs(method):
    """They are refused, and the answer names those that are not."""
    status, headers, document = ask(method, "/nothing")
    assert (status, document["faultcode"]) == (405, "Client.RequestNotAllowed")
    assert headers["Allow"] == "GET, HEAD, POST, PUT, PATCH, DELETE"


def test_an_argument_that_must_be_there():
    """An empty body does not replace it."""
    status, _, document = ask("GET", "/needed", web=WsgiApplication(application("soft")))
    assert (status, document["faultcode"]) == (400, "Client.ValidationError")
    assert "a: is required" in document["faultstring"]


def test_mounted():
    """The last segment counts, wherever the application is."""
    web = WsgiMounter({"api": application()})
    assert ask("POST", "/api/text", b'["x"]', web)[::2] == (200, "x")
    assert ask("POST", "/text", b'["x"]', WsgiApplication(application()), SCRIPT_NAME="/api/v1")[::2] == (200, "x")


def test_beside_another_protocol():
    """A GET has no Content-Type; it is taken by the protocol that can read it."""
    app = Application([Hybrid], TNS, in_protocol=[HybridHttpJsonDocument(), JsonDocument()])
    assert ask("GET", "/nothing", web=WsgiApplication(app))[::2] == (200, {})


def test_the_document():
    """Listeners see the arguments, null where there are none; the charset is that of the Content-Type."""
    app = application()
    seen = []
    app.in_protocol.event_manager.add_listener("before_deserialize", lambda ctx: seen.append(ctx.in_document))
    web = WsgiApplication(app)
    latin = {"CONTENT_TYPE": "application/json; charset=latin-1"}
    assert ask("POST", "/text", '["é"]'.encode("latin-1"), web, **latin)[2] == "é"
    assert ask("GET", "/text", b"", web)[2] is None
    assert seen == [["é"], None]


def test_a_client(serve):
    """It is given the method's own address."""
    url = serve(WsgiApplication(application()))
    client = lambda name: getattr(HttpClient(f"{url}/{name}", application(), timeout=10).service, name)
    assert client("text")("x") == "x"
    assert tuple(client("two")("x", 1)) == ("x", 1)
    assert client("nothing")() is None
    assert client("pair")(Pair(a="x", b=1)).b == 1
    assert client("total")([1, 2]) == 3
    with pytest.raises(Fault, match="text"):
        client("fail")()


# --- bad input ---

SYNTAX = ("Client.JsonDecodeError", 400)
TOO_LONG = ("Client.RequestTooLong", 413)
INVALID = ("Client.ValidationError", 400)
MISSING = ("Client.ResourceNotFound", 404)

REFUSED = {
    "cut off": ("/echo", b'{"text": "x"', SYNTAX),
    "cut off, and no such method": ("/nope", b'{"text": "x"', SYNTAX),
    "two values": ("/echo", b"{}{}", SYNTAX),
    "depth": ("/echo", b"[" * 100_000, TOO_LONG),
    "well-formed depth": ("/echo", b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}", TOO_LONG),
    "depth, and no such method": ("/nope", b"[" * 5000 + b"]" * 5000, TOO_LONG),
    "a long number": ("/take", b'{"integer": %s}' % (b"9" * 5000), TOO_LONG),
    "a lone surrogate": ("/echo", rb'["\ud800"]', SYNTAX),
    "not UTF-8": ("/echo", b'["\xe9"]', SYNTAX),
    "noise": ("/echo", bytes(range(256)), SYNTAX),
    "a number": ("/echo", b"1", INVALID),
    "a text": ("/echo", b'"x"', INVALID),
    "too many arguments": ("/echo", b"[1, 2, 3]", INVALID),
    "a wrong type": ("/take", b'{"integer": "1"}', INVALID),
    "an item": ("/take", b'{"numbers": [1, "x"]}', INVALID),
    "no such method": ("/nope", b"{}", MISSING),
    "nothing, and no such method": ("/nope", b"", MISSING),
    "C38 dunder": ("/__class__", b"{}", MISSING),
    "a method with a namespace": ("/{victim}echo", b"{}", MISSING),
    "a path upwards": ("/echo/..", b"{}", MISSING),
    "a path with line breaks": ("/a\r\nb", b"{}", MISSING),
    "a path that is not UTF-8": ("/\xe9", b"{}", MISSING),
    "a long path": ("/" + "x" * 100_000, b"{}", MISSING),
}


@pytest.mark.parametrize(("path", "body", "answered"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(caplog, path, body, answered):
    """The fault's code decides the status."""
    answer = attack(serve_victim(), "hybrid", body, caplog, path)
    assert (answer.code, answer.status) == answered
    assert answer.text.isprintable()


def serve_victim(**options):
    """The victim behind this protocol."""
    return serve_kind("hybrid", **options)


def test_keys_that_come_twice(caplog):
    """They can be refused."""
    answer = attack(serve_victim(duplicate_keys="refuse"), "hybrid", b'{"text": "a", "text": "b"}', caplog)
    assert (answer.code, answer.status) == SYNTAX


def test_the_depth_is_that_of_the_body():
    """There is nothing around the arguments."""
    body = b'{"tree": {"inner": {"inner": {}}}}'
    assert send(serve_victim(limits=Limits(depth=4)), "hybrid", body, "/take").status == 200
    assert send(serve_victim(limits=Limits(depth=3)), "hybrid", body, "/take").status == 413


TARGET = serve_victim()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=hostile(GOOD["hybrid"], b'{"integer": 1, "numbers": [1, 2], "decimal": "1.5", "free": {"a": [1, null]}}'),
    path=st.sampled_from(["/take", "/echo", "/"]) | st.text(max_size=20).map("/".__add__),
)
def test_whatever_comes(body, path):
    """Wounded messages, random bytes and random paths are answered by a result or a Client fault."""
    answer = send(TARGET, "hybrid", body, path.encode("utf-8", "replace").decode("latin-1"))
    assert answer.status in (200, 400, 404, 413), answer
    assert answer.code.partition(".")[0] in ("", "Client"), answer
    check_alive(TARGET, "hybrid")
