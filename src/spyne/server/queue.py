"""Consumer: a server that takes its requests from a queue; see `spyne.client.queue` for who puts them there."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from spyne.context import MethodContext, TransportContext
from spyne.error import InternalError
from spyne.queue._colour import awaited, is_on_loop
from spyne.queue._queue import queue_of
from spyne.queue.keeper import Keeper
from spyne.queue.lane import Lane
from spyne.queue.options import Options
from spyne.queue.policy import Failure, GoOn, Stop
from spyne.queue.sql.databases import is_passing
from spyne.queue.sql.engine import is_in_memory
from spyne.queue.sql.tables import MAX_NAME
from spyne.queue.work import TransactionEnded
from spyne.server._base import ServerBase, awaited_methods

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from types import FrameType

    from spyne.error import Fault
    from spyne.queue._queue import Queue
    from spyne.queue.policy import Delivery, Policy
    from spyne.queue.sql.cursor import Lease
    from spyne.queue.task import Task
    from spyne.queue.work import Work

__all__ = ["Consumer", "TaskContext"]

logger = logging.getLogger(__name__)

MIB = 1024 * 1024
_DELIVERIES = ("effectively_once", "at_least_once", "at_most_once")


class TaskContext(TransportContext):
    """What the transport knows of a task: ``ctx.transport``.

    consumer_id: as the consumer was given it. task_id: the task's id in the log, as in the producer's receipt. position: its place in the topic, from 1, without gaps. attempt: 1 for the first.
    key: the producer's. created_at: when it was appended, in milliseconds since 1970 by the database's clock. idempotency_key: the same for each attempt of this
    consumer at this task, and for no other, also after a restore of the database: for effects outside of it.
    """

    type = "queue"

    def __init__(self, parent: MethodContext | None, itself: Consumer, task: Task, lease: Lease, attempt: int) -> None:
        super().__init__(parent, itself)
        self.consumer_id = itself.consumer_id
        self.task_id = task.task_id
        self.position = task.position
        self.topic = itself.queue.topic
        self.lane = lease.lane
        self.epoch = lease.epoch
        self.attempt = attempt
        self.key = task.key
        self.created_at = task.created_at
        self._work: Work | None = None
        self._wrap: Any = None

    @property
    def idempotency_key(self) -> str:
        """``incarnation:consumer:topic:position``."""
        return f"{self.itself.queue.incarnation}:{self.consumer_id}:{self.topic}:{self.position}"

    @property
    def connection(self) -> Any:
        """The connection of the transaction that also moves the cursor, an AsyncConnection in ``async def`` methods on an event loop; None unless delivery is effectively_once.

        It is rolled back for this task alone where the task fails; a handler must not commit or roll it back itself. For an ORM session on it:
        ``Session(ctx.transport.connection, join_transaction_mode="create_savepoint")``.
        """
        if self._work is None:
            return None
        connection = self._work.open()
        return connection if connection is None or self._wrap is None else self._wrap(connection)


class Consumer(ServerBase):
    """``Consumer("sqlite:///tasks.db", app, "mailer").serve_forever()`` runs every task of the queue in order, from where this consumer id has been.

    url: a `Queue`, or what one is made of. consumer_id: an int or a str; each id has a cursor of its own.

    delivery: "effectively_once" saves the cursor in the same transaction as what handlers do with ``ctx.transport.connection`` (the default on PostgreSQL and
    MariaDB); "at_least_once" saves it after the handlers, which may see a task again after a crash (the default on SQLite, where handlers would keep all
    producers waiting); "at_most_once" saves it before.

    on_error: what happens when a task fails: `GoOn`, `Retry`, `Park` or `Stop`. start: where a new id begins: "beginning", "end", after a position, or at a datetime.
    batch, max_batch_ms, max_bytes: tasks, milliseconds and bytes after which the cursor is saved. lanes: how many parts the tasks are divided into by their keys; processes with this id share them,
    and each works on its own side by side. lease: seconds after which another process takes over from one that gave no sign of life. standby: wait for that, or raise WorkerBusy.
    durable: the cursor stays when the consumer ends, and holds back retention. grace: seconds that a running task has after `stop`. max_crashes: how often a task may
    end the process before it is parked. task_timeout: seconds that one task may take before the lease is given up.

    Raises ValueError for options that cannot work together, when it is made.
    """

    transport = "http://sqlalchemy.persistent.queue/"

    def __init__(
        self,
        url: Any,
        app: Any,
        consumer_id: int | str,
        *,
        delivery: Delivery | None = None,
        on_error: Policy | None = None,
        start: str | int | datetime = "beginning",
        batch: int = 100,
        max_batch_ms: float = 50.0,
        max_bytes: int = 16 * MIB,
        lanes: int = 1,
        lease: float = 15.0,
        standby: bool = True,
        durable: bool = True,
        grace: float = 10.0,
        max_crashes: int = 3,
        task_timeout: float = 300.0,
    ) -> None:
        super().__init__(app)
        self.queue: Queue = queue_of(url)
        self.consumer_id = consumer_id
        self.grace = grace
        self.options = Options(
            worker_id=str(consumer_id),
            owner=f"{socket.gethostname()[:100]}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
            delivery=delivery or ("effectively_once" if self.queue.database.in_transaction else "at_least_once"),
            on_error=on_error or GoOn(),
            start=start,
            batch=batch,
            max_bytes=max_bytes,
            max_batch_ms=max_batch_ms,
            lanes=lanes,
            lease=lease,
            standby=standby,
            durable=durable,
            max_crashes=max_crashes,
            task_timeout=task_timeout,
        )
        _check(self.options)
        self._awaited = awaited_methods(app)
        self._stopping = threading.Event()
        turn = threading.Lock()
        self.lanes = [
            Lane(self.queue, self, self.options, number, self._stopping.is_set, turn) for number in range(lanes)
        ]

    # --- its life ---

    def serve_forever(self) -> None:
        """Serve until `stop`, SIGTERM or SIGINT: the running task is finished, the cursor saved and the lease released.

        Raises PositionLost, SchemaError, TaskFailed under the policy `Stop`, and WorkerBusy where it may not stand by.
        """
        self._stopping.clear()
        ended = threading.Event()
        keeper = threading.Thread(target=self._keeper(ended).serve, name="spyne-queue-keeper", daemon=True)
        with self._signals():
            if not is_in_memory(self.queue.engine):
                keeper.start()
            try:
                if len(self.lanes) == 1:
                    self.lanes[0].serve()
                else:
                    self._serve_lanes()
            except _Interrupted:
                logger.warning(
                    "consumer %s: the running task was given up after grace=%g s", self.consumer_id, self.grace
                )
            finally:
                ended.set()
                if keeper.is_alive():
                    keeper.join(timeout=self.grace)

    def _serve_lanes(self) -> None:
        """Serve each lane in a thread; the first that fails stops all."""
        errors: list[BaseException] = []

        def serve(lane: Lane) -> None:
            try:
                lane.serve()
            except BaseException as error:
                errors.append(error)
                self.stop()

        threads = [threading.Thread(target=serve, args=(lane,), daemon=True) for lane in self.lanes]
        for thread in threads:
            thread.start()
        self._stopping.wait()
        until = time.monotonic() + self.grace
        for thread in threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))
        if errors:
            raise errors[0]

    async def aserve_forever(self) -> None:
        """The same on an event loop, with the queue's AsyncEngine: coroutines are awaited on it, plain functions run on it too. Cancelling the task stops it at once."""
        from sqlalchemy.util import greenlet_spawn

        if not self.queue.is_async:
            raise TypeError(
                f"aserve_forever() needs an AsyncEngine, not {self.queue.engine!r}; serve_forever() serves this one"
            )
        self._stopping.clear()
        ended = threading.Event()
        keeper = asyncio.create_task(greenlet_spawn(self._keeper(ended).serve))
        lanes = [asyncio.create_task(greenlet_spawn(lane.serve)) for lane in self.lanes]
        try:
            await asyncio.gather(*lanes)
        finally:
            self.stop()
            ended.set()
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    def run_until_idle(self) -> int:
        """Serve what is in the queue and return how many tasks were passed, as in tests or from cron; 0 where another owner lives. A task that waits for its next attempt stays."""
        self._stopping.clear()
        return sum(lane.serve_until_idle() for lane in self.lanes)

    async def arun_until_idle(self) -> int:
        """The same on an event loop."""
        from sqlalchemy.util import greenlet_spawn

        found: int = await greenlet_spawn(self.run_until_idle)
        return found

    def stop(self) -> None:
        """Let `serve_forever` end soon, from any thread or a signal handler."""
        self._stopping.set()
        for lane in self.lanes:
            if lane.listener is not None:
                lane.listener.wake()

    def _keeper(self, ended: threading.Event) -> Keeper:
        return Keeper(self.queue, self.options, self.lanes, ended.is_set)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop the consumer, where it runs in the main thread; a second one, or the end of `grace`, interrupts the running task."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(number: int, frame: FrameType | None) -> None:
            if self._stopping.is_set():
                raise _Interrupted
            logger.info("consumer %s: stopping", self.consumer_id)
            self.stop()
            signal.setitimer(signal.ITIMER_REAL, self.grace)

        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
        before = [signal.signal(number, on_signal) for number in numbers]
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    # --- a task ---

    def run(self, task: Task, work: Work, lease: Lease, attempt: int) -> Failure | None:
        """Take a task through the pipeline; a lane calls it. What it did in the consumer's transaction is undone where it failed."""
        ctx = self._context(task, work, lease, attempt)
        try:
            fault, is_permanent = self._run(ctx, work)
        except BaseException:
            work.end(failed=True)
            raise
        finally:
            ctx.close()
        cause: Any = getattr(fault, "error", None)
        if isinstance(cause, DBAPIError) and work.is_used and is_passing(cause, self.queue.database):
            raise cause
        if not work.end(failed=fault is not None):
            raise TransactionEnded(InternalError(_ended()))
        return None if fault is None else Failure(fault=fault, attempt=attempt, is_permanent=is_permanent)

    def _context(self, task: Task, work: Work, lease: Lease, attempt: int) -> MethodContext:
        transport = TaskContext(None, self, task, lease, attempt)
        transport._work = work
        ctx = self.make_context(transport)
        ctx.in_string = [task.data]
        return ctx

    def _run(self, ctx: MethodContext, work: Work) -> tuple[Fault | None, bool]:
        """The steps of the pipeline: the fault, and whether it was found before the function was called."""
        contexts = self.generate_contexts(ctx)
        self.get_in_object(ctx)
        refused = ctx.in_error
        if refused is None and ctx.descriptor in self._awaited and is_on_loop():
            self._await(ctx, work)
        elif refused is None:
            self.get_out_object(ctx)
        self.get_out_string(ctx)
        self.process_aux(contexts)
        fault: Fault | None = ctx.out_error
        if fault is None and logger.isEnabledFor(logging.DEBUG):
            logger.debug("task %d gave %r", ctx.transport.task_id, b"".join(ctx.out_string or ())[:1000])
        return fault, refused is not None

    def _await(self, ctx: MethodContext, work: Work) -> None:
        """Await a coroutine on the loop; its savepoint is made before, since no statement can be sent from inside of a property there."""
        from sqlalchemy.ext.asyncio import AsyncConnection

        work.open()
        engine = self.queue.async_engine
        ctx.transport._wrap = lambda connection: AsyncConnection(engine, sync_connection=connection)
        awaited(self.aget_out_object(ctx))

    def fire(self, name: str, *about: Any) -> None:
        """Tell the listeners of this consumer's `event_manager`."""
        self.event_manager.fire_event(name, *about)


class _Interrupted(BaseException):
    """The running task is to be given up now; no handler's ``except Exception`` stops it."""


def _ended() -> RuntimeError:
    return RuntimeError(
        "the handler committed or rolled back ctx.transport.connection, which is the consumer's own transaction; use a savepoint, as with "
        'connection.begin_nested() or Session(connection, join_transaction_mode="create_savepoint")'
    )


def _check(options: Options) -> None:
    """Raise ValueError for options that cannot work."""
    if not options.worker_id or len(options.worker_id) > MAX_NAME:
        raise ValueError(f"a consumer id has 1 to {MAX_NAME} characters, not {len(options.worker_id)}")
    if options.delivery not in _DELIVERIES:
        raise ValueError(f"delivery is one of {', '.join(_DELIVERIES)}, not {options.delivery!r}")
    if options.delivery == "at_most_once" and not isinstance(options.on_error, GoOn | Stop):
        raise ValueError("delivery='at_most_once' never runs a task again: on_error is GoOn() or Stop()")
    if isinstance(options.start, str) and options.start not in ("beginning", "end"):
        raise ValueError(f"start is 'beginning', 'end', a position or a datetime, not {options.start!r}")
    for name in ("batch", "lanes", "lease", "max_batch_ms", "max_bytes", "max_crashes", "task_timeout"):
        if getattr(options, name) <= 0:
            raise ValueError(f"{name} is greater than 0, not {getattr(options, name)}")
