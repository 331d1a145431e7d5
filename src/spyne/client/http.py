"""HttpClient and AsyncHttpClient: services over HTTP, on httpx."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack, aclosing, asynccontextmanager, closing, contextmanager
from tempfile import SpooledTemporaryFile
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from spyne.client._base import ClientBase, RemoteService
from spyne.client._http import HttpProcedure, ResponseLimit, StreamBase, is_multipart

try:
    import httpx
except ImportError:
    raise ImportError("HTTP clients need httpx: pip install 'spyne[client]'") from None

from spyne.client._asgi import AsgiTransport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self, TypeAlias

    from spyne.context import MethodContext

    Telemetry: TypeAlias = Callable[[MethodContext], AbstractContextManager[Mapping[str, str]]]

__all__ = [
    "AsyncHttpClient",
    "AsyncRemoteProcedure",
    "AsyncResultStream",
    "HttpClient",
    "RemoteProcedure",
    "ResultStream",
]

MIB = 1024 * 1024
_BLOCK = 64 * 1024
_IN_MEMORY = 256 * 1024


class _HttpClientBase(ClientBase):
    """What both clients are told; see `HttpClient`."""

    def __init__(
        self,
        url: str,
        app: Any,
        *,
        timeout: float | None,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None,
        max_response_length: int | None,
        retries: int,
        telemetry: Telemetry | None,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"an HTTP client needs an http:// or https:// address, not {url!r}")
        super().__init__(url, app)
        self.timeout = timeout
        self.headers = headers if callable(headers) else dict(headers or {})
        self.max_response_length = max_response_length
        self.retries = retries
        self.telemetry = telemetry

    def current_headers(self) -> Mapping[str, str]:
        """The further headers of the next request."""
        return self.headers() if callable(self.headers) else self.headers


class HttpClient(_HttpClientBase):
    """``HttpClient("https://example.com/soap", app).service.say_hello("Dave", times=3)``.

    timeout: seconds that connecting and each read may take, None for no limit. headers: further HTTP headers of every
    request, or a function that returns them each time; they win over the client's own. max_response_length: bytes of a response, None for no limit.
    telemetry: is called with the context of every call, as `ClientTelemetry` is. retries: further attempts after a connection could not be made, and for methods declared with ``_idempotent=True`` also after one
    broke or the server was busy. auth, verify, cert: authentication and TLS as httpx has them. wsgi: a WSGI application to call in this process, without a
    socket. http: an ``httpx.Client`` of your own instead of all that.

    A call raises Fault for what the service answers with a fault (of the class that the application declares for its code);
    ResponseError for an answer of something else; TimeoutError and ConnectionError where no answer came. Redirections are
    not followed. ``with client.service.m.stream(…) as items:`` gives the items of an array or iterator while they arrive; the connection
    is released after the last one, and at the end of the block. `max_response_length` does not count for these, but
    ``app.limits.stream_item`` does for each of them. The response's SOAP headers are in ``procedure.ctx.in_header`` after ``procedure = client.service.m``. A client may be shared by threads; `close` it,
    or use it in a with-statement.
    """

    def __init__(
        self,
        url: str,
        app: Any,
        *,
        timeout: float | None = 30.0,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
        max_response_length: int | None = 64 * MIB,
        retries: int = 0,
        telemetry: Telemetry | None = None,
        auth: Any = None,
        verify: Any = True,
        cert: Any = None,
        wsgi: Any = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(
            url,
            app,
            timeout=timeout,
            headers=headers,
            max_response_length=max_response_length,
            retries=retries,
            telemetry=telemetry,
        )
        transport = httpx.WSGITransport(app=wsgi) if wsgi is not None else None
        self.http = http or httpx.Client(auth=auth, verify=verify, cert=cert, timeout=timeout, transport=transport)
        self.service = RemoteService(RemoteProcedure, url, app, self)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class RemoteProcedure(HttpProcedure):
    """One method over HTTP."""

    client: HttpClient

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method and return its result; see `HttpClient` for what is raised."""
        with ExitStack() as stack:
            ctx, request = self.prepare(args, kwargs, stack)
            return self._send(ctx, request, stack, self._read)

    @contextmanager
    def stream(self, *args: Any, **kwargs: Any) -> Iterator[ResultStream]:
        """Call the method, and take the items of its result while they arrive; see `HttpClient`."""
        self.check_stream()
        with ExitStack() as stack:
            ctx, request = self.prepare(args, kwargs, stack)
            items = self._send(ctx, request, stack, self._open)
            held = stack.pop_all()
        with closing(ResultStream(ctx, self._each(ctx, items, held), held)) as rows:
            yield rows

    def _send(self, ctx: Any, request: dict[str, Any], stack: ExitStack, read: Callable[..., Any]) -> Any:
        """What `read` makes of the answer that counts, which is released with `stack`."""
        attempts = self.attempts(request)
        while True:
            try:
                with ExitStack() as attempt:
                    response = attempt.enter_context(self.client.http.stream("POST", self.url, **request))
                    wait = attempts.after_answer(response.status_code, response.headers)
                    if wait is None:
                        result = read(ctx, response)
                        stack.push(attempt.pop_all())
                        return result
            except httpx.RequestError as error:
                wait = attempts.after_error(error, httpx)
                if wait is None:
                    raise self.no_answer(error, httpx) from error
            sleep(wait)

    def _read(self, ctx: Any, response: httpx.Response) -> Any:
        """The result."""
        count = ResponseLimit(self.url, response.status_code, self.client.max_response_length)
        blocks = (count(block) for block in response.iter_bytes(_BLOCK))
        body = blocks if is_multipart(response.headers) else [b"".join(blocks)]
        return self.finish(ctx, response.status_code, response.headers, body)

    def _open(self, ctx: Any, response: httpx.Response) -> Any:
        """The items of the result, of which the beginning was read."""
        scout = self.scout(ctx, response)
        if scout is None:
            return self._read(ctx, response)
        count = ResponseLimit(self.url, response.status_code, self.client.max_response_length)
        blocks = count.after(response.iter_bytes())
        with self.explained(response.status_code, scout.seen()):
            whole = scout.whole(blocks)
        count.lift()
        return self.opened(ctx, response, whole, scout, blocks)

    def _each(self, ctx: Any, items: Any, held: ExitStack) -> Generator[Any]:
        with held, self.explained(ctx.transport.resp_code):
            try:
                yield from items or ()
            except httpx.RequestError as error:
                raise self.no_answer(error, httpx) from error


class ResultStream(StreamBase):
    """An iterator over the items of a result while they arrive; the attributes are those of `StreamBase`."""

    def __init__(self, ctx: Any, items: Generator[Any], held: ExitStack) -> None:
        super().__init__(ctx)
        self._items = items
        self._held = held

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        return next(self._items)

    def close(self) -> None:
        """Release the connection; the rest is not read."""
        self._items.close()
        self._held.close()  # where nothing was asked of the items


class AsyncHttpClient(_HttpClientBase):
    """``await AsyncHttpClient("https://example.com/soap", app).service.say_hello("Dave", times=3)``.

    The arguments are those of `HttpClient`, but for asgi: an ASGI application to call in this process, without a socket; and http: an ``httpx.AsyncClient``.
    """

    def __init__(
        self,
        url: str,
        app: Any,
        *,
        timeout: float | None = 30.0,
        headers: Mapping[str, str] | Callable[[], Mapping[str, str]] | None = None,
        max_response_length: int | None = 64 * MIB,
        retries: int = 0,
        telemetry: Telemetry | None = None,
        auth: Any = None,
        verify: Any = True,
        cert: Any = None,
        asgi: Any = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(
            url,
            app,
            timeout=timeout,
            headers=headers,
            max_response_length=max_response_length,
            retries=retries,
            telemetry=telemetry,
        )
        transport = AsgiTransport(asgi) if asgi is not None else None
        self.http = http or httpx.AsyncClient(auth=auth, verify=verify, cert=cert, timeout=timeout, transport=transport)
        self.service = RemoteService(AsyncRemoteProcedure, url, app, self)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


class AsyncRemoteProcedure(HttpProcedure):
    """One method over HTTP, to be awaited."""

    client: AsyncHttpClient

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method and return its result; see `HttpClient` for what is raised."""
        async with AsyncExitStack() as stack:
            ctx, request = self.prepare(args, kwargs, stack)
            return await self._send(ctx, request, stack, self._read)

    @asynccontextmanager
    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[AsyncResultStream]:
        """Call the method, and take the items of its result while they arrive; see `HttpClient`."""
        self.check_stream()
        async with AsyncExitStack() as stack:
            ctx, request = self.prepare(args, kwargs, stack)
            items = await self._send(ctx, request, stack, self._open)
            held = stack.pop_all()
        async with aclosing(AsyncResultStream(ctx, self._each(ctx, items, held), held)) as rows:
            yield rows

    async def _send(self, ctx: Any, request: dict[str, Any], stack: AsyncExitStack, read: Callable[..., Any]) -> Any:
        """What `read` makes of the answer that counts, which is released with `stack`."""
        attempts = self.attempts(request)
        if not isinstance(request["content"], bytes):
            request["content"] = _asynchronously(request["content"])
        while True:
            try:
                async with AsyncExitStack() as attempt:
                    response = await attempt.enter_async_context(self.client.http.stream("POST", self.url, **request))
                    wait = attempts.after_answer(response.status_code, response.headers)
                    if wait is None:
                        result = await read(ctx, response)
                        stack.push_async_exit(attempt.pop_all())
                        return result
            except httpx.RequestError as error:
                wait = attempts.after_error(error, httpx)
                if wait is None:
                    raise self.no_answer(error, httpx) from error
            await asyncio.sleep(wait)

    async def _read(self, ctx: Any, response: httpx.Response) -> Any:
        """The result."""
        count = ResponseLimit(self.url, response.status_code, self.client.max_response_length)
        blocks = (count(block) async for block in response.aiter_bytes(_BLOCK))
        body = await _in_file(blocks) if is_multipart(response.headers) else [b"".join([b async for b in blocks])]
        return self.finish(ctx, response.status_code, response.headers, body)

    async def _open(self, ctx: Any, response: httpx.Response) -> Any:
        """The items of the result, of which the beginning was read."""
        scout = self.scout(ctx, response)
        if scout is None:
            return await self._read(ctx, response)
        count = ResponseLimit(self.url, response.status_code, self.client.max_response_length)
        blocks = count.aafter(response.aiter_bytes())
        with self.explained(response.status_code, scout.seen()):
            whole = await scout.awhole(blocks)
        count.lift()
        return self.opened(ctx, response, whole, scout, blocks)

    async def _each(self, ctx: Any, items: Any, held: AsyncExitStack) -> AsyncGenerator[Any]:
        async with held:
            with self.explained(ctx.transport.resp_code):
                try:
                    if not hasattr(items, "__anext__"):
                        for item in items or ():
                            yield item
                        return
                    async with aclosing(items):
                        async for item in items:
                            yield item
                except httpx.RequestError as error:
                    raise self.no_answer(error, httpx) from error


class AsyncResultStream(StreamBase):
    """The same, an asynchronous iterator."""

    def __init__(self, ctx: Any, items: AsyncGenerator[Any], held: AsyncExitStack) -> None:
        super().__init__(ctx)
        self._items = items
        self._held = held

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return await anext(self._items)

    async def aclose(self) -> None:
        """Release the connection; the rest is not read."""
        await self._items.aclose()
        await self._held.aclose()  # where nothing was asked of the items


async def _in_file(blocks: AsyncIterator[bytes]) -> Iterator[bytes]:
    """The blocks when all have come; long ones were in a temporary file meanwhile."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it is closed when it was read
    async for block in blocks:
        file.write(block)
    file.seek(0)
    return _blocks_of(file)


def _blocks_of(file: Any) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block


async def _asynchronously(blocks: Any) -> Any:
    for block in blocks:
        yield block
