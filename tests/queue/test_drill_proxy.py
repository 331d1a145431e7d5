"""The drill's proxy: what it lets through, and what it spoils."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest

from drill.proxy import Proxy


@contextmanager
def echoing():
    """Yield the port of a server that sends back what it gets, in capitals, and the list of what it got."""
    got = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection):
            with connection:
                try:
                    while block := connection.recv(100):
                        got.append(block)
                        connection.sendall(block.upper())
                except OSError:
                    pass

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=[connection], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], got
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def link():
    """A proxy, a client of it, and what the server behind it got."""
    with (
        echoing() as (port, got),
        Proxy("127.0.0.1", port) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client,
    ):
        client.sendall(b"a")
        assert client.recv(10) == b"A"
        yield proxy, client, got


def test_it_cuts(link):
    """A cut connection is reset, and a new one works."""
    proxy, client, _ = link
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as other:
        other.sendall(b"b")
        assert other.recv(10) == b"B"


def test_it_loses_the_answer(link):
    """The server gets what is sent and the client hears nothing of it, until the proxy is healed and the connection reset."""
    proxy, client, got = link
    proxy.swallow = frozenset({"down"})
    client.settimeout(0.2)
    client.sendall(b"b")
    with pytest.raises(TimeoutError):
        client.recv(10)
    assert got == [b"a", b"b"]
    proxy.heal()
    with pytest.raises(ConnectionResetError):
        client.recv(10)


def _connect_and_read(proxy):
    """The reset comes with the connection or with the first read, as the system likes."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as other:
        other.recv(10)


def test_it_refuses(link):
    """New connections are closed at once, old ones go on."""
    proxy, client, _ = link
    proxy.refuse = True
    with pytest.raises(ConnectionResetError):
        _connect_and_read(proxy)
    proxy.heal()
    client.sendall(b"c")
    assert client.recv(10) == b"C"
