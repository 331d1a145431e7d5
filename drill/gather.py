"""Gathers the evidence: what the database holds, beside the histories."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from drill.evidence import Cursor, Effect, Evidence, State
from drill.history import read_histories
from drill.service import effects, ledger, metadata, value_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drill.evidence import Promise
    from spyne.queue import Queue

_EFFECTS = sa.select(*(column for column in effects.c if column.name != "id")).order_by(effects.c.id)


def prepare(queue: Queue) -> None:
    """Make the queue's tables and the drill's own."""
    queue.create()
    metadata.create_all(queue.engine)


def state_of(queue: Queue) -> State:
    """Return what the database holds of a topic."""
    t, topic = queue.tables, queue.topic
    with queue.engine.connect() as connection:

        def rows(table: sa.Table) -> Sequence[sa.Row[Any]]:
            return connection.execute(sa.select(table).where(table.c.topic == topic)).all()

        return State(
            log={row.id: value_in(row.data) for row in rows(t.queue)},
            order={row.pos: row.task_id for row in rows(t.order)},
            cursors=[
                Cursor(worker=row.worker_id, lane=row.lane, pos=row.pos, epoch=row.epoch, failed=row.failed)
                for row in rows(t.status)
            ],
            effects=[Effect(**row._mapping) for row in connection.execute(_EFFECTS)],
            parked=frozenset((row.worker_id, row.pos) for row in rows(t.parked)),
            ledger=frozenset(connection.scalars(sa.select(ledger.c.value))),
            trimmed=rows(t.topic)[0].trimmed,
        )


def evidence(queue: Queue, folder: Path, promises: Sequence[Promise]) -> Evidence:
    """Return all that the checker needs."""
    return Evidence(events=read_histories(folder), state=state_of(queue), promises=promises)


def wait_for_drain(queue: Queue, workers: Sequence[str], patience: float) -> float | None:
    """Wait until every task has a position and every worker has come to the last; return the seconds it took, None after `patience` of them."""
    began = time.monotonic()
    t = queue.tables
    waiting = (
        sa.select(sa.func.count())
        .select_from(t.queue.outerjoin(t.order, t.order.c.task_id == t.queue.c.id))
        .where(t.queue.c.topic == queue.topic, t.order.c.task_id.is_(None))
    )
    head = sa.select(t.topic.c.head).where(t.topic.c.topic == queue.topic)
    cursors = sa.select(t.status.c.worker_id, sa.func.min(t.status.c.pos)).where(t.status.c.topic == queue.topic)
    while time.monotonic() < began + patience:
        with suppress(DBAPIError), queue.engine.connect() as connection:  # a server may still be recovering
            rows = connection.execute(cursors.group_by(t.status.c.worker_id)).all()
            found = {worker: pos for worker, pos in rows}
            last = connection.scalar(head) or 0
            if not connection.scalar(waiting) and all(found.get(worker, -1) >= last for worker in workers):
                return time.monotonic() - began
        time.sleep(0.05)
    return None


def progress(queue: Queue) -> int:
    """Return a number that changes with every step forward; -1 while the database does not answer."""
    status = queue.tables.status
    with suppress(DBAPIError), queue.engine.connect() as connection:
        return int(connection.scalar(sa.select(sa.func.sum(status.c.pos)).where(status.c.topic == queue.topic)) or 0)
    return -1
