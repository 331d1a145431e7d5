"""The body of an ASGI request, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.server._waiting import HungUp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from spyne.error import Fault

__all__ = ["Blocks"]


class Blocks:
    """The blocks as they come, decompressed. No generator: every one of those is registered with the event loop, which costs more than all of this.

    coded: what decompresses them, or None. limit: bytes as they come; `too_long` makes the fault for more. Iterating raises Fault for a
    body that is too long or malformed, HungUp for one that stops.
    """

    __slots__ = ("_coded", "_decoded", "_left", "_more", "_receive", "_too_long")

    def __init__(
        self,
        receive: Callable[[], Awaitable[dict[str, Any]]],
        coded: Any,
        limit: int | None,
        too_long: Callable[[], Fault],
    ) -> None:
        self._receive = receive
        self._coded = coded
        self._left = limit
        self._too_long = too_long
        self._decoded: Iterator[bytes] = iter(())
        self._more = True

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            for data in self._decoded:
                return data
            if not self._more:
                break
            block = await self._next()
            if self._coded is not None:
                self._decoded = self._coded.feed(block)
            elif block:
                return block
        if self._coded is not None:
            self._coded.finish()
        raise StopAsyncIteration

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        block: bytes = message.get("body", b"")
        self._more = message.get("more_body", False)
        if self._left is not None:
            self._left -= len(block)
            if self._left < 0:
                raise self._too_long()
        return block

    async def whole(self) -> bytes:
        """All of them in one piece."""
        first = await self._next()
        if self._coded is None and not self._more:
            return first
        self._decoded = iter((first,)) if self._coded is None else self._coded.feed(first)
        return b"".join([block async for block in self])
