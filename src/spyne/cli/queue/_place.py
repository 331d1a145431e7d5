"""Which queue a command is about: the options that all of them have, and opening it without making anything."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from spyne.cli._command import USAGE, Trouble
from spyne.queue import Queue, QueueError
from spyne.queue.sql.databases import DATABASES
from spyne.queue.sql.log import topics_in
from spyne.queue.sql.schema import require

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

__all__ = ["VARIABLE", "add_place", "opened", "opened_tables", "other_topic", "troubles"]

VARIABLE = "SPYNE_QUEUE_URL"

_DRIVERS = {"postgresql": "psycopg", "sqlite": "pysqlite", "mariadb": "pymysql", "mysql": "pymysql"}
"""What the command uses in place of a driver for event loops."""


def add_place(parser: argparse.ArgumentParser, *, topic: str | None = "default") -> None:
    """Add the options that say which queue. topic: which one is meant where none is given, None for all."""
    place = parser.add_argument_group("which queue")
    place.add_argument(
        "--database", metavar="URL", help=f"as SQLAlchemy writes it, such as sqlite:///tasks.db; otherwise {VARIABLE}"
    )
    place.add_argument("--topic", default=topic, help="default: %(default)s" if topic else "default: all of them")
    place.add_argument("--prefix", default="", help="of the names of the tables")
    place.add_argument("--schema", help="the schema of the database that the tables are in")


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Queue]:
    """The queue that the options name, whose tables are there. Raises Trouble for whatever a person may have done wrong."""
    with troubles(), opened_tables(arguments) as queue:
        with queue.connect() as connection:
            require(connection, queue.tables)
            topics = topics_in(connection, queue.tables)
        if arguments.topic is not None and arguments.topic not in topics:
            raise Trouble(f"there is no topic {arguments.topic!r}; there {_are(topics)}")
        yield queue


@contextmanager
def opened_tables(arguments: argparse.Namespace, *, may_make: bool = False) -> Iterator[Queue]:
    """The same whether or not there are tables. may_make: whether a file of SQLite that is not there may be made."""
    url = _url(arguments.database)
    if not may_make:
        _check_file(url)
    try:
        queue = Queue(url, arguments.topic or "default", prefix=arguments.prefix, schema=arguments.schema)
    except ValueError as error:
        raise Trouble(str(error), USAGE) from error
    except ImportError as error:
        raise Trouble(f"the driver of {url.drivername} is not installed: {error}") from error
    with queue:
        yield queue


@contextmanager
def troubles() -> Iterator[None]:
    """Make what goes wrong with a queue or its database a sentence."""
    try:
        yield
    except QueueError as error:
        raise Trouble(str(error)) from error
    except DBAPIError as error:
        raise Trouble(f"the database says: {_first_line(error.orig or error)}") from error
    except SQLAlchemyError as error:
        raise Trouble(f"the database could not be used: {_first_line(error)}") from error


def other_topic(queue: Queue, topic: str) -> Queue:
    """The queue of another topic in the same tables."""
    return Queue(queue.engine, topic, prefix=queue.tables.prefix, schema=queue.tables.metadata.schema)


def _url(given: str | None) -> URL:
    text = given or os.environ.get(VARIABLE)
    if not text:
        raise Trouble(f"which queue? --database URL or {VARIABLE} says it", USAGE)
    try:
        url = make_url(text)
    except ArgumentError:
        name = "the value of --database" if given else VARIABLE
        raise Trouble(f"{name} is no URL as SQLAlchemy writes it, such as sqlite:///tasks.db", USAGE) from None
    kind = url.get_backend_name()
    if kind not in DATABASES:
        raise Trouble(f"a queue is in SQLite, PostgreSQL or MariaDB, not in {kind!r}", USAGE)
    try:
        is_async = url.get_dialect().is_async
    except SQLAlchemyError as error:
        raise Trouble(_first_line(error), USAGE) from error
    return url.set(drivername=f"{kind}+{_DRIVERS[kind]}") if is_async else url


def _check_file(url: URL) -> None:
    """SQLite makes a file that it does not find: here that is a slip of the pen."""
    if url.get_backend_name() != "sqlite" or url.query.get("uri"):
        return
    if url.database in (None, "", ":memory:"):
        raise Trouble(
            "a queue in another process's memory cannot be seen: give the file's name, as in sqlite:///tasks.db", USAGE
        )
    if not Path(str(url.database)).exists():
        raise Trouble(
            f"there is no file {url.database}; a relative name begins in {Path.cwd()}; spyne queue migrate makes one"
        )


def _are(topics: list[str]) -> str:
    if not topics:
        return "is none yet"
    return f"{'is' if len(topics) == 1 else 'are'} {', '.join(topics)}"


def _first_line(error: Any) -> str:
    """The first line of an error; drivers of MariaDB put a number before it."""
    numbered = len(error.args) == 2 and isinstance(error.args[0], int)
    return str(error.args[1] if numbered else error).partition("\n")[0] or type(error).__name__
