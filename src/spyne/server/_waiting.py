"""Waiting on an event loop for work that ends early: when the client of an ASGI call hangs up, or when time is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

    Receive = Callable[[], Awaitable[dict[str, Any]]]

__all__ = ["HungUp", "Started", "unless_hung_up", "within"]

T = TypeVar("T")

_WATCH_AFTER = 0.25
"""Seconds that a call may take before somebody listens for the client hanging up."""


class HungUp(Exception):
    """The client closed the connection: there is nobody to answer."""


async def unless_hung_up(work: Started[T], receive: Receive, after: float = _WATCH_AFTER) -> T:
    """What `work` returns. Raises HungUp when the client is gone before that; the work is cancelled.

    after: seconds that it may take before somebody listens.
    """
    if work.is_done:
        return work.result
    watch = _Watch(receive, after)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.is_why():
            raise HungUp from None
        raise
    finally:
        watch.stop()


async def within(seconds: float | None, work: Started[T]) -> T:
    """What `work` returns. Raises TimeoutError when it takes longer; None is no limit."""
    if work.is_done:
        return work.result
    async with asyncio.timeout(seconds):
        return await work


class Started(Generic[T]):
    """A coroutine that was run to where it first waits: most of ours never do, and then need nobody to look after them."""

    __slots__ = ("_waits_for", "_work", "is_done", "result")

    result: T

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._waits_for: Any = None
        self.is_done = False
        try:
            self._waits_for = work.send(None)
        except StopIteration as end:
            self.result = end.value
            self.is_done = True

    def __await__(self) -> Generator[Any, Any, T]:
        waits_for = self._waits_for
        try:
            while True:
                try:
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = self._work.throw(error)
                else:
                    waits_for = self._work.send(sent)
        except StopIteration as end:
            result: T = end.value
            return result


class _Watch:
    """Listens for the client hanging up while a call takes long, and then cancels the task that made the watch."""

    __slots__ = ("_handle", "_hung_up", "_own", "_receive", "_task")

    def __init__(self, receive: Receive, after: float) -> None:
        loop = asyncio.get_running_loop()
        self._task: Any = asyncio.current_task(loop)
        self._receive = receive
        self._hung_up = False
        self._own: asyncio.Task[None] | None = None
        self._handle = loop.call_later(after, self._start)

    def is_why(self) -> bool:
        """Whether the task was cancelled by this watch, and by nobody else."""
        return self._hung_up and self._task.cancelling() == 1

    def stop(self) -> None:
        """Stop listening, and take the cancellation back."""
        self._handle.cancel()
        if self._own is not None:
            self._own.cancel()
        if self._hung_up:
            self._task.uncancel()

    def _start(self) -> None:
        self._own = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        try:
            while (await self._receive())["type"] != "http.disconnect":
                pass
        except Exception:
            return  # a server that cannot say
        self._hung_up = True
        self._task.cancel()
