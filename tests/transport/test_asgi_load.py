"""What clients do to a server that is under load, or what they do to put it there: a real uvicorn, one worker, bounded in time."""

from __future__ import annotations

import asyncio
import gzip
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import msgspec
import pytest
from tests.transport.servers import HOST, read_reply, request, serving, until

GOOD = b'{"add": {"a": 1, "b": 2}}'
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The service; a request's body must come within two seconds."""
    with serving("uvicorn", "tests.transport.asgi_demo:application", tmp_path_factory.mktemp("load")) as running:
        yield running


@pytest.fixture
def narrow(tmp_path):
    """The service with one thread."""
    with serving("uvicorn", "tests.transport.asgi_demo:narrow", tmp_path) as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(server):
    server.forget()
    yield
    assert server.call("add", a=1, b=2).json() == 3


def chunk(data):
    """A chunk as it goes over the wire."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_slow_bodies(server):
    """Fifty clients that send a byte now and then are turned away after the time that is allowed; others are served meanwhile."""
    with ExitStack() as stack:
        slow = [stack.enter_context(server.connect()) for _ in range(50)]
        for connection in slow:
            connection.sendall(request(b"{", 1000))
        while not _readable(slow[0]):
            assert server.call("add", a=1, b=2).json() == 3
            for connection in slow:
                try:
                    connection.sendall(b" ")
                except ConnectionError:
                    continue
        for connection in slow:
            assert b"the request's body did not come within 2.0 s" in read_reply_of(connection)


def _readable(connection):
    """Whether an answer is there."""
    connection.settimeout(0.1)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False
    finally:
        connection.settimeout(30)


def read_reply_of(connection):
    """The first answer on a connection, as far as its length says."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def test_a_body_without_an_end(server):
    """Chunks that never end are refused at the limit: the client gets an answer, or is cut off, before it sent much more."""
    sent = 0
    with server.connect() as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        try:
            while sent < 64 * MIB and not (sent > MIB and _readable(connection)):
                connection.sendall(chunk(b" " * 65536))
                sent += 65536
            data = read_reply_of(connection)
        except ConnectionError:
            data = b"HTTP/1.1 413"
    assert data.startswith(b"HTTP/1.1 413")
    assert sent < 64 * MIB


@pytest.mark.parametrize(
    "sent",
    [b"POST / HTT", request(GOOD)[:60], request(b"", 500), request(GOOD, 500), request(GOOD)],
    ids=["line", "headers", "no body", "half a body", "whole"],
)
def test_clients_that_leave_at_once(server, sent):
    """Two hundred clients that leave in the middle of a request, or before its answer, change nothing."""
    for _ in range(200):
        with server.connect() as connection:
            connection.sendall(sent)


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_clients_that_leave_during_the_answer(server, name):
    """Forty clients that leave in the middle of a stream: every source is closed."""
    with ExitStack() as stack:
        for _ in range(40):
            assert stack.enter_context(server.asked(name, count=1_000_000, pause=0.01)).recv(10)
    until(lambda: server.seen() == ["closed"] * 40)


def test_a_length_that_is_too_short(server):
    """Only what was announced is read; the rest is no request of its own that anybody serves."""
    with server.connect() as connection:
        connection.sendall(request(GOOD + b" " * 10 + b"DELETE EVERYTHING\r\n\r\n", len(GOOD)))
        data = read_reply(connection)
    assert data.startswith(b"HTTP/1.1 200")
    assert data.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 30, "5, 6"])
def test_a_length_that_is_none(server, length):
    """It is refused, by the server or by the application."""
    with server.connect() as connection:
        connection.sendall(request(GOOD, None).replace(b"Content-Length: 25", b"Content-Length: " + length.encode()))
        connection.shutdown(socket.SHUT_WR)
        data = read_reply(connection)
    assert data[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 413")


def test_a_length_that_is_too_long(server):
    """A body that stops short of its length is not served: its client waits, and gives up or is turned away."""
    with server.connect() as connection:
        connection.sendall(request(GOOD, 1000))
        assert b"did not come within" in read_reply_of(connection)


def test_gzip_bombs(server):
    """Thirty bodies of 64 KiB that unpack to 64 MiB each are refused at the limit, in flat memory."""
    bomb = gzip.compress(bytes(64 * MIB))
    before = server.memory()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    with ThreadPoolExecutor(10) as pool:
        replies = list(
            pool.map(lambda _: server.client.post(server.url, content=bomb, headers=headers).status_code, range(30))
        )
    assert set(replies) == {413}
    if sys.platform == "linux":
        assert server.memory() - before < 32 * MIB


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_errors_after_the_first_byte(server, name):
    """A hundred streams that break at the same time are all cut, and all sources closed."""

    def broken(_):
        with server.asked(name, count=3, broken=True, pause=0.01) as connection:
            return read_reply(connection)

    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(broken, range(100)))
    assert all(reply.startswith(b"HTTP/1.1 200") and not reply.endswith(b"0\r\n\r\n") for reply in replies)
    until(lambda: server.seen() == ["closed"] * 100)


async def _one(name, body, wanted, calls, port):
    """Send that many requests on one connection, one after the other, and compare each answer."""
    reader, writer = await asyncio.open_connection(HOST, port)
    data = request(body)
    for _ in range(calls):
        writer.write(data)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        answer = await reader.readexactly(length)
        assert (head[:12], answer) == (b"HTTP/1.1 200", wanted), (name, head, answer)
    writer.close()
    await writer.wait_closed()


def soak(port, names, connections, calls):
    """So many connections at once, each with so many calls."""

    async def play():
        await asyncio.gather(
            *(
                _one(name, msgspec.json.encode({name: {"a": number, "b": 1}}), b"%d" % (number + 1), calls, port)
                for number, name in zip(range(connections), names * connections, strict=False)
            )
        )

    asyncio.run(asyncio.wait_for(play(), 60))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ten_thousand_requests_in_flat_memory(server):
    """Ten thousand calls, of both kinds, over twenty connections that stay open: the memory of the server stays what it was."""
    soak(server.port, ["aadd", "add"], 20, 100)
    before = server.memory()
    soak(server.port, ["aadd", "add"], 20, 500)
    assert server.memory() - before < 4 * MIB


@pytest.mark.parametrize("name", ["add", "aadd"])
def test_five_hundred_connections(server, name):
    """Five hundred connections at the same time are all answered by one worker."""
    soak(server.port, [name], 500, 2)


def test_all_threads_are_busy(narrow):
    """While all threads are taken, coroutines and documents are served; a call that waits for one runs later, or never if its client left."""
    with narrow.asked("block") as first:
        until(lambda: narrow.seen()[-1:] == ["blocks"])
        with narrow.asked("block"), narrow.asked("stream", count=1):
            assert narrow.call("aadd", a=1, b=2).json() == 3
            assert httpx.get(f"{narrow.url}?wsdl").status_code == 200
            assert narrow.call("nothing").status_code == 404
        time.sleep(1)  # the server looks after a quarter of a second whether its client is there
        with narrow.asked("add", a=2, b=3) as last:
            narrow.call("release")
            assert read_reply_of(first).endswith(b'"')
            assert read_reply_of(last).endswith(b"\r\n\r\n5")
    assert narrow.seen() == ["start", "blocks"]
