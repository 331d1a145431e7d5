"""HttpClient and AsyncHttpClient: services over HTTP, on httpx."""

from __future__ import annotations

import asyncio
from tempfile import SpooledTemporaryFile
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from spyne.client._base import ClientBase, RemoteService
from spyne.client._http import HttpProcedure, ResponseLimit, is_multipart

try:
    import httpx
except ImportError:
    raise ImportError("HTTP clients need httpx: pip install 'spyne[client]'") from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

__all__ = ["AsyncHttpClient", "AsyncRemoteProcedure", "HttpClient", "RemoteProcedure"]

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
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"an HTTP client needs an http:// or https:// address, not {url!r}")
        super().__init__(url, app)
        self.timeout = timeout
        self.headers = headers if callable(headers) else dict(headers or {})
        self.max_response_length = max_response_length
        self.retries = retries

    def current_headers(self) -> Mapping[str, str]:
        """The further headers of the next request."""
        return self.headers() if callable(self.headers) else self.headers


class HttpClient(_HttpClientBase):
    """``HttpClient("https://example.com/soap", app).service.say_hello("Dave", times=3)``.

    timeout: seconds that connecting and each read may take, None for no limit. headers: further HTTP headers of every
    request, or a function that returns them each time; they win over the client's own. max_response_length: bytes of a response, None for no limit.
    retries: further attempts after a connection could not be made, and for methods declared with ``_idempotent=True`` also after one
    broke or the server was busy. auth, verify, cert: authentication and TLS as httpx has them. wsgi: a WSGI application to call in this process, without a
    socket. http: an ``httpx.Client`` of your own instead of all that.

    A call raises Fault for what the service answers with a fault (of the class that the application declares for its code);
    ResponseError for an answer of something else; TimeoutError and ConnectionError where no answer came. Redirections are
    not followed. The response's SOAP headers are in ``procedure.ctx.in_header`` after ``procedure = client.service.m``. A client may be shared by threads; `close` it,
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
        auth: Any = None,
        verify: Any = True,
        cert: Any = None,
        wsgi: Any = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(
            url, app, timeout=timeout, headers=headers, max_response_length=max_response_length, retries=retries
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
        ctx, request = self.prepare(args, kwargs)
        attempts = self.attempts(request)
        while True:
            try:
                with self.client.http.stream("POST", self.url, **request) as response:
                    wait = attempts.after_answer(response.status_code, response.headers)
                    if wait is None:
                        return self.finish(ctx, response.status_code, response.headers, self._body(response))
            except httpx.TransportError as error:
                wait = attempts.after_error(error, httpx)
                if wait is None:
                    raise self.no_answer(error, httpx) from error
            sleep(wait)

    def _body(self, response: httpx.Response) -> Any:
        count = ResponseLimit(self.url, response.status_code, self.client.max_response_length)
        blocks = (count(block) for block in response.iter_bytes(_BLOCK))
        return blocks if is_multipart(response.headers) else [b"".join(blocks)]


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
        auth: Any = None,
        verify: Any = True,
        cert: Any = None,
        asgi: Any = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(
            url, app, timeout=timeout, headers=headers, max_response_length=max_response_length, retries=retries
        )
        transport = httpx.ASGITransport(app=asgi) if asgi is not None else None
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
        ctx, request = self.prepare(args, kwargs)
        attempts = self.attempts(request)
        if not isinstance(request["content"], bytes):
            request["content"] = _asynchronously(request["content"])
        while True:
            try:
                async with self.client.http.stream("POST", self.url, **request) as response:
                    wait = attempts.after_answer(response.status_code, response.headers)
                    if wait is None:
                        body = await self._body(ctx, response)
                        return self.finish(ctx, response.status_code, response.headers, body)
            except httpx.TransportError as error:
                wait = attempts.after_error(error, httpx)
                if wait is None:
                    raise self.no_answer(error, httpx) from error
            await asyncio.sleep(wait)

    async def _body(self, ctx: Any, response: httpx.Response) -> Any:
        count = ResponseLimit(self.url, response.status_code, self.client.max_response_length)
        if not is_multipart(response.headers):
            return [b"".join([count(block) async for block in response.aiter_bytes(_BLOCK)])]
        file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it is closed when it was read
        async for block in response.aiter_bytes(_BLOCK):
            file.write(count(block))
        file.seek(0)
        return _blocks_of(file)


def _blocks_of(file: Any) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block


async def _asynchronously(blocks: Any) -> Any:
    for block in blocks:
        yield block
