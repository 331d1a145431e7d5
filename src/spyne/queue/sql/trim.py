"""Retention: what may be removed from a log, and removing it in small transactions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update

from spyne.queue.sql.engine import transaction
from spyne.queue.sql.tables import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from spyne.queue.policy import Retention
    from spyne.queue.sql.cursor import Cursors
    from spyne.queue.sql.log import Log

__all__ = ["floor_of", "lag_of", "trim"]

logger = logging.getLogger(__name__)

_AT_ONCE = 1000
"""Positions removed in one transaction: short ones let others work."""


def floor_of(connection: Connection, log: Log, cursors: Cursors, retention: Retention) -> int:
    """The last position that may be removed under a retention; 0 where nothing may."""
    return max(
        _seen_by_all(connection, cursors, retention) if retention.interest else 0,
        _beyond_limits(connection, log, retention),
    )


def _seen_by_all(connection: Connection, cursors: Cursors, retention: Retention) -> int:
    """The position of the slowest durable consumer that still counts."""
    gone_after = retention.inactive_after
    positions = [
        row.pos
        for row in cursors.rows(connection)
        if row.durable and (row.is_held or gone_after is None or row.age <= gone_after * 1000)
    ]
    return min(positions, default=0)


def _beyond_limits(connection: Connection, log: Log, retention: Retention) -> int:
    """The last position that is too old, or one too many; never one that has not been given."""
    floors = [0]
    if retention.max_rows is not None:
        floors.append(log.state(connection).head - retention.max_rows)
    if retention.max_age is not None:
        now = connection.scalar(select(clock()))
        assert now is not None
        floors.append(log.position_at(connection, now - round(retention.max_age * 1000)))
    return max(floors)


def trim(
    connection: Connection,
    log: Log,
    cursors: Cursors,
    retention: Retention,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Remove what a retention allows, and return how many tasks that were; opens transactions of its own.

    progress: called with the number removed so far and the number to remove.
    """
    start = log.state(connection).trimmed
    floor = floor_of(connection, log, cursors, retention)
    connection.rollback()
    at = start
    while at < floor:
        upto = min(at + _AT_ONCE, floor)
        with transaction(connection, log.database):
            _remove(connection, log, upto)
        at = upto
        if progress is not None:
            progress(at - start, floor - start)
    if at > start:
        logger.info("removed %d tasks of topic %s, up to position %d", at - start, log.topic, at)
    return max(0, at - start)


def _remove(connection: Connection, log: Log, upto: int) -> None:
    """Remove all up to a position. The topic's row says so first: a consumer that misses a task learns why."""
    topic, order, queue = log.tables.topic, log.tables.order, log.tables.queue
    connection.execute(update(topic).where(topic.c.topic == log.topic, topic.c.trimmed < upto).values(trimmed=upto))
    gone = select(order.c.task_id).where(order.c.topic == log.topic, order.c.pos <= upto)
    ids = list(connection.scalars(gone))
    if ids:
        # The order's rows stay until the log's are gone: the sequencer would give the tasks new positions otherwise.
        connection.execute(delete(queue).where(queue.c.id.in_(ids)))
        connection.execute(delete(order).where(order.c.topic == log.topic, order.c.pos <= upto))


def lag_of(connection: Connection, log: Log, cursors: Cursors) -> int:
    """How many tasks the slowest durable consumer has before it; those without a position count, and 0 without consumers."""
    positions = [row.pos for row in cursors.rows(connection) if row.durable]
    if not positions:
        return 0
    state = log.state(connection)
    waiting = 0
    if log.database.positions_late:
        queue = log.tables.queue
        unplaced = log.unplaced(state.settled)
        waiting = connection.scalar(select(func.count()).select_from(queue).where(unplaced)) or 0
    slowest: int = min(positions)
    return state.head - slowest + waiting
