"""The order of the examination: the tables, the database's own troubles, then each topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError, ProgrammingError

from spyne.queue._queue import Queue
from spyne.queue.doctor import _mariadb, _postgresql, _sqlite, _topic
from spyne.queue.doctor._finding import good, note, wrong
from spyne.queue.errors import SchemaError
from spyne.queue.sql.log import topics_in
from spyne.queue.sql.schema import require, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

    from spyne.queue.doctor._finding import Finding

__all__ = ["examine"]

_CHECKS = {"sqlite": _sqlite.CHECKS, "postgresql": _postgresql.CHECKS, "mariadb": _mariadb.CHECKS}


def examine(queue: Queue, topic: str | None = None) -> Iterator[Finding]:
    """Look at a queue's database, its tables and one of its topics, or all of them; findings come as they are made.

    Raises SchemaError for a topic that there is not, and what SQLAlchemy raises for a database that is damaged or goes away.
    """
    with queue.connect() as connection:
        try:
            require(connection, queue.tables)
        except SchemaError as error:
            yield wrong("tables", str(error), "run: spyne queue migrate")
            return
        yield good("tables", f"of version {version_of(connection, queue.tables)}")
        connection.rollback()
        topics = topics_in(connection, queue.tables)
        yield from _run(connection, queue, _CHECKS[queue.database.name])
        for name in topics if topic is None else [topic]:
            one = Queue(queue.engine, name, prefix=queue.tables.prefix, schema=queue.tables.metadata.schema)
            one.log.state(connection)
            yield from _run(connection, one, _topic.CHECKS)


def _run(
    connection: Connection, queue: Queue, checks: Iterable[Callable[[Connection, Queue], Iterator[Finding]]]
) -> Iterator[Finding]:
    for check in checks:
        try:
            yield from check(connection, queue)
        except (
            OperationalError,
            ProgrammingError,
        ) as error:  # most often a right that the user of the database has not
            if error.connection_invalidated:
                raise
            about = check.__name__.strip("_").replace("_", " ")
            yield note(about, f"could not be looked at: {str(error.orig).partition(chr(10))[0]}")
        finally:
            connection.rollback()
