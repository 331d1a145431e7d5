"""A TCP proxy that spoils connections: it cuts, delays, swallows (a half-open connection), and loses the answer to what it let through."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any

BLOCK = 64 * 1024


class Proxy:
    """``with Proxy("127.0.0.1", 5432) as proxy:`` listens on `proxy.port` of the loopback address, in a thread of its own.

    delay: seconds that every block waits. swallow: which ways lose what is sent, ``up`` to the server, ``down`` to the client: both ends
    believe that the connection lives. refuse: new connections are closed at once. `cut` resets those that are there; `heal` ends all
    that, and cuts connections that have lost bytes, as the network does when a host comes back.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = 0
        self.delay = 0.0
        self.swallow: frozenset[str] = frozenset()
        self.refuse = False
        self.carried = 0
        self._pairs: set[_Pair] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Reset every connection: both ends learn of it at once."""
        self._call(self._cut(list(self._pairs)))

    def heal(self) -> None:
        """Let everything through again, and reset what has lost bytes."""
        self.delay, self.swallow, self.refuse = 0.0, frozenset(), False
        self._call(self._cut([pair for pair in self._pairs if pair.has_lost]))

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _close(self) -> None:
        self._server.close()
        await self._cut(list(self._pairs))
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _cut(self, pairs: list[_Pair]) -> None:
        for pair in pairs:
            pair.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.refuse:
                raise ConnectionRefusedError
            server_reader, server_writer = await asyncio.open_connection(*self.target)
        except OSError:
            _Pair(writer).reset()
            return
        pair = _Pair(writer, server_writer)
        self._pairs.add(pair)
        try:
            up = asyncio.create_task(self._pump(pair, "up", reader, server_writer))
            down = asyncio.create_task(self._pump(pair, "down", server_reader, writer))
            await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
            if self.swallow:  # the end of one side does not travel either, until the proxy is healed
                pair.has_lost = True
                await asyncio.wait([up, down])
            up.cancel(), down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
        finally:
            self._pairs.discard(pair)
            pair.reset()

    async def _pump(self, pair: _Pair, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while block := await reader.read(BLOCK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if way in self.swallow:
                    pair.has_lost = True
                    continue
                writer.write(block)
                await writer.drain()
                self.carried += len(block)


class _Pair:
    """The two halves of a connection."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self.writers = writers
        self.has_lost = False

    def reset(self) -> None:
        """Abort both halves, with RST instead of FIN where the system lets us."""
        for writer in self.writers:
            raw = writer.get_extra_info("socket")
            with suppress(OSError, AttributeError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            writer.transport.abort()
