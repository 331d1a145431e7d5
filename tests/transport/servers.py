"""Starts real ASGI servers in processes of their own, for tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec

ROOT = Path(__file__).parent.parent.parent
HOST = "127.0.0.1"

COMMANDS = {
    "uvicorn": ["--host", HOST, "--port", "{port}", "--log-level", "critical"],
    "granian": [
        *("--interface", "asgi", "--host", HOST, "--port", "{port}", "--log-level", "critical"),
        *("--workers-kill-timeout", "5"),
    ],
    "hypercorn": ["--bind", f"{HOST}:{{port}}", "--log-level", "CRITICAL", "--graceful-timeout", "5"],
}


class Running:
    """A server that runs: where it is, its process, and the file that the service writes to."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes], seen: Path) -> None:
        self.name = name
        self.port = port
        self.process = process
        self.url = f"http://{HOST}:{port}/"
        self.client = httpx.Client(timeout=30)
        self._seen = seen

    def seen(self) -> list[str]:
        """What the service wrote since `forget`."""
        return self._seen.read_text().splitlines() if self._seen.exists() else []

    def forget(self) -> None:
        """Empty the file."""
        self._seen.write_text("")

    def call(self, method: str, **arguments: object) -> httpx.Response:
        """Call a method over JSON."""
        return self.client.post(self.url, json={method: arguments})

    def connect(self) -> socket.socket:
        """A connection to the server."""
        return socket.create_connection((HOST, self.port), timeout=30)

    @contextlib.contextmanager
    def asked(self, method: str, **arguments: object) -> Iterator[socket.socket]:
        """A connection on which a call was sent, and nothing was read."""
        body = msgspec.json.encode({method: arguments})
        with self.connect() as connection:
            connection.sendall(request(body))
            yield connection

    def memory(self) -> int:
        """Bytes of memory that the process occupies (Linux)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def request(body: bytes, length: int | None = None, **headers: str) -> bytes:
    """A request over JSON as it goes over the wire, of that announced length."""
    size = len(body) if length is None else length
    fields = {"Host": "x", "Content-Type": "application/json", "Content-Length": str(size), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + body


def read_reply(connection: socket.socket) -> bytes:
    """What the server sends until it closes the connection, or what it sent before it reset it."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while more := connection.recv(65536):
            data += more
    return data


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something is so, but not for ever."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@contextlib.contextmanager
def serving(name: str, target: str, folder: Path, *options: str) -> Iterator[Running]:
    """Run ``module:application`` under the server of that name until the block ends; fails unless it stops when it is told to."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    arguments = [argument.format(port=port) for argument in COMMANDS[name]]
    seen = folder / f"{name}-{port}.txt"
    process = subprocess.Popen(
        [sys.executable, "-m", name, *arguments, *options, target],
        cwd=ROOT,
        env={**os.environ, "SEEN": str(seen)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    running = Running(name, port, process, seen)
    try:
        until(lambda: _listens(running), 60)
        with running.client:
            yield running
        process.terminate()
        process.wait(30)
    finally:
        process.kill()
        process.wait()


def _listens(running: Running) -> bool:
    assert running.process.poll() is None, "the server ended"
    with contextlib.suppress(OSError):
        running.connect().close()
        return True
    return False
