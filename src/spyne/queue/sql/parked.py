"""Parked tasks: those that a consumer put aside, each with a copy of its bytes, so that the log can be trimmed past them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update

from spyne.queue.sql.tables import clock
from spyne.queue.task import Task, task_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from spyne.queue.sql.cursor import Lease
    from spyne.queue.sql.tables import Tables

__all__ = ["GIVEN_UP", "Parked", "ParkedTask"]

WAITING, TRYING, DEAD, POISON = "waiting", "trying", "dead", "poison"
"""The states: to be tried again; being tried; given up until somebody asks for it; the same since it ended processes."""

GIVEN_UP = (DEAD, POISON)
"""Those that wait for somebody."""


@dataclass(frozen=True, slots=True)
class ParkedTask:
    """A parked task that is due, and how often it was tried."""

    task: Task
    attempts: int


class Parked:
    """The parked tasks of a topic. Methods that change something need a transaction on the connection."""

    def __init__(self, tables: Tables, topic: str) -> None:
        self.table = tables.parked
        self.topic = topic

    def add(
        self,
        connection: Connection,
        lease: Lease,
        task: Task,
        *,
        attempts: int,
        delay: float | None,
        error: str,
        traceback: str | None = None,
        state: str = WAITING,
    ) -> None:
        """Park a task for `delay` seconds; for None until somebody asks for it."""
        row = {
            "worker_id": lease.worker_id,
            "topic": self.topic,
            "pos": task.position,
            "lane": lease.lane,
            "task_id": task.task_id,
            "key_hash": task.key_hash,
            "task_key": task.key,
            "created_at": task.created_at,
            "state": DEAD if delay is None and state == WAITING else state,
            "attempts": attempts,
            "error": error,
            "traceback": traceback,
            "data": task.data,
        }
        connection.execute(insert(self.table).values(row | {"next_at": clock() + round((delay or 0) * 1000)}))

    def begin(self, connection: Connection, lease: Lease, parked: ParkedTask) -> None:
        """Note that a task is being tried, before it is: who ends the process does not go uncounted."""
        values = {"state": TRYING, "attempts": parked.attempts + 1}
        connection.execute(update(self.table).where(self._is(lease.worker_id, parked.task.position)).values(values))

    def left(self, connection: Connection, lease: Lease) -> list[ParkedTask]:
        """The tasks that an owner before this one was trying when it ended; `attempts` counts that one."""
        mine = (self.table.c.worker_id == lease.worker_id, self.table.c.topic == self.topic)
        trying = select(self.table).where(*mine, self.table.c.lane == lease.lane, self.table.c.state == TRYING)
        return [ParkedTask(task_of(row), row.attempts) for row in connection.execute(trying)]

    def again(
        self, connection: Connection, lease: Lease, task: Task, *, attempts: int, delay: float | None, error: str
    ) -> None:
        """Note that another attempt has failed."""
        state = WAITING if delay is not None else DEAD
        values = {"attempts": attempts, "state": state, "error": error, "next_at": clock() + round((delay or 0) * 1000)}
        connection.execute(update(self.table).where(self._is(lease.worker_id, task.position)).values(values))

    def done(self, connection: Connection, lease: Lease, task: Task) -> None:
        """Forget a parked task: it succeeded."""
        connection.execute(delete(self.table).where(self._is(lease.worker_id, task.position)))

    def due(self, connection: Connection, lease: Lease, most: int) -> list[ParkedTask]:
        """Tasks whose time has come, the oldest first; of those with one key only the first, whatever its state."""
        table = self.table
        other = table.alias("other")
        earlier = exists().where(
            other.c.worker_id == table.c.worker_id,
            other.c.topic == table.c.topic,
            other.c.key_hash == table.c.key_hash,
            other.c.task_key == table.c.task_key,
            other.c.pos < table.c.pos,
        )
        statement = (
            select(table)
            .where(
                table.c.worker_id == lease.worker_id,
                table.c.topic == self.topic,
                table.c.lane == lease.lane,
                table.c.state == WAITING,
                table.c.next_at <= clock(),
                ~earlier,
            )
            .order_by(table.c.pos)
            .limit(most)
        )
        return [ParkedTask(task_of(row), row.attempts) for row in connection.execute(statement)]

    def keys(self, connection: Connection, worker_id: str, lane: int) -> set[str] | None:
        """The keys of parked tasks; None where there is no parked task at all."""
        where = (self.table.c.worker_id == worker_id, self.table.c.topic == self.topic, self.table.c.lane == lane)
        found = list(connection.scalars(select(self.table.c.task_key).where(*where).distinct()))
        return {key for key in found if key is not None} if found else None

    # --- for those who look after them ---

    def rows(self, connection: Connection, worker_id: str | None = None) -> list[Row[Any]]:
        """The parked tasks of the topic or of one consumer, by consumer and position."""
        table = self.table
        statement = select(table).where(table.c.topic == self.topic).order_by(table.c.worker_id, table.c.pos)
        return list(
            connection.execute(statement if worker_id is None else statement.where(table.c.worker_id == worker_id))
        )

    def glance(self, connection: Connection, worker_id: str | None = None) -> list[Row[Any]]:
        """The same without data and traceback, with ``since`` and ``due``: milliseconds since it was parked and until it is tried again."""
        table = self.table
        columns = (column for column in table.c if column.name not in ("data", "traceback"))
        since, due = (clock() - table.c.parked_at).label("since"), (table.c.next_at - clock()).label("due")
        statement = (
            select(*columns, since, due).where(table.c.topic == self.topic).order_by(table.c.worker_id, table.c.pos)
        )
        return list(
            connection.execute(statement if worker_id is None else statement.where(table.c.worker_id == worker_id))
        )

    def find(self, connection: Connection, worker_id: str, position: int) -> Row[Any] | None:
        """One parked task in full."""
        since, due = (clock() - self.table.c.parked_at).label("since"), (self.table.c.next_at - clock()).label("due")
        return connection.execute(select(self.table, since, due).where(self._is(worker_id, position))).first()

    def counts(self, connection: Connection) -> dict[tuple[str, int], dict[str, int]]:
        """How many tasks are parked, by consumer and lane and by state."""
        table = self.table
        found: dict[tuple[str, int], dict[str, int]] = {}
        by = (table.c.worker_id, table.c.lane, table.c.state)
        for row in connection.execute(select(*by, func.count()).where(table.c.topic == self.topic).group_by(*by)):
            found.setdefault((row[0], row[1]), {})[row[2]] = row[3]
        return found

    def retry(self, connection: Connection, worker_id: str, positions: list[int] | None) -> int:
        """Let tasks, or all of a consumer, be tried at once and from the first attempt on; returns how many."""
        values = {"state": WAITING, "attempts": 0, "next_at": 0}
        return int(
            connection.execute(update(self.table).where(self._these(worker_id, positions)).values(values)).rowcount
        )

    def drop(self, connection: Connection, worker_id: str, positions: list[int] | None) -> int:
        """Forget tasks, or all of a consumer; returns how many."""
        return int(connection.execute(delete(self.table).where(self._these(worker_id, positions))).rowcount)

    def drop_after(self, connection: Connection, worker_id: str, position: int) -> int:
        """Forget a consumer's parked tasks after a position, which it will see again; returns how many."""
        where = and_(self._these(worker_id, None), self.table.c.pos > position)
        return int(connection.execute(delete(self.table).where(where)).rowcount)

    def _these(self, worker_id: str, positions: list[int] | None) -> Any:
        whose = and_(self.table.c.worker_id == worker_id, self.table.c.topic == self.topic)
        return (
            whose if positions is None else and_(whose, or_(*(self.table.c.pos == position for position in positions)))
        )

    def _is(self, worker_id: str, position: int) -> Any:
        return self._these(worker_id, [position])
