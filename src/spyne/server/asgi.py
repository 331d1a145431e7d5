"""ASGI (version 3): an application as a callable for any ASGI server that runs on asyncio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context
from tempfile import SpooledTemporaryFile
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from spyne.error import Fault, InvalidInputError
from spyne.server._arriving import Channel, read_beginning
from spyne.server._asgi_body import Blocks
from spyne.server._asgi_scope import AsgiMethodContext, AsgiTransportContext
from spyne.server._base import awaited_methods
from spyne.server._headers import is_multipart
from spyne.server._reply import BegunAsync, Silent, SilentAsync, as_bytes
from spyne.server._waiting import HungUp, Started, unless_hung_up, within
from spyne.server.http import Cors, HttpBase, HttpReply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

__all__ = ["AsgiApplication", "AsgiMethodContext", "AsgiTransportContext"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Fields = dict[bytes, bytes]

_KIB = 1024
_LONG = 256 * _KIB
"""Bytes of a body beyond which a thread parses it, and a temporary file keeps it if it is of several parts."""
_ENOUGH = 64 * _KIB
"""Bytes that a thread gathers of a generator before it hands them over."""
_SOON = 0.005
"""Seconds after which what it has is taken from it."""

_NOTHING = {None}


class AsgiApplication(HttpBase):
    """Serves an application to any ASGI server: ``AsgiApplication(app)`` is the callable.

    ``async def`` methods are awaited on the server's loop; others run in threads, at most `threads` at once, and so do the events around
    them. inline: run those on the loop as well, for methods that never wait; ``_inline=True`` of @rpc is that for one method. body_timeout:
    seconds in which a request's body must have come, None for no limit. lifespan: called with this object at the server's start, gives an
    asynchronous context manager that is left at its end; the mapping that it yields, if any, becomes the ``state`` of every request's scope.
    The other options are those of `HttpBase`.

    When the client hangs up, a coroutine is cancelled and a generator closed; a thread is waited for. An error in the middle of a streamed
    body is raised, for the server to abort the connection. Events are ``http_call``, ``http_return`` or ``http_exception``, ``http_close``, and
    those of `HttpBase`.
    """

    changes_threads: ClassVar[bool] = True

    def __init__(
        self,
        app: Any,
        chunked: bool = True,
        max_content_length: int | None = None,
        block_length: int = 64 * _KIB,
        *,
        compress: int | None = None,
        cors: Cors | None = None,
        trusted_proxies: Iterable[str] = (),
        request_id_header: str | None = None,
        threads: int = 40,
        inline: bool = False,
        body_timeout: float | None = 60.0,
        lifespan: Callable[[AsgiApplication], AbstractAsyncContextManager[Any]] | None = None,
    ) -> None:
        super().__init__(
            app,
            chunked,
            max_content_length,
            block_length,
            compress=compress,
            cors=cors,
            trusted_proxies=trusted_proxies,
            request_id_header=request_id_header,
        )
        self.threads = threads
        self.inline = inline
        self.body_timeout = body_timeout
        self.lifespan = lifespan
        self._pool: ThreadPoolExecutor | None = None
        self._streams_in = any(protocol.streams_in for protocol in app.in_protocols)
        self._awaited = awaited_methods(app)
        self._quick = {descriptor for descriptor in app.interface.calls if inline or descriptor.inline} - self._awaited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the kinds ``http`` and ``lifespan``; a ``websocket`` is refused."""
        kind = scope["type"]
        if kind == "http":
            await self._serve_http(scope, receive, send)
        elif kind == "lifespan":
            await self._live(scope, receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            raise NotImplementedError(f"ASGI connections of the type {kind!r} are not served")

    # --- one request ---

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = dict(scope["headers"])
        ctx = AsgiMethodContext(self, scope, fields.get(b"content-type", b"").decode("latin-1") or None)
        channel = Channel(receive) if self._streams_in else None
        try:
            reply = await self._answer_to(ctx, fields, channel or receive)
            if channel is not None and channel.hung_up:
                raise HungUp
            await self._send(ctx, reply, channel or receive, send)
        except HungUp:
            logger.info("a client hung up before it was answered")
        finally:
            await self._end(ctx)

    async def _answer_to(self, ctx: Any, fields: Fields, receive: Receive) -> HttpReply:
        transport = ctx.transport
        preflight = self.preflight(ctx)
        if preflight is not None:
            return preflight
        if transport.req_method != "POST" and self.is_document_request(
            transport.req_method, transport.req["path"], transport.get_query_string()
        ):
            return self.serve_document(ctx)
        try:
            return await self._call(ctx, fields, receive)
        except HungUp:
            raise
        except Exception as error:
            return self.rescue(ctx, error)

    async def _call(self, ctx: Any, fields: Fields, receive: Receive) -> HttpReply:
        self.begin(ctx)
        is_long = False
        if ctx.in_error is None and ctx.in_string is None:
            is_long = await self._read(ctx, fields, receive)
        contexts = await self._in_thread(ctx, self.dispatch, ctx) if is_long else self.dispatch(ctx)
        called = {call.descriptor for call in ctx.batch} if ctx.batch else {ctx.descriptor}
        if self._quick and called <= self._quick and len(contexts) == 1:
            if is_long:
                await self._in_thread(ctx, self.get_in_object, ctx)
            return self._run(ctx, contexts)
        if not called.isdisjoint(self._awaited):
            started = Started(self._run_awaited(ctx, contexts, is_long))
            return started.result if started.is_done else await unless_hung_up(started, receive)
        if self.inline or called == _NOTHING:
            return self._run(ctx, contexts)
        return await unless_hung_up(Started(self._in_thread(ctx, self._run, ctx, contexts)), receive)

    def _run(self, ctx: Any, contexts: list[Any]) -> HttpReply:
        """The whole of a call that does not wait for anything."""
        self.get_in_object(ctx)
        self.get_out_object(ctx)
        return self.finish(ctx, contexts)

    async def _run_awaited(self, ctx: Any, contexts: list[Any], is_long: bool) -> HttpReply:
        if is_long:
            await self._in_thread(ctx, self.get_in_object, ctx)
        else:
            self.get_in_object(ctx)
        await self.aget_out_object(ctx)
        self.write_answer(ctx)
        if type(ctx.out_string) is not list:
            await self._astart_body(ctx)
        if len(contexts) > 1:
            await self._in_thread(ctx, self._run_aux, contexts)
        return self._answer(ctx)

    async def aget_out_object(self, ctx: Any) -> None:
        """Call the user's function, or each one of a batch: coroutine functions on the loop, others in a thread."""
        for call in ctx.batch or (ctx,):
            if call.in_error is None and call.out_error is None and call.out_object is None:
                if self.inline or call.descriptor in self._awaited:
                    await self.app.aprocess_request(call, gather=bool(ctx.batch) or self._gathers)
                else:
                    await self._in_thread(ctx, self.app.process_request, call)

    async def _astart_body(self, ctx: Any) -> None:
        """As `_start_body`, for a source that may be asynchronous."""
        source = ctx.out_string
        if not hasattr(source, "__aiter__"):
            await self._in_thread(ctx, self._start_body, ctx)
            return
        try:
            parts = aiter(source)
            if not self.chunked:
                ctx.out_string = [as_bytes(part) async for part in parts]
                return
            ctx.out_string = BegunAsync(as_bytes(await anext(parts, b"")), parts, source)
        except Exception as error:
            ctx.out_error = self.app.fault_of(error, ctx)
            self._write_failure(ctx, ctx.out_error)

    # --- the request's body ---

    async def _read(self, ctx: Any, fields: Fields, receive: Any) -> bool:
        """Make ``ctx.in_string`` of the request's body; whether parsing it is too much for the loop.

        A body of several parts is kept in a temporary file when it is long.
        """
        try:
            coded = self._check_announced(fields)
            if ctx.in_protocol.streams_in and not is_multipart(ctx.transport.request_content_type):
                blocks = Blocks(receive.source, coded, self.max_content_length, self.too_long)
                return await self._read_beginning(ctx, blocks, receive)
            blocks = Blocks(receive, coded, self.max_content_length, self.too_long)
            if is_multipart(ctx.transport.request_content_type):
                await within(self.body_timeout, Started(self._keep(ctx, blocks)))
                return True
            started = Started(blocks.whole())
            body = started.result if started.is_done else await within(self.body_timeout, started)
            ctx.in_string = [body]
            return len(body) > _LONG
        except TimeoutError:
            self.refuse_body(ctx, InvalidInputError(f"the request's body did not come within {self.body_timeout} s"))
        except Fault as error:
            self.refuse_body(ctx, error)
        return False

    async def _keep(self, ctx: Any, blocks: Blocks) -> None:
        """Keep a body of several parts in a file, from which they are read."""
        file = SpooledTemporaryFile(max_size=_LONG)  # noqa: SIM115 - it is closed with the call
        ctx.on_close(file.close)
        async for block in blocks:
            file.write(block)
        file.seek(0)
        ctx.in_string = iter(lambda: file.read(self.block_length), b"")

    async def _read_beginning(self, ctx: Any, blocks: Blocks, channel: Any) -> bool:
        """The same for a body that may hold a stream, which is read while the call runs."""
        await read_beginning(ctx, blocks, channel, timeout=self.body_timeout, gone=HungUp, place=self._place_of)
        return type(ctx.in_string) is list and len(ctx.in_string[0]) > _LONG

    def _place_of(self, descriptor: Any) -> str:
        return "loop" if self.inline or descriptor in self._awaited or descriptor in self._quick else "thread"

    def _check_announced(self, fields: Fields) -> Any:
        """Refuse a body that is too long by its headers; else what decompresses it."""
        length, limit = fields.get(b"content-length", b""), self.max_content_length
        if limit is not None and length.isdigit() and (len(length) > len(str(limit)) or int(length) > limit):
            raise self.too_long()
        coding = fields.get(b"content-encoding")
        return self.decoded_body(coding.decode("latin-1")) if coding else None

    # --- the answer ---

    async def _send(self, ctx: Any, reply: HttpReply, receive: Receive, send: Send) -> None:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        start = {"type": "http.response.start", "status": int(reply.status[:3]), "headers": headers}
        body = reply.body
        if type(body) is list:
            whole = body[0] if len(body) == 1 else b"".join(body)
        elif isinstance(body, Silent | SilentAsync):
            whole = b""
        else:
            await _put(send, start)
            await unless_hung_up(Started(self._stream(ctx, body, send)), receive, 0)
            return
        try:
            await send(start)
            await send({"type": "http.response.body", "body": whole})
        except OSError:
            raise HungUp from None

    async def _stream(self, ctx: Any, body: Any, send: Send) -> None:
        try:
            if hasattr(body, "__aiter__"):
                async for block in body:
                    await _put_part(send, block)
                    await asyncio.sleep(0)  # a source that never waits leaves the loop to others
            else:
                await self._push(ctx, iter(body), send)
        except HungUp:
            raise
        except Exception:
            logger.exception("the response broke off after its first part was sent")
            raise
        await _put(send, {"type": "http.response.body", "body": b""})

    async def _push(self, ctx: Any, parts: Iterator[bytes], send: Send) -> None:
        """Send the parts of a synchronous source, which a thread pulls: a few at once, none much later than it is there."""
        await _put_part(send, next(parts, b""))  # made already
        ended = False
        while not ended:
            found: list[bytes] = []
            work = asyncio.ensure_future(self._in_thread(ctx, _gather, parts, found, perf_counter() + _SOON))
            try:
                await asyncio.wait({work}, timeout=2 * _SOON)
                if not work.done():
                    await _put_part(send, _taken(found))
                ended = await work
            finally:
                work.cancel()
                await asyncio.wait({work})  # a generator at work cannot be closed
            await _put_part(send, _taken(found))

    async def _end(self, ctx: Any) -> None:
        """Release the body, an asynchronous one on its own loop, and end the call, in a thread where its method ran in one."""
        body = ctx.out_string
        if body is None:
            body = []
        elif hasattr(body, "aclose"):
            try:
                await body.aclose()
            except Exception:
                logger.exception("closing %r failed", ctx)
            body = []
        if ctx.transport.thread_context is not None and (type(body) is not list or self._is_heard(ctx)):
            await self._in_thread(ctx, self.end, ctx, body)
        else:
            self.end(ctx, body)

    def _is_heard(self, ctx: Any) -> bool:
        """Whether user code runs at the end of a call."""
        return bool(
            ctx._close_hooks
            or ctx.files
            or ctx.batch
            or "method_context_closed" in self.app.event_manager.handlers
            or self.close_event in self.event_manager.handlers
        )

    # --- threads ---

    async def _in_thread(self, ctx: Any, function: Callable[..., T], *args: Any) -> T:
        """What a function returns that runs in the pool, with the context variables of the call, which all its threads share.

        Whoever is cancelled meanwhile waits for it, for a thread cannot be stopped; one that has not started does not.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="spyne")
        transport = ctx.transport
        if transport.thread_context is None:
            transport.thread_context = copy_context()
        job = self._pool.submit(transport.thread_context.run, function, *args)
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            if not job.cancel():
                if hasattr(ctx.in_string, "close"):
                    ctx.in_string.close()  # the thread may be waiting for more of the request
                rest = asyncio.wrap_future(job)
                await asyncio.wait({rest})
                rest.exception()
            raise

    # --- the server's life ---

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's lifespan protocol: the user's context manager is entered at the start and left at the end."""
        started = False
        try:
            await receive()
            async with self.lifespan(self) if self.lifespan is not None else nullcontext() as state:
                if isinstance(state, Mapping):
                    scope["state"].update(state)
                started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await asyncio.to_thread(self.close)
        except Exception as error:
            logger.exception("the application could not be %s", "stopped" if started else "started")
            kind = "shutdown" if started else "startup"
            await send({"type": f"lifespan.{kind}.failed", "message": type(error).__name__})
            return
        await send({"type": "lifespan.shutdown.complete"})

    def close(self) -> None:
        """Wait for the calls that run in threads, and release the threads."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True)


async def _put(send: Send, message: dict[str, Any]) -> None:
    """Send a message. Raises HungUp when there is nobody to take it (ASGI 2.4)."""
    try:
        await send(message)
    except OSError:
        raise HungUp from None


async def _put_part(send: Send, block: bytes) -> None:
    """Send a part of a body; an empty one says nothing."""
    if block:
        await _put(send, {"type": "http.response.body", "body": block, "more_body": True})


def _gather(parts: Iterator[bytes], found: list[bytes], end: float) -> bool:
    """Add the next parts to what was found; whether they were the last. No part waits for another that comes after `end`."""
    size = 0
    for part in parts:
        found.append(part)
        size += len(part)
        if size >= _ENOUGH or perf_counter() > end:
            return False
    return True


def _taken(found: list[bytes]) -> bytes:
    """What was found so far, in one piece; it is taken out, while a thread may add more."""
    size = len(found)
    block = b"".join(found[:size])
    del found[:size]
    return block
