"""An HTTP answer as data: status, headers, and a body that ends the call when it is sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from spyne.server._coding import compressor

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

__all__ = ["Begun", "BegunAsync", "HttpReply", "as_bytes", "compressed", "silent", "without"]

logger = logging.getLogger(__name__)


class HttpReply:
    """An answer, ready to be sent: `status` and `headers` for WSGI, and a body to iterate over.

    The call is over when `close` is called, or a body that streams was read to its end. An error in the middle of the
    body is logged and raised, for the server to abort the connection: the client must not take half for the whole.
    """

    __slots__ = ("_body", "_ctx", "_server", "headers", "status")

    def __init__(
        self,
        status: str,
        headers: list[tuple[str, str]],
        body: Iterable[bytes] | AsyncIterable[bytes],
        server: Any,
        ctx: Any,
    ) -> None:
        self.status = status
        self.headers = headers
        self._body: Any = body
        self._server = server
        self._ctx = ctx

    @property
    def body(self) -> Any:
        """A list with the whole body, or an iterable of its parts; asynchronous where the source is."""
        return self._body

    def __iter__(self) -> Iterator[bytes]:
        body = self._body
        return iter(body) if type(body) is list else self._stream()

    def _stream(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except Exception:
            logger.exception("the response broke off after its first part was sent")
            raise
        finally:
            self.close()

    def close(self) -> None:
        """End the call; never raises."""
        ctx, self._ctx = self._ctx, None
        if ctx is not None:
            self._server.end(ctx, self._body)


class Begun:
    """A body whose first part was made already."""

    __slots__ = ("_first", "_rest", "_source")

    def __init__(self, first: bytes, rest: Iterator[Any], source: Any) -> None:
        self._first = first
        self._rest = rest
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        for part in self._rest:
            yield as_bytes(part)

    @property
    def content_length(self) -> int | None:
        """Bytes of the whole body, where its source knows that beforehand by an attribute of this name."""
        length: int | None = getattr(self._source, "content_length", None)
        return length

    def close(self) -> None:
        """Release what the body is made of."""
        for thing in (self._rest, self._source):
            close = getattr(thing, "close", None)
            if close is not None:
                close()


class BegunAsync:
    """The same of an asynchronous source."""

    __slots__ = ("_first", "_rest", "_source")

    def __init__(self, first: bytes, rest: AsyncIterator[Any], source: Any) -> None:
        self._first = first
        self._rest = rest
        self._source = source

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        async for part in self._rest:
            yield as_bytes(part)

    @property
    def content_length(self) -> int | None:
        """Bytes of the whole body, where its source knows that beforehand by an attribute of this name."""
        length: int | None = getattr(self._source, "content_length", None)
        return length

    async def aclose(self) -> None:
        """Release what the body is made of."""
        for thing in (self._rest, self._source):
            close = getattr(thing, "aclose", None)
            if close is not None:
                await close()


class Compressed:
    """A body that is compressed part by part, each as soon as it is there."""

    __slots__ = ("_body", "_compressor")

    def __init__(self, coding: str, body: Any) -> None:
        self._body = body
        self._compressor = compressor(coding)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            if part:
                yield self._compressor.part(part)
        yield self._compressor.end()

    def close(self) -> None:
        """Release what the body is made of."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class CompressedAsync:
    """The same of an asynchronous body."""

    __slots__ = ("_body", "_compressor")

    def __init__(self, coding: str, body: Any) -> None:
        self._body = body
        self._compressor = compressor(coding)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            if part:
                yield self._compressor.part(part)
        yield self._compressor.end()

    async def aclose(self) -> None:
        """Release what the body is made of."""
        await self._body.aclose()


def compressed(coding: str, body: Any) -> Any:
    """A body in a content coding: a list of the whole one, or as it comes."""
    if type(body) is list:
        return [compressor(coding).whole(b"".join(as_bytes(part) for part in body))]
    return CompressedAsync(coding, body) if hasattr(body, "__aiter__") else Compressed(coding, body)


def as_bytes(part: Any) -> bytes:
    """A part of a body; text is written in UTF-8. Raises TypeError for what is neither."""
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, bytes):
        return part
    if isinstance(part, bytearray | memoryview):
        return bytes(part)
    raise TypeError(f"a response is made of bytes, not of {type(part).__name__}")


class Silent:
    """A body that is not sent, for HEAD and for statuses that have none."""

    __slots__ = ("_body",)

    def __init__(self, body: Any) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        """Release what the body is made of."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class SilentAsync:
    """The same of an asynchronous body."""

    __slots__ = ("_body",)

    def __init__(self, body: Any) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in ():
            yield b""

    async def aclose(self) -> None:
        """Release what the body is made of."""
        await self._body.aclose()


def silent(body: Any) -> Silent | SilentAsync:
    """A body that is released and not sent."""
    return SilentAsync(body) if hasattr(body, "aclose") else Silent(body)


def without(headers: list[tuple[str, str]], *names: str) -> list[tuple[str, str]]:
    """The headers but for those of these names, given in lower case."""
    return [header for header in headers if header[0].lower() not in names]
