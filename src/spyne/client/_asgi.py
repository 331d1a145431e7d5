"""An ASGI application in this process as a transport of httpx, which hands over a response while it is made; httpx's own gathers it first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["AsgiTransport"]

_CALLER = ("127.0.0.1", 123)
"""What the application is told of the client, as httpx does."""


class AsgiTransport(httpx.AsyncBaseTransport):
    """Sends requests to an ASGI application. What that raises comes out of the request, or out of the body once it has begun."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._running: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The response, with its body still to come."""
        call = _Call(request)
        task = asyncio.create_task(call.run(self._app))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            start = await call.next()
        except BaseException:
            await call.aclose()
            raise
        return httpx.Response(start["status"], headers=start["headers"], stream=call)

    async def aclose(self) -> None:
        """Wait for calls that were left early."""
        if self._running:
            await asyncio.wait(self._running)


class _Call(httpx.AsyncByteStream):
    """One request, and the body of its response; the application waits until a part was taken."""

    def __init__(self, request: httpx.Request) -> None:
        assert isinstance(request.stream, httpx.AsyncByteStream)
        self._request = request
        self._blocks: AsyncIterator[bytes] | None = aiter(request.stream)
        self._messages: asyncio.Queue[Any] = asyncio.Queue(1)
        self._over = asyncio.Event()
        self._is_left = False

    async def run(self, app: Any) -> None:
        """Call the application; how it ends is the last message."""
        end = None
        try:
            await app(_scope(self._request), self._receive, self._send)
        except Exception as error:
            end = error
        if not self._is_left:
            await self._messages.put(end)

    async def _receive(self) -> dict[str, Any]:
        if self._blocks is not None:
            block = await anext(self._blocks, None)
            if block is None:
                self._blocks = None
            return {"type": "http.request", "body": block or b"", "more_body": block is not None}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if self._is_left:
            raise OSError("the client is gone")
        await self._messages.put(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._over.set()

    async def next(self) -> dict[str, Any]:
        """The next message. Raises what the application raised, and httpx's error where it ended too early."""
        message = await self._messages.get()
        if isinstance(message, Exception):
            raise message
        if message is None:
            raise httpx.RemoteProtocolError("the application ended before its response did", request=self._request)
        found: dict[str, Any] = message
        return found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.next()
            more = message.get("more_body", False)
            if message.get("body") and self._request.method != "HEAD":
                yield message["body"]
        end = await self._messages.get()  # what the application does after its answer is done when the caller has it
        if end is not None:
            raise end

    async def aclose(self) -> None:
        """Tell the application that nobody wants more."""
        self._is_left = True
        self._over.set()
        while not self._messages.empty():
            self._messages.get_nowait()


def _scope(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": _CALLER,
        "root_path": "",
    }
