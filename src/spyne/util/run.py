"""One way for synchronous code to run asynchronous functions and generators."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator

T = TypeVar("T")
_local = threading.local()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on this thread's own event loop, which is made once and kept."""
    result: T = _runner().run(coroutine)
    return result


def _runner() -> Any:
    runner = getattr(_local, "runner", None)
    if runner is None:
        from asyncio import Runner

        runner = _local.runner = Runner()
    return runner


def iterate(items: AsyncIterator[T]) -> Iterator[T]:
    """The items of an asynchronous iterator, one at a time; closes it at the end or when the caller stops."""
    try:
        while True:
            try:
                yield run(_next(items))
            except StopAsyncIteration:
                return
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            run(close())


async def _next(items: AsyncIterator[T]) -> T:
    return await items.__anext__()
