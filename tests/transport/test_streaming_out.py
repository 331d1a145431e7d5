"""Results that are iterators: written while their items come, in every protocol, over WSGI and over a real uvicorn."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest
from lxml import etree
from tests.protocol.streamed import Inner, Recorder, app_for, ask, serve
from tests.transport.conftest import _call
from tests.transport.test_asgi import raw, serving, until

from spyne import (
    AnyDict,
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Double,
    Fault,
    Integer,
    Iterable,
    NullServer,
    Service,
    Unicode,
    Uuid,
    rpc,
)
from spyne.protocol.csv import Csv
from spyne.protocol.html import HtmlColumnTable, HtmlMicroFormat, HtmlRowTable
from spyne.protocol.json import HybridHttpJsonDocument, JsonDocument, JsonP, JsonRpc
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.soap.mime import attach
from spyne.protocol.xml import XmlDocument
from spyne.protocol.yaml import YamlDocument
from spyne.server.asgi import AsgiApplication
from spyne.server.wsgi import WsgiApplication

ROOT = Path(__file__).parent.parent.parent
_RANDOM = re.compile(rb"[0-9a-f]{32}")
_DECLARATION = re.compile(rb' xmlns:\w+="[^"]*"')


class Derived(Inner):
    _type_info = [("zz", Integer)]


class Other(ComplexModel):
    __namespace__ = "urn:other"
    _type_info = [("inner", Inner), ("many", Array(Unicode)), ("when", DateTime)]


# --- the same text ---

KINDS = {
    "integers": (Integer, [1, -2, None, 10**30]),
    "texts": (Unicode, ["a<&>\r\n", "", None, "ü\u2028"]),
    "decimals": (Decimal, [Number("1.50"), Number("1E+3"), None]),
    "floats": (Double, [1.5, float("inf"), None]),
    "booleans": (Boolean, [True, False, None]),
    "moments": (DateTime, [datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2026, 1, 2), None]),
    "dates": (Date, [date(2026, 1, 2), None]),
    "uuids": (Uuid, [UUID(int=5), None]),
    "bytes": (ByteArray, [[b"abc"], [b""]]),
    "objects": (Inner, [Inner(a=1, b="x"), None, Inner(b="]]>"), {"a": 2}]),
    "derived": (Inner, [Derived(a=1, zz=3), Inner(a=1)]),
    "nested": (Other, [Other(inner=Inner(a=1), many=["x", None], when=datetime(2026, 1, 2)), Other()]),
    "lists": (Array(Integer), [[1, 2], [], None]),
    "free": (AnyDict, [{"a": [1, {"b": None}]}, {}]),
    "many": (Inner, [Inner(a=number, b="text" * 50) for number in range(500)]),
    "none": (Inner, []),
}
PROTOCOLS = {
    "soap11": Soap11,
    "soap12": Soap12,
    "soap-mtom": lambda: Soap11(mtom=True),
    "soap-rpc": lambda: Soap11(style="rpc"),
    "soap-polymorphic": lambda: Soap11(polymorphic=True),
    "xml": XmlDocument,
    "xml-bare": lambda: XmlDocument(xml_declaration=False, cleanup_namespaces=False),
    "xml-pretty": lambda: XmlDocument(pretty_print=True),
    "xml-ascii": lambda: XmlDocument(encoding="ascii"),
    "json": JsonDocument,
    "json-lists": lambda: JsonDocument(complex_as=list),
    "json-wrappers": lambda: JsonDocument(ignore_wrappers=False),
    "json-polymorphic": lambda: JsonDocument(polymorphic=True),
    "jsonp": lambda: JsonP("show"),
    "jsonrpc": JsonRpc,
    "yaml": YamlDocument,
    "yaml-flow": lambda: YamlDocument(default_flow_style=True),
    "msgpack": MessagePackDocument,
    "msgpack-2": lambda: MessagePackDocument(text_as_bin=True),
    "msgpack-rpc": MessagePackRpc,
    "csv": Csv,
    "html-rows": HtmlRowTable,
    "html-columns": HtmlColumnTable,
    "html-microformat": HtmlMicroFormat,
}
WHOLE = {"soap-mtom", "xml-pretty", "xml-ascii", "json-wrappers", "yaml-flow"}
COUNTED = {"msgpack", "msgpack-2", "msgpack-rpc"}
STREAMING = sorted(PROTOCOLS.keys() - WHOLE - COUNTED | {"soap-mtom"})


def without_ids(data):
    """Return a package without its random ids."""
    return _RANDOM.sub(b"", data)


def unique(data):
    """Return a document without its namespace declarations, which may be more where nobody knows what comes."""
    return without_ids(_DECLARATION.sub(b"", data))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("style", ["wrapped", "bare"])
def test_same_text(name, kind, style):
    """What an iterator is written as is what a list is written as, whatever the items are."""
    item, values = KINDS[kind]
    protocol = PROTOCOLS[name]
    app = app_for(protocol(), Iterable(item), lambda: values, _body_style=style)
    whole = ask(app)
    streamed = ask(app_for(protocol(), Iterable(item), lambda: iter(values), _body_style=style))
    assert whole.status == streamed.status == "200 OK"
    assert without_ids(streamed.headers["Content-Type"].encode()) == without_ids(whole.headers["Content-Type"].encode())
    assert unique(streamed.body) == unique(whole.body)
    if name.startswith(("soap", "xml")) and kind != "bytes":
        etree.fromstring(streamed.body)


@pytest.mark.parametrize("name", STREAMING)
def test_the_first_item_is_sent_before_the_second_is_made(name):
    """Only one item is asked for before the first bytes, and none while nobody reads on; closing closes the generator."""
    recorder = Recorder(10_000)
    reply = serve(PROTOCOLS[name](), Iterable(Inner), recorder.items)
    assert recorder.asked == 1
    body = iter(reply)
    assert b"text" in next(body)
    assert recorder.asked == 1
    assert b"text" in next(body)
    assert 1 < recorder.asked < 2000
    reply.close()
    assert recorder.closed
    assert "Content-Length" not in dict(reply.headers)


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_messagepack_counts_first(name):
    """An array of MessagePack begins with the number of its items: they wait in a temporary file."""
    recorder = Recorder(70_000)
    reply = serve(PROTOCOLS[name](), Iterable(Inner), recorder.items)
    assert recorder.asked == 70_000
    blocks = list(reply)
    assert len(blocks) > 10
    result = msgspec.msgpack.decode(b"".join(blocks))
    assert len(result if name != "msgpack-rpc" else result[-1]) == 70_000


@pytest.mark.parametrize("name", sorted(WHOLE - {"soap-mtom"}))
def test_written_whole(name):
    """Documents that cannot be cut at their items have a Content-Length."""
    recorder = Recorder(3)
    reply = serve(PROTOCOLS[name](), Iterable(Inner), recorder.items)
    assert recorder.asked == 3
    assert "Content-Length" in dict(reply.headers)
    reply.close()


def test_a_list_is_written_whole():
    """Only iterators are streamed."""
    reply = serve(JsonDocument(), Iterable(Integer), lambda: [1, 2])
    assert dict(reply.headers)["Content-Length"] == "5"
    reply.close()


def test_a_stream_among_several_results():
    """One of several results is read when the document is written."""
    for protocol in (Soap11, JsonDocument, MessagePackDocument):
        recorder = Recorder(3)
        reply = serve(protocol(), [Iterable(Inner), Integer], lambda made=recorder: [made.items(), 5])
        assert recorder.asked == 3
        assert "Content-Length" in dict(reply.headers)
        reply.close()


def test_head_closes_what_is_not_sent():
    """The body of an answer to HEAD is closed, whatever it is made of."""

    class Both(Service):
        @rpc
        async def rows(ctx) -> AsyncIterator[int]:
            try:
                while True:
                    yield 1
            finally:
                CLOSED.append("rows")

    app = AsgiApplication(Application([Both], "tns", in_protocol=HybridHttpJsonDocument()))

    async def head():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.head("/rows")

    assert asyncio.run(head()).status_code == 200
    assert CLOSED == ["rows"]


def test_slow_items_do_not_wait():
    """What has waited for a while is sent with the next item, however little it is."""

    def slow():
        for number in range(3):
            yield number
            time.sleep(0.11)

    blocks = list(serve(JsonDocument(), Iterable(Integer), slow))
    assert blocks[:3] == [b"[0", b",1", b",2"]
    assert b"".join(blocks) == b"[0,1,2]"


# --- errors ---


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_an_error_before_the_first_item_is_a_fault(name, caplog):
    """A generator that fails at once is answered by a fault, like any other method."""
    reply = ask(app_for(PROTOCOLS[name](), Iterable(Inner), Recorder(5, fail_at=0).items))
    assert reply.status == ("200 OK" if name == "jsonrpc" else "500 Internal Server Error")
    assert b"text" not in reply.body
    assert b"broken" not in reply.body
    assert "ValueError: broken" in caplog.text


def test_a_fault_before_the_first_item_is_that_fault(caplog):
    """A Fault that a generator raises first is sent, and no error for the log."""

    def refuse():
        raise Fault("Client.Sad", "no")
        yield

    reply = ask(app_for(JsonDocument(), Iterable(Inner), refuse))
    assert (reply.status, json.loads(reply.body)["faultcode"]) == ("400 Bad Request", "Client.Sad")
    assert not caplog.records


@pytest.mark.parametrize("name", STREAMING)
def test_an_error_after_the_first_item_is_raised(name, caplog):
    """An error on the way comes out of the body, for the server to abort the connection, and the log names the item."""
    recorder = Recorder(5, fail_at=2)
    reply = serve(PROTOCOLS[name](), Iterable(Inner), recorder.items)
    body = iter(reply)
    next(body)
    with pytest.raises(ValueError, match="broken"):
        list(body)
    assert recorder.closed
    assert "in the result, at 2" in caplog.text


@pytest.mark.parametrize("name", STREAMING)
def test_an_item_of_another_type(name, caplog):
    """The same holds for an item that does not fit, whose place the log names."""
    values = [{"a": 1}, {"a": 2}, {"a": object()}]
    reply = serve(PROTOCOLS[name](), Iterable(Inner), lambda: iter(values))
    with pytest.raises(TypeError):
        list(reply)
    assert "in the result, at 2/a" in caplog.text
    reply = serve(PROTOCOLS[name](), Iterable(Inner), lambda: iter(values[2:]))
    assert reply.status == ("200 OK" if name == "jsonrpc" else "500 Internal Server Error")
    assert "Content-Length" in dict(reply.headers)
    reply.close()


def test_a_character_that_xml_does_not_have(caplog):
    """Text is checked block by block; the log names the item."""
    reply = serve(Soap11(), Iterable(Unicode), lambda: iter(["a", "b", "\x00", "c"]))
    with pytest.raises(TypeError):
        list(reply)
    assert "in the result, at 2 " in caplog.text


# --- around the document ---


class Token(ComplexModel):
    __namespace__ = "urn:token"
    _type_info = [("id", Unicode)]


class Headed(Service):
    @rpc(_returns=Iterable(Integer), _out_header=Token)
    def count(ctx):
        ctx.out_header = Token(id="late")
        yield 1
        yield 2

    @rpc(_returns=Iterable(Unicode))
    def attached(ctx):
        attach(ctx, b"abc")
        return iter(["with"])

    @rpc(_returns=Iterable(Unicode))
    def attaches_late(ctx):
        yield attach(ctx, b"abc")


def headed(name, **listeners):
    """Call a method of `Headed` over SOAP; the WSGI reply."""
    app = Application([Headed], "tns", in_protocol=Soap11(), out_protocol=Soap11())
    for event, listener in listeners.items():
        app.event_manager.add_listener(event, listener)
    body = f"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><{name} xmlns="tns"/></e:Body></e:Envelope>"""
    return ask_soap(app, body.encode())


def ask_soap(app, body):
    """Send a SOAP request over WSGI."""
    return _call(WsgiApplication(app), body=body)


def test_headers_before_the_first_item():
    """A generator may set the header until its first item."""
    reply = headed("count")
    assert b"<soap11env:Header><s0:Token><s0:id>late</s0:id></s0:Token></soap11env:Header>" in reply.body
    assert etree.fromstring(reply.body).xpath("count(//*[local-name()='integer'])") == 2


def test_attachments_make_it_whole(caplog):
    """A response with attachments is no stream; a generator that attaches late is told so."""
    reply = headed("attached")
    assert reply.headers["Content-Type"].startswith("multipart/related")
    assert b"<tns:string>with</tns:string>" in reply.body
    assert headed("attaches_late").status == "500 Internal Server Error"
    assert "a response that is streamed has no attachments" in caplog.text


@pytest.mark.parametrize("protocol", [Soap11, XmlDocument, JsonDocument, JsonRpc, YamlDocument, MessagePackDocument])
def test_a_listener_that_looks_gets_the_document(protocol):
    """``ctx.out_document`` takes all items at once; the response is then written whole."""
    recorder = Recorder(3)
    app = app_for(protocol(), Iterable(Inner), recorder.items)
    seen = []
    app.event_manager.add_listener("method_return_document", lambda ctx: seen.append(ctx.out_document))
    reply = ask(app)
    assert seen[0] is not None
    assert recorder.asked == 3
    assert "Content-Length" in reply.headers
    plain = ask(app_for(protocol(), Iterable(Inner), Recorder(3).items))
    assert len(unique(reply.body)) == len(unique(plain.body))


def test_events_fire_before_the_body_and_after_it():
    """The events of a call come in their order; the context is closed after the body was sent."""
    names = ["method_return_object", "method_return_document", "method_return_string", "method_context_closed"]
    recorder = Recorder(3)
    app = app_for(JsonDocument(), Iterable(Inner), recorder.items)
    seen = []
    for name in names:
        app.event_manager.add_listener(name, lambda ctx, name=name: seen.append((name, recorder.asked)))
    ask(app)
    assert seen == [(names[0], 0), (names[1], 0), (names[2], 0), (names[3], 3)]


def test_a_listener_that_fails_closes_the_generator(caplog):
    """What was made for a body that is never sent is closed."""
    closed = []

    class Source:
        def __iter__(self):
            return self

        def __next__(self):
            return 1

        def close(self):
            closed.append(True)

    app = app_for(JsonDocument(), Iterable(Integer), Source)

    def fail(ctx):
        raise ValueError("broken")

    app.event_manager.add_listener("method_return_string", fail)
    assert ask(app).status == "500 Internal Server Error"
    assert closed == [True]


# --- servers that send whole messages ---


@pytest.mark.parametrize("protocol", [Soap11, JsonDocument, MessagePackRpc])
def test_null_server(protocol):
    """In this process a result is there as a whole, and an error at any item is a fault."""

    class Counter(Service):
        @rpc
        def count(ctx, to: int, fail_at: int) -> Iterator[int]:
            for number in range(to):
                if number == fail_at:
                    raise Fault("Client.Sad", "no")
                yield number

    app = Application([Counter], "tns", in_protocol=protocol(), out_protocol=protocol())
    service = NullServer(app, wire=True).service
    assert service.count(3, -1) == [0, 1, 2]
    for index in (0, 2):
        with pytest.raises(Fault, match="no"):
            service.count(3, index)
    assert isinstance(NullServer(app, ostr=True).service.count(3, -1), list)
    assert list(NullServer(app).service.count(3, -1)) == [0, 1, 2]


def test_in_a_batch():
    """Results of several calls in one request are written whole."""
    app = Application([Rows], "tns", in_protocol=JsonRpc(), out_protocol=JsonRpc())
    calls = [{"jsonrpc": "2.0", "method": "plain", "params": {"to": to, "fail_at": -1}, "id": to} for to in (1, 2)]
    calls.append({"jsonrpc": "2.0", "method": "plain", "params": {"to": 2, "fail_at": 1}, "id": 3})
    reply = _call(WsgiApplication(app), body=json.dumps(calls).encode(), content_type="application/json")
    one, two, three = json.loads(reply.body)
    assert (one["result"], two["result"], three["error"]["message"]) == ([0], [0, 1], "sad")


# --- over a real server ---

CLOSED: list[str] = []


class Rows(Service):
    @rpc
    async def rows(ctx, to: int, fail_at: int) -> AsyncIterator[int]:
        try:
            for number in range(to):
                if number == fail_at:
                    raise Fault("Client.Sad", "sad")
                await asyncio.sleep(0)
                yield number
        finally:
            CLOSED.append("rows")

    @rpc
    def plain(ctx, to: int, fail_at: int) -> Iterator[int]:
        try:
            for number in range(to):
                if number == fail_at:
                    raise Fault("Client.Sad", "sad")
                yield number
        finally:
            CLOSED.append("plain")

    @rpc
    async def returned(ctx, to: int, fail_at: int) -> AsyncIterator[int]:
        return numbers(to, fail_at)

    @rpc
    def foreign(ctx, to: int, fail_at: int) -> AsyncIterator[int]:
        return numbers(to, fail_at)


async def numbers(to, fail_at):
    """Yield numbers."""
    try:
        for number in range(to):
            if number == fail_at:
                raise Fault("Client.Sad", "sad")
            await asyncio.sleep(0)
            yield number
    finally:
        CLOSED.append("numbers")


SERVED = ("json", "soap11", "xml-pretty", "csv", "html-rows", "msgpack")
METHODS = {"rows": "rows", "plain": "plain", "returned": "numbers"}


@pytest.fixture(autouse=True)
def _forget():
    CLOSED.clear()


@pytest.fixture(scope="module")
def urls():
    """Addresses of one service by the protocol that it answers in."""
    apps = {
        name: AsgiApplication(Application([Rows], "tns", in_protocol=JsonDocument(), out_protocol=PROTOCOLS[name]()))
        for name in SERVED
    }

    async def choose(scope, receive, send):
        await apps[scope.get("path", "").strip("/") or "json"](scope, receive, send)

    with serving(choose) as address:
        yield {name: f"{address}{name}" for name in SERVED}


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("method", [*METHODS, "foreign"])
def test_asgi_results(urls, name, method):
    """Synchronous and asynchronous generators arrive as what a list would be."""
    reply = httpx.post(urls[name], json={method: {"to": 9000, "fail_at": -1}}, timeout=20)
    assert reply.status_code == 200
    expected = ask(app_for(PROTOCOLS[name](), Array(Integer), lambda: [*range(9000)], name=method), name=method)
    assert unique(reply.content) == unique(expected.body)
    assert ("Transfer-Encoding" in reply.headers) == (method != "foreign" and name not in WHOLE)
    until(lambda: [METHODS.get(method, "numbers")] == CLOSED)


@pytest.mark.parametrize("method", METHODS)
def test_asgi_faults_before_the_first_item(urls, method):
    """An asynchronous generator that fails first is answered by a fault."""
    reply = httpx.post(urls["json"], json={method: {"to": 3, "fail_at": 0}}, timeout=20)
    assert (reply.status_code, reply.json()["faultcode"]) == (400, "Client.Sad")


@pytest.mark.parametrize("method", METHODS)
def test_asgi_errors_abort(urls, method, caplog):
    """After the first item the connection is aborted: the client does not take a part for the whole."""
    with caplog.at_level(logging.CRITICAL), pytest.raises(httpx.RemoteProtocolError):
        httpx.post(urls["json"], json={method: {"to": 90_000, "fail_at": 80_000}}, timeout=20)


@pytest.mark.parametrize("method", METHODS)
def test_asgi_closes_what_nobody_reads(urls, method):
    """A client that hangs up ends the generator, which was held back until then."""
    with raw(urls["json"], method, to=10**9, fail_at=-1) as connection:
        assert connection.recv(1000)
        assert CLOSED == []
    until(lambda: [METHODS[method]] == CLOSED)


def test_asgi_batches_are_gathered():
    """Asynchronous results of several calls in one request are written whole."""
    app = AsgiApplication(Application([Rows], "tns", in_protocol=JsonRpc(), out_protocol=JsonRpc()))
    calls = [{"jsonrpc": "2.0", "method": "rows", "params": {"to": to, "fail_at": -1}, "id": to} for to in (1, 2)]

    async def ask_all():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            batch = await client.post("/", json=calls)
            single = await client.post("/", json=calls[1])
            note = await client.post("/", json={"jsonrpc": "2.0", "method": "rows", "params": calls[1]["params"]})
            return batch.json(), single.json(), note.status_code

    batch, single, note = asyncio.run(ask_all())
    assert [answer["result"] for answer in batch] == [[0], [0, 1]]
    assert single["result"] == [0, 1]
    assert note == 204
    assert CLOSED == ["rows"] * 4


# --- memory ---


@pytest.mark.parametrize("protocol", ["soap", "json", "msgpack"])
def test_memory_stays_flat(protocol):
    """Two hundred thousand rows cost no more than 20 MB above what the process has anyhow."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.streaming", "--protocol", protocol, "--rows", "200000", "--json"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(run.stdout)
    assert found["rows"] == 200_000
    assert found["above_idle"] <= 20_000_000
