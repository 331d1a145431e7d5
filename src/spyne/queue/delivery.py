"""Delivery: runs the tasks after a cursor in order, batch by batch, and saves how far it is, for as long as one lease lasts."""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.exc import DBAPIError

from spyne.error import Fault, InternalError
from spyne.queue.errors import PositionLost, SchemaError, TaskFailed
from spyne.queue.policy import Failure
from spyne.queue.sql.databases import is_passing
from spyne.queue.sql.engine import transaction
from spyne.queue.sql.log import Gap
from spyne.queue.sql.parked import POISON
from spyne.queue.work import TransactionEnded, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from spyne.queue._queue import Queue
    from spyne.queue.options import Options
    from spyne.queue.sql.cursor import Cursor, Lease
    from spyne.queue.sql.parked import ParkedTask
    from spyne.queue.task import Task

__all__ = ["Delivery", "Runner"]

logger = logging.getLogger("spyne.server.queue")

_MAX_SAVEPOINTS = 50
"""Savepoints of one transaction: PostgreSQL keeps 64 of them at hand, and gets slow beyond."""


class Runner(Protocol):
    """What runs tasks: the consumer."""

    def run(self, task: Task, work: Work, lease: Lease, attempt: int) -> Failure | None:
        """Run the pipeline for a task. Raises TransactionEnded, and database errors that are none of the task's fault."""
        ...

    def fire(self, name: str, *about: Any) -> None:
        """Tell the listeners of the consumer."""


@dataclass(slots=True)
class _Batch:
    """What is to be saved of the tasks that were run. before, position: of the cursor. attempts: at the task that is next. ran: how many were run or put aside.
    delay: seconds until the next attempt. halt: the task that the consumer stops at.
    """

    before: int
    position: int
    attempts: int = 0
    failed: int = 0
    delay: float = 0.0
    ran: int = 0
    error: str | None = None
    halt: Task | None = None
    parkings: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[Task, Failure]] = field(default_factory=list)


class Delivery:
    """The work under one lease, on the connection of its lane.

    lease: the right to move the cursor. position: the last task that is done. not_before: when the next attempt is due, by `time.monotonic`. saved_at: when the lease was
    last renewed. task_since: when the running task was begun, None between tasks; both are read by other threads.
    is_at_head: whether the last read found the end of what has positions. has_placed: whether tasks were given positions that other consumers have not heard of.
    """

    def __init__(
        self,
        queue: Queue,
        runner: Runner,
        options: Options,
        lease: Lease,
        cursor: Cursor,
        stopping: Callable[[], bool],
    ) -> None:
        self.queue = queue
        self.runner = runner
        self.options = options
        self.lease = lease
        self.stopping = stopping
        self.position = cursor.position
        self.not_before = 0.0
        self.saved_at = time.monotonic()
        self.task_since: float | None = None
        self.is_at_head = False
        self.has_placed = False
        self._attempts = cursor.attempts
        self._crashes = (
            0 if options.delivery == "at_most_once" else cursor.crashes
        )  # what is run once is blamed for nothing
        self._is_tried = False
        self._suspect_until = cursor.suspect_until
        self._parked_keys: set[str] | None = set()
        self._next_parked_look = 0.0
        self._has_blamed = False

    # --- a batch ---

    def run_batch(self, connection: Connection) -> int:
        """Read, run and save the next tasks; returns how many were passed or tried.

        Raises LeaseLost, PositionLost, SchemaError for a gap, TaskFailed under the policy `Stop`, and errors of the database that pass.
        """
        if time.monotonic() < self.not_before:
            self._tell_others()
            return 0
        self._try_suspect(connection)
        try:
            tasks = self._read(connection)
        finally:
            self._tell_others()
        if not tasks:
            connection.rollback()
            return 0
        batch = _Batch(self.position, self.position)
        try:
            self._deliver(connection, tasks, batch)
        except (TransactionEnded, DBAPIError) as error:
            connection.rollback()
            batch = self._settle(connection, tasks, batch, self._fault_of(error))
        except BaseException:
            connection.rollback()
            raise
        finally:
            self.task_since = None
        self._take_over(batch)
        return max(batch.position - batch.before, batch.ran)

    def _try_suspect(self, connection: Connection) -> None:
        """Count a crash before the task that may have ended a process is run once more; if this one lives, it is taken back by what is saved then."""
        if self._is_tried or not 0 < self._crashes < self.options.max_crashes:
            return
        self._is_tried = True
        with transaction(connection, self.queue.database):
            self.queue.cursors.try_suspect(connection, self.lease, self._crashes + 1)

    def _tell_others(self) -> None:
        """Ring for tasks that were given positions here; not before they are read, since the bell's thread takes its time from this one."""
        if self.has_placed:
            self.has_placed = False
            self.queue.bell.ring()

    def _read(self, connection: Connection) -> list[Task]:
        options, log = self.options, self.queue.log
        most = options.batch * options.lanes
        try:
            tasks = log.read(
                connection,
                self.position,
                most=most,
                max_bytes=options.max_bytes,
                lane=self.lease.lane,
                lanes=options.lanes,
            )
        except Gap as gap:
            trimmed = log.state(connection).trimmed
            connection.rollback()
            if gap.after < trimmed:
                raise self.lost(trimmed + 1) from None
            raise SchemaError(
                f"topic {log.topic!r} has no task at position {gap.after + 1}, though there is one at {gap.first}: rows were removed by other hands"
            ) from None
        # The next ones have no position yet where a sequencer gives them; a look at the topic is less than a read.
        self.is_at_head = self.queue.database.positions_late and len(tasks) < most
        return tasks[:1] if options.delivery == "at_most_once" and options.lanes == 1 else tasks

    def lost(self, first: int) -> PositionLost:
        """The error for tasks that were removed before this consumer saw them. first: the position of the first that is there."""
        error = PositionLost(self.options.worker_id, self.queue.topic, self.position, first)
        self.runner.fire("position_lost", error)
        return error

    def _deliver(self, connection: Connection, tasks: list[Task], batch: _Batch) -> None:
        """Run tasks and save, in the order that the kind of delivery asks for."""
        if self.options.delivery == "effectively_once":
            self._begin(connection)
            self._run(tasks, batch, Work(connection))
        elif self.options.delivery == "at_least_once":
            connection.rollback()
            self._run(tasks, batch, Work(None))
            self._begin(connection)
        else:
            self._deliver_at_most_once(connection, _up_to_the_first(tasks), batch)
            return
        self._save(connection, batch)
        connection.commit()

    def _deliver_at_most_once(self, connection: Connection, tasks: list[Task], batch: _Batch) -> None:
        """Pass the first task of this lane, and then run it."""
        before = batch.before
        self._begin(connection)
        self._save(connection, _Batch(before, tasks[-1].position))
        connection.commit()
        self.position = batch.before = batch.position = tasks[-1].position
        self._run(tasks[-1:], batch, Work(None))
        if batch.error is not None:
            self._begin(connection)
            self._save(connection, batch)
            connection.commit()
        batch.before = before  # for those who are told how far the cursor went

    def _begin(self, connection: Connection) -> None:
        """Begin a transaction that writes; where that is no statement of its own, the one that has read goes on."""
        if self.queue.database.begin is not None:
            connection.rollback()
            connection.exec_driver_sql(self.queue.database.begin)

    def _run(self, tasks: list[Task], batch: _Batch, work: Work) -> None:
        """Run tasks until one has to be tried again or to stop the consumer, or the batch is long enough."""
        start = time.monotonic()
        for task in tasks:
            if task.data is None:
                batch.position = task.position
                continue
            if batch.ran and self._is_enough(batch, work, start):
                return
            attempt = 1 if batch.ran else self._attempts + 1
            batch.ran += 1
            if not self._run_one(task, batch, work, attempt):
                return

    def _is_enough(self, batch: _Batch, work: Work, start: float) -> bool:
        return (
            self.stopping()
            or work.savepoints >= _MAX_SAVEPOINTS
            or batch.before < self._suspect_until
            or (time.monotonic() - start) * 1000 >= self.options.max_batch_ms
        )

    def _run_one(self, task: Task, batch: _Batch, work: Work, attempt: int) -> bool:
        """Run one task, or put it aside unrun; whether the next one may follow."""
        keys = self._parked_keys
        if keys is not None and task.key is not None and task.key in keys:
            self._park(batch, task, attempts=0, delay=0.0, error="it waits for an earlier task of the same key")
            return True
        if self._crashes >= self.options.max_crashes and batch.ran == 1:
            error = f"processes ended {self._crashes} times while this task was next; it was not run again"
            logger.error("consumer %s: position %d: %s", self.options.worker_id, task.position, error)
            self._park(batch, task, attempts=self._crashes, delay=None, error=error, state=POISON)
            return True
        self.task_since = time.monotonic()
        failure = self.runner.run(task, work, self.lease, attempt)
        if failure is None:
            batch.position = task.position
            return True
        return self._decide(task, batch, failure)

    def _decide(self, task: Task, batch: _Batch, failure: Failure) -> bool:
        """Do what the policy says about a failure; whether the next task may follow."""
        decision = self.options.on_error.decide(failure)
        batch.error = describe(failure.fault)
        batch.failures.append((task, failure))
        self._log(task, failure, decision.action, batch.error)
        if decision.action == "park":
            trace = _traceback_of(failure.fault)
            self._park(batch, task, attempts=failure.attempt, delay=decision.delay, error=batch.error, traceback=trace)
        elif decision.action == "go_on" or self.options.delivery == "at_most_once":
            batch.position = max(batch.position, task.position)
        else:
            batch.attempts = failure.attempt
            batch.delay = decision.delay or 0.0
        batch.halt = task if decision.action == "stop" else None
        batch.failed += batch.position >= task.position
        return batch.position >= task.position and batch.halt is None

    def _log(self, task: Task, failure: Failure, action: str, error: str) -> None:
        logger.error(
            "consumer %s: task %d (position %d, attempt %d) failed, %s: %s",
            self.options.worker_id,
            task.task_id,
            task.position,
            failure.attempt,
            action,
            error,
        )

    def _park(self, batch: _Batch, task: Task, **how: Any) -> None:
        batch.parkings.append({"task": task, **how})
        batch.position = task.position
        if self._parked_keys is None:
            self._parked_keys = set()
        if task.key is not None:
            self._parked_keys.add(task.key)

    def _save(self, connection: Connection, batch: _Batch) -> None:
        """Write down how far the tasks are done and what became of them, if the lease still stands."""
        queue = self.queue
        for parking in batch.parkings:
            queue.parked.add(connection, self.lease, **parking)
        queue.cursors.save(
            connection,
            self.lease,
            before=batch.before,
            position=batch.position,
            seconds=self.options.lease,
            attempts=batch.attempts,
            failed=batch.failed,
        )
        if batch.error is not None:
            queue.cursors.note_error(connection, self.lease, batch.error)

    def _settle(self, connection: Connection, tasks: list[Task], batch: _Batch, fault: Fault) -> _Batch:
        """A batch could not be committed by a fault of one of its tasks: they are run one by one, and if this was one, the policy decides about it."""
        if batch.ran > 1:
            self._suspect_until = max(self._suspect_until, tasks[-1].position)
            return _Batch(batch.before, batch.before, attempts=self._attempts, ran=1)
        first = _up_to_the_first(tasks)[-1]
        alone = _Batch(batch.before, max(batch.before, first.position - 1), ran=1)
        self._decide(first, alone, Failure(fault=fault, attempt=self._attempts + 1))
        self._begin(connection)
        self._save(connection, alone)
        connection.commit()
        return alone

    def _take_over(self, batch: _Batch) -> None:
        """Go on from what is saved, and tell the listeners. Raises TaskFailed where the consumer is to stop."""
        self._crashes = 0
        self.saved_at = time.monotonic()
        self.position = batch.position
        self._attempts = batch.attempts
        self.not_before = time.monotonic() + batch.delay if batch.delay else 0.0
        for task, failure in batch.failures:
            self.runner.fire("task_failed", task, failure)
        for parking in batch.parkings:
            self.runner.fire("task_parked", parking["task"], parking["error"])
        if batch.position != batch.before:
            self.runner.fire("batch_saved", self.lease, batch.before, batch.position)
        if batch.halt is not None:
            raise TaskFailed(
                f"task {batch.halt.task_id} at position {batch.halt.position} of topic {self.queue.topic!r} failed: {batch.error}"
            )

    def _fault_of(self, error: DBAPIError | TransactionEnded) -> Fault:
        """What came up when the work was committed, as the task's fault. Raises errors that are none of it."""
        if isinstance(error, TransactionEnded):
            return error.fault
        if is_passing(error, self.queue.database):
            raise error
        logger.error("the work of a task could not be committed", exc_info=error)
        return InternalError(error)

    # --- parked tasks ---

    def run_parked(self, connection: Connection) -> int:
        """Try parked tasks that are due and return how many; they are looked for now and then, since others may have changed them."""
        if self._parked_keys is None and time.monotonic() < self._next_parked_look:
            return 0
        self._parked_keys = self.queue.parked.keys(connection, self.options.worker_id, self.lease.lane)
        self._next_parked_look = time.monotonic() + self.queue.poll
        if self._parked_keys is None:
            connection.rollback()
            return 0
        self._blame_for_ends(connection)
        due = self.queue.parked.due(connection, self.lease, most=self.options.batch)
        connection.rollback()
        for parked in due:
            if self.stopping():
                break
            self._run_parked_one(connection, parked)
        return len(due)

    def _blame_for_ends(self, connection: Connection) -> None:
        """Take it for a failure where a process has ended while it tried a parked task."""
        left = [] if self._has_blamed else self.queue.parked.left(connection, self.lease)
        connection.rollback()
        self._has_blamed = True
        for parked in left:
            fault = Fault("Server.ProcessEnded", "the process ended while this task was tried")
            self._begin(connection)
            self._note_parked(connection, parked.task, Failure(fault=fault, attempt=parked.attempts))
            connection.commit()

    def _run_parked_one(self, connection: Connection, parked: ParkedTask) -> None:
        """Run one, and save what became of it, and that the lease still stands, in one transaction."""
        task, attempt = parked.task, parked.attempts + 1
        is_within = self.options.delivery == "effectively_once"
        try:
            self._begin(connection)
            self.queue.parked.begin(connection, self.lease, parked)
            self.queue.cursors.renew(connection, self.lease, self.options.lease)
            connection.commit()
            if is_within:
                self._begin_work(connection)
            self.task_since = time.monotonic()
            failure = self.runner.run(task, Work(connection if is_within else None), self.lease, attempt)
            if not is_within:
                self._begin(connection)
            self._note_parked(connection, task, failure)
            connection.commit()
        except (TransactionEnded, DBAPIError) as error:
            connection.rollback()
            failure = Failure(fault=self._fault_of(error), attempt=attempt)
            self._begin(connection)
            self._note_parked(connection, task, failure)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            self.task_since = None

    def _begin_work(self, connection: Connection) -> None:
        """Begin the transaction that handlers work in."""
        if self.queue.database.begin is not None:
            self._begin(connection)
        else:
            connection.begin()

    def _note_parked(self, connection: Connection, task: Task, failure: Failure | None) -> None:
        queue = self.queue
        queue.cursors.renew(connection, self.lease, self.options.lease)
        if failure is None:
            queue.parked.done(connection, self.lease, task)
            return
        decision = self.options.on_error.decide(failure)
        error = describe(failure.fault)
        delay = decision.delay if decision.action in ("park", "retry") else None
        queue.parked.again(connection, self.lease, task, attempts=failure.attempt, delay=delay, error=error)
        self._log(task, failure, "it stays parked", error)


def _up_to_the_first(tasks: list[Task]) -> list[Task]:
    """The first task of this lane, and those of other lanes before it."""
    own = next((place for place, task in enumerate(tasks) if task.data is not None), len(tasks) - 1)
    return tasks[: own + 1]


def describe(fault: Fault) -> str:
    """A fault in a line for the log and the tables, with the exception behind it."""
    cause = getattr(fault, "error", None)
    text = f"{fault.faultcode}: {fault.faultstring}"
    return f"{text} ({line_of(cause)})" if isinstance(cause, BaseException) else text


def line_of(error: BaseException) -> str:
    """The first line of an error, with its class."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _traceback_of(fault: Fault) -> str | None:
    """Where the exception behind a fault came from."""
    cause = getattr(fault, "error", None)
    return "".join(traceback.format_exception(cause)) if isinstance(cause, BaseException) else None
