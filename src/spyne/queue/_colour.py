"""Waiting in either colour: the queue's code is written once, and runs under asyncio inside SQLAlchemy's `greenlet_spawn`."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from spyne.queue.bell import Listener

__all__ = ["awaited", "is_on_loop", "listen", "pause"]


def is_on_loop() -> bool:
    """Whether this work runs inside of `greenlet_spawn`; greenlet itself is only needed there."""
    if asyncio._get_running_loop() is None:
        return False
    try:
        from sqlalchemy.util.concurrency import in_greenlet

        return in_greenlet()
    except ImportError:
        return False


def pause(seconds: float) -> None:
    """Let time pass; on an event loop, for this work alone."""
    if is_on_loop():
        awaited(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)


def listen(listener: Listener, seconds: float) -> bool:
    """Wait for a ring at most that long; whether there was one."""
    if is_on_loop():
        return bool(awaited(asyncio.to_thread(listener.wait, seconds)))
    return listener.wait(seconds)


def awaited(work: Awaitable[Any]) -> Any:
    """The result of a coroutine, awaited on the event loop that this work runs on."""
    from sqlalchemy.util import await_

    return await_(work)
