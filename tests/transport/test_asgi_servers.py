"""AsgiApplication under the ASGI servers that people run: each does the same."""

from __future__ import annotations

import httpx
import pytest
import zeep
from tests.transport.servers import COMMANDS, read_reply, request, serving, until

DEMO = "tests.transport.asgi_demo:application"


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, tmp_path_factory):
    """Each of the servers, in a process of its own."""
    with serving(request.param, DEMO, tmp_path_factory.mktemp("asgi")) as running:
        yield running


@pytest.fixture(autouse=True)
def _forget(server):
    server.forget()


@pytest.mark.parametrize(
    ("name", "arguments", "status", "body"),
    [
        ("add", {"a": 1, "b": 2}, 200, 3),
        ("aadd", {"a": 1, "b": 2}, 200, 3),
        ("size", {"text": "ä" * 200_000}, 200, 200_000),
        ("size", {"text": "x" * 500_000}, 200, 500_000),
        ("state", {}, 200, "Hello"),
        ("fail", {}, 400, {"faultcode": "Client.Sad", "faultstring": "no"}),
        ("crash", {}, 500, {"faultcode": "Server", "faultstring": "Internal Error"}),
        ("add", {"a": "x", "b": 2}, 400, None),
        ("nothing", {}, 404, None),
    ],
)
def test_calls_and_faults(server, name, arguments, status, body):
    """Both kinds of methods are called, long bodies and short ones; faults have their status; the lifespan's state is there."""
    reply = server.call(name, **arguments)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/json")
    assert int(reply.headers["content-length"]) == len(reply.content)
    assert body is None or reply.json() == body


def test_soap(server):
    """The client zeep reads the WSDL, which names the address that was asked, and calls methods of both kinds."""
    with zeep.Client(f"{server.url}?wsdl") as client:
        assert client.service._binding_options["address"] == server.url
        assert client.service.add(1, 2) == client.service.aadd(1, 2) == 3
        with pytest.raises(zeep.exceptions.Fault, match="no") as caught:
            client.service.fail()
    assert caught.value.code.endswith("Client.Sad")


def test_head(server):
    """HEAD of the WSDL has the headers of GET and no body."""
    head, get = server.client.head(f"{server.url}?wsdl"), server.client.get(f"{server.url}?wsdl")
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
    assert int(head.headers["content-length"]) == len(get.content)


@pytest.mark.parametrize("server", ["hypercorn", "granian"], indirect=True)
def test_http_2(server):
    """Over HTTP/2 the host of the WSDL's address comes from the pseudo header."""
    with httpx.Client(http1=False, http2=True) as client:
        reply = client.post(server.url, json={"add": {"a": 1, "b": 2}})
        assert (reply.http_version, reply.json()) == ("HTTP/2", 3)
        assert f'location="{server.url}"' in client.get(f"{server.url}?wsdl").text


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_streams(server, name):
    """A body of parts arrives whole, and its source is closed."""
    reply = server.call(name, count=2000)
    assert reply.text.split() == [str(number) for number in range(2000)]
    until(lambda: server.seen() == ["closed"])


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_the_first_part_does_not_wait_for_the_second(server, name):
    """A part is sent when it is there, though the next one takes long."""
    with server.asked(name, count=2, pause=1.0) as connection:
        data = b""
        while b"0\n" not in data:
            data += connection.recv(4096)
        assert b"        1\n" not in data
        while b"        1\n" not in data:
            data += connection.recv(4096)
    until(lambda: server.seen() == ["closed"])


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_a_stream_that_breaks_is_cut(server, name):
    """After an error in the middle the client sees a message without an end, and the server goes on."""
    with server.asked(name, count=3, broken=True, pause=0.02) as connection:
        data = read_reply(connection)
    assert data.startswith(b"HTTP/1.1 200")
    assert not data.endswith(b"0\r\n\r\n")
    assert b"secret" not in data
    with pytest.raises(httpx.RemoteProtocolError):
        server.call(name, count=3, broken=True, pause=0.02)
    assert server.seen() == ["closed"] * 2
    assert server.call("add", a=1, b=2).json() == 3


@pytest.mark.parametrize("name", ["stream", "astream"])
def test_a_client_that_leaves_closes_the_stream(server, name):
    """The source of a body is closed when its client hangs up."""
    with server.asked(name, count=1_000_000, pause=0.005) as connection:
        assert connection.recv(100)
    until(lambda: server.seen() == ["closed"])


def test_a_client_that_does_not_read(server):
    """What is offered waits for the client: of 256 MiB only what fits into buffers is made before it leaves."""
    with server.asked("flood") as connection:
        assert connection.recv(100)
        assert server.call("add", a=1, b=2).json() == 3
    until(lambda: bool(server.seen()))
    taken = int(server.seen()[0].removeprefix("took "))
    assert taken * 64 * 1024 < 64 * 1024 * 1024


def test_a_client_that_leaves_stops_the_coroutine(server):
    """A coroutine whose client hangs up is cancelled."""
    with server.asked("wait"):
        until(lambda: server.seen() == ["waits"])
    until(lambda: server.seen() == ["waits", "stopped"])


def test_a_body_that_stops(server):
    """A client that leaves in the middle of its request is forgotten."""
    with server.connect() as connection:
        connection.sendall(request(b"{", 1000))
    assert server.call("add", a=1, b=2).json() == 3


@pytest.mark.parametrize(
    "sent",
    [
        request(b"{", 1024 * 1024 + 1),
        request(b"", 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + b"100001\r\n" + b" " * 0x100001,
    ],
    ids=["announced", "chunked"],
)
def test_a_body_that_is_too_long(server, sent):
    """It is refused, by its announced length or by what came, before its end."""
    with server.connect() as connection:
        connection.sendall(sent)
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_lifespan_and_shutdown(server, tmp_path):
    """The user's context manager is entered at the start and left when the server is told to stop, after calls that run."""
    with serving(server.name, DEMO, tmp_path) as other:
        assert other.call("state").json() == "Hello"
        assert other.seen() == ["start"]
    assert other.seen() == ["start", "stop"]
