"""Waiting in either colour: the queue's code is written once, and runs under asyncio inside SQLAlchemy's `greenlet_spawn`."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy.util import await_only, concurrency

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from spyne.queue.bell import Listener

__all__ = ["awaited", "in_greenlet", "listen", "pause"]


def in_greenlet() -> bool:
    """Whether this runs in a greenlet, on an event loop; without one the library need not be installed."""
    return "greenlet" in sys.modules and bool(concurrency.in_greenlet())


def pause(seconds: float) -> None:
    """Let time pass; on an event loop, for this work alone."""
    if in_greenlet():
        await_only(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)


def listen(listener: Listener, seconds: float) -> bool:
    """Wait for a ring at most that long; whether there was one."""
    if in_greenlet():
        return bool(await_only(asyncio.to_thread(listener.wait, seconds)))
    return listener.wait(seconds)


def awaited(work: Awaitable[Any]) -> Any:
    """The result of a coroutine, awaited on the event loop that this work runs on."""
    return await_only(work)
