"""What is seen of a topic from outside: its head, its consumers, and how far behind they are; all times by the database's clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spyne.queue.sql.parked import GIVEN_UP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row

    from spyne.queue._queue import Queue
    from spyne.queue.sql.log import Topic

__all__ = ["ConsumerReport", "LaneReport", "TopicReport", "report_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneReport:
    """One lane of a consumer.

    lag: tasks that it has not done, those without a position among them. oldest: seconds since the oldest of them was appended, None without any. owner: who has, or last had, the
    lease. is_held: whether that owner lives. lease_left: seconds. attempts: at the next task. crashes: processes that ended at the
    next task. failed: tasks that it has passed though they failed. parked: tasks that it put aside, given_up: those of them that nobody tries again. last_seen:
    seconds. is_lost: whether tasks that it has not seen were removed.
    """

    lane: int
    lanes: int
    position: int
    lag: int
    oldest: float | None
    owner: str | None
    is_held: bool
    lease_left: float | None
    epoch: int
    attempts: int
    crashes: int
    failed: int
    parked: int
    given_up: int
    last_error: str | None
    last_seen: float
    is_lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerReport:
    """A consumer with its lanes, of which the slowest one counts."""

    consumer: str
    durable: bool
    lag: int
    oldest: float | None
    parked: int
    given_up: int
    is_held: bool
    is_lost: bool
    last_seen: float
    lanes: tuple[LaneReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReport:
    """A topic. kept: tasks that have a position and were not removed. unplaced: committed tasks without a position. oldest: seconds since the oldest
    task was appended that some durable consumer has not done, the figure to raise an alarm on.
    """

    topic: str
    head: int
    trimmed: int
    kept: int
    unplaced: int
    oldest: float | None
    consumers: tuple[ConsumerReport, ...]


def report_of(connection: Connection, queue: Queue) -> TopicReport:
    """The report of a queue's topic. Raises SchemaError where it was never made."""
    log = queue.log
    rows = queue.cursors.rows(connection)  # before the head, which may move meanwhile: no consumer is ahead of it
    parked = queue.parked.counts(connection)
    unplaced, oldest_unplaced = log.unplaced_tasks(connection)
    topic = log.state(connection)
    ages = log.ages(connection, {_next(row, topic) for row in rows if row.pos < topic.head})

    def lane_of(row: Row[Any]) -> LaneReport:
        age = ages.get(_next(row, topic)) if row.pos < topic.head else oldest_unplaced
        return _lane(row, topic, unplaced, age, parked.get((row.worker_id, row.lane), {}))

    consumers = tuple(_consumer(of_one, [lane_of(row) for row in of_one]) for of_one in _by_consumer(rows))
    return TopicReport(
        topic=log.topic,
        head=topic.head,
        trimmed=topic.trimmed,
        kept=topic.head - topic.trimmed,
        unplaced=unplaced,
        oldest=_most(consumer.oldest for consumer in consumers if consumer.durable),
        consumers=consumers,
    )


def _next(row: Row[Any], topic: Topic) -> int:
    """The position of the oldest task that a cursor has before it and that is still there."""
    return int(max(row.pos, topic.trimmed)) + 1


def _lane(row: Row[Any], topic: Topic, unplaced: int, age: int | None, parked: dict[str, int]) -> LaneReport:
    lag = max(0, topic.head - row.pos) + unplaced
    return LaneReport(
        lane=row.lane,
        lanes=row.lanes,
        position=row.pos,
        lag=lag,
        oldest=_seconds(age) if lag else None,
        owner=row.owner,
        is_held=bool(row.is_held),
        lease_left=_seconds(row.left) if row.is_held else None,
        epoch=row.epoch,
        attempts=row.attempts,
        crashes=row.crash_count if row.crash_pos == row.pos else 0,
        failed=row.failed,
        parked=sum(parked.values()),
        given_up=sum(parked.get(state, 0) for state in GIVEN_UP),
        last_error=row.last_error,
        last_seen=_seconds(row.age) or 0.0,
        is_lost=row.pos < topic.trimmed,
    )


def _consumer(rows: Sequence[Row[Any]], lanes: Sequence[LaneReport]) -> ConsumerReport:
    return ConsumerReport(
        consumer=rows[0].worker_id,
        durable=bool(rows[0].durable),
        lag=max(lane.lag for lane in lanes),
        oldest=_most(lane.oldest for lane in lanes),
        parked=sum(lane.parked for lane in lanes),
        given_up=sum(lane.given_up for lane in lanes),
        is_held=any(lane.is_held for lane in lanes),
        is_lost=any(lane.is_lost for lane in lanes),
        last_seen=min(lane.last_seen for lane in lanes),
        lanes=tuple(lanes),
    )


def _by_consumer(rows: Sequence[Row[Any]]) -> list[list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.worker_id, []).append(row)
    return list(found.values())


def _most(values: Iterator[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else max(0, int(milliseconds)) / 1000
