"""Clients on httpx: the asynchronous one, calls without a socket, further attempts, and what users test with."""

from __future__ import annotations

import asyncio
import gzip
import json

import httpx
import pytest

from spyne import Application, ByteArray, ComplexModel, Fault, Iterable, Service, Unicode, rpc
from spyne.client import ResponseError
from spyne.client._http import Attempts
from spyne.client.http import AsyncHttpClient, HttpClient
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.asgi import AsgiApplication
from spyne.server.wsgi import WsgiApplication
from spyne.testing import AsyncClient, Client

pytest_plugins = ["spyne.pytest_plugin"]
URL = "http://app/"


class Session(ComplexModel):
    __namespace__ = "tns"
    token = Unicode


class Sad(Fault):
    CODE = "Client.Sad"

    def __init__(self, why):
        super().__init__(self.CODE, why)


class Demo(Service):
    @rpc
    async def add(ctx, a: int, b: int = 1) -> int:
        await asyncio.sleep(0)
        return a + b

    @rpc(Unicode, _returns=Iterable(Unicode))
    def letters(ctx, word):
        yield from word

    @rpc(_throws=Sad)
    def refuse(ctx):
        raise Sad("no")

    @rpc(_in_header=Session, _out_header=Session, _returns=Unicode)
    def who(ctx):
        ctx.out_header = Session(token=ctx.in_header.token + "!")
        return ctx.in_header.token

    @rpc(Unicode, _returns=Unicode, _idempotent=True)
    def header(ctx, name):
        return "|".join(ctx.transport.headers.get(name, ()))

    @rpc(_returns=Unicode)
    def once(ctx):
        return "once"

    @rpc(ByteArray, _returns=ByteArray)
    def bytes_back(ctx, data):
        return data


def make(protocol=JsonDocument, **options):
    return Application([Demo], "tns", in_protocol=protocol(**options))


@pytest.mark.parametrize("protocol", [JsonDocument, Soap11, Soap12])
def test_both_clients_say_the_same(protocol):
    """Arguments, defaults, lists, faults and headers, in this process, through WSGI and through ASGI."""
    app = make(protocol)

    async def play():
        async with AsyncHttpClient(URL, app, asgi=AsgiApplication(app)) as client:
            results = [
                await client.service.add(1, b=2),
                await client.service.add(1),
                list(await client.service.letters("abc")),
            ]
            with pytest.raises(Sad):
                await client.service.refuse()
            with pytest.raises(AttributeError):
                client.service.nothing
            return results

    with HttpClient(URL, app, wsgi=WsgiApplication(app)) as client:
        results = [client.service.add(1, b=2), client.service.add(1), list(client.service.letters("abc"))]
        with pytest.raises(Sad, match="no"):
            client.service.refuse()
    assert results == asyncio.run(play()) == [3, 2, ["a", "b", "c"]]


def test_soap_headers():
    """Header objects go out by set_options and come back in the procedure's context, on both clients."""
    app = make(Soap11)

    async def play():
        client = AsyncClient(app)
        client.set_options(soapheaders=Session(token="t"))
        who = client.service.who
        return await who(), who.ctx.in_header.token

    assert asyncio.run(play()) == ("t", "t!")


@pytest.mark.parametrize("protocol", [Soap11, Soap12])
def test_attachments(protocol):
    """A package with attachments goes out and comes back over both clients."""
    data = b"\x00payload" * 10_000
    app = make(protocol, mtom=True)

    async def play():
        return b"".join(await AsyncClient(app).service.bytes_back([data]))

    assert b"".join(Client(app).service.bytes_back([data])) == asyncio.run(play()) == data


def test_calls_at_the_same_time():
    """One asynchronous client makes many calls at once."""

    async def play():
        client = AsyncClient(make())
        return await asyncio.gather(*(client.service.add(number) for number in range(50)))

    assert asyncio.run(play()) == list(range(1, 51))


def test_headers_may_be_made_each_time():
    """Headers may come from a function, and authentication is httpx's."""
    numbers = iter("12")
    app = make()
    client = HttpClient(URL, app, wsgi=WsgiApplication(app), headers=lambda: {"X-N": next(numbers)}, auth=("u", "p"))
    assert [client.service.header("x-n"), client.service.header("x-n")] == ["1", "2"]
    client.headers = {}
    assert client.service.header("authorization") == "Basic dTpw"


def test_a_client_of_ones_own():
    """An httpx client that the user made is used as it is."""
    app = make()
    seen = []
    http = httpx.Client(
        transport=httpx.WSGITransport(app=WsgiApplication(app)), event_hooks={"request": [lambda r: seen.append(r.url)]}
    )
    assert HttpClient(URL, app, http=http).service.add(1) == 2
    assert seen == [URL]


class Failing:
    """An httpx transport that fails a number of times and then answers."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.requests = 0

    def __call__(self, request):
        self.requests += 1
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, int):
                return httpx.Response(failure, headers={"Retry-After": "0"}, content=b"busy")
            raise failure
        return httpx.Response(200, content=b'"fine"', headers={"Content-Type": "application/json"})


REFUSED, BROKEN = httpx.ConnectError("refused"), httpx.ReadError("broken")


@pytest.mark.parametrize(
    ("method", "failures", "retries", "requests", "outcome"),
    [
        ("once", [REFUSED], 2, 2, "fine"),
        ("once", [REFUSED, REFUSED], 2, 3, "fine"),
        ("once", [REFUSED, REFUSED], 1, 2, ConnectionError),
        ("once", [REFUSED], 0, 1, ConnectionError),
        ("once", [BROKEN], 2, 1, ConnectionError),
        ("once", [503], 2, 1, ResponseError),
        ("header", [BROKEN, 503, 429], 3, 4, "fine"),
        ("header", [httpx.ReadTimeout("slow")], 1, 2, "fine"),
        ("header", [500], 3, 1, ResponseError),
        ("header", [httpx.ReadTimeout("slow")], 0, 1, TimeoutError),
        ("header", [httpx.ConnectTimeout("slow")], 0, 1, TimeoutError),
    ],
)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_further_attempts(monkeypatch, kind, method, failures, retries, requests, outcome):
    """What did not reach the server is sent again; what may have, only if the method is idempotent."""
    monkeypatch.setattr("spyne.client._http._FIRST_WAIT", 0.001)
    failing = Failing(*failures)
    arguments = ("x",) if method == "header" else ()

    async def play():
        http = httpx.AsyncClient(transport=httpx.MockTransport(failing))
        return await AsyncHttpClient(URL, make(), retries=retries, http=http).service[method](*arguments)

    def call():
        if kind == "async":
            return asyncio.run(play())
        http = httpx.Client(transport=httpx.MockTransport(failing))
        return HttpClient(URL, make(), retries=retries, http=http).service[method](*arguments)

    if isinstance(outcome, str):
        assert call() == outcome
    else:
        with pytest.raises(outcome):
            call()
    assert failing.requests == requests


def test_how_long_to_wait():
    """Waits grow, and a server that says how long is heard, within bounds."""
    attempts = Attempts(10, idempotent=True)
    waits = [attempts.after_answer(503, {}) for _ in range(8)]
    assert 0.05 <= waits[0] <= 0.15
    assert max(waits) <= 10
    assert attempts.after_answer(503, {"Retry-After": "4"}) >= 4 or waits
    assert attempts.after_answer(503, {"Retry-After": "999999999999"}) == 10
    assert attempts.after_answer(503, {}) is None
    for text in ("x", "-1", "Wed, 21 Oct 2015 07:28:00 GMT", ""):
        assert 0 < Attempts(1, idempotent=True).after_answer(429, {"Retry-After": text}) < 1


def test_compressed_responses_are_bounded():
    """The limit counts what a response unpacks to."""
    body = gzip.compress(json.dumps("x" * 1_000_000).encode())
    answer = httpx.Response(200, content=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    http = httpx.Client(transport=httpx.MockTransport(lambda request: answer))
    with pytest.raises(ResponseError, match="max_response_length=100000"):
        HttpClient(URL, make(), http=http, max_response_length=100_000).service.once()


def test_what_users_test_with(spyne_client):
    """The testing client calls methods by name, sends documents as they are, and shows the WSDL."""
    client = spyne_client(Application([Demo], "tns", in_protocol=[JsonDocument(validator="soft"), Soap11()]))
    assert client.call("add", 1, b=5) == 6
    with pytest.raises(Fault, match="ValidationError"):
        client.call("add", None)
    assert client.post_json({"add": {"a": 1}}).json() == 2
    envelope = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><once xmlns="tns"/></e:Body></e:Envelope>'
    assert "<tns:onceResult>once<" in client.post_xml(envelope).text
    assert client.post_xml("<a", headers={"Content-Type": "text/css"}).status_code == 415
    assert b'location="http://testserver/"' in client.wsdl()
    assert client.http.get("/?wsdl").headers["Content-Type"].startswith("text/xml")
    server = WsgiApplication(make(), request_id_header="X-Request-Id")
    assert "X-Request-Id" in spyne_client(server).post_json({"once": {}}).headers


def test_what_users_test_with_on_a_loop():
    """The asynchronous testing client does the same."""

    async def play():
        async with AsyncClient(make(Soap11)) as client:
            assert await client.call("add", 1) == 2
            assert (await client.post_xml("<a")).status_code == 500
            assert (await client.post_json({})).status_code == 500
            return await client.wsdl()

    assert b"definitions" in asyncio.run(play())
