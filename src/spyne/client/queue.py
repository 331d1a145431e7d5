"""Producer: a client whose calls are appended to a queue; see `spyne.server.queue` for who runs them."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from spyne.client._base import ClientBase, RemoteProcedureBase, RemoteService
from spyne.queue._colour import pause
from spyne.queue._queue import queue_of
from spyne.queue.errors import QueueFull
from spyne.queue.sql.engine import driver_errors
from spyne.queue.sql.trim import lag_of
from spyne.queue.task import NewTask, Receipt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from sqlalchemy import Connection

    from spyne.queue._queue import Queue

__all__ = ["Batch", "Producer"]

_LAG_IS_NEW = 0.1
"""Seconds for which a look at the lag is good."""


class Producer(ClientBase):
    """``Producer("sqlite:///tasks.db", app).service.sleep(3)`` appends a call and returns its `Receipt`; results are not waited for.

    url: a `Queue`, or what one is made of. max_lag: how many tasks the slowest durable consumer may be behind; beyond it a call waits up to `wait` seconds
    and then raises QueueFull. With an AsyncEngine, calls are awaited: ``await producer.service.sleep(3)``.

    A call raises TypeError for wrong arguments as a function would, and what SQLAlchemy raises where the database cannot be written: then nothing was appended,
    unless the connection was lost while it committed, which nobody can know.
    """

    def __init__(self, url: Any, app: Any, *, max_lag: int | None = None, wait: float = 0.0) -> None:
        self.queue = queue_of(url)
        super().__init__(url, app)
        self.service = RemoteService(_Procedure, url, app, self)
        self.max_lag = max_lag
        self.wait = wait
        self._key: str | None = None
        self._place: _Place = _OwnTransaction(self.queue) if not self.queue.is_async else _OnLoop(self.queue)
        self._lag_seen = 0.0

    def options(self, *, key: str | None = None) -> Self:
        """This producer with options for its calls. key: tasks of one key keep their order wherever consumers work side by side."""
        other = self._with(self._place)
        other._key = key
        return other

    def bind(self, place: Any) -> Self:
        """This producer inside the caller's own transaction: tasks exist once that commits, and never if it does not.

        place: a Session, Connection, AsyncSession or AsyncConnection on the queue's database; with the latter two, calls are awaited.
        """
        if hasattr(place, "run_sync"):
            return self._with(_AsyncCaller(self.queue, place))
        self.queue.create()
        return self._with(_Caller(self.queue, place))

    def batch(self) -> Batch:
        """Calls that are appended together, in one transaction, when the block ends; none of them if it raises. On an event loop: ``async with``."""
        return Batch(self)

    def _with(self, place: _Place) -> Self:
        other = copy.copy(self)
        other._place = place
        other.service = RemoteService(_Procedure, self.url, self.app, other)
        return other

    def append(self, tasks: Sequence[NewTask]) -> Any:
        """Append requests that are written already: their receipts, or an awaitable of them on an event loop."""
        return self._place.append(self, tasks)

    def check_lag(self, connection: Connection) -> None:
        """Raise QueueFull once the slowest consumer is `max_lag` tasks behind and stays so for `wait` seconds."""
        now = time.monotonic()
        if self.max_lag is None or now < self._lag_seen + _LAG_IS_NEW:
            return
        until = now + self.wait
        while (lag := lag_of(connection, self.queue.log, self.queue.cursors)) >= self.max_lag:
            if time.monotonic() >= until:
                raise QueueFull(
                    f"topic {self.queue.topic!r}: the slowest consumer is {lag} tasks behind, max_lag is {self.max_lag}"
                )
            connection.rollback()
            pause(min(0.05, self.wait))
        self._lag_seen = time.monotonic()

    def close(self) -> None:
        """Close the queue."""
        self.queue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Batch:
    """Calls to be appended together: ``batch.service.sleep(1)``. receipts: in the order of the calls, once the block has ended."""

    def __init__(self, producer: Producer) -> None:
        self._into = producer
        self._gathered = _Gathered()
        self._producer = producer._with(self._gathered)
        self.service = self._producer.service
        self.receipts: list[Receipt] = []

    def options(self, *, key: str | None = None) -> Producer:
        """As `Producer.options`."""
        return self._producer.options(key=key)

    def __enter__(self) -> Self:
        if self._into._place.is_awaited:
            raise TypeError("this producer is awaited: async with producer.batch() as batch")
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        if kind is None and self._gathered.tasks:
            self.receipts = self._into.append(self._gathered.tasks)

    async def __aenter__(self) -> Self:
        if not self._into._place.is_awaited:
            raise TypeError("this producer is not awaited: with producer.batch() as batch")
        return self

    async def __aexit__(self, kind: object, *error: object) -> None:
        if kind is None and self._gathered.tasks:
            self.receipts = await self._into.append(self._gathered.tasks)


class _Procedure(RemoteProcedureBase):
    """One method: writes the request and appends it."""

    def __init__(self, url: Any, app: Any, name: str, out_header: Any, producer: Producer) -> None:
        super().__init__(url, app, name, out_header)
        self.producer = producer

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Append a call; see `Producer`."""
        self.get_out_object(args, kwargs)
        self.get_out_string()
        data = b"".join(self.ctx.out_string)
        return self.producer._place.append_one(self.producer, NewTask(data, self.producer._key))


# --- where tasks are appended ---


class _Place:
    """Where a producer's tasks go. is_awaited: whether appending is."""

    is_awaited = False

    def append(self, producer: Producer, tasks: Sequence[NewTask]) -> Any:
        """Append tasks: a list of receipts, or an awaitable of it."""
        raise NotImplementedError

    def append_one(self, producer: Producer, task: NewTask) -> Any:
        """Append a task: its receipt, or an awaitable of it."""
        return self.append(producer, [task])[0]


class _Gathered(_Place):
    """A batch that is still growing; its calls return nothing."""

    def __init__(self) -> None:
        self.tasks: list[NewTask] = []

    def append(self, producer: Producer, tasks: Sequence[NewTask]) -> Any:
        self.tasks.extend(tasks)
        return [None] * len(tasks)


class _OwnTransaction(_Place):
    """A short transaction for each call or batch."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        # One statement on PostgreSQL and MariaDB, which needs no BEGIN and COMMIT around it.
        self._at_once = queue.engine.execution_options(isolation_level="AUTOCOMMIT")

    def append(self, producer: Producer, tasks: Sequence[NewTask]) -> list[Receipt]:
        queue = self.queue
        queue.create()
        if producer.max_lag is not None:
            with queue.connect() as connection:
                producer.check_lag(connection)
        if len(tasks) == 1 and queue.database.positions_late:
            with driver_errors(queue.engine), self._at_once.connect() as connection:
                ids = queue.log.append(connection, tasks)
        else:
            with queue.begin() as connection:
                ids = queue.log.append(connection, tasks)
        queue.bell.ring()
        return _receipts(queue, ids)


class _OnLoop(_OwnTransaction):
    """The same on an event loop."""

    is_awaited = True

    async def append(self, producer: Producer, tasks: Sequence[NewTask]) -> list[Receipt]:  # type: ignore[override] # awaited, as documented
        from sqlalchemy.util import greenlet_spawn

        found: list[Receipt] = await greenlet_spawn(super().append, producer, tasks)
        return found

    async def append_one(self, producer: Producer, task: NewTask) -> Receipt:
        return (await self.append(producer, [task]))[0]


class _Caller(_Place):
    """The caller's transaction."""

    def __init__(self, queue: Queue, place: Any) -> None:
        self.queue = queue
        self.place = place

    def append(self, producer: Producer, tasks: Sequence[NewTask]) -> list[Receipt]:
        return _append_in(self.queue, producer, self.place, tasks)


class _AsyncCaller(_Place):
    """The caller's transaction on an event loop."""

    is_awaited = True

    def __init__(self, queue: Queue, place: Any) -> None:
        self.queue = queue
        self.place = place

    async def append(self, producer: Producer, tasks: Sequence[NewTask]) -> list[Receipt]:
        await self.queue.acreate()
        found: list[Receipt] = await self.place.run_sync(lambda place: _append_in(self.queue, producer, place, tasks))
        return found

    async def append_one(self, producer: Producer, task: NewTask) -> Receipt:
        return (await self.append(producer, [task]))[0]


def _append_in(queue: Queue, producer: Producer, place: Any, tasks: Sequence[NewTask]) -> list[Receipt]:
    """Append in the transaction of a Session or a Connection, and ring after it."""
    is_session = hasattr(place, "get_bind")
    connection = place.connection() if is_session else place
    if producer.max_lag is not None:
        with queue.connect() as other:  # outside of the caller's transaction, which may see an old state
            producer.check_lag(other)
    ids = queue.log.append(connection, tasks)
    _ring_after(queue, place, is_session=is_session)
    return _receipts(queue, ids)


def _ring_after(queue: Queue, place: Any, *, is_session: bool) -> None:
    """Ring once the caller's transaction is over."""
    if is_session:
        if not event.contains(place, "after_transaction_end", queue.ring_at_end):
            event.listen(place, "after_transaction_end", queue.ring_at_end)
    elif not event.contains(place, "commit", queue.ring_soon):
        event.listen(place, "commit", queue.ring_soon)


def _receipts(queue: Queue, ids: list[int]) -> list[Receipt]:
    return [Receipt(id_, queue.topic) for id_ in ids]
