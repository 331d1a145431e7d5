"""ASGI (version 3): an application as a callable for any ASGI server that runs on asyncio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from inspect import isasyncgenfunction, iscoroutinefunction
from tempfile import SpooledTemporaryFile
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from spyne.error import Fault, InvalidInputError
from spyne.server._headers import host_or, is_multipart
from spyne.server._reply import BegunAsync, as_bytes
from spyne.server.http import Cors, HttpBase, HttpMethodContext, HttpReply, HttpTransportContext
from spyne.util.address import Address

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from contextlib import AbstractAsyncContextManager

__all__ = ["AsgiApplication", "AsgiMethodContext", "AsgiTransportContext"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_KIB = 1024
_IN_MEMORY = 256 * _KIB
"""Bytes of a body of several parts that are kept in memory before a temporary file takes it."""
_ENOUGH = 64 * _KIB
"""Bytes that a thread gathers of a generator before it hands them over."""
_SOON = 0.005
"""Seconds after which it hands over what it has."""
_WATCH_AFTER = 0.25
"""Seconds that a call may take before somebody listens for the client hanging up."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_END: Any = object()


class AsgiTransportContext(HttpTransportContext):
    """What an ASGI scope says of a call; ``req`` is the scope."""

    def __init__(self, parent: Any, transport: Any, request: Scope, content_type: str | None = None) -> None:
        self.itself = transport
        self.app = transport.app
        self.req = request
        self.request_content_type = content_type
        self.req_method = request["method"]

    @property
    def peer_addr(self) -> str | None:
        """The address that the connection came from."""
        client = self.req.get("client")
        return client[0] if client else None

    def get_peer(self) -> Address:
        """The other end of the connection."""
        host, port = self.req.get("client") or (None, 0)
        return Address.tcp(host, port)

    def read_headers(self) -> Iterable[tuple[str, str]]:
        """The header fields, in order."""
        for name, value in self.req["headers"]:
            yield name.decode("latin-1"), value.decode("latin-1")

    def get_path(self) -> str:
        """The path below the place where the application is mounted."""
        path: str = self.req["path"]
        root = self.get_root_path()
        return path[len(root) :] if root and path.startswith(root) else path

    def get_root_path(self) -> str:
        """The path where the application is mounted."""
        root: str = self.req.get("root_path", "")
        return root

    def get_query_string(self) -> str:
        """What stands after the question mark."""
        query: bytes = self.req.get("query_string", b"")
        return query.decode("latin-1")

    def peer_scheme(self) -> str:
        """``http`` or ``https``, as the server says."""
        return "https" if self.req.get("scheme") == "https" else "http"

    def peer_host(self) -> str:
        """The Host header when it is a host, else the server's name and port."""
        name, port = self.req.get("server") or ("localhost", None)
        own = name if port in (None, _DEFAULT_PORTS[self.peer_scheme()]) else f"{name}:{port}"
        hosts = self.headers.get("host")
        return host_or(hosts[0] if hosts else None, own)


class AsgiMethodContext(HttpMethodContext):
    """A call over ASGI."""

    __slots__ = ()

    transport_class: ClassVar[Callable[..., HttpTransportContext]] = AsgiTransportContext


class _HungUp(Exception):
    """The client closed the connection: there is nobody to answer."""


class AsgiApplication(HttpBase):
    """Serves an application to any ASGI server: ``AsgiApplication(app)`` is the callable.

    ``async def`` methods are awaited on the server's loop; others run in threads, at most `threads` at once, and so do the events around
    them. inline: run those on the loop as well, for methods that never wait. body_timeout: seconds in which a request's body must have
    come, None for no limit. lifespan: called with this object at the server's start, gives an asynchronous context manager
    that is left at its end. The other options are those of `HttpBase`.

    When the client hangs up, a coroutine is cancelled and a generator closed. An error in the middle of a streamed body is raised, for the
    server to abort the connection. Events are ``http_call``, ``http_return`` or ``http_exception``, ``http_close``, and those of `HttpBase`.
    """

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
        awaited = iscoroutinefunction(app.call_wrapper)
        self._awaited = {descriptor for descriptor in app.interface.calls if awaited or _is_async(descriptor)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the kinds ``http`` and ``lifespan``; a ``websocket`` is refused."""
        kind = scope["type"]
        if kind == "http":
            await self._serve_http(scope, receive, send)
        elif kind == "lifespan":
            await self._live(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        else:
            raise NotImplementedError(f"ASGI connections of the type {kind!r} are not served")

    # --- one request ---

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        ctx = AsgiMethodContext(self, scope, _content_type(scope))
        try:
            reply = await self._answer_to(ctx, receive)
        except _HungUp:
            self.end(ctx, [])
            return
        except asyncio.CancelledError:
            self.end(ctx, [])
            raise
        await self._send(reply, receive, send)

    async def _answer_to(self, ctx: AsgiMethodContext, receive: Receive) -> HttpReply:
        transport = ctx.transport
        preflight = self.preflight(ctx)
        if preflight is not None:
            return preflight
        query = transport.req.get("query_string", b"")
        if self.is_document_request(transport.req_method, transport.req["path"], query.decode("latin-1")):
            return self.serve_document(ctx)
        try:
            return await self._call(ctx, receive)
        except _HungUp:
            raise
        except Exception as error:
            return self.rescue(ctx, error)

    async def _call(self, ctx: AsgiMethodContext, receive: Receive) -> HttpReply:
        self.begin(ctx)
        if ctx.in_error is None and ctx.in_string is None:
            await self._read(ctx, receive)
        contexts = self.dispatch(ctx)
        calls = ctx.batch or (ctx,)
        if any(call.descriptor in self._awaited for call in calls):
            return await self._unless_hung_up(self._run_awaited(ctx, contexts), receive)
        if self.inline or all(call.descriptor is None for call in calls):
            return self._run(ctx, contexts)
        return await self._unless_hung_up(self._run_in_thread(ctx, contexts), receive)

    def _run(self, ctx: Any, contexts: list[Any]) -> HttpReply:
        """The whole of a call that does not wait for anything."""
        self.get_in_object(ctx)
        self.get_out_object(ctx)
        return self.finish(ctx, contexts)

    async def _run_in_thread(self, ctx: Any, contexts: list[Any]) -> HttpReply:
        work = self._thread(self._run, ctx, contexts)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            work.add_done_callback(_discard)  # a thread cannot be stopped: what it makes is closed when it is done
            raise

    async def _run_awaited(self, ctx: Any, contexts: list[Any]) -> HttpReply:
        self.get_in_object(ctx)
        await self.aget_out_object(ctx)
        self.write_answer(ctx)
        if type(ctx.out_string) is not list:
            await self._astart_body(ctx)
        if len(contexts) > 1:
            await self._thread(self._run_aux, contexts)
        return self._answer(ctx)

    async def _astart_body(self, ctx: Any) -> None:
        """As `_start_body`, for a source that may be asynchronous."""
        source = ctx.out_string
        if not hasattr(source, "__aiter__"):
            await self._thread(self._start_body, ctx)
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

    # --- what a client does ---

    async def _unless_hung_up(self, work: Coroutine[Any, Any, T], receive: Receive) -> T:
        """What `work` returns. Raises _HungUp when the client is gone before that; the work is cancelled."""
        task = asyncio.current_task()
        assert task is not None
        watch = _Watch(task, receive)
        handle = asyncio.get_running_loop().call_later(_WATCH_AFTER, watch.start)
        try:
            return await work
        except asyncio.CancelledError:
            if watch.hung_up and task.uncancel() == 0:
                raise _HungUp from None
            raise
        finally:
            handle.cancel()
            watch.stop()

    async def _read(self, ctx: Any, receive: Receive) -> None:
        """Make ``ctx.in_string`` of the request's body; a body of several parts is kept in a temporary file when it is long."""
        try:
            coded = self._check_announced(ctx)
            async with asyncio.timeout(self.body_timeout):
                if is_multipart(ctx.transport.request_content_type):
                    ctx.in_string = await self._spool(ctx, coded, receive)
                else:
                    ctx.in_string = [b"".join([block async for block in self._blocks(coded, receive)])]
        except TimeoutError:
            self.refuse_body(ctx, InvalidInputError(f"the request's body did not come within {self.body_timeout} s"))
        except Fault as error:
            self.refuse_body(ctx, error)

    def _check_announced(self, ctx: Any) -> Any:
        """Refuse a body that is too long by its headers; else what decompresses it."""
        headers, limit = dict(ctx.transport.req["headers"]), self.max_content_length
        length = headers.get(b"content-length", b"")
        if limit is not None and length.isdigit() and (len(length) > len(str(limit)) or int(length) > limit):
            raise self.too_long()
        return self.decoded_body(headers.get(b"content-encoding", b"").decode("latin-1"))

    async def _blocks(self, coded: Any, receive: Receive) -> Any:
        async for block in self._raw_blocks(receive):
            if coded is None:
                yield block
            else:
                for data in coded.feed(block):
                    yield data
        if coded is not None:
            coded.finish()

    async def _raw_blocks(self, receive: Receive) -> Any:
        limit, size = self.max_content_length, 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _HungUp
            block = message.get("body", b"")
            size += len(block)
            if limit is not None and size > limit:
                raise self.too_long()
            if block:
                yield block
            if not message.get("more_body", False):
                return

    async def _spool(self, ctx: Any, coded: Any, receive: Receive) -> Iterator[bytes]:
        file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it is closed with the call
        ctx.on_close(file.close)
        async for block in self._blocks(coded, receive):
            file.write(block)
        file.seek(0)
        return iter(lambda: file.read(self.block_length), b"")

    # --- the answer ---

    async def _send(self, reply: HttpReply, receive: Receive, send: Send) -> None:
        try:
            headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
            await send({"type": "http.response.start", "status": int(reply.status[:3]), "headers": headers})
            body = reply.body
            if type(body) is list:
                await send({"type": "http.response.body", "body": body[0] if len(body) == 1 else b"".join(body)})
            else:
                await self._unless_hung_up(self._stream(body, send), receive)
        except _HungUp:
            logger.info("a client hung up before the response was sent")
        finally:
            await self._close(reply)

    async def _stream(self, body: Any, send: Send) -> None:
        try:
            async for block in body if hasattr(body, "__aiter__") else self._pulled(iter(body)):
                if block:
                    await send({"type": "http.response.body", "body": block, "more_body": True})
        except Exception:
            logger.exception("the response broke off after its first part was sent")
            raise
        await send({"type": "http.response.body", "body": b""})

    async def _pulled(self, parts: Iterator[bytes]) -> Any:
        """The parts of a synchronous source, pulled in a thread, each as soon as it is there or a few at once."""
        context = copy_context()
        while True:
            work = self._thread(context.run, _gather, parts)
            try:
                block, ended = await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait({work})  # a generator at work cannot be closed
                raise
            yield block
            if ended:
                return

    async def _close(self, reply: HttpReply) -> None:
        """End the call; an asynchronous source is closed on its own loop first, another one in a thread."""
        close = getattr(reply.body, "aclose", None)
        if close is None and type(reply.body) is not list:
            await self._thread(reply.close)
            return
        try:
            if close is not None:
                await close()
        except Exception:
            logger.exception("closing the response failed")
        reply.close()

    # --- the server's life ---

    def _thread(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """Run a function in the pool, in a copy of this task's context variables."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="spyne")
        return asyncio.get_running_loop().run_in_executor(self._pool, copy_context().run, function, *args)

    async def _live(self, receive: Receive, send: Send) -> None:
        """ASGI's lifespan protocol: the user's context manager is entered at the start and left at the end."""
        started = False
        try:
            await receive()
            if self.lifespan is None:
                await self._until_shutdown(receive, send)
            else:
                async with self.lifespan(self):
                    started = True
                    await self._until_shutdown(receive, send)
            self.close()
        except Exception as error:
            logger.exception("the application could not be %s", "stopped" if started else "started")
            kind = "shutdown" if started else "startup"
            await send({"type": f"lifespan.{kind}.failed", "message": type(error).__name__})
            return
        await send({"type": "lifespan.shutdown.complete"})

    @staticmethod
    async def _until_shutdown(receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.complete"})
        await receive()

    def close(self) -> None:
        """Wait for the calls that run in threads, and release the threads."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True)


class _Watch:
    """Listens for the client hanging up while a call runs, and cancels the call's task."""

    def __init__(self, task: asyncio.Task[Any], receive: Receive) -> None:
        self.hung_up = False
        self._task = task
        self._receive = receive
        self._own: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._own = asyncio.ensure_future(self._listen())

    def stop(self) -> None:
        """Stop listening."""
        if self._own is not None:
            self._own.cancel()

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.hung_up = True
        self._task.cancel()


def _is_async(descriptor: Any) -> bool:
    """Whether a method's result has to be awaited."""
    functions = (descriptor.function, getattr(descriptor.service_class, "call_wrapper", None))
    return any(iscoroutinefunction(function) or isasyncgenfunction(function) for function in functions)


def _content_type(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"content-type":
            text: str = value.decode("latin-1")
            return text or None
    return None


def _gather(parts: Iterator[bytes]) -> tuple[bytes, bool]:
    """The next parts as one, and whether they were the last."""
    found: list[bytes] = []
    size, start = 0, perf_counter()
    while size < _ENOUGH:
        part = next(parts, _END)
        if part is _END:
            return b"".join(found), True
        found.append(part)
        size += len(part)
        if perf_counter() - start > _SOON:
            break
    return b"".join(found), False


def _discard(work: asyncio.Future[HttpReply]) -> None:
    """Close an answer that nobody waits for."""
    if not work.cancelled() and work.exception() is None:
        work.result().close()
