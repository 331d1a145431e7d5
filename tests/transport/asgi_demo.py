"""The service that the tests of ASGI servers start in processes of their own; what happens there is written to the file SEEN."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from spyne import Application, Fault, Service, rpc
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication

RELEASE = threading.Event()


def note(text: str) -> None:
    """Add a line to the file that the test reads."""
    if "SEEN" in os.environ:
        with Path(os.environ["SEEN"]).open("a") as file:
            file.write(text + "\n")


def parts(count: int, broken: bool, pause: float) -> Iterator[bytes]:
    try:
        for number in range(count):
            yield b"%9d\n" % number
            time.sleep(pause)
        if broken:
            raise ValueError("secret")
    finally:
        note("closed")


async def aparts(count: int, broken: bool, pause: float) -> AsyncIterator[bytes]:
    try:
        for number in range(count):
            yield b"%9d\n" % number
            await asyncio.sleep(pause)
        if broken:
            raise ValueError("secret")
    finally:
        note("closed")


class Demo(Service):
    @rpc
    def add(ctx, a: int, b: int) -> int:
        return a + b

    @rpc
    async def aadd(ctx, a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    @rpc
    async def fail(ctx) -> str:
        raise Fault("Client.Sad", "no")

    @rpc
    def crash(ctx) -> str:
        raise ValueError("secret")

    @rpc
    async def size(ctx, text: str) -> int:
        return len(text)

    @rpc
    async def state(ctx) -> str:
        return str(ctx.transport.req["state"]["greeting"])

    @rpc
    async def wait(ctx) -> str:
        note("waits")
        try:
            await asyncio.sleep(60)
        finally:
            note("stopped")
        return ""

    @rpc
    def block(ctx) -> str:
        note("blocks")
        RELEASE.wait(20)
        return threading.current_thread().name

    @rpc
    async def release(ctx) -> None:
        RELEASE.set()

    @rpc
    def stream(ctx, count: int, broken: bool = False, pause: float = 0.0) -> str:
        ctx.out_string = parts(count, broken, pause)
        return ""

    @rpc
    async def astream(ctx, count: int, broken: bool = False, pause: float = 0.0) -> str:
        ctx.out_string = aparts(count, broken, pause)
        return ""

    @rpc
    def flood(ctx) -> str:
        """Offer 256 MiB, and note how much of it was taken."""

        def body() -> Iterator[bytes]:
            taken = 0
            try:
                while taken < 4096:
                    yield bytes(64 * 1024)
                    taken += 1
            finally:
                note(f"took {taken}")

        ctx.out_string = body()
        return ""


@contextlib.asynccontextmanager
async def lifespan(asgi: AsgiApplication) -> AsyncIterator[dict[str, str]]:
    note("start")
    yield {"greeting": "Hello"}
    note("stop")


def make(**options) -> AsgiApplication:
    """Return the service for JSON and SOAP behind one address."""
    application = Application(
        [Demo],
        "tns",
        in_protocol=[JsonDocument(validator="soft"), Soap11(validator="soft")],
        limits=Limits(body=1024 * 1024),
    )
    return AsgiApplication(application, lifespan=lifespan, **options)


application = make(body_timeout=2.0)
narrow = make(threads=1)
