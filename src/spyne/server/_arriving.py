"""ASGI requests whose body is read while the call runs: who pulls the blocks, and from where."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from spyne.error import InvalidInputError
from spyne.server._headers import charset_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from concurrent.futures import Future

__all__ = ["Channel", "read_beginning"]

_IN_MEMORY = 256 * 1024
_BLOCK = 64 * 1024


class Channel:
    """The ``receive`` of a request. Who listens for the client hanging up waits until the body was read: its blocks are others'.

    source: what the server gave. hung_up: the client was gone before the end of a body that the call was reading.
    """

    __slots__ = ("_free", "hung_up", "source")

    def __init__(self, source: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self.source = source
        self.hung_up = False
        self._free = asyncio.Event()
        self._free.set()

    async def __call__(self) -> dict[str, Any]:
        """The next message that is no part of the body."""
        await self._free.wait()
        return await self.source()

    def hold(self) -> None:
        """The body is being read."""
        self._free.clear()

    def release(self) -> None:
        """The body has been read."""
        self._free.set()


class _Blocks:
    """The rest of a body, block by block; each has to come within `timeout` seconds."""

    __slots__ = ("_blocks", "_channel", "_gone", "_timeout")

    def __init__(
        self, blocks: AsyncIterator[bytes], channel: Channel, timeout: float | None, gone: type[Exception]
    ) -> None:
        self._blocks = blocks
        self._channel = channel
        self._timeout = timeout
        self._gone = gone

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                return await anext(self._blocks)
        except StopAsyncIteration:
            self._channel.release()
            raise
        except TimeoutError:
            raise InvalidInputError(f"no more of the request's body came within {self._timeout} s") from None
        except self._gone:
            self._channel.hung_up = True
            self._channel.release()
            raise InvalidInputError("the client hung up before the end of the request") from None


class _Bridge:
    """The same blocks for a thread: it waits while the event loop reads the next one."""

    __slots__ = ("_blocks", "_is_closed", "_loop", "_waiting")

    def __init__(self, blocks: _Blocks) -> None:
        self._blocks = blocks
        self._loop = asyncio.get_running_loop()
        self._waiting: Future[bytes | None] | None = None
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._is_closed:
            raise InvalidInputError("the call is over, and the request was not read to its end")
        self._waiting = asyncio.run_coroutine_threadsafe(self._next(), self._loop)
        try:
            block = self._waiting.result()
        except CancelledError:
            raise InvalidInputError("the call was cancelled before the end of the request") from None
        finally:
            self._waiting = None
        if block is None:
            raise StopIteration
        return block

    async def _next(self) -> bytes | None:
        return await anext(self._blocks, None)

    def close(self) -> None:
        """Let a thread that waits go on with an error."""
        self._is_closed = True
        waiting = self._waiting
        if waiting is not None:
            waiting.cancel()


async def read_beginning(
    ctx: Any,
    raw: AsyncIterator[bytes],
    channel: Channel,
    *,
    timeout: float | None,
    gone: type[Exception],
    place: Callable[[Any], str],
) -> None:
    """Read a request as far as its stream; one without a stream is read to its end, within `timeout` seconds.

    gone: what reading raises when the client hangs up. place: where the method of a descriptor is run: "loop" or "thread". Raises Fault.
    """
    scout = ctx.in_protocol.scout(charset_of(ctx.transport.request_content_type))
    async with asyncio.timeout(timeout):
        whole = await scout.awhole(raw)
    if whole is not None:
        ctx.in_string = [whole]
        return
    channel.hold()
    blocks = _Blocks(raw, channel, timeout, gone)
    ctx.in_string = await _source(ctx, blocks, scout.stream.descriptor, place)
    ctx.in_stream = scout.incoming(ctx.in_string)


async def _source(ctx: Any, blocks: _Blocks, descriptor: Any, place: Callable[[Any], str]) -> Any:
    """The blocks as the method can take them: one that blocks the loop gets them from a file, when all have come."""
    if place(descriptor) == "thread":
        bridge = _Bridge(blocks)
        ctx.on_close(bridge.close)
        return bridge
    if descriptor.stream_in_async:
        return blocks
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - it is closed with the call
    ctx.on_close(file.close)
    async for block in blocks:
        file.write(block)
    file.seek(0)
    return iter(lambda: file.read(_BLOCK), b"")
