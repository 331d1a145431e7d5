"""One way for synchronous code to run asynchronous functions and generators."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator

T = TypeVar("T")
_local = threading.local()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on this thread's own event loop, which is made once and kept.

    Raises RuntimeError in a thread whose event loop is running: it cannot wait there without stopping that loop.
    """
    if _is_in_loop():
        coroutine.close()
        raise RuntimeError(
            "an asynchronous function is called inside a running event loop; serve it by an asynchronous "
            "server, or call it from a thread without a loop, as with asyncio.to_thread"
        )
    result: T = _runner().run(coroutine)
    return result


def _is_in_loop() -> bool:
    from asyncio import _get_running_loop

    return _get_running_loop() is not None


def _runner() -> Any:
    kept = getattr(_local, "kept", None)
    if kept is None:
        kept = _local.kept = _Kept()
    return kept.runner


class _Kept:
    """A runner whose loop is closed when its thread ends, or the interpreter does."""

    def __init__(self) -> None:
        from asyncio import Runner
        from weakref import finalize

        self.runner = Runner()
        finalize(self, self.runner.get_loop().close)


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
