"""Cursors: how far each consumer is, and who may move it.

A lease is taken by raising the row's epoch, and every later change names the epoch: whoever has lost the lease changes nothing. Times are compared by the database.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from spyne.queue.errors import LeaseLost
from spyne.queue.sql.engine import transaction
from spyne.queue.sql.ready import Ready
from spyne.queue.sql.tables import clock

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from spyne.queue.sql.databases import Database
    from spyne.queue.sql.tables import Tables

__all__ = ["Cursor", "Cursors", "Lease"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to move one cursor. lane: which part of the keys it is for, out of `lanes`."""

    worker_id: str
    topic: str
    lane: int
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a consumer stands when it takes the lease. position: the last task that is done. attempts: at the next one. crashes: how often a process ended while it stood
    here and a task was next. suspect_until: up to where tasks are run one by one, since one of them may have ended a process.
    """

    position: int
    attempts: int
    crashes: int
    suspect_until: int


class Cursors:
    """The cursors of a topic. seconds: how long a lease lasts. Methods need a transaction on the connection where they do not say otherwise."""

    def __init__(self, tables: Tables, database: Database, topic: str) -> None:
        self.table = tables.status
        self.database = database
        self.topic = topic
        self._save = Ready(self._saving())

    # --- the lease ---

    def make(
        self, connection: Connection, worker_id: str, lane: int, lanes: int, position: int, *, durable: bool
    ) -> None:
        """Make a cursor at a position, once; opens a transaction of its own."""
        row = {"worker_id": worker_id, "topic": self.topic, "lane": lane, "lanes": lanes, "pos": position}
        try:
            with transaction(connection, self.database):
                connection.execute(insert(self.table), row | {"durable": durable})
        except IntegrityError:
            logger.debug("cursor %s was made by another process at the same time", row)

    def find(self, connection: Connection, worker_id: str, lane: int) -> Row[Any] | None:
        """The row of a cursor, with ``is_held``: whether a living owner has it."""
        held = and_(self.table.c.owner.is_not(None), self.table.c.lease_until > clock())
        statement = select(self.table, held.label("is_held")).where(self._is(worker_id, lane))
        return connection.execute(statement).first()

    def claim(
        self, connection: Connection, worker_id: str, lane: int, owner: str, *, seconds: float, batch: int, head: int
    ) -> tuple[Lease, Cursor] | None:
        """Take the lease of an existing cursor, None while another owner lives or is waited for; opens a transaction of its own.

        An owner that did not release it has crashed: if a task was next, that one is suspect, and a crash is counted for it; further ones are counted by `try_suspect`, since
        a process can also end before it has begun with the task. batch: how many tasks this owner runs at once. head: the topic's.
        """
        with transaction(connection, self.database):
            row = self.find(connection, worker_id, lane)
            if row is None or (row.is_held and row.owner != owner):
                return None
            cursor = _cursor(row, owner, head)
            wanted_by_other = and_(self.table.c.wanted_by != owner, self.table.c.wanted_until > clock())
            taken = connection.execute(
                update(self.table)
                .where(
                    self._is(worker_id, lane),
                    self.table.c.epoch == row.epoch,
                    or_(self.table.c.owner.is_(None), self.table.c.owner == owner, self.table.c.lease_until <= clock()),
                    or_(self.table.c.wanted_by.is_(None), ~wanted_by_other),
                )
                .values(
                    owner=owner,
                    epoch=row.epoch + 1,
                    lease_until=clock() + _ms(seconds),
                    batch=batch,
                    crash_count=cursor.crashes,
                    crash_pos=row.pos,
                    suspect_until=cursor.suspect_until,
                    wanted_by=None,
                    updated_at=clock(),
                )
            )
        if taken.rowcount != 1:
            return None
        return Lease(worker_id=worker_id, topic=self.topic, lane=lane, owner=owner, epoch=row.epoch + 1), cursor

    def renew(self, connection: Connection, lease: Lease, seconds: float) -> None:
        """Make a lease last longer. Raises LeaseLost."""
        self._change(connection, lease, {"lease_until": clock() + _ms(seconds), "updated_at": clock()})

    def try_suspect(self, connection: Connection, lease: Lease, crashes: int) -> None:
        """Count a crash in advance, before a suspect task is run: only who survives takes it back, by saving or by releasing. Raises LeaseLost."""
        self._change(connection, lease, {"crash_count": crashes})

    def release(self, connection: Connection, lease: Lease) -> None:
        """Give a lease back, so that the next owner need not wait for its end. Raises LeaseLost."""
        self._change(connection, lease, {"owner": None, "lease_until": 0, "crash_count": 0, "updated_at": clock()})

    def forget(self, connection: Connection, lease: Lease) -> None:
        """Remove the cursor with the lease, where nobody shall go on from it. Raises LeaseLost."""
        mine = and_(self._is(lease.worker_id, lease.lane), self.table.c.epoch == lease.epoch)
        if connection.execute(delete(self.table).where(mine)).rowcount != 1:
            raise _lost(lease)

    def _change(self, connection: Connection, lease: Lease, values: dict[str, Any]) -> None:
        mine = and_(self._is(lease.worker_id, lease.lane), self.table.c.epoch == lease.epoch)
        if connection.execute(update(self.table).where(mine).values(values)).rowcount != 1:
            raise _lost(lease)

    # --- the position ---

    def save(
        self,
        connection: Connection,
        lease: Lease,
        *,
        before: int,
        position: int,
        seconds: float,
        attempts: int = 0,
        failed: int = 0,
    ) -> None:
        """Move the cursor from `before` to `position` and renew the lease. Raises LeaseLost where the epoch or the position is another one.

        attempts: at the task that is next. failed: how many of those passed have failed.
        """
        values = {
            "worker": lease.worker_id,
            "in_lane": lease.lane,
            "of_epoch": lease.epoch,
            "before": before,
            "position": position,
            "milliseconds": _ms(seconds),
            "next_attempts": attempts,
            "more_failed": failed,
        }
        if self._save(connection, values).rowcount != 1:
            raise _lost(lease)

    def _saving(self) -> Any:
        table = self.table
        return (
            update(table)
            .where(
                table.c.worker_id == bindparam("worker"),
                table.c.topic == self.topic,
                table.c.lane == bindparam("in_lane"),
                table.c.epoch == bindparam("of_epoch"),
                table.c.pos == bindparam("before"),
            )
            .values(
                pos=bindparam("position"),
                lease_until=clock() + bindparam("milliseconds", type_=table.c.lease_until.type),
                attempts=bindparam("next_attempts"),
                failed=table.c.failed + bindparam("more_failed", type_=table.c.failed.type),
                crash_count=0,
                updated_at=clock(),
            )
        )

    def note_error(self, connection: Connection, lease: Lease, error: str) -> None:
        """Keep the text of the last error for those who look. Raises LeaseLost."""
        self._change(connection, lease, {"last_error": error})

    def seek(self, connection: Connection, worker_id: str, position: int) -> int:
        """Put all lanes of a consumer to a position and return how many there are; an owner loses its lease, and takes it again from there."""
        values = {"pos": position, "epoch": self.table.c.epoch + 1, "attempts": 0, "crash_count": 0, "crash_pos": -1}
        values |= {"suspect_until": 0, "updated_at": clock()}
        where = and_(self.table.c.worker_id == worker_id, self.table.c.topic == self.topic)
        return int(connection.execute(update(self.table).where(where).values(values)).rowcount)

    # --- all of them ---

    def rows(self, connection: Connection, worker_id: str | None = None) -> list[Row[Any]]:
        """The cursors of the topic, or of one consumer, with ``is_held``, ``is_wanted`` by another owner, ``age`` in milliseconds since the last sign of life, and ``left`` of the lease."""
        held = and_(self.table.c.owner.is_not(None), self.table.c.lease_until > clock())
        wanted = and_(self.table.c.wanted_by.is_not(None), self.table.c.wanted_until > clock())
        age = clock() - self.table.c.updated_at
        left = self.table.c.lease_until - clock()
        statement = (
            select(self.table, held.label("is_held"), wanted.label("is_wanted"), age.label("age"), left.label("left"))
            .where(self.table.c.topic == self.topic)
            .order_by(self.table.c.worker_id, self.table.c.lane)
        )
        if worker_id is not None:
            statement = statement.where(self.table.c.worker_id == worker_id)
        return list(connection.execute(statement))

    def ask_for(self, connection: Connection, worker_id: str, lane: int, owner: str, seconds: float) -> None:
        """Ask the owner of a lane to hand it over to another one, who has that long to take it."""
        free = or_(self.table.c.wanted_by.is_(None), self.table.c.wanted_until <= clock())
        values = {"wanted_by": owner, "wanted_until": clock() + _ms(seconds)}
        connection.execute(update(self.table).where(self._is(worker_id, lane), free).values(values))

    def remove(self, connection: Connection, worker_id: str, *, even_held: bool = True) -> int:
        """Forget a consumer, or only its lanes without a living owner; returns how many that were."""
        where = and_(self.table.c.worker_id == worker_id, self.table.c.topic == self.topic)
        if not even_held:
            where = and_(where, or_(self.table.c.owner.is_(None), self.table.c.lease_until <= clock()))
        return int(connection.execute(delete(self.table).where(where)).rowcount)

    def _is(self, worker_id: str, lane: int) -> Any:
        return and_(self.table.c.worker_id == worker_id, self.table.c.topic == self.topic, self.table.c.lane == lane)


def _cursor(row: Row[Any], owner: str, head: int) -> Cursor:
    count = row.crash_count if row.crash_pos == row.pos else 0
    suspect = row.suspect_until
    if row.owner == owner:
        count = min(count, 1)  # it has lost its connection, and lives
    elif row.owner is not None and head > row.pos:
        count = max(count, 1)
        suspect = max(suspect, row.pos + row.batch)
    return Cursor(position=row.pos, attempts=row.attempts, crashes=count, suspect_until=suspect)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(
        f"consumer {lease.worker_id!r} (topic {lease.topic!r}, lane {lease.lane}) has another owner than {lease.owner} now, or was moved"
    )
