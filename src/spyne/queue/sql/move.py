"""Moving consumers: to another position, or out of the way. Each function needs a transaction on its connection."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import insert

from spyne.queue.errors import QueueError, WorkerBusy

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from spyne.queue._queue import Queue

__all__ = ["copy_consumer", "move_consumer", "position_before", "remove_consumer"]


def position_before(connection: Connection, queue: Queue, first: str | int | datetime) -> int:
    """The position after which the first task is the one asked for: "beginning", "end", its position, or the first that was appended since a moment.

    Raises ValueError for a position that is not there any more or not yet.
    """
    state = queue.log.state(connection)
    if isinstance(first, datetime):
        return max(state.trimmed, queue.log.position_at(connection, round(first.timestamp() * 1000)))
    if isinstance(first, str):
        return {"beginning": state.trimmed, "end": state.head}[first]
    if first <= state.trimmed:
        raise ValueError(
            f"the tasks up to {state.trimmed} were removed: the first one that is there is {state.trimmed + 1}"
        )
    if first > state.head + 1:
        raise ValueError(f"there is no position {first} yet: the last one is {state.head}")
    return first - 1


def move_consumer(connection: Connection, queue: Queue, worker_id: str, position: int) -> int:
    """Put a consumer to a position; an owner notices when it renews its lease, and goes on from there. Returns how many parked tasks it forgot, those that it will see again.

    Raises QueueError where there is no such consumer.
    """
    if not queue.cursors.seek(connection, worker_id, position):
        raise QueueError(_unknown(queue, worker_id))
    return queue.parked.drop_after(connection, worker_id, position)


def copy_consumer(connection: Connection, queue: Queue, worker_id: str, other: str, position: int) -> None:
    """Make another durable consumer with the lanes of one, at a position. Raises QueueError where the first is not there or the other one is."""
    rows = queue.cursors.rows(connection, worker_id)
    if not rows:
        raise QueueError(_unknown(queue, worker_id))
    if queue.cursors.rows(connection, other):
        raise QueueError(f"there is a consumer {other!r} already")
    lanes = rows[0].lanes
    same = {"worker_id": other, "topic": queue.topic, "lanes": lanes, "pos": position, "durable": True}
    connection.execute(insert(queue.tables.status), [same | {"lane": lane} for lane in range(lanes)])


def remove_consumer(connection: Connection, queue: Queue, worker_id: str, *, even_held: bool = False) -> int:
    """Forget a consumer with its cursor and its parked tasks, and return how many of these there were.

    Raises WorkerBusy where a process has its lease, and QueueError where there is none.
    """
    rows = queue.cursors.rows(connection, worker_id)
    if not rows:
        raise QueueError(_unknown(queue, worker_id))
    if queue.cursors.remove(connection, worker_id, even_held=even_held) < len(rows) and not even_held:
        owners = ", ".join(sorted({row.owner for row in rows if row.is_held}))
        raise WorkerBusy(f"consumer {worker_id!r} has a living owner ({owners}): stop that process first")
    return queue.parked.drop(connection, worker_id, None)


def _unknown(queue: Queue, worker_id: str) -> str:
    return f"topic {queue.topic!r} has no consumer {worker_id!r}"
