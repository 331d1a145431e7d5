"""Queue: one topic of one database, shared by the producers and consumers of a process."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from spyne.queue.bell import bell_of
from spyne.queue.sql.cursor import Cursors
from spyne.queue.sql.databases import database_of
from spyne.queue.sql.engine import driver_errors, is_in_memory, make_engine, transaction
from spyne.queue.sql.log import Log
from spyne.queue.sql.parked import Parked
from spyne.queue.sql.schema import incarnation, migrate
from spyne.queue.sql.tables import MAX_NAME, Tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from sqlalchemy import Connection, MetaData

    from spyne.queue.bell import Bell
    from spyne.queue.policy import Retention

__all__ = ["Queue", "queue_of"]

_AROUND_A_COMMIT = (0.0, 0.05, 0.5)
"""Seconds after a connection says that it is about to commit."""


class Queue:
    """A durable log of tasks in a database, which any number of consumers read, each with its own cursor.

    url: of SQLAlchemy for SQLite, PostgreSQL or MariaDB; or an Engine, or an AsyncEngine for use on an event loop. topic: which of the logs in the tables.
    prefix, schema: where the tables are. retention: what may be removed; None keeps everything. poll: seconds between looks where nothing rings.

    A queue of a URL makes its engine, with durable settings for SQLite. With an Engine those are the caller's: WAL, ``synchronous=FULL`` and a
    ``busy_timeout`` are what SQLite needs. The tables are made or migrated at first use, or by `create`. Raises ValueError for another kind of database and for
    names longer than 190 characters.
    """

    def __init__(
        self,
        url: Any,
        topic: str = "default",
        *,
        prefix: str = "",
        schema: str | None = None,
        retention: Retention | None = None,
        poll: float = 1.0,
    ) -> None:
        if not topic or len(topic) > MAX_NAME:
            raise ValueError(f"a topic's name has 1 to {MAX_NAME} characters, not {len(topic)}")
        self.engine, self.async_engine = make_engine(url)
        self.owns_engine = url is not self.engine and url is not self.async_engine
        self.database = database_of(self.engine)
        self.topic = topic
        self.retention = retention
        self.poll = poll
        self.tables = Tables(prefix, schema)
        self.log = Log(self.tables, self.database, topic)
        self.cursors = Cursors(self.tables, self.database, topic)
        self.parked = Parked(self.tables, topic)
        self.incarnation = ""
        self._is_ready = False

    @property
    def metadata(self) -> MetaData:
        """The tables' MetaData, for migrations of the user's own."""
        return self.tables.metadata

    @property
    def is_async(self) -> bool:
        """Whether it works on an event loop, with an AsyncEngine."""
        return self.async_engine is not None

    @cached_property
    def bell(self) -> Bell:
        """Rings for consumers that wait."""
        channel = f"spyne_{self.tables.prefix}{self.topic}".replace(chr(34), "_")[:63]  # PostgreSQL's longest name
        poll = min(self.poll, self.database.poll)
        return bell_of(self.engine, channel, poll=poll, in_memory=is_in_memory(self.engine))

    def create(self) -> None:
        """Make the tables and the topic, or migrate them, unless that was done. Raises SchemaError for tables of a newer library."""
        if self._is_ready:
            return
        with self.connect() as connection:  # several at once do no harm, and a lock of threads would stop an event loop
            migrate(connection, self.tables, self.database)
            self.log.make_topic(connection)
            self.incarnation = incarnation(connection, self.tables, self.database)
        self._is_ready = True

    async def acreate(self) -> None:
        """The same on an event loop."""
        from sqlalchemy.util import greenlet_spawn

        await greenlet_spawn(self.create)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection with the isolation that the queue's own transactions need."""
        with driver_errors(self.engine), self.engine.connect() as connection:
            if self.database.isolation is not None:
                connection = connection.execution_options(isolation_level=self.database.isolation)
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A connection in a transaction that writes."""
        with self.connect() as connection, transaction(connection, self.database):
            yield connection

    def ring_at_end(self, session: Any, transaction: Any) -> None:
        """Ring when the outermost transaction of a Session is over; its listener for ``after_transaction_end``."""
        if transaction.parent is None:
            self.bell.ring()

    def ring_soon(self, connection: Any) -> None:
        """Ring a little later, and again: a Connection says only that it is about to commit. Its listener for ``commit``."""
        self.bell.ring(*_AROUND_A_COMMIT)

    def close(self) -> None:
        """Ring for what is due and close the connections of an engine that was made here."""
        if "bell" in self.__dict__:
            self.bell.close()
        if self.owns_engine:
            self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Queue {self.topic!r} in {self.engine.url!r}>"


def queue_of(source: Any) -> Queue:
    """The queue as it is given, or one of the default topic in a database."""
    return source if isinstance(source, Queue) else Queue(source)
