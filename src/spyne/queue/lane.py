"""A lane of a consumer: takes the lease of its cursor, delivers while it lasts, waits where there is nothing, and gives it back."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from spyne.queue._colour import listen, pause
from spyne.queue.delivery import Delivery, line_of
from spyne.queue.errors import LeaseLost, QueueError, WorkerBusy
from spyne.queue.sql.databases import is_passing
from spyne.queue.sql.sequencer import Sequencer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from sqlalchemy import Connection

    from spyne.queue._queue import Queue
    from spyne.queue.bell import Listener
    from spyne.queue.delivery import Runner
    from spyne.queue.options import Options

__all__ = ["Lane"]

logger = logging.getLogger("spyne.server.queue")

_BETWEEN_WAKES = 0.003
"""Seconds from one wake to the next wait: with several consumers each ring wakes all of them, and a look costs more than a task."""

_LONGEST_TROUBLE = 5.0
"""Seconds between two tries to reach the database."""


class Lane:
    """One lane. `serve` runs in one thread or task; `is_to_be_kept` and `keep` in another one, on another connection.

    delivery: the work under the lease, None while there is none. hand_over: set from outside to make it give the lease back. turn: shared by the lanes
    of a process; one at a time begins where a process may have been ended by a task, so that the others do not stand beside it when it happens again.
    """

    def __init__(
        self,
        queue: Queue,
        runner: Runner,
        options: Options,
        number: int,
        stopping: Callable[[], bool],
        turn: threading.Lock,
    ) -> None:
        self.queue = queue
        self.runner = runner
        self.options = options
        self.number = number
        self.stopping = stopping
        self.sequencer = Sequencer(queue.log)
        self.delivery: Delivery | None = None
        self.listener: Listener | None = None
        self.hand_over = False
        self._turn = turn
        self._has_turn = False
        self._overdue: float | None = None
        self._woken = 0.0

    # --- its life ---

    def serve(self) -> None:
        """Serve until told to stop. Raises PositionLost, SchemaError, TaskFailed, and WorkerBusy where it may not stand by."""
        self._serve(until_idle=False)

    def serve_until_idle(self) -> int:
        """Serve what is there and return how many tasks were run; 0 where another owner lives."""
        return self._serve(until_idle=True)

    def _serve(self, *, until_idle: bool) -> int:
        ran, troubles = 0, 0
        try:
            while not self.stopping():
                try:
                    self.queue.create()
                    if self.listener is None and not until_idle:
                        self.listener = self.queue.bell.listener()
                    with self.queue.connect() as connection:
                        ran += self._hold(connection, until_idle=until_idle)
                    troubles = 0
                    if until_idle:
                        break
                except LeaseLost as error:
                    logger.warning("%s", error)
                    self.runner.fire("lease_lost", error)
                except (SQLAlchemyError, OSError) as error:
                    if isinstance(error, SQLAlchemyError) and not is_passing(error, self.queue.database):
                        raise
                    troubles += 1
                    logger.warning(
                        "consumer %s: the database is in trouble: %s", self.options.worker_id, line_of(error)
                    )
                    self._rest(min(_LONGEST_TROUBLE, 0.05 * 2.0 ** min(troubles, 10)))
        finally:
            if self.listener is not None:
                self.listener.close()
                self.listener = None
        return ran

    def _hold(self, connection: Connection, *, until_idle: bool) -> int:
        """Take the lease and serve while it lasts; returns how many tasks were run."""
        self._set_up(connection)
        try:
            if self._take_turn(connection):
                return self._hold_in_turn(connection, until_idle=until_idle)
        finally:
            self._end_turn()
            if self.queue.database.session:
                connection.invalidate()  # what was set for it is not for others that use the pool
        self._rest(min(0.2, self.options.lease / 10))
        return 0

    def _take_turn(self, connection: Connection) -> bool:
        """Wait for the other lanes of this process where the task that is next may end it; whether this lane may go on."""
        row = self.queue.cursors.find(connection, self.options.worker_id, self.number)
        connection.rollback()
        if row is None or row.is_held or row.owner in (None, self.options.owner):
            return True
        self._has_turn = self._turn.acquire(blocking=False)
        return self._has_turn

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn.release()

    def _hold_in_turn(self, connection: Connection, *, until_idle: bool) -> int:
        if not self._claim(connection):
            if not until_idle:
                self._stand_by()
            return 0
        assert self.delivery is not None
        ran = 0
        try:
            while not self.stopping() and not self.hand_over:
                here = self._step(connection, self.delivery)
                self._end_turn()
                ran += here
                if not here and until_idle:
                    break
                if not here:
                    self._wait(self.delivery)
        finally:
            self._release(connection)
        return ran

    def _set_up(self, connection: Connection) -> None:
        """Let the database end what a stopped or vanished process leaves open."""
        for statement in self.queue.database.session:
            try:
                connection.exec_driver_sql(statement.format(ms=round(self.options.task_timeout * 1000)))
                connection.commit()
            except DBAPIError as error:
                if is_passing(error, self.queue.database):
                    raise
                connection.rollback()
                logger.debug("this server does not know: %s", statement)

    def _step(self, connection: Connection, delivery: Delivery) -> int:
        """Run parked tasks that are due and the next batch; returns how many tasks were passed or run."""
        ran = delivery.run_parked(connection)
        passed = 0 if delivery.is_at_head else delivery.run_batch(connection)
        if not passed and self._finds_more(connection, delivery):
            passed = delivery.run_batch(connection)
        return ran + passed

    def _finds_more(self, connection: Connection, delivery: Delivery) -> bool:
        """Whether there are tasks after the cursor; committed ones that have no position get one."""
        if not self.queue.database.positions_late:
            return False
        topic = self.sequencer.look(connection)
        if topic.head > delivery.position:
            return True
        delivery.has_placed = bool(self.sequencer.run_for(connection, topic))
        return delivery.has_placed

    def _wait(self, delivery: Delivery) -> None:
        """Wait for a ring, for the next attempt, or for the next look."""
        assert self.listener is not None
        early = self._woken + _BETWEEN_WAKES - time.monotonic()
        if early > 0:
            pause(early)
        left = delivery.not_before - time.monotonic()
        listen(self.listener, min(self.queue.poll, left) if left > 0 else self.queue.poll)
        self._woken = time.monotonic()

    def _stand_by(self) -> None:
        if not self.options.standby:
            raise WorkerBusy(
                f"consumer {self.options.worker_id!r} has a living owner; give this one another id, or let it stand by"
            )
        self._rest(min(1.0, self.options.lease / 3))

    def _rest(self, seconds: float) -> None:
        """Let time pass, but not after a stop."""
        until = time.monotonic() + seconds
        while not self.stopping() and (left := until - time.monotonic()) > 0:
            pause(min(left, 0.1))

    # --- the lease ---

    def _claim(self, connection: Connection) -> bool:
        """Take the lease, and make the cursor of a consumer that is new; whether that was possible."""
        queue, options = self.queue, self.options
        row = queue.cursors.find(connection, options.worker_id, self.number)
        connection.rollback()
        if row is None:
            position = self._start(connection)
            queue.cursors.make(
                connection, options.worker_id, self.number, options.lanes, position, durable=options.durable
            )
        elif row.lanes != options.lanes:
            raise QueueError(
                f"consumer {options.worker_id!r} has {row.lanes} lanes, not {options.lanes}: the number is fixed once it has begun. Start it with "
                f"lanes={row.lanes}, or begin another consumer id where this one stands"
            )
        state = queue.log.state(connection)
        connection.rollback()
        found = queue.cursors.claim(
            connection,
            options.worker_id,
            self.number,
            options.owner,
            seconds=options.lease,
            batch=options.batch,
            head=state.head,
        )
        if found is None:
            return False
        lease, cursor = found
        self.hand_over = False
        self.delivery = Delivery(queue, self.runner, options, lease, cursor, self.stopping)
        if cursor.crashes:
            logger.warning(
                "consumer %s took over at position %d from an owner that did not release it, for the %d. time there",
                lease.worker_id,
                cursor.position,
                cursor.crashes,
            )
        self.runner.fire("lease_claimed", lease)
        if cursor.position < state.trimmed:
            lost = self.delivery.lost(state.trimmed + 1)
            self._release(connection)
            raise lost
        return True

    def _start(self, connection: Connection) -> int:
        """Where a new consumer begins."""
        log, start = self.queue.log, self.options.start
        self.sequencer.run(connection)
        state = log.state(connection)
        if start == "end":
            position = state.head
        elif isinstance(start, datetime):
            position = log.position_at(connection, round(start.timestamp() * 1000))
        else:
            position = start if isinstance(start, int) else state.trimmed
        connection.rollback()
        return position

    def _release(self, connection: Connection) -> None:
        """Give the lease back; where that fails it runs out by itself."""
        delivery, self.delivery = self.delivery, None
        assert delivery is not None
        lease = delivery.lease
        try:
            connection.rollback()
            with self.queue.begin() as other:
                if self.options.durable:
                    self.queue.cursors.release(other, lease)
                else:
                    self.queue.cursors.forget(other, lease)
        except (DBAPIError, LeaseLost, OSError) as error:
            logger.info("the lease of consumer %s was not released: %s", lease.worker_id, line_of(error))

    def is_to_be_kept(self) -> bool:
        """Whether it is time to renew the lease; not while a task takes longer than it may."""
        delivery = self.delivery
        if delivery is None:
            return False
        now, since = time.monotonic(), delivery.task_since
        if now - delivery.saved_at < self.options.lease / 3:
            return False
        if since is None or now - since <= self.options.task_timeout:
            return True
        if since != self._overdue:
            self._overdue = since
            logger.error(
                "consumer %s: a task runs for more than task_timeout=%g s; the lease is not renewed any more",
                self.options.worker_id,
                self.options.task_timeout,
            )
        return False

    def keep(self, connection: Connection) -> None:
        """Renew the lease, from another thread. Raises LeaseLost."""
        delivery = self.delivery
        if delivery is not None:
            self.queue.cursors.renew(connection, delivery.lease, self.options.lease)
            delivery.saved_at = time.monotonic()
