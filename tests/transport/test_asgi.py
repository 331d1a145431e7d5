"""AsgiApplication under a real uvicorn: what is answered, what waits for what, and what is released when somebody leaves."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import httpx
import pytest
import uvicorn

from spyne import Application, Fault, Service, rpc
from spyne.auxproc.sync import SyncAuxProc
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument, JsonRpc
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication, AsgiTransportContext

SOAP = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
<add xmlns="tns"><a>1</a><b>2</b></add></e:Body></e:Envelope>"""
SEEN: list[str] = []
CALLER: ContextVar[str] = ContextVar("CALLER", default="nobody")


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


class Demo(Service):
    @rpc
    async def add(ctx, a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    @rpc
    def thread(ctx) -> str:
        return threading.current_thread().name.partition("_")[0]

    @rpc
    async def loop(ctx) -> str:
        return type(asyncio.get_running_loop()).__name__ and threading.current_thread().name

    @rpc
    async def count(ctx, to: int) -> AsyncIterator[int]:
        for number in range(to):
            await asyncio.sleep(0)
            yield number

    @rpc
    async def meet(ctx, parties: int) -> int:
        """Return once that many calls are here at the same time."""
        Demo.here += 1
        while Demo.here < parties:
            await asyncio.sleep(0.001)
        return Demo.here

    here = 0

    @rpc
    def fail(ctx) -> str:
        raise ValueError("secret")

    @rpc
    async def afail(ctx) -> str:
        raise Fault("Client.Sad", "no")

    @rpc
    async def wait(ctx) -> str:
        SEEN.append("waits")
        try:
            await asyncio.sleep(60)
        finally:
            SEEN.append("stopped")
        return ""

    @rpc
    async def astream(ctx, parts: int, broken: bool = False) -> str:
        async def body():
            try:
                for number in range(parts):
                    yield b"%6d" % number
                    await asyncio.sleep(0.001)
                if broken:
                    raise ValueError("secret")
            finally:
                SEEN.append("closed")

        ctx.out_string = body()
        return ""

    @rpc
    def stream(ctx, parts: int, broken: bool = False) -> str:
        def body():
            try:
                for number in range(parts):
                    yield b"%6d" % number
                    if parts > 1000:
                        time.sleep(0.001)
                if broken:
                    raise ValueError("secret")
            finally:
                SEEN.append("closed")

        ctx.out_string = body()
        return ""

    @rpc
    async def never_starts(ctx) -> str:
        async def body():
            raise Fault("Client.Early", "before the first part")
            yield b""

        ctx.out_string = body()
        return ""

    @rpc
    def who(ctx) -> str:
        return CALLER.get()


class Beside(Service):
    __aux__ = SyncAuxProc()

    @rpc
    async def add(ctx, a: int, b: int) -> None:
        await asyncio.sleep(0)
        SEEN.append(f"beside {a} {b}")


def application(protocols=(JsonDocument, Soap11), **options):
    """Return the service for each protocol behind one address."""
    return Application(
        [Demo, Beside],
        "tns",
        in_protocol=[protocol(validator="soft") for protocol in protocols],
        limits=Limits(body=1000),
        **options,
    )


@contextlib.contextmanager
def serving(app):
    """Run an ASGI application under uvicorn; yields its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        host, port = server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}/"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def url():
    with serving(AsgiApplication(application(), body_timeout=1.0)) as address:
        yield address


def call(url, name, **arguments):
    """Call a method over JSON."""
    return httpx.post(url, json={name: arguments}, timeout=20)


def until(condition):
    """Wait until something is so, but not for ever."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come to pass")


@contextlib.contextmanager
def raw(url, name, **arguments):
    """A socket on which a request was sent."""
    parts = httpx.URL(url)
    body = json.dumps({name: arguments}).encode()
    with socket.create_connection((parts.host, parts.port), timeout=20) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            + body
        )
        yield connection


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("add", {"a": 1, "b": 2}, 3),
        ("thread", {}, "spyne"),
        ("count", {"to": 3}, [0, 1, 2]),
        ("count", {"to": 0}, []),
    ],
)
def test_results(url, name, arguments, result):
    """Coroutines run on the loop, others in the application's threads, and asynchronous generators are lists of results."""
    reply = call(url, name, **arguments)
    assert (reply.status_code, reply.json()) == (200, result)
    assert reply.headers["Content-Type"] == "application/json"


def test_coroutines_run_on_the_servers_loop(url):
    """An ``async def`` method runs in the thread of the server, not in one of the pool."""
    assert not call(url, "loop").json().startswith("spyne")


def test_soap_on_the_same_address(url):
    """A SOAP request is answered in SOAP."""
    reply = httpx.post(url, content=SOAP, headers={"Content-Type": "text/xml"})
    assert "<tns:addResult>3</tns:addResult>" in reply.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_wsdl(url, method):
    """The WSDL names the address that was asked."""
    reply = httpx.request(method, f"{url}?wsdl")
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert int(reply.headers["Content-Length"]) > 1000
    assert (f'location="{url}"' in reply.text) == (method == "GET")


def test_calls_run_at_the_same_time(url):
    """Fifty calls of one coroutine function wait for each other."""
    Demo.here = 0
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: call(url, "meet", parties=50).json(), range(50)))
    assert max(replies) == 50


@pytest.mark.parametrize(
    ("name", "arguments", "status", "code"),
    [
        ("fail", {}, 500, "Server"),
        ("afail", {}, 400, "Client.Sad"),
        ("add", {"a": "x", "b": 1}, 400, "Client.ValidationError"),
        ("nothing", {}, 404, "Client.ResourceNotFound"),
        ("never_starts", {}, 400, "Client.Early"),
    ],
)
def test_faults(url, name, arguments, status, code, caplog):
    """Faults have the status and the form that they have under WSGI, and no detail of the program."""
    with caplog.at_level(logging.CRITICAL):
        reply = call(url, name, **arguments)
    assert (reply.status_code, reply.json()["faultcode"]) == (status, code)
    assert "secret" not in reply.text


def test_a_body_that_is_too_long_is_refused(url):
    """The announced length counts, and without one what arrives."""
    assert httpx.post(url, content=b" " * 2000).status_code == 413
    assert httpx.post(url, content=iter([b" " * 800] * 2)).status_code == 413


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", gzip.compress(b'{"add": {"a": 1, "b": 2}}', mtime=0), 200),
        ("gzip", b"x", 400),
        ("gzip", gzip.compress(b" " * 2000, mtime=0), 413),
        ("snappy", b"x", 415),
    ],
    ids=["good", "damaged", "long", "unknown"],
)
def test_compressed_bodies(url, coding, body, status):
    """A compressed body is read as far as the limit goes; a coding that is not known is refused."""
    reply = httpx.post(url, content=body, headers={"Content-Encoding": coding, "Content-Type": "application/json"})
    assert reply.status_code == status


def test_a_body_that_never_ends_is_refused(url):
    """A client that sends a part and then nothing gets a fault after the time that is allowed."""
    parts = httpx.URL(url)
    with socket.create_connection((parts.host, parts.port), timeout=20) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400")


def test_a_client_that_leaves_while_it_sends(url):
    """Nothing is called and nothing logged for a request that stops in the middle."""
    parts = httpx.URL(url)
    with socket.create_connection((parts.host, parts.port), timeout=20) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert call(url, "add", a=1, b=2).json() == 3


def test_a_client_that_leaves_stops_the_coroutine(url):
    """A coroutine whose client hangs up is cancelled."""
    with raw(url, "wait"):
        until(lambda: SEEN == ["waits"])
    until(lambda: SEEN == ["waits", "stopped"])


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_streams_arrive(url, name):
    """A body of parts arrives whole, and its source is closed."""
    reply = call(url, name, parts=500)
    assert reply.headers["Transfer-Encoding"] == "chunked"
    assert reply.text.split() == [str(number) for number in range(500)]
    assert SEEN == ["closed"]


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_a_client_that_leaves_closes_the_stream(url, name):
    """The source of a body is closed when its client hangs up."""
    with raw(url, name, parts=1_000_000) as connection:
        assert connection.recv(100)
    until(lambda: SEEN == ["closed"])


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_a_stream_that_breaks_is_cut(url, name, caplog):
    """An error in the middle aborts the connection: half a body is not taken for a whole one."""
    with caplog.at_level(logging.CRITICAL), pytest.raises(httpx.RemoteProtocolError):
        call(url, name, parts=3, broken=True)
    assert SEEN == ["closed"]
    assert call(url, "add", a=1, b=2).json() == 3


def test_auxiliary_methods_run(url):
    """An auxiliary method that is a coroutine function runs after the primary one."""
    assert call(url, "add", a=4, b=5).json() == 9
    until(lambda: "beside 4 5" in SEEN)


def test_events_and_closing():
    """Each call is closed once, after its body was sent, with the events of HTTP around it."""
    app = application()
    asgi = AsgiApplication(app)
    for name in ("method_context_created", "method_call", "method_return_object", "method_context_closed"):
        app.event_manager.add_listener(name, lambda ctx, name=name: SEEN.append(name))
    for name in ("http_call", "http_return", "http_exception", "http_close"):
        asgi.event_manager.add_listener(name, lambda ctx, name=name: SEEN.append(name))
    with serving(asgi) as address:
        assert call(address, "thread").status_code == 200
        until(lambda: SEEN[-1:] == ["http_close"])
    assert SEEN == [
        "method_context_created",
        "http_call",
        "method_call",
        "method_return_object",
        "http_return",
        "method_context_closed",
        "http_close",
    ]


def test_lifespan():
    """The user's context manager is entered before the first request and left after the last; threads are gone then."""

    @contextlib.asynccontextmanager
    async def lifespan(asgi):
        SEEN.append("start")
        yield
        SEEN.append("stop")

    asgi = AsgiApplication(application(), lifespan=lifespan)
    with serving(asgi) as address:
        assert call(address, "thread").json() == "spyne"
        assert SEEN == ["start"]
    assert SEEN == ["start", "stop"]
    assert asgi._pool is None


def test_inline_and_context_variables():
    """``inline=True`` runs plain functions on the loop; with or without it they see the context of their request."""

    def within(asgi):
        async def middleware(scope, receive, send):
            CALLER.set("me")
            await asgi(scope, receive, send)

        return middleware

    for inline in (True, False):
        with serving(within(AsgiApplication(application(), inline=inline))) as address:
            assert call(address, "who").json() == "me"
            assert call(address, "thread").json().startswith("spyne") != inline


class Quick(Service):
    """Methods that say by themselves where they run, and one that goes along with another."""

    @rpc(_inline=True)
    def inline(ctx) -> str:
        return threading.current_thread().name

    @rpc
    def elsewhere(ctx) -> str:
        return threading.current_thread().name

    @rpc(_inline=True)
    def length(ctx, text: str) -> str:
        return f"{len(text)} {threading.current_thread().name}"

    @rpc(_inline=True)
    def refuse(ctx) -> str:
        raise Fault("Client.Sad", threading.current_thread().name)

    @rpc(_inline=True)
    def count(ctx, to: int) -> Iterator[int]:
        yield from range(to)

    @rpc(_inline=True)
    def total(ctx, numbers: Iterator[int]) -> str:
        return f"{sum(numbers)} {threading.current_thread().name}"

    @rpc(_inline=True)
    def noted(ctx) -> str:
        return threading.current_thread().name


class Along(Service):
    __aux__ = SyncAuxProc()

    @rpc
    def noted(ctx):
        SEEN.append(threading.current_thread().name)


def test_methods_that_say_that_they_are_inline():
    """``_inline=True`` runs one method on the loop; its body, its faults, its streams and what goes along with it are as ever."""
    app = Application([Quick, Along], "tns", in_protocol=JsonDocument(validator="soft"))
    with serving(AsgiApplication(app)) as address:
        loop = call(address, "inline").json()
        assert not loop.startswith("spyne")
        assert call(address, "elsewhere").json().startswith("spyne")
        assert call(address, "length", text="x" * 600_000).json() == f"600000 {loop}"
        assert call(address, "refuse").json()["faultstring"] == loop
        assert call(address, "count", to=3).json() == [0, 1, 2]
        assert call(address, "total", numbers=[1, 2]).json() == f"3 {loop}"
        assert call(address, "noted").json().startswith("spyne")  # its companion may wait
        until(lambda: SEEN)
    assert SEEN[0].startswith("spyne")


def test_long_bodies_are_parsed_in_a_thread():
    """A long body does not stop the loop, whether one method is inline or all are."""
    for inline in (False, True):
        SEEN.clear()
        app = Application([Quick], "tns", in_protocol=JsonDocument(validator="soft"))
        app.in_protocol.event_manager.add_listener(
            "before_deserialize", lambda ctx: SEEN.append(threading.current_thread().name)
        )
        with serving(AsgiApplication(app, inline=inline)) as address:
            assert call(address, "length", text="x" * 600_000).json().startswith("600000")
            assert SEEN.pop().startswith("spyne")
            assert call(address, "length", text="x").json().startswith("1 ")
            assert not SEEN.pop().startswith("spyne")


def test_inline_calls_in_a_batch():
    """A batch runs on the loop where all of its methods may."""
    app = Application([Quick], "tns", in_protocol=JsonRpc(validator="soft"))

    def request(name):
        return {"jsonrpc": "2.0", "method": name, "id": name}

    with serving(AsgiApplication(app)) as address:
        for names in (("inline", "elsewhere"), ("inline", "inline")):
            found = httpx.post(address, json=[request(name) for name in names]).json()
            places = [each["result"].startswith("spyne") for each in found]
            assert places == ([True, True] if "elsewhere" in names else [False, False])


def test_other_connections():
    """A websocket is refused, and a kind of connection that ASGI does not have is an error."""

    async def play():
        sent = []

        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            sent.append(message)

        asgi = AsgiApplication(application())
        await asgi({"type": "websocket"}, receive, send)
        with pytest.raises(NotImplementedError):
            await asgi({"type": "carrier pigeon"}, receive, send)
        return sent

    assert asyncio.run(play()) == [{"type": "websocket.close", "code": 1000}]


def test_mounted_below_a_path():
    """Mounted in Starlette the application sees the path below its mount, and the WSDL names the whole."""
    from starlette.applications import Starlette
    from starlette.routing import Mount

    with serving(Starlette(routes=[Mount("/soap", AsgiApplication(application()))])) as address:
        assert call(f"{address}soap/", "add", a=1, b=2).json() == 3
        assert f'location="{address}soap/"' in httpx.get(f"{address}soap/?wsdl").text


# --- without a server: what none of them does on demand ---


class Rare(Service):
    @rpc
    def threads(ctx) -> str:
        CALLER.set("the method")
        ctx.on_close(lambda: SEEN.append(f"closed in {threading.current_thread().name[:5]} by {CALLER.get()}"))

        def body():
            yield CALLER.get().encode()
            yield b", " + CALLER.get().encode()

        ctx.out_string = body()
        return ""

    @rpc
    def works(ctx) -> str:
        ctx.on_close(lambda: SEEN.append("closed"))
        SEEN.append("works")
        time.sleep(0.6)
        SEEN.append("worked")
        return "done"

    @rpc
    async def stubborn(ctx) -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            SEEN.append("refused to stop")
        return "done"

    @rpc
    async def reads(ctx) -> str:
        async def body():
            yield b"first"
            raise OSError("the disk is broken")

        ctx.out_string = body()
        return ""

    @rpc
    def say(ctx) -> str:
        return "said"

    @rpc
    async def asay(ctx) -> str:
        return threading.current_thread().name


class Played:
    """One request that is played to an ASGI application, and what came of it."""

    def __init__(self, name="say", body=None, hangs_up=False, fails=None, **scope):
        self.body = json.dumps({name: {}}).encode() if body is None else body
        self.hangs_up = hangs_up
        self.fails = fails
        self.sent = []
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "headers": [(b"content-type", b"application/json"), (b"host", b"h")],
            **scope,
        }

    async def receive(self):
        if self.body is not None:
            body, self.body = self.body, None
            return {"type": "http.request", "body": body}
        if not self.hangs_up:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(self, message):
        if self.fails is not None and len(self.sent) == self.fails:
            raise OSError("nobody there")
        self.sent.append(message)

    async def run(self, asgi):
        await asgi(self.scope, self.receive, self.send)
        return self

    @property
    def text(self):
        return b"".join(message.get("body", b"") for message in self.sent).decode()


def rare(**options):
    """Return the service of this part."""
    protocols = [JsonDocument(validator="soft"), Soap11(validator="soft")]
    return AsgiApplication(Application([Rare], "tns", in_protocol=protocols), **options)


def play(name="say", asgi=None, **options):
    """Play one request."""
    asgi = asgi or rare()
    try:
        return asyncio.run(Played(name, **options).run(asgi))
    finally:
        asgi.close()


@pytest.mark.parametrize(
    ("scope", "path", "address"),
    [
        ({"path": "/"}, "/", "http://h/"),
        ({"path": "/soap/", "root_path": "/soap"}, "/", "http://h/soap/"),
        ({"path": "/soap", "root_path": "/soap"}, "", "http://h/soap"),
        ({"path": "/soap/x", "root_path": "/soap/"}, "/x", "http://h/soap/x"),
        ({"path": "/soapy", "root_path": "/soap"}, "/soapy", "http://h/soap/soapy"),
        ({"path": "/x", "root_path": "/api"}, "/x", "http://h/api/x"),
        ({"path": "/api/soap/", "root_path": "/api/soap", "raw_path": b"/api/soap/"}, "/", "http://h/api/soap/"),
        ({"path": "/", "root_path": "", "raw_path": b"/soap"}, "/", "http://h/soap/"),
        ({"path": "/x/", "root_path": "", "raw_path": b"/soap/x"}, "/x/", "http://h/soap/x/"),
        ({"path": "/ä b", "raw_path": b"/%C3%A4%20b?x"}, "/ä b", "http://h/%C3%A4%20b"),
        ({"path": "/ä", "root_path": "/ü", "raw_path": b"/%C3%A4"}, "/ä", "http://h/%C3%BC/%C3%A4"),
        ({"path": "/", "headers": [], "server": ("::1", 8000)}, "/", "http://::1:8000/"),
        ({"path": "/", "headers": [], "server": ("x", 443), "scheme": "https"}, "/", "https://x/"),
        ({"path": "/", "headers": [], "server": None}, "/", "http://localhost/"),
    ],
)
def test_where_it_is_mounted(scope, path, address):
    """The path below the mount and the whole address, whichever way a server or a framework tells of the mount."""
    transport = AsgiTransportContext(None, rare(), {"method": "GET", "headers": [(b"host", b"h")], **scope})
    assert (transport.get_path(), transport.get_url()) == (path, address)


@pytest.mark.parametrize(("name", "fails"), [("say", 0), ("say", 1), ("threads", 0), ("threads", 1), ("threads", 2)])
def test_a_server_that_says_so_when_the_client_is_gone(name, fails):
    """An OSError of the server's `send` ends the call; it is no error of the application."""
    assert len(play(name, fails=fails).sent) == fails


def test_an_error_of_the_body_is_no_hanging_up():
    """An OSError of a body's own source aborts the connection."""
    with pytest.raises(OSError, match="broken"):
        play("reads")


def test_threads_of_a_call_share_its_context():
    """What a function sets is there while its generator is read, and at the end; both run in the pool."""
    assert play("threads").text == "the method, the method"
    assert SEEN == ["closed in spyne by the method"]


def test_a_thread_that_works_is_waited_for():
    """When the client hangs up, the call ends once and after the function, not under it."""
    asgi = rare()
    asgi.event_manager.add_listener("http_close", lambda ctx: SEEN.append("ended"))
    assert play("works", asgi, hangs_up=True).sent == []
    assert SEEN == ["works", "worked", "closed", "ended"]


def test_a_coroutine_that_does_not_stop():
    """One that swallows its cancellation is waited for; its task is as good as new."""

    async def played():
        player = await Played("stubborn", hangs_up=True).run(rare())
        return asyncio.current_task().cancelling(), player.text

    assert asyncio.run(played()) == (0, '"done"')
    assert SEEN == ["refused to stop"]


@pytest.mark.parametrize("name", ["works", "wait"])
def test_a_server_that_cancels(name):
    """A server that cancels a request sees it cancelled, after the call has ended."""

    async def played():
        asgi = AsgiApplication(Application([Rare, Demo], "tns", in_protocol=[JsonDocument()]))
        task = asyncio.create_task(Played(name).run(asgi))
        while not SEEN:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(asgi.close)

    asyncio.run(played())
    assert {"works": ["works", "worked", "closed"], "wait": ["waits", "stopped"]}[name] == SEEN


def test_a_server_that_cannot_say_whether_the_client_is_there():
    """A `receive` that fails while a call runs changes nothing."""

    class Mute(Played):
        async def receive(self):
            if self.body is None:
                raise RuntimeError("receive is called once")
            return await super().receive()

    asgi = rare()
    assert asyncio.run(Mute("works").run(asgi)).text == '"done"'
    asgi.close()


@pytest.mark.parametrize("inline", [True, False])
def test_head_is_empty(inline):
    """HEAD of the WSDL has its length and no body."""
    start, body = play(asgi=rare(inline=inline), method="HEAD", query_string=b"wsdl", body=b"").sent
    assert int(dict(start["headers"])[b"content-length"]) > 1000
    assert body == {"type": "http.response.body", "body": b""}


class Broken(Exception):
    pass


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("startup", [("lifespan.startup.failed", "Broken")]),
        ("shutdown", [("lifespan.startup.complete", None), ("lifespan.shutdown.failed", "Broken")]),
        ("never", [("lifespan.startup.complete", None), ("lifespan.shutdown.complete", None)]),
    ],
)
def test_a_lifespan_that_fails(stage, expected, caplog):
    """The server hears that the start or the end failed, and nothing of the error but its name."""

    @contextlib.asynccontextmanager
    async def lifespan(asgi):
        if stage == "startup":
            raise Broken("secret")
        yield {"x": 1}
        if stage == "shutdown":
            raise Broken("secret")

    async def played():
        sent = []
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive():
            return next(messages)

        async def send(message):
            sent.append((message["type"], message.get("message")))

        scope = {"type": "lifespan", "state": {}}
        await rare(lifespan=lifespan)(scope, receive, send)
        return sent, scope["state"]

    with caplog.at_level(logging.CRITICAL):
        assert asyncio.run(played()) == (expected, {} if stage == "startup" else {"x": 1})
