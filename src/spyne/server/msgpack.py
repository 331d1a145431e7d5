"""MessagePackServer: msgpack-rpc over plain TCP, on asyncio."""

from __future__ import annotations

import asyncio
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.codec._base import DecodeError
from spyne.codec.msgpack_frames import Frames
from spyne.error import Fault, RequestTooLongError
from spyne.limits import LimitExceeded
from spyne.schema import DeclarationError
from spyne.server._base import ServerBase, awaited_methods
from spyne.util.address import Address

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Self

__all__ = ["MessagePackServer"]

logger = logging.getLogger(__name__)

_BLOCK = 64 * 1024
_KIND = "msgpack-rpc"


class MessagePackServer(ServerBase):
    """``await MessagePackServer(app, port=18800).start()`` serves an application whose two protocols are `MessagePackRpc`.

    Requests of one connection are served at the same time and answered as they are done; ``async def`` methods are awaited on the loop,
    others run in at most `threads` threads. host, port: where to listen, port 0 for any that is free; `address` says which.
    ssl: for TLS. max_connections: more are closed at once. max_pending: requests of one connection under way, before
    the server stops reading from it. idle_timeout: seconds without a whole request, a running one or a reader of the answers, until a
    connection is closed; None for no limit. close_timeout: seconds that `close` leaves to running requests. A message may be
    as large as ``limits.body``. What is no MessagePack is answered by ``[1, nil, fault, nil]``, and the connection closed.

    Raises DeclarationError for protocols without message numbers.
    """

    counts_bytes: ClassVar[bool] = True

    def __init__(
        self,
        app: Any,
        host: str | None = "127.0.0.1",
        port: int = 0,
        *,
        ssl: ssl.SSLContext | None = None,
        threads: int = 40,
        max_connections: int = 1000,
        max_pending: int = 64,
        idle_timeout: float | None = 300.0,
        close_timeout: float = 30.0,
    ) -> None:
        super().__init__(app)
        for protocol in (app.in_protocol, app.out_protocol):
            if _KIND not in protocol.type:
                raise DeclarationError(
                    f"{type(protocol).__name__} does not number its messages, so that answers on one connection could be "
                    f"mixed up; use MessagePackRpc in both directions"
                )
        self.host = host
        self.port = port
        self.ssl = ssl
        self.threads = threads
        self.max_connections = max_connections
        self.max_pending = max_pending
        self.idle_timeout = idle_timeout
        self.close_timeout = close_timeout
        self._awaited = awaited_methods(app)
        self._connections: set[_Connection] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._server: asyncio.Server | None = None

    # --- its life ---

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on. Raises RuntimeError before it does."""
        if self._server is None or not self._server.sockets:
            raise RuntimeError("the server does not listen; call start() first")
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def start(self) -> Self:
        """Listen; raises OSError where that cannot be. Returns the server."""
        if self._server is None:
            self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="spyne")
            self._server = await asyncio.start_server(self._connected, self.host, self.port, ssl=self.ssl, limit=_BLOCK)
        return self

    async def aserve_forever(self) -> None:
        """Start, and serve until this task is cancelled or the server closed."""
        await self.start()
        assert self._server is not None
        try:
            await self._server.serve_forever()
        except asyncio.CancelledError:
            if self._server is None:
                return  # close() ends it like this
            await self.close()
            raise

    def serve_forever(self) -> None:
        """Serve in this thread on a loop of its own, until interrupted."""
        asyncio.run(self.aserve_forever())

    async def close(self) -> None:
        """Take no more requests, let those that run end, and close the connections."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in self._connections:
            connection.stop()
        tasks = {connection.task for connection in self._connections}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.close_timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await server.wait_closed()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    # --- connections ---

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self.max_connections or self._server is None:
            logger.info("refused a connection: there are max_connections=%d", self.max_connections)
            writer.transport.abort()
            return
        connection = _Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve()
        except (ConnectionError, TimeoutError):
            pass
        except Exception:
            logger.exception("a connection failed")
        finally:
            self._connections.discard(connection)
            await connection.release()

    # --- requests ---

    async def answer(self, message: bytes, peer: Address) -> bytes:
        """The response to one message, empty for a notification."""
        ctx = self.make_context()
        try:
            ctx.transport.type = _KIND
            ctx.transport.remote_addr = peer
            ctx.in_string = [message]
            contexts = self.generate_contexts(ctx)
            if ctx.in_error is not None or ctx.descriptor not in self._awaited:
                return await self._thread(self._answer, ctx, contexts)
            self.get_in_object(ctx)
            await self.aget_out_object(ctx)
            return await self._thread(self._finish, ctx, contexts)
        finally:
            ctx.close()

    def _answer(self, ctx: Any, contexts: list[Any]) -> bytes:
        self.get_in_object(ctx)
        self.get_out_object(ctx)
        return self._finish(ctx, contexts)

    def _finish(self, ctx: Any, contexts: list[Any]) -> bytes:
        """The answer in one piece, then the auxiliary methods."""
        self.get_out_string(ctx)
        data = b"".join(ctx.out_string)
        self.process_aux(contexts)
        return data

    def refusal(self, fault: Fault, peer: Address) -> bytes:
        """The answer to what is no message."""
        ctx = self.make_context()
        try:
            ctx.transport.type = _KIND
            ctx.transport.remote_addr = peer
            self._refuse(ctx, fault)
            self.get_out_string(ctx)
            return b"".join(ctx.out_string)
        finally:
            ctx.close()

    def _thread(self, function: Callable[..., bytes], *args: Any) -> asyncio.Future[bytes]:
        """Run a function in the pool, in a copy of this task's context variables."""
        context = copy_context()
        return asyncio.get_running_loop().run_in_executor(self._pool, lambda: context.run(function, *args))


class _Connection:
    """One connection: reads messages, serves each in a task of its own, and writes the answers as they come."""

    def __init__(self, server: MessagePackServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server = server
        self.reader = reader
        self.writer = writer
        task = asyncio.current_task()
        assert task is not None
        self.task: asyncio.Task[Any] = task
        self.requests: set[asyncio.Task[None]] = set()
        self.room = asyncio.Semaphore(server.max_pending)
        self.is_stopping = asyncio.Event()
        self.last_use = asyncio.get_running_loop().time()
        peer = writer.get_extra_info("peername")
        self.peer = Address.tcp(*peer[:2]) if isinstance(peer, tuple) else Address()
        sock = writer.get_extra_info("socket")
        if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # finds out peers that are gone without a word

    def stop(self) -> None:
        """Read no more."""
        self.is_stopping.set()

    async def serve(self) -> None:
        """Serve until the other side ends, breaks the format, idles too long, or the server closes."""
        frames = Frames(msgspec.structs.replace(self.server.app.limits, body=self.server.max_content_length))
        stopping = asyncio.ensure_future(self.is_stopping.wait())
        try:
            while True:
                data = await self._read(stopping)
                if not data:
                    break
                for message in frames.feed(data):
                    await self._begin(message)
                    if self.is_stopping.is_set():
                        break
        except LimitExceeded as error:
            await self._refuse(RequestTooLongError(str(error)))
        except DecodeError as error:
            await self._refuse(Fault("Client.MessagePackDecodeError", f"the document {error.message}"))
        finally:
            stopping.cancel()
        await self._drain_requests()

    async def _read(self, stopping: asyncio.Future[Any]) -> bytes:
        """The next bytes; none where the connection ends, from whichever side."""
        reading = asyncio.ensure_future(self.reader.read(_BLOCK))
        try:
            while not reading.done() and not stopping.done():
                left = self._time_left()
                if left is not None and left <= 0:
                    break
                await asyncio.wait({reading, stopping}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else b""
        finally:
            if not reading.cancel() and not reading.cancelled():
                reading.exception()  # has been looked at

    def _time_left(self) -> float | None:
        """Seconds until the connection has idled too long; a running request starts them again."""
        limit = self.server.idle_timeout
        if limit is None:
            return None
        now = asyncio.get_running_loop().time()
        if self.requests:
            self.last_use = now
        return self.last_use + limit - now

    async def _begin(self, message: bytes) -> None:
        await self.room.acquire()
        self.last_use = asyncio.get_running_loop().time()
        task = asyncio.create_task(self._answer(message))
        self.requests.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.requests.discard(task)
        self.room.release()
        self.last_use = asyncio.get_running_loop().time()

    async def _answer(self, message: bytes) -> None:
        try:
            await self._write(await self.server.answer(message, self.peer))
        except (ConnectionError, TimeoutError):
            self.stop()
        except Exception:
            logger.exception("a request failed")
            self.stop()

    async def _write(self, data: bytes) -> None:
        if data and not self.writer.is_closing():
            self.writer.write(data)
            async with asyncio.timeout(self.server.idle_timeout):
                await self.writer.drain()

    async def _refuse(self, fault: Fault) -> None:
        """Say what is wrong with the stream, after the answers to what came before it."""
        await self._drain_requests()
        await self._write(self.server.refusal(fault, self.peer))

    async def _drain_requests(self) -> None:
        while self.requests:
            await asyncio.wait(set(self.requests))

    async def release(self) -> None:
        """Close the socket; what still runs is given up."""
        for task in self.requests:
            task.cancel()
        self.writer.close()
        try:
            async with asyncio.timeout(1):
                await self.writer.wait_closed()
        except (OSError, TimeoutError):
            self.writer.transport.abort()
