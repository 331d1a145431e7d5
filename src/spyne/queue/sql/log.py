"""The log: tasks are appended, get positions, and are read in their order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    LargeBinary,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from spyne.queue.errors import SchemaError
from spyne.queue.sql.append import append_of
from spyne.queue.sql.engine import transaction
from spyne.queue.sql.ready import Ready
from spyne.queue.sql.tables import clock
from spyne.queue.task import Task, hash_of, task_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Row, Table

    from spyne.queue.sql.databases import Database
    from spyne.queue.sql.tables import Tables
    from spyne.queue.task import NewTask

__all__ = ["Gap", "Log", "Topic", "topics_in"]

logger = logging.getLogger(__name__)

MAX_KEY = 1000
SEQUENCED_AT_ONCE = 5000
"""Positions given in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is known of a topic. head: the last position. trimmed: the last one that was removed. settled: no task up to this id is still to
    come. last_id: the highest id that has a position. is_waiting: whether a committed task has no position.
    """

    head: int
    trimmed: int
    settled: int
    last_id: int
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Gap(Exception):
    """The task after a position is not there. first: the position of the one that is found instead."""

    after: int
    first: int


class Log:
    """One topic of a table set. Methods work on the caller's connection; those that write need a transaction on it."""

    def __init__(self, tables: Tables, database: Database, topic: str) -> None:
        self.tables = tables
        self.database = database
        self.topic = topic
        self._append = append_of(database.name, tables.queue)
        self._append_one = Ready(
            insert(tables.queue).returning(tables.queue.c.id), ["topic", "data", "size", "task_key", "key_hash"]
        )
        columns = [tables.topic.c[name] for name in ("head", "trimmed", "settled", "last_id")]
        row = select(*columns).where(tables.topic.c.topic == topic)
        is_waiting = exists().where(self.unplaced(tables.topic.c.settled)) if database.positions_late else false()
        self._state = Ready(row.add_columns(is_waiting.label("is_waiting")))
        self._locked = Ready(row.with_for_update(skip_locked=database.positions_late))
        self._sequence = Ready(self._give_positions())
        self._move_head = Ready(self._head_moves())
        self._sequence_at_once = Ready(self._places_and_moves()) if database.changes_chain else None
        self._readers: dict[int, Ready] = {}

    # --- writing ---

    def append(self, connection: Connection, tasks: Sequence[NewTask]) -> list[int]:
        """Append tasks in the caller's transaction and return their ids, in order.

        Where there is one writer at a time they get their positions at once. Raises ValueError for a key over 1000 characters.
        """
        rows = [self._row(task) for task in tasks]
        if len(rows) == 1:
            ids = [self._append_one(connection, rows[0]).scalar_one()]
        else:
            ids = self._append(connection, rows) if rows else []
        if not self.database.positions_late:
            self.sequence(connection)
        return ids

    def _row(self, task: NewTask) -> dict[str, Any]:
        if task.key is not None and len(task.key) > MAX_KEY:
            raise ValueError(f"the key {task.key[:40]!r}… has {len(task.key)} characters; at most {MAX_KEY} are kept")
        return {
            "topic": self.topic,
            "data": task.data,
            "size": len(task.data),
            "task_key": task.key,
            "key_hash": hash_of(task.key),
        }

    # --- positions ---

    def sequence(self, connection: Connection, settle: int | None = None) -> int | None:
        """Give positions to the committed tasks that have none, in the order of their ids, and return how many; None where another process is at it.

        All transactions that ended before this one's statement are seen, and everything above `settled` is looked at: a task is never placed
        before another one that was committed before it was begun. settle: the new `settled`, once nothing more is to come up to that id.
        """
        row = self._locked(connection, {}).first()
        if row is None:
            return None
        given = self._sequence(connection, {"head": row.head, "settled": row.settled}).rowcount
        values: dict[str, Any] = {"old_head": row.head, "given": given, "new_settled": row.settled}
        if not self.database.positions_late:
            values["new_settled"] = -1  # one writer at a time: what has a position is settled
        elif settle is not None and given < SEQUENCED_AT_ONCE:
            values["new_settled"] = max(settle, row.settled)
        if given or values["new_settled"] != row.settled:
            self._move_head(connection, values)
        return given

    def sequence_at_once(self, connection: Connection, topic: Topic, settle: int | None) -> int | None:
        """The same in one statement, for a topic whose state was just read; None where another process was or is at it.

        What it sees is older than its lock. The row is locked only while it is still the one that was read before: then nothing has got a
        position since, and the statement sees all that have one.
        """
        assert self._sequence_at_once is not None
        values = {"head": topic.head, "settled": topic.settled, "trimmed": topic.trimmed}
        values["settle"] = topic.settled if settle is None else settle
        row = self._sequence_at_once(connection, values).first()
        return None if row is None else int(row.given)

    def unplaced(self, settled: Any) -> Any:
        """Tasks of this topic above an id without a row in the order; both sides are ranges of an index."""
        queue, order = self.tables.queue, self.tables.order
        placed = exists().where(order.c.task_id == queue.c.id, order.c.task_id > settled).correlate_except(order)
        return and_(queue.c.topic == self.topic, queue.c.id > settled, ~placed)

    def _next_unplaced(self) -> Any:
        queue = self.tables.queue
        found = select(queue.c.id, queue.c.size, queue.c.key_hash).where(self.unplaced(bindparam("settled")))
        return found.order_by(queue.c.id).limit(SEQUENCED_AT_ONCE)

    def _places_and_moves(self) -> Any:
        topic, order = self.tables.topic, self.tables.order
        unchanged = [topic.c[name] == bindparam(name) for name in ("head", "settled", "trimmed")]
        here = and_(topic.c.topic == self.topic, *unchanged)
        locked = select(topic.c.head).where(here).with_for_update(skip_locked=True).cte("locked")
        new = self._next_unplaced().cte("new")
        position = locked.c.head + func.row_number().over(order_by=new.c.id)
        rows = select(literal(self.topic), position, new.c.id, new.c.size, new.c.key_hash).select_from(
            new.join(locked, true())
        )
        names = ["topic", "pos", "task_id", "size", "key_hash"]
        placed = insert(order).from_select(names, rows).returning(order.c.task_id).cte("placed")
        given = select(func.count()).select_from(placed).scalar_subquery()
        newest = select(func.max(placed.c.task_id)).scalar_subquery()
        settle = bindparam("settle", type_=topic.c.settled.type)
        values = {
            "head": topic.c.head + given,
            "last_id": func.greatest(topic.c.last_id, newest),
            "settled": case((given < SEQUENCED_AT_ONCE, func.greatest(topic.c.settled, settle)), else_=topic.c.settled),
        }
        return (
            update(topic)
            .where(topic.c.topic == self.topic, exists(select(locked.c.head)))
            .values(values)
            .returning(given.label("given"))
        )

    def _give_positions(self) -> Any:
        order = self.tables.order
        new = self._next_unplaced().subquery("new")
        position = bindparam("head", type_=order.c.pos.type) + func.row_number().over(order_by=new.c.id)
        rows = select(literal(self.topic), position, new.c.id, new.c.size, new.c.key_hash)
        given = insert(order).from_select(["topic", "pos", "task_id", "size", "key_hash"], rows)
        return given.execution_options(preserve_rowcount=True)  # otherwise it is not kept for an INSERT

    def _head_moves(self) -> Any:
        topic, order = self.tables.topic, self.tables.order
        newest = (
            select(func.max(order.c.task_id))
            .where(order.c.topic == self.topic, order.c.pos > bindparam("old_head"))
            .scalar_subquery()
        )
        # max() of one column, since the functions for the greater of two values have other names everywhere
        highest = func.coalesce(newest, topic.c.last_id)
        settled = bindparam("new_settled", type_=topic.c.settled.type)
        values = {"head": topic.c.head + bindparam("given", type_=topic.c.head.type)}
        if self.database.positions_late:
            values["last_id"] = case((highest > topic.c.last_id, highest), else_=topic.c.last_id)
            values["settled"] = settled
        else:
            values["last_id"] = values["settled"] = highest
        return update(topic).where(topic.c.topic == self.topic).values(values)

    # --- reading ---

    def read(
        self, connection: Connection, after: int, *, most: int, max_bytes: int, lane: int = 0, lanes: int = 1
    ) -> list[Task]:
        """The tasks after a position, in order and without a gap: at most `most`, and as many as `max_bytes` hold but at least one.

        Tasks of other lanes come without their data. Raises Gap where the next one is not there though later ones are.
        """
        if lanes not in self._readers:
            self._readers[lanes] = Ready(self._reader(lanes))
        values = {"after": after, "most": most, "max_bytes": max_bytes, "lane": lane}
        rows = self._readers[lanes](connection, values).all()
        for place, row in enumerate(rows, after + 1):
            if row.pos != place:
                raise Gap(place - 1, row.pos)
        return [task_of(row) for row in rows]

    def _reader(self, lanes: int) -> Any:
        queue, order = self.tables.queue, self.tables.order
        total = func.sum(order.c.size).over(order_by=order.c.pos)
        window = (
            select(order, (total - order.c.size).label("before"))
            .where(order.c.topic == self.topic, order.c.pos > bindparam("after"))
            .order_by(order.c.pos)
            .limit(bindparam("most"))
            .subquery("window_")
        )
        mine = queue.c.id == window.c.task_id
        if lanes > 1:
            mine = and_(mine, func.coalesce(window.c.key_hash, window.c.pos) % lanes == bindparam("lane"))
        return (
            select(
                window.c.pos, window.c.task_id, window.c.key_hash, queue.c.data, queue.c.task_key, queue.c.created_at
            )
            .select_from(window.join(queue, mine, isouter=lanes > 1))
            .where(or_(window.c.before == 0, window.c.before < bindparam("max_bytes")))
            .order_by(window.c.pos)
        )

    def state(self, connection: Connection) -> Topic:
        """What is known of the topic. Raises SchemaError where it was never made."""
        row = self._state(connection, {}).first()
        if row is None:
            raise SchemaError(f"the database has no topic {self.topic!r}; Queue.create() makes it")
        return Topic(
            head=row.head,
            trimmed=row.trimmed,
            settled=row.settled,
            last_id=row.last_id,
            is_waiting=bool(row.is_waiting),
        )

    def make_topic(self, connection: Connection) -> None:
        """Make the row of the topic, once."""
        try:
            with transaction(connection, self.database):
                if self._state(connection, {}).first() is None:
                    connection.execute(insert(self.tables.topic), {"topic": self.topic})
        except IntegrityError:
            logger.debug("topic %s was made by another process at the same time", self.topic)

    def position_at(self, connection: Connection, moment: int) -> int:
        """The last position whose task was appended before a moment, in milliseconds since 1970."""
        queue, order = self.tables.queue, self.tables.order
        first = connection.scalar(
            select(func.min(order.c.pos))
            .select_from(order.join(queue, queue.c.id == order.c.task_id))
            .where(order.c.topic == self.topic, queue.c.created_at >= moment)
        )
        return self.state(connection).head if first is None else int(first) - 1

    # --- for those who look after it ---

    def unplaced_tasks(self, connection: Connection) -> tuple[int, int | None]:
        """How many committed tasks have no position yet, and the age of the oldest of them in milliseconds."""
        if not self.database.positions_late:
            return 0, None
        queue = self.tables.queue
        where = self.unplaced(self.state(connection).settled)
        count, oldest = connection.execute(
            select(func.count(), clock() - func.min(queue.c.created_at)).where(where)
        ).one()
        return count, oldest

    def ages(self, connection: Connection, positions: Iterable[int]) -> dict[int, int]:
        """Milliseconds since the tasks at some positions were appended; those that are not there are left out."""
        queue, order = self.tables.queue, self.tables.order
        rows = connection.execute(
            select(order.c.pos, clock() - queue.c.created_at)
            .select_from(order.join(queue, queue.c.id == order.c.task_id))
            .where(order.c.topic == self.topic, order.c.pos.in_(sorted(positions)))
        )
        return {row[0]: row[1] for row in rows}

    def glance(self, connection: Connection, after: int, *, most: int, beginning: int) -> Sequence[Row[Any]]:
        """The tasks after a position: ``pos``, ``id``, ``age`` in milliseconds, ``created_at``, ``task_key``, ``size`` and the first `beginning` bytes of ``data``."""
        queue, order = self.tables.queue, self.tables.order
        statement: Any = (
            select(order.c.pos, *_seen(queue, beginning))
            .select_from(order.join(queue, queue.c.id == order.c.task_id))
            .where(order.c.topic == self.topic, order.c.pos > after)
            .order_by(order.c.pos)
            .limit(most)
        )
        return connection.execute(statement).all()

    def glance_unplaced(self, connection: Connection, *, most: int, beginning: int) -> Sequence[Row[Any]]:
        """The same for the oldest tasks that have no position yet, whose ``pos`` is None."""
        if not self.database.positions_late:
            return []
        queue = self.tables.queue
        statement: Any = (
            select(null().label("pos"), *_seen(queue, beginning))
            .where(self.unplaced(self.state(connection).settled))
            .order_by(queue.c.id)
            .limit(most)
        )
        return connection.execute(statement).all()


def topics_in(connection: Connection, tables: Tables) -> list[str]:
    """The names of all topics of a table set."""
    return list(connection.scalars(select(tables.topic.c.topic).order_by(tables.topic.c.topic)))


def _seen(queue: Table, beginning: int) -> tuple[Any, ...]:
    """The columns of a task that show what it is without reading all of it."""
    age = (clock() - queue.c.created_at).label("age")
    data = func.substr(queue.c.data, 1, beginning, type_=LargeBinary()).label("data")
    return queue.c.id, age, queue.c.created_at, queue.c.task_key, queue.c.size, data
