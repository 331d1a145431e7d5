"""What can be wrong with a topic, whatever the database."""

from __future__ import annotations

import time
from shlex import quote
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, select

from spyne.queue.doctor._finding import ago, count, good, note, warning, wrong
from spyne.queue.sql.report import report_of
from spyne.queue.sql.tables import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from spyne.queue._queue import Queue
    from spyne.queue.doctor._finding import Finding
    from spyne.queue.sql.report import ConsumerReport, TopicReport

__all__ = ["CHECKS"]

_NOT_MOVED = 3600.0
"""Seconds without a sign of life after which a consumer that is behind is one to ask about."""

_WAITS = 3600.0
"""Seconds that a task waits for a consumer that lives."""

_NO_POSITION = 30.0
"""Seconds that a task waits for its position though a consumer lives."""

_SEEN_AND_KEPT = 100_000
_CLOCKS_APART = 2.0


def _consumers(connection: Connection, queue: Queue) -> Iterator[Finding]:
    report = report_of(connection, queue)
    found = [finding for consumer in report.consumers for finding in _of_consumer(report, consumer)]
    yield from found
    if not report.consumers:
        yield note(_about(queue), "has no consumer; no task is removed by interest before there is one")
    elif not found:
        yield good(_about(queue), f"{count(len(report.consumers), 'consumer', 'consumers')}, none in trouble")
    yield from _retention(report)


def _of_consumer(report: TopicReport, consumer: ConsumerReport) -> Iterator[Finding]:
    name, on = consumer.consumer, f"{quote(consumer.consumer)} --topic {quote(report.topic)}"
    about = f"consumer {name} of {report.topic}"
    if consumer.is_lost:
        yield wrong(
            about,
            "tasks that it has not seen were removed, and it will not go on by itself",
            f"to go on without them: spyne queue replay {on} --from {report.trimmed + 1}",
        )
    if consumer.given_up:
        yield warning(
            about,
            f"{count(consumer.given_up, 'task is', 'tasks are')} parked for good, and {consumer.parked - consumer.given_up} wait for their turn",
            f"look: spyne queue parked list {on}; mend the cause; then: spyne queue parked retry {on} --all, or drop",
        )
    if consumer.lag and not consumer.is_held and consumer.last_seen > _NOT_MOVED:
        holds = " and holds back retention" if consumer.durable else ""
        yield warning(
            about,
            f"is {count(consumer.lag, 'task', 'tasks')} behind{holds}, without a sign of life for {ago(consumer.last_seen)}",
            f"start it; if it will not come back: spyne queue consumers rm {on}; Retention(inactive_after=…) forgives such ones by itself",
        )
    if consumer.is_held and consumer.oldest is not None and consumer.oldest > _WAITS:
        yield warning(
            about,
            f"is {count(consumer.lag, 'task', 'tasks')} behind though a process runs it; the oldest waits for {ago(consumer.oldest)}",
            f"see whether it moves: spyne queue status --topic {quote(report.topic)} --watch 1; a slow one can be divided by keys, with lanes",
        )
    yield from _of_lanes(report, consumer, about)


def _of_lanes(report: TopicReport, consumer: ConsumerReport, about: str) -> Iterator[Finding]:
    for lane in consumer.lanes:
        which = f"{about}, lane {lane.lane + 1}" if lane.lanes > 1 else about
        if lane.crashes:
            yield warning(
                which,
                f"{count(lane.crashes, 'process', 'processes')} ended while the task at {lane.position + 1} was next",
                _look_at(report, lane.position + 1),
            )
        if lane.attempts:
            yield warning(
                which,
                f"tries the task at {lane.position + 1} again, {count(lane.attempts, 'time', 'times')} so far: {lane.last_error}",
                _look_at(report, lane.position + 1),
            )
    if len(consumer.lanes) != consumer.lanes[0].lanes:
        yield warning(
            about,
            f"of its {consumer.lanes[0].lanes} lanes only {count(len(consumer.lanes), 'has', 'have')} begun",
            "start its process, which begins all",
        )


def _look_at(report: TopicReport, position: int) -> str:
    return f"see the log of its process, and the task: spyne queue tail --topic {quote(report.topic)} --from {position} -n 1"


def _retention(report: TopicReport) -> Iterator[Finding]:
    durable = [consumer for consumer in report.consumers if consumer.durable]
    if not durable:
        return
    seen = min(lane.position for consumer in durable for lane in consumer.lanes) - report.trimmed
    if seen > _SEEN_AND_KEPT:
        yield note(
            f"topic {report.topic}",
            f"keeps {seen} tasks that every durable consumer has passed",
            f"unless they are for replays: spyne queue trim --interest --topic {quote(report.topic)}, and Queue(retention=Retention()) for the future",
        )


def _positions(connection: Connection, queue: Queue) -> Iterator[Finding]:
    """Dense from the first that is kept to the head, each with its task."""
    topic, order, log = queue.tables.topic, queue.tables.order, queue.tables.queue
    mine = and_(order.c.topic == queue.topic, order.c.pos > topic.c.trimmed, order.c.pos <= topic.c.head)
    counted = select(func.count()).select_from(order).where(mine).scalar_subquery()
    has_task = exists().where(log.c.id == order.c.task_id)
    orphans = select(func.count()).select_from(order).where(mine, ~has_task).scalar_subquery()
    row = connection.execute(
        select(topic.c.head - topic.c.trimmed, counted, orphans).where(topic.c.topic == queue.topic)
    ).one()
    if row[0] == row[1] and not row[2]:
        yield good(_about(queue), f"its {count(row[0], 'position has', 'positions have')} no gap")
        return
    yield wrong(
        _about(queue),
        f"of {row[0]} positions {count(row[0] - row[1] + row[2], 'has', 'have')} no task: rows were removed by other hands, and consumers stop there",
        "restore them from a backup, or pass over them: spyne queue replay CONSUMER --from the first position after the gap",
    )


def _placed(connection: Connection, queue: Queue) -> Iterator[Finding]:
    """Whether tasks get their positions: soon, and all of them."""
    if not queue.database.positions_late:
        return
    topic, order, log = queue.tables.topic, queue.tables.order, queue.tables.queue
    settled = select(topic.c.settled).where(topic.c.topic == queue.topic).scalar_subquery()
    passed = connection.scalar(
        select(func.count())
        .select_from(log)
        .where(log.c.topic == queue.topic, log.c.id <= settled, ~exists().where(order.c.task_id == log.c.id))
    )
    if passed:
        table = connection.dialect.identifier_preparer.format_table(topic)
        yield wrong(
            _about(queue),
            f"{count(passed, 'task has', 'tasks have')} no position, and the sequencer does not look for them any more",
            f"let it look at all once more, which is harmless: UPDATE {table} SET settled = 0 WHERE topic = '{queue.topic}'",  # noqa: S608 - for a person to read
        )
    waiting, oldest = queue.log.unplaced_tasks(connection)
    if waiting - (passed or 0) > 0 and oldest is not None and oldest / 1000 > _NO_POSITION:
        lives = any(row.is_held for row in queue.cursors.rows(connection))
        yield (warning if lives else note)(
            _about(queue),
            f"{count(waiting, 'task has', 'tasks have')} no position, the oldest for {ago(oldest / 1000)}, {'though a consumer lives' if lives else 'since no consumer runs'}",
            "see the log of the consumer's process" if lives else "start one; it gives them positions",
        )


def _clock(connection: Connection, queue: Queue) -> Iterator[Finding]:
    """Leases go by the database's clock alone; people and logs compare it with this one."""
    now = connection.scalar(select(clock()))
    assert now is not None
    apart = abs(now / 1000 - time.time())
    if apart > _CLOCKS_APART:
        yield warning(
            "clock",
            f"the database's clock and this machine's are {ago(apart)} apart",
            "leases do not mind; set the clocks, or ages here and in logs will differ",
        )


def _about(queue: Queue) -> str:
    return f"topic {queue.topic}"


CHECKS = (_positions, _placed, _consumers)
"""For each topic."""

CLOCK = _clock
"""Once for a database."""
