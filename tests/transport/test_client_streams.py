"""Results that clients take item by item while they arrive: over uvicorn, in this process, and where something is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from functools import cache

import httpx
import pytest
import uvicorn

from spyne import Application, Array, ByteArray, ComplexModel, Fault, Integer, Iterable, Service, Unicode, rpc
from spyne.client import ResponseError
from spyne.client._asgi import AsgiTransport
from spyne.client.http import AsyncHttpClient, HttpClient
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument, JsonP, JsonRpc
from spyne.protocol.msgpack import MessagePackDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument
from spyne.protocol.yaml import YamlDocument
from spyne.server.asgi import AsgiApplication
from spyne.server.wsgi import WsgiApplication
from spyne.testing import AsyncClient, Client

SEEN: list[object] = []
URL = "http://app/"
PROTOCOLS = {"soap11": Soap11, "soap12": Soap12, "xml": XmlDocument, "json": JsonDocument}
WHOLE = {"jsonrpc": JsonRpc, "jsonp": lambda: JsonP("back"), "msgpack": MessagePackDocument, "yaml": YamlDocument}
TYPES = {"soap11": "text/xml", "soap12": "application/soap+xml", "xml": "text/xml", "json": "application/json"}
LARGE = "x" * 20_000
"""More than what is sent at once."""


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


class Row(ComplexModel):
    __namespace__ = "t"

    id: int
    note: str | None = None


class Mark(ComplexModel):
    __namespace__ = "t"

    text = Unicode


class Sad(Fault):
    CODE = "Client.Sad"

    def __init__(self, why):
        super().__init__(self.CODE, why)


def until(condition):
    """Wait for something to happen."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.002)


class Numbers(Service):
    @rpc
    def rows(ctx, count: int) -> Iterator[Row]:
        for number in range(count):
            yield Row(id=number, note="<&>")

    @rpc(Integer, _returns=Iterable(Row), _body_style="out_bare")
    def bare(ctx, count):
        return (Row(id=number) for number in range(count))

    @rpc(Integer, _returns=Array(Integer))
    def array(ctx, count):
        return list(range(count))

    @rpc(Integer, _returns=Integer.customize(max_occurs="unbounded"))
    def flat(ctx, count):
        return list(range(count))

    @rpc
    async def slowly(ctx, count: int) -> AsyncIterator[Row]:
        for number in range(count):
            await asyncio.sleep(0)
            yield Row(id=number)

    @rpc
    def turns(ctx, count: int) -> Iterator[Row]:
        try:
            for number in range(count):
                yield Row(id=number, note=LARGE)
                until(lambda number=number: number in SEEN)
        finally:
            SEEN.append("closed")

    @rpc
    def breaks(ctx, count: int) -> Iterator[Row]:
        for number in range(count):
            yield Row(id=number, note=LARGE)
        raise ValueError("secret")

    @rpc
    def stalls(ctx) -> Iterator[Row]:
        yield Row(id=0, note=LARGE)
        until(lambda: "go" in SEEN)

    @rpc(_returns=Iterable(Row), _throws=Sad)
    def refuses(ctx):
        raise Sad("no")
        yield

    @rpc(_returns=Iterable(Row), _out_header=Mark)
    def marked(ctx):
        ctx.out_header = Mark(text="first")
        ctx.transport.resp_headers["X-Rows"] = "1"
        yield Row(id=1)

    @rpc(_returns=Iterable(ByteArray))
    def parts(ctx):
        yield [b"\x00payload" * 10_000]

    @rpc(_returns=Iterable(Row), _idempotent=True)
    def again(ctx):
        yield Row(id=1)

    @rpc
    def one(ctx, number: int) -> int:
        return number


@cache
def make(protocol, limits=None):
    return Application([Numbers], "t", in_protocol=protocol(), limits=limits)


@contextlib.contextmanager
def running(application, **options):
    """The application under uvicorn on a free port; the address."""
    config = uvicorn.Config(
        AsgiApplication(application, **options), port=0, log_level="critical", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def address():
    """Gives the application and the address of a server for one protocol; each is started once."""
    with contextlib.ExitStack() as servers:

        @cache
        def start(kind):
            application = make((PROTOCOLS | WHOLE)[kind])
            return servers.enter_context(running(application)), application

        yield start


def sync_play(url, application, play, **options):
    """Run `play`, an asynchronous function of a client, with the synchronous one."""
    http = httpx.Client(limits=httpx.Limits(max_connections=1), timeout=options.pop("timeout", 20))
    with HttpClient(url, application, http=http, **options) as client:
        asyncio.run(play(_Awaited(client)))


def async_play(url, application, play, **options):
    """The same with the asynchronous one."""

    async def run():
        http = httpx.AsyncClient(limits=httpx.Limits(max_connections=1), timeout=options.pop("timeout", 20))
        async with AsyncHttpClient(url, application, http=http, **options) as client:
            await play(client)

    asyncio.run(run())


class _Awaited:
    """The synchronous client with the surface of the other, so that one script is for both; it blocks the script's own loop."""

    def __init__(self, client):
        self.service = self
        self._client = client

    def __getattr__(self, name):
        procedure = self._client.service[name]

        async def call(*args):
            return procedure(*args)

        @contextlib.asynccontextmanager
        async def stream(*args):
            with procedure.stream(*args) as rows:
                yield _AwaitedRows(rows)

        call.stream = stream
        return call


class _AwaitedRows:
    def __init__(self, rows):
        self._rows = rows
        self.headers, self.status, self.ctx = rows.headers, rows.status, rows.ctx

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return next(self._rows)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self):
        self._rows.close()


BOTH = pytest.mark.parametrize("player", [sync_play, async_play])


# --- what arrives -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PROTOCOLS | WHOLE)
def test_what_a_call_returns(kind):
    """Streaming gives the items of the list that a call returns, whatever is declared and however many there are."""
    application = make((PROTOCOLS | WHOLE)[kind])
    client = Client(application)

    async def play(method, count):
        async with AsyncClient(application) as client, client.service[method].stream(count) as rows:
            return [repr(row) async for row in rows]

    for method in ("rows", "bare", "array", "flat", "slowly"):
        for count in (0, 1, 1000):
            expected = [*map(repr, client.call(method, count) or ())]
            with client.service[method].stream(count) as rows:
                assert [*map(repr, rows)] == expected
                assert list(rows) == []
            assert asyncio.run(play(method, count)) == expected
            assert len(expected) == count
            assert (rows.ctx.in_stream is not None) == (kind in PROTOCOLS and method != "flat")


def test_rpc_style():
    """SOAP in rpc style streams as well."""

    class Plain(Service):
        @rpc
        def rows(ctx, count: int) -> Iterator[Row]:
            return (Row(id=number) for number in range(count))

    client = Client(Application([Plain], "t", in_protocol=Soap11(style="rpc")))
    with client.service.rows.stream(3) as rows:
        assert [row.id for row in rows] == [0, 1, 2]
    assert rows.ctx.in_stream is not None


@BOTH
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_items_while_the_response_is_being_sent(kind, player, address):
    """The server makes an item when the client has had the one before, and the connection is free after the last one."""

    async def play(client):
        async with client.service.turns.stream(4) as rows:
            assert (rows.status, rows.headers["content-type"].partition(";")[0]) == (200, TYPES[kind])
            async for row in rows:
                assert row.note == LARGE
                assert "closed" not in SEEN
                SEEN.append(row.id)
            assert await client.service.one(5) == 5
        assert SEEN == [0, 1, 2, 3, "closed"]

    player(*address(kind), play)


@BOTH
@pytest.mark.parametrize("asked", [0, 1])
@pytest.mark.parametrize("kind", ["soap11", "json"])
def test_leaving_early(kind, asked, player, address):
    """Leaving the block, or closing, releases the connection and closes the generator in the server."""

    async def play(client):
        for closes in (False, True):
            SEEN.clear()
            async with client.service.turns.stream(4) as rows:
                for _ in range(asked):
                    assert (await anext(rows)).id == 0
                if closes:
                    await rows.aclose()
                    assert await client.service.one(5) == 5
                    with pytest.raises(StopAsyncIteration):
                        await anext(rows)
                SEEN.append(0)
            assert await client.service.one(6) == 6
            SEEN.extend([1, 2, 3])
            until(lambda: "closed" in SEEN)

    player(*address(kind), play)


@BOTH
@pytest.mark.parametrize("kind", ["soap11", "json"])
def test_what_users_raise(kind, player, address):
    """An error in the block is the user's own, and the connection is released."""

    async def divide(client):
        async with client.service.rows.stream(3) as rows:
            async for row in rows:
                assert 1 // row.id

    async def play(client):
        with pytest.raises(ZeroDivisionError):
            await divide(client)
        assert await client.service.one(6) == 6

    player(*address(kind), play)


@pytest.mark.parametrize("kind", ["soap11", "json"])
def test_a_task_that_is_cancelled(kind, address):
    """A task that is cancelled while it waits for an item leaves no connection behind."""

    async def play(client):
        taken = asyncio.Event()

        async def take():
            async with client.service.turns.stream(4) as rows:
                async for _ in rows:
                    taken.set()

        task = asyncio.create_task(take())
        await taken.wait()
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await client.service.one(6) == 6
        SEEN.extend([0, 1, 2, 3])
        await asyncio.to_thread(until, lambda: "closed" in SEEN)

    async_play(*address(kind), play)


def test_headers():
    """The headers of HTTP and of SOAP are there before the first item."""
    client = Client(make(Soap11))
    with client.service.marked.stream() as rows:
        assert rows.headers["X-Rows"] == "1"
        assert rows.ctx.in_header.text == "first"
        assert [row.id for row in rows] == [1]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_compressed(coding):
    """A compressed response is unpacked while it arrives."""
    client = Client(WsgiApplication(make(JsonDocument), compress=1), headers={"Accept-Encoding": coding})
    with client.service.rows.stream(20_000) as rows:
        assert rows.headers["Content-Encoding"] == coding
        assert sum(1 for _ in rows) == 20_000


@pytest.mark.parametrize("protocol", [Soap11, Soap12])
def test_packages_are_read_as_a_whole(protocol):
    """A response with attachments gives its items, too."""
    application = Application([Numbers], "t", in_protocol=protocol(mtom=True))

    async def play():
        async with AsyncClient(application).service.parts.stream() as rows:
            return [b"".join(row) async for row in rows]

    with Client(application).service.parts.stream() as rows:
        assert rows.headers["Content-Type"].startswith("multipart/related")
        assert [b"".join(row) for row in rows] == asyncio.run(play()) == [b"\x00payload" * 10_000]


def test_what_is_no_sequence():
    """Streaming one value, or none, is a mistake of the caller, as wrong arguments are."""
    service = Client(make(JsonDocument)).service
    with pytest.raises(TypeError, match="one does not return an array or iterator"), service.one.stream(1):
        pass
    with pytest.raises(TypeError), service.rows.stream(1, 2, 3):
        pass


# --- what is wrong ----------------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_a_connection_that_is_cut(kind, player, address):
    """Items before the break are there, then it is an error, and the next call has a connection."""

    async def take(client, count, got):
        async with client.service.breaks.stream(count) as rows:
            async for row in rows:
                got.append(row.id)

    async def play(client):
        for count in (1, 3):
            got = []
            with pytest.raises(ConnectionError, match="broke"):
                await take(client, count, got)
            assert got[:1] == [0]
            assert await client.service.one(6) == 6

    player(*address(kind), play)


@BOTH
def test_a_response_that_stops(player, address):
    """`timeout` is for each block that is waited for."""

    async def play(client):
        async with client.service.stalls.stream() as rows:
            assert (await anext(rows)).id == 0
            with pytest.raises(TimeoutError, match="no answer from"):
                await anext(rows)
        SEEN.append("go")

    player(*address("json"), play, timeout=0.3)


@BOTH
@pytest.mark.parametrize("kind", PROTOCOLS | WHOLE)
def test_faults_come_before_the_items(kind, player, address):
    """A fault is raised by the call, as the class that is declared for it, and the connection is free."""

    async def play(client):
        with pytest.raises(Sad, match="no"):
            async with client.service.refuses.stream():
                pytest.fail("there is nothing to stream")
        assert await client.service.one(6) == 6

    player(*address(kind), play)


def answered(kind, method="rows", count=3):
    """The response of a method as it is on the wire."""
    seen = []
    client = Client(make(PROTOCOLS[kind]))
    client.http.event_hooks = {"response": [lambda response: seen.append(response.read())]}
    with contextlib.suppress(Fault):
        client.call(method, *([count] if method != "refuses" else []))
    return seen[0]


def replying(kind, body, status=200, limits=None, **options):
    """A client of a server that answers with these bytes, or blocks of them."""
    http = httpx.Client(
        transport=httpx.MockTransport(
            lambda request: httpx.Response(status, content=body, headers={"Content-Type": TYPES[kind]})
        )
    )
    return HttpClient(URL, make(PROTOCOLS[kind], limits), http=http, **options)


def items_of(client, method="rows"):
    with client.service[method].stream(1) as rows:
        return list(rows)


@pytest.mark.parametrize("method", ["rows", "bare"])
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_every_part_of_a_response_is_none(kind, method):
    """A response that ends early, wherever, is no result, and neither is one that goes on."""
    body = answered(kind, method)
    assert [row.id for row in items_of(replying(kind, body), method)] == [0, 1, 2]
    for end in range(len(body)):
        with pytest.raises(ResponseError):
            items_of(replying(kind, iter([body[:end]])), method)
    with pytest.raises(ResponseError):
        items_of(replying(kind, iter([body, b"<"])), method)


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_any_blocks(kind):
    """How a response is cut into blocks makes no difference."""
    body = answered(kind)
    for size in (1, 7, 64):
        blocks = (body[at : at + size] for at in range(0, len(body), size))
        assert [row.id for row in items_of(replying(kind, blocks))] == [0, 1, 2]


@pytest.mark.parametrize("kind", ["soap11", "soap12", "xml"])
def test_a_fault_with_the_status_of_a_result(kind):
    """A fault is one whatever the status is."""
    with pytest.raises(Sad, match="no"):
        items_of(replying(kind, answered(kind, "refuses")))


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_an_item_that_does_not_fit(kind):
    """The items before it are given, then the error says which one it is and why."""
    body = (
        answered(kind).replace(b"<id>1<", b"<id>one<").replace(b":id>1<", b":id>one<").replace(b'"id":1', b'"id":"one"')
    )
    with replying(kind, iter([body])).service.rows.stream(3) as rows:
        assert next(rows).id == 0
        with pytest.raises(ResponseError, match=r"rowsResult\[1\]/id: the value 'one' is not an integer"):
            next(rows)
        assert list(rows) == []


@pytest.mark.parametrize("kind", PROTOCOLS)
@pytest.mark.parametrize("status", [200, 500, 404])
def test_what_is_no_answer(kind, status):
    """Something else than the service's answer is shown."""
    with pytest.raises(ResponseError, match="<h1>Hello") as raised:
        items_of(replying(kind, b"<html><h1>Hello<br></html>", status))
    assert raised.value.status == status


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_limits(kind):
    """A stream may be longer than `max_response_length`, an item not longer than `stream_item`; what is read as a whole may not."""
    body = answered(kind, count=2000)
    assert len(items_of(replying(kind, iter([body]), max_response_length=len(body) // 2))) == 2000
    with pytest.raises(ResponseError, match="max_response_length=10 bytes"):
        items_of(replying(kind, iter([b"<", b" " * 100, b"a>" * 100]), 500, max_response_length=10))

    long = answered(kind, "rows").replace(b"&lt;", b"x" * 300_000).replace(b'"<', b'"' + b"x" * 300_000)
    assert len(items_of(replying(kind, iter([long])))) == 3
    with pytest.raises(ResponseError, match="stream_item=100000"):
        items_of(replying(kind, iter([long]), limits=Limits(stream_item=100_000)))


@pytest.mark.parametrize("kind", WHOLE)
def test_the_limit_of_what_is_read_as_a_whole(kind):
    """Protocols that do not stream keep all of it, within `max_response_length`."""
    client = Client(make(WHOLE[kind]), max_response_length=1000)
    with pytest.raises(ResponseError, match="max_response_length=1000"):
        with client.service.rows.stream(2000) as rows:
            list(rows)
    assert len(items_of(client)) == 1


def test_a_coding_that_is_not():
    """A body that is not in the coding that it says is no answer, streamed or not."""
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    body = gzip.compress(b"[1,2,3]")
    for broken in (b"[1,2,3]", body[:12] + b"\xff" + body[13:]):
        answer = httpx.MockTransport(
            lambda request, broken=broken: httpx.Response(200, content=iter([broken]), headers=headers)
        )
        service = HttpClient(URL, make(JsonDocument), http=httpx.Client(transport=answer)).service
        with pytest.raises(ResponseError, match="Content-Encoding"):
            service.array(3)
        with pytest.raises(ResponseError, match="Content-Encoding"), service.array.stream(3) as rows:
            list(rows)


@pytest.mark.parametrize(("retries", "wanted"), [(2, [1]), (1, None)])
def test_further_attempts(monkeypatch, retries, wanted):
    """A stream that has not begun is asked for again, under the rules of calls."""
    monkeypatch.setattr("spyne.client._http._FIRST_WAIT", 0.001)
    application = make(JsonDocument)
    answers = iter([httpx.ConnectError("refused"), httpx.Response(503), httpx.Response(200, content=b'[{"id":1}]')])

    def answer(request):
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    client = HttpClient(URL, application, retries=retries, http=httpx.Client(transport=httpx.MockTransport(answer)))
    if wanted is None:
        with pytest.raises(ResponseError), client.service.again.stream():
            pass
        return
    with client.service.again.stream() as rows:
        assert [row.id for row in rows] == wanted


# --- in this process --------------------------------------------------------------------------------------------------------------


async def taking_turns(kind, calls):
    """Take `calls` items of four, each of which is made when the one before was taken, without a socket."""
    async with AsyncClient(make(PROTOCOLS[kind])) as client:
        async with client.service.turns.stream(4) as rows:
            for number in range(calls):
                assert (await anext(rows)).id == number
                assert "closed" not in SEEN
                SEEN.append(number)
            if calls == 4:
                assert await anext(rows, None) is None
                assert "closed" in SEEN
        SEEN.extend(range(4))
        assert await client.call("one", 6) == 6
    assert "closed" in SEEN


@pytest.mark.parametrize("calls", [0, 1, 4])
@pytest.mark.parametrize("kind", PROTOCOLS)
def test_asgi_in_this_process(kind, calls):
    """The application makes an item when it is wanted, is told when nobody wants more, and has ended when the client is closed."""
    asyncio.run(taking_turns(kind, calls))


def test_wsgi_in_this_process():
    """The same over WSGI, where an item is made when it is asked for."""
    client = Client(make(JsonDocument))
    SEEN.extend(range(4))
    with client.service.turns.stream(4) as rows:
        assert next(rows).id == 0
        assert "closed" not in SEEN
    assert "closed" in SEEN


async def failing(app, **options):
    """What a request to an ASGI application raises in this process, and how much of its body came before."""
    got = b""
    async with httpx.AsyncClient(transport=AsgiTransport(app), base_url=URL) as http:
        try:
            async with http.stream("POST", "/", **options) as response:
                async for block in response.aiter_raw():
                    got += block
        except Exception as error:
            return type(error), got
        return None, got


def acting(*messages, error=None):
    """An ASGI application that reads the body, sends these messages, and then raises."""

    async def app(scope, receive, send):
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        SEEN.append(body)
        for message in messages:
            await send(message)
        if error is not None:
            raise error

    return app


START = {"type": "http.response.start", "status": 200, "headers": []}
PART = {"type": "http.response.body", "body": b"part", "more_body": True}
END = {"type": "http.response.body", "body": b"end"}


@pytest.mark.parametrize(
    ("messages", "error", "raised", "got"),
    [
        ([START, PART, END], None, None, b"partend"),
        ([START, PART, END], ValueError(), ValueError, b"partend"),
        ([START, PART], ValueError(), ValueError, b"part"),
        ([], ValueError(), ValueError, b""),
        ([START, PART], None, httpx.RemoteProtocolError, b"part"),
        ([], None, httpx.RemoteProtocolError, b""),
    ],
)
def test_how_an_application_in_this_process_ends(messages, error, raised, got):
    """What it raises comes out, before its answer, in the middle of it, or after it; one that stops early is no server that answers."""

    async def body():
        yield b"a"
        yield b"b"

    assert asyncio.run(failing(acting(*messages, error=error), content=body())) == (raised, got)
    assert SEEN == [b"ab"]


# --- memory -----------------------------------------------------------------------------------------------------------------------

MEASURE = """
import asyncio, sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from test_client_streams import PROTOCOLS, AsyncHttpClient, make, running
from spyne.testing import Client
kind, way, count = *sys.argv[1:3], 100_000
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
def count_them(rows):
    global most
    for index, row in enumerate(rows):
        assert row.id == index
        if index % 1000 == 0:
            most = max(most, resident())
    assert index == count - 1
async def acount_them(rows):
    global most
    index = -1
    async for row in rows:
        index += 1
        assert row.id == index
        if index % 1000 == 0:
            most = max(most, resident())
    assert index == count - 1
application = make(PROTOCOLS[kind])
if way == "wsgi":
    client = Client(application)
    client.call("rows", 9)
    most = idle = resident()
    with client.service.rows.stream(count) as rows:
        count_them(rows)
else:
    async def play(url):
        global most, idle
        async with AsyncHttpClient(url, application) as client:
            await client.service.rows(9)
            most = idle = resident()
            async with client.service.rows.stream(count) as rows:
                await acount_them(rows)
    with running(application) as url:
        asyncio.run(play(url))
print(most - idle)
"""


@pytest.mark.parametrize(("kind", "way"), [("soap11", "wsgi"), ("json", "wsgi"), ("json", "uvicorn")])
def test_memory_is_flat(kind, way):
    """100,000 rows, made and taken in one process, occupy no more than a few megabytes."""
    from pathlib import Path

    import spyne

    places = [str(Path(__file__).parent), str(Path(spyne.__file__).parent.parent)]
    command = [sys.executable, "-c", MEASURE, kind, way, *places]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 8_000_000
