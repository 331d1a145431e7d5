"""A lane of a consumer: takes the lease of its cursor, runs the tasks after it in order, and saves how far it is."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.exc import DBAPIError

from spyne.queue._colour import listen, pause
from spyne.queue.errors import LeaseLost, PositionLost, QueueError, SchemaError, TaskFailed, WorkerBusy
from spyne.queue.policy import Failure
from spyne.queue.sql.databases import is_passing
from spyne.queue.sql.log import Gap
from spyne.queue.sql.parked import POISON
from spyne.queue.sql.sequencer import Sequencer
from spyne.queue.work import TransactionEnded, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from spyne.error import Fault
    from spyne.queue._queue import Queue
    from spyne.queue.bell import Listener
    from spyne.queue.policy import Decision, Delivery, Policy
    from spyne.queue.sql.cursor import Cursor, Lease
    from spyne.queue.sql.parked import ParkedTask
    from spyne.queue.task import Task

__all__ = ["Lane", "Options", "Runner"]

logger = logging.getLogger("spyne.server.queue")

_MAX_SAVEPOINTS = 50
"""Savepoints of one transaction: PostgreSQL keeps 64 of them at hand, and gets slow beyond."""

_LONGEST_TROUBLE = 5.0
"""Seconds between two tries to reach the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a consumer was told; see `spyne.server.queue.Consumer`."""

    worker_id: str
    owner: str
    delivery: Delivery
    on_error: Policy
    start: str | int | datetime
    batch: int
    max_bytes: int
    max_batch_ms: float
    lanes: int
    lease: float
    standby: bool
    durable: bool
    max_crashes: int
    task_timeout: float


class Runner(Protocol):
    """What runs tasks: the consumer."""

    def run(self, task: Task, work: Work, lane: Lane, attempt: int) -> Failure | None:
        """Run the pipeline for a task. Raises TransactionEnded, and database errors that are none of the task's fault."""

    def fire(self, name: str, *about: Any) -> None:
        """Tell the listeners of the consumer."""


@dataclass(slots=True)
class _Batch:
    """What is to be saved of the tasks that were run. position: the last one that is done."""

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

    @property
    def changes(self) -> bool:
        """Whether there is something to save."""
        return self.position != self.before or bool(self.attempts)


class Lane:
    """One lane. Its `serve` runs in one thread or task; `keep` in another one, on another connection."""

    def __init__(
        self, queue: Queue, runner: Runner, options: Options, number: int, stopping: Callable[[], bool]
    ) -> None:
        self.queue = queue
        self.runner = runner
        self.options = options
        self.number = number
        self.stopping = stopping
        self.sequencer = Sequencer(queue.log)
        self.lease: Lease | None = None
        self.listener: Listener | None = None
        self.hand_over = False
        self.task_since: float | None = None
        self._renewed = 0.0
        self._overdue: float | None = None
        self._position = 0
        self._attempts = 0
        self._crashes = 0
        self._suspect_until = 0
        self._not_before = 0.0
        self._is_at_head = False
        self._has_placed = False
        self._parked_keys: set[str] | None = None
        self._next_parked_look = 0.0

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
                    self.runner.fire("lease_lost", self)
                except (DBAPIError, OSError) as error:
                    if isinstance(error, DBAPIError) and not is_passing(error, self.queue.database):
                        raise
                    troubles += 1
                    logger.warning("consumer %s: the database is in trouble: %s", self.options.worker_id, _line(error))
                    self._rest(min(_LONGEST_TROUBLE, 0.05 * 2.0 ** min(troubles, 10)))
        finally:
            if self.listener is not None:
                self.listener.close()
                self.listener = None
        return ran

    def _hold(self, connection: Connection, *, until_idle: bool) -> int:
        """Take the lease and serve while it lasts; returns how many tasks were run."""
        self._set_up(connection)
        if not self._claim(connection):
            if until_idle:
                return 0
            if not self.options.standby:
                raise WorkerBusy(
                    f"consumer {self.options.worker_id!r} has a living owner; give this one another id, or let it stand by"
                )
            self._rest(min(1.0, self.options.lease / 3))
            return 0
        ran = 0
        try:
            while not self.stopping() and not self.hand_over:
                here = self._step(connection)
                ran += here
                if not here and until_idle:
                    break
                if not here:
                    self._wait()
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

    # --- the lease ---

    def _claim(self, connection: Connection) -> bool:
        queue, options = self.queue, self.options
        row = queue.cursors.find(connection, options.worker_id, self.number)
        connection.rollback()
        if row is None:
            start = self._start(connection)
            queue.cursors.make(
                connection, options.worker_id, self.number, options.lanes, start, durable=options.durable
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
        self._begin(connection, *found)
        if self._position < state.trimmed:
            raise self._position_lost(state.trimmed + 1)
        return True

    def _begin(self, connection: Connection, lease: Lease, cursor: Cursor) -> None:
        self.lease = lease
        self.hand_over = False
        self._renewed = time.monotonic()
        self._position = cursor.position
        self._attempts = cursor.attempts
        self._crashes = cursor.crashes
        self._suspect_until = cursor.suspect_until
        self._not_before = 0.0
        self._is_at_head = False
        self._look_at_parked(connection)
        self._next_parked_look = 0.0
        if cursor.crashes:
            logger.warning(
                "consumer %s took over after an owner that did not release it, at position %d, time %d",
                lease.worker_id,
                cursor.position,
                cursor.crashes,
            )
        self.runner.fire("lease_claimed", self)

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
        lease, self.lease = self.lease, None
        if lease is None:
            return
        try:
            connection.rollback()
            with self.queue.begin() as other:
                if self.options.durable:
                    self.queue.cursors.release(other, lease)
                else:
                    self.queue.cursors.remove(other, lease.worker_id)
        except (DBAPIError, LeaseLost, OSError) as error:
            logger.info("the lease of consumer %s was not released: %s", lease.worker_id, _line(error))

    def is_to_be_kept(self) -> bool:
        """Whether it is time to renew the lease; not while a task takes longer than it may."""
        now, since = time.monotonic(), self.task_since
        if self.lease is None or now - self._renewed < self.options.lease / 3:
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
        lease = self.lease
        if lease is not None:
            self.queue.cursors.renew(connection, lease, self.options.lease)
            self._renewed = time.monotonic()

    # --- one step ---

    def _step(self, connection: Connection) -> int:
        """Run parked tasks that are due and the next batch; returns how many tasks were passed or run."""
        ran = self._run_parked(connection)
        if time.monotonic() < self._not_before:
            return ran
        passed = 0 if self._is_at_head else self._run_batch(connection)
        if not passed and self._finds_more(connection):
            passed = self._run_batch(connection)
        return ran + passed

    def _finds_more(self, connection: Connection) -> bool:
        """Whether there are tasks after the cursor; committed ones that have no position get one."""
        if not self.queue.database.positions_late:
            return False
        topic = self.sequencer.look(connection)
        if topic.head > self._position:
            return True
        self._has_placed = bool(self.sequencer.run_for(connection, topic))
        return self._has_placed

    def _wait(self) -> None:
        """Wait for a ring, for the next attempt, or for the next look."""
        pauses = [self.queue.poll]
        if self._not_before:
            pauses.append(max(0.0, self._not_before - time.monotonic()))
        assert self.listener is not None
        listen(self.listener, min(pauses))

    def _rest(self, seconds: float) -> None:
        """Let time pass, but not after a stop."""
        until = time.monotonic() + seconds
        while not self.stopping() and (left := until - time.monotonic()) > 0:
            pause(min(left, 0.1))

    def _tell_others(self) -> None:
        """Ring for the tasks that were given positions here; not before they are read, since the bell's thread takes its time from this one."""
        if self._has_placed:
            self._has_placed = False
            self.queue.bell.ring()

    # --- a batch ---

    def _run_batch(self, connection: Connection) -> int:
        """Read, run and save the next tasks; returns how far the cursor went, or the number of attempts where it stayed."""
        try:
            tasks = self._read(connection)
        finally:
            self._tell_others()
        if not tasks:
            connection.rollback()
            return 0
        batch = _Batch(self._position, self._position)
        try:
            self._deliver(connection, tasks, batch)
        except TransactionEnded as error:
            connection.rollback()
            batch = self._settle(connection, tasks, batch, error.fault)
        except DBAPIError as error:
            connection.rollback()
            if is_passing(error, self.queue.database):
                raise
            batch = self._settle(connection, tasks, batch, self.fault_of(error))
        except BaseException:
            connection.rollback()
            raise
        finally:
            self.task_since = None
        self._saved(batch)
        return max(batch.position - batch.before, batch.ran)

    def _deliver(self, connection: Connection, tasks: list[Task], batch: _Batch) -> None:
        """Run tasks and save, in the order that the kind of delivery asks for."""
        delivery, begin = self.options.delivery, self.queue.database.begin
        if delivery == "effectively_once":
            if begin is not None:
                connection.rollback()
                connection.exec_driver_sql(begin)
            self._run(tasks, batch, Work(connection))
        elif delivery == "at_least_once":
            connection.rollback()
            self._run(tasks, batch, Work(None))
            self._begin_write(connection)
        else:
            connection.rollback()
            tasks = _up_to_the_first(tasks)
            ahead = _Batch(batch.before, tasks[-1].position)
            self._begin_write(connection)
            self._save(connection, ahead)
            connection.commit()
            self._position = batch.before = batch.position = ahead.position
            self._run(tasks, batch, Work(None))
            self._begin_write(connection)
        self._save(connection, batch)
        connection.commit()

    def _begin_write(self, connection: Connection) -> None:
        if self.queue.database.begin is not None:
            connection.exec_driver_sql(self.queue.database.begin)

    def _read(self, connection: Connection) -> list[Task]:
        options = self.options
        most = options.batch * options.lanes
        try:
            tasks = self.queue.log.read(
                connection,
                self._position,
                most=most,
                max_bytes=options.max_bytes,
                lane=self.number,
                lanes=options.lanes,
            )
        except Gap as gap:
            state = self.queue.log.state(connection)
            connection.rollback()
            if gap.after < state.trimmed:
                raise self._position_lost(state.trimmed + 1) from None
            raise SchemaError(
                f"topic {self.queue.topic!r} has no task at position {gap.after + 1}, though there is one at {gap.first}: rows were removed by other hands"
            ) from None
        # The next ones have no position yet where a sequencer gives them; a look at the topic is less than a read.
        self._is_at_head = self.queue.database.positions_late and len(tasks) < most
        return tasks

    def _position_lost(self, first: int) -> PositionLost:
        error = PositionLost(self.options.worker_id, self.queue.topic, self._position, first)
        self.runner.fire("position_lost", error)
        return error

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
            or batch.position < self._suspect_until
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
        failure = self.runner.run(task, work, self, attempt)
        if failure is None:
            batch.position = task.position
            return True
        return self._decide(task, batch, failure)

    def _decide(self, task: Task, batch: _Batch, failure: Failure) -> bool:
        """Do what the policy says about a failure; whether the next task may follow."""
        decision: Decision = self.options.on_error.decide(failure)
        batch.error = describe(failure.fault)
        batch.failures.append((task, failure))
        logger.error(
            "consumer %s: task %d (position %d, attempt %d) failed, %s: %s",
            self.options.worker_id,
            task.task_id,
            task.position,
            failure.attempt,
            decision.action,
            batch.error,
        )
        if decision.action == "go_on":
            batch.position = task.position
            batch.failed += 1
            return True
        if decision.action == "park":
            trace = traceback_of(failure.fault)
            self._park(batch, task, attempts=failure.attempt, delay=decision.delay, error=batch.error, traceback=trace)
            batch.failed += 1
            return True
        batch.attempts = failure.attempt
        batch.delay = decision.delay or 0.0
        batch.halt = task if decision.action == "stop" else None
        return False

    def _park(self, batch: _Batch, task: Task, **how: Any) -> None:
        batch.parkings.append({"task": task, **how})
        batch.position = task.position
        if self._parked_keys is None:
            self._parked_keys = set()
        if task.key is not None:
            self._parked_keys.add(task.key)

    def _save(self, connection: Connection, batch: _Batch) -> None:
        lease, queue = self._the_lease(), self.queue
        if batch.changes or batch.parkings:
            for parking in batch.parkings:
                queue.parked.add(connection, lease, **parking)
            queue.cursors.save(
                connection,
                lease,
                before=batch.before,
                position=batch.position,
                seconds=self.options.lease,
                attempts=batch.attempts,
                failed=batch.failed,
            )
        if batch.error is not None:
            queue.cursors.note_error(connection, lease, batch.error)

    def _settle(self, connection: Connection, tasks: list[Task], batch: _Batch, fault: Fault) -> _Batch:
        """A batch could not be committed by a fault of one of its tasks: they are run one by one, and if this was one, the policy decides about it."""
        if batch.ran > 1:
            self._suspect_until = max(self._suspect_until, tasks[-1].position)
            return _Batch(batch.before, batch.before, attempts=self._attempts, ran=1)
        first = _up_to_the_first(tasks)[-1]
        alone = _Batch(batch.before, first.position - 1, ran=1)
        self._decide(first, alone, Failure(fault=fault, attempt=self._attempts + 1))
        self._begin_write(connection)
        self._save(connection, alone)
        connection.commit()
        return alone

    def _saved(self, batch: _Batch) -> None:
        """Take over what is saved, and tell the listeners."""
        if batch.position != batch.before:
            self._crashes = 0
            self._renewed = time.monotonic()
        self._position = batch.position
        self._attempts = batch.attempts
        self._not_before = time.monotonic() + batch.delay if batch.delay else 0.0
        for task, failure in batch.failures:
            self.runner.fire("task_failed", task, failure)
        for parking in batch.parkings:
            self.runner.fire("task_parked", parking["task"], parking["error"])
        if batch.changes:
            self.runner.fire("batch_saved", self, batch.before, batch.position)
        if batch.halt is not None:
            raise TaskFailed(
                f"task {batch.halt.task_id} at position {batch.halt.position} of topic {self.queue.topic!r} failed: {batch.error}"
            )

    # --- parked tasks ---

    def _look_at_parked(self, connection: Connection) -> None:
        self._parked_keys = self.queue.parked.keys(connection, self.options.worker_id, self.number)
        connection.rollback()
        self._next_parked_look = time.monotonic() + self.queue.poll

    def _run_parked(self, connection: Connection) -> int:
        """Try parked tasks that are due; returns how many. They are looked for now and then, since others may have changed them."""
        if time.monotonic() < self._next_parked_look:
            return 0
        self._look_at_parked(connection)
        if self._parked_keys is None:
            return 0
        due = self.queue.parked.due(connection, self._the_lease(), most=self.options.batch)
        connection.rollback()
        for parked in due:
            if self.stopping():
                break
            self._run_parked_one(connection, parked)
        if due:
            self._next_parked_look = 0.0  # those behind them may be due now
        return len(due)

    def _run_parked_one(self, connection: Connection, parked: ParkedTask) -> None:
        """Run one, and save what became of it and that the lease is still there in the same transaction."""
        work = Work(connection if self.options.delivery == "effectively_once" else None)
        task, attempt = parked.task, parked.attempts + 1
        try:
            if work.connection is not None:
                self._begin_write(connection)
            self.task_since = time.monotonic()
            failure = self.runner.run(task, work, self, attempt)
            if work.connection is None:
                self._begin_write(connection)
            self._note_parked(connection, task, failure)
            connection.commit()
        except (TransactionEnded, DBAPIError) as error:
            connection.rollback()
            if isinstance(error, DBAPIError) and is_passing(error, self.queue.database):
                raise
            fault = error.fault if isinstance(error, TransactionEnded) else self.fault_of(error)
            self._begin_write(connection)
            self._note_parked(connection, task, Failure(fault=fault, attempt=attempt))
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            self.task_since = None

    def _note_parked(self, connection: Connection, task: Task, failure: Failure | None) -> None:
        queue, lease = self.queue, self._the_lease()
        queue.cursors.renew(connection, lease, self.options.lease)
        if failure is None:
            queue.parked.done(connection, lease, task)
            return
        decision = self.options.on_error.decide(failure)
        error = describe(failure.fault)
        delay = decision.delay if decision.action in ("park", "retry") else None
        queue.parked.again(connection, lease, task, attempts=failure.attempt, delay=delay, error=error)
        logger.error(
            "consumer %s: parked task %d (position %d, attempt %d) failed: %s",
            lease.worker_id,
            task.task_id,
            task.position,
            failure.attempt,
            error,
        )

    # --- small things ---

    def _the_lease(self) -> Lease:
        lease = self.lease
        assert lease is not None
        return lease

    def fault_of(self, error: Exception) -> Fault:
        """A database error that came up when the work was committed, as the task's fault."""
        from spyne.error import InternalError

        logger.error("the work of a task could not be committed", exc_info=error)
        return InternalError(error)


def _up_to_the_first(tasks: list[Task]) -> list[Task]:
    """The first task of this lane, and those of other lanes before it."""
    own = next((place for place, task in enumerate(tasks) if task.data is not None), len(tasks) - 1)
    return tasks[: own + 1]


def describe(fault: Fault) -> str:
    """A fault in a line for the log and the tables, with the exception behind it."""
    cause = getattr(fault, "error", None)
    text = f"{fault.faultcode}: {fault.faultstring}"
    return f"{text} ({_line(cause)})" if isinstance(cause, BaseException) else text


def traceback_of(fault: Fault) -> str | None:
    """Where the exception behind a fault came from."""
    import traceback

    cause = getattr(fault, "error", None)
    return "".join(traceback.format_exception(cause)) if isinstance(cause, BaseException) else None


def _line(error: BaseException) -> str:
    """The first line of an error, with its class."""
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
