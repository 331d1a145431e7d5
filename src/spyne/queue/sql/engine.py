"""Engines for the addresses of queues, with the settings that make a queue durable."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from spyne.queue.sql.databases import is_affected_by_wal_reset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from spyne.queue.sql.databases import Database

__all__ = ["alone", "checkpoint", "driver_errors", "is_in_memory", "make_engine", "needs_checkpoints", "transaction"]

logger = logging.getLogger(__name__)

_BUSY_TIMEOUT = 30_000
"""Milliseconds that a writer of SQLite waits for another."""


_BY_LIBPQ = ("postgresql", "postgresql+psycopg", "postgresql+psycopg_async", "postgresql+psycopg2")

_WATCHED_LINE = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""What lets a client notice within half a minute that the server's host is gone (https://www.postgresql.org/docs/current/libpq-connect.html); the system's own defaults are hours."""


def make_engine(source: Any) -> tuple[Engine, Any]:
    """The engine of an address or of an engine, and the AsyncEngine around it where there is one.

    Raises TypeError for something else.
    """
    if isinstance(source, Engine):
        return source, None
    if hasattr(source, "sync_engine"):
        return source.sync_engine, source
    try:
        url = make_url(source)
    except Exception as error:
        raise TypeError(
            f"a queue takes a URL, an Engine or an AsyncEngine of SQLAlchemy, not {type(source).__name__}"
        ) from error
    is_async = url.get_dialect().is_async
    if url.drivername in _BY_LIBPQ:
        url = url.update_query_dict({**_WATCHED_LINE, **url.query})
    options: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    if is_async:
        from sqlalchemy.ext.asyncio import create_async_engine

        made = create_async_engine(url, **options)
        engine = made.sync_engine
    else:
        made, engine = None, create_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        _warn_of_wal_reset(url.database)
    return engine, made


def is_in_memory(engine: Engine) -> bool:
    """Whether the database is SQLite's in this process's memory."""
    database = engine.url.database
    return engine.dialect.name == "sqlite" and (not database or ":memory:" in database or "mode=memory" in database)


def _set_up_sqlite(connection: Any, record: Any) -> None:
    """WAL lets consumers read while a producer writes; FULL makes each commit durable, which NORMAL does not in this mode (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    if is_affected_by_wal_reset(sqlite3.sqlite_version_info):
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
    cursor.close()


def _warn_of_wal_reset(database: str | None) -> None:
    if database and is_affected_by_wal_reset(sqlite3.sqlite_version_info):
        logger.warning(
            "SQLite %s can corrupt a database that several processes write (https://www.sqlite.org/wal.html#walresetbug); "
            "the queue %s leaves checkpoints to one consumer, which avoids it; SQLite 3.51.3 mends it",
            sqlite3.sqlite_version,
            database,
        )


def needs_checkpoints(engine: Engine) -> bool:
    """Whether a consumer has to write SQLite's log into its file, since connections were told not to."""
    return (
        engine.dialect.name == "sqlite"
        and not is_in_memory(engine)
        and is_affected_by_wal_reset(sqlite3.sqlite_version_info)
    )


def checkpoint(connection: Connection) -> None:
    """Write SQLite's log into its file, holding the lock of writers meanwhile; only the owner of a lease calls it."""
    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.rollback()


@contextmanager
def driver_errors(engine: Engine) -> Iterator[None]:
    """Raise errors of the driver as SQLAlchemy does, which passes them on as they are where it sets and resets the isolation of a connection."""
    driver: Any = engine.dialect.loaded_dbapi
    try:
        yield
    except driver.Error as error:
        raise DBAPIError.instance(
            "(isolation level)", None, error, driver.Error, connection_invalidated=True, dialect=engine.dialect
        ) from error


@contextmanager
def transaction(connection: Connection, database: Database) -> Iterator[None]:
    """A transaction that writes, committed at the end of the block and rolled back by an exception."""
    with connection.begin():
        if database.begin is not None and not _is_begun(connection):
            connection.exec_driver_sql(database.begin)
        yield


@contextmanager
def alone(connection: Connection, database: Database) -> Iterator[None]:
    """One statement without a transaction around it. Where the driver sends nothing to change its mode, neither BEGIN nor an end is sent; elsewhere it
    may only read.
    """
    if database.switches_freely:
        connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        yield
    finally:
        connection.rollback()
        if database.switches_freely:
            connection.execution_options(isolation_level=database.isolation)


def _is_begun(connection: Connection) -> bool:
    """Whether the driver is inside a transaction already, as where an engine's listener begins them."""
    return bool(getattr(connection.connection.driver_connection, "in_transaction", False))
