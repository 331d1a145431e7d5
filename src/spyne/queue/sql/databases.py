"""What differs between the databases, in one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import exists, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from spyne.queue.sql.tables import Tables

__all__ = ["DATABASES", "OF_UNKNOWN_AGE", "Database", "database_of", "is_affected_by_wal_reset", "is_passing"]

Writers: TypeAlias = Callable[["Connection", "Tables", str, int], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """How one kind of database is used.

    positions_late: transactions commit out of the order of their ids, so that positions are given after the commit, by a sequencer. Where there is one writer
    at a time, producers give them. in_transaction: whether handlers work in the consumer's transaction unless it is told otherwise. isolation: of all
    transactions that are the queue's own. begin: what begins one that writes, where that is not done by itself. lock: takes a lock
    for the time of a transaction that changes tables; unlock: gives it back, where the end of the transaction does not. session: statements for the connections of
    consumers, with ``{ms}`` for the time after which an idle transaction ends. switches_freely: whether a connection goes to autocommit and back without a word to the
    server. changes_chain: whether one statement may change several tables, each by what the one before returned. writers: names the transactions that may still commit
    tasks up to an id that was read before. writers_show_first: whether it names each before that draws an id, so that nothing is to come where it names none.
    between_looks: seconds between two such looks. poll: the longest pause, in seconds, between looks where nothing rings.
    passing: codes of errors that say nothing about the statement and go away by themselves or by an administrator.
    """

    name: str
    positions_late: bool
    in_transaction: bool
    isolation: str | None
    begin: str | None = None
    lock: str | None = None
    unlock: str | None = None
    session: tuple[str, ...] = ()
    switches_freely: bool = False
    changes_chain: bool = False
    writers: Writers | None = None
    writers_show_first: bool = False
    between_looks: float = 1.0
    poll: float = 1.0
    passing: frozenset[str]


# --- who may still commit tasks ---

OF_UNKNOWN_AGE = "of unknown age"
"""The name of a transaction that may have been open, under another name or none, at any earlier look."""


def _writers_of_postgresql(connection: Connection, tables: Tables, topic: str, up_to: int) -> frozenset[str]:
    """The transactions that hold the lock which INSERT takes before it draws an id, and keeps until its end; prepared ones among them.

    A prepared transaction keeps its name until the server restarts, and has another one after that.
    """
    name = connection.dialect.identifier_preparer.format_table(tables.queue)
    rows = connection.execute(_HOLDERS, {"name": name})
    return frozenset(OF_UNKNOWN_AGE if row[0].startswith("-1/") else row[0] for row in rows)


_HOLDERS = text(
    "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'"
    " AND relation = to_regclass(:name) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def _writers_of_mariadb(connection: Connection, tables: Tables, topic: str, up_to: int) -> frozenset[str]:
    """Whether there are tasks without a position, those that are not committed among them: InnoDB shows them to READ UNCOMMITTED.

    An id is drawn a moment before its row is there, so that one which is seen now may be older than a look that did not see it.
    """
    queue, order = tables.queue, tables.order
    waiting = select(queue.c.id).where(
        queue.c.topic == topic, queue.c.id <= up_to, ~exists().where(order.c.task_id == queue.c.id)
    )
    connection.rollback()
    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
    found = connection.scalars(waiting.limit(1)).first()
    connection.rollback()
    return frozenset() if found is None else frozenset([OF_UNKNOWN_AGE])


# --- errors that pass ---

_POSTGRESQL_PASSING = frozenset(
    # https://www.postgresql.org/docs/current/errcodes-appendix.html: classes (two characters) and codes
    ["08", "53", "58", "40001", "40P01", "57P01", "57P02", "57P03", "57P05", "55P03", "25006", "25P03"]
)
_SQLITE_PASSING = frozenset(
    # https://www.sqlite.org/rescode.html, the primary codes
    map(str, [5, 6, 7, 8, 10, 13, 14, 15])
)
_MARIADB_PASSING = frozenset(
    # https://mariadb.com/kb/en/mariadb-error-codes/: disk and tables full, locks, the server gone or going, read only
    map(str, [1021, 1041, 1053, 1077, 1114, 1205, 1213, 1290, 1836, 1927, 2002, 2003, 2006, 2013, 2055])
)


def _codes_of(error: BaseException) -> list[str]:
    """The codes that the driver's error carries, the general ones too."""
    sqlstate = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if isinstance(sqlstate, str):
        return [sqlstate, sqlstate[:2]]
    number = getattr(error, "sqlite_errorcode", None)
    if isinstance(number, int):
        return [str(number & 0xFF)]
    first = error.args[0] if error.args else None
    return [str(first)] if isinstance(first, int) else []


def is_passing(error: BaseException, database: Database) -> bool:
    """Whether a database's error is none of the statement's fault: a lost connection, a full disk, a deadlock, a server that restarts."""
    if isinstance(error, PendingRollbackError):
        return True  # the connection broke before, and whoever was told has gone on regardless
    if not isinstance(error, DBAPIError):
        return False
    codes = _codes_of(error.orig or error)
    if not codes and isinstance(error, InterfaceError | OperationalError):
        return True  # the driver's own: no server was there to give a code
    return error.connection_invalidated or any(code in database.passing for code in codes)


# --- the rows ---

_MARIADB = Database(
    name="mariadb",
    positions_late=True,
    in_transaction=True,
    isolation="READ COMMITTED",
    lock="SELECT GET_LOCK('spyne_queue', 60)",
    unlock="SELECT RELEASE_LOCK('spyne_queue')",  # it is the session's, not the transaction's
    session=("SET SESSION idle_transaction_timeout = GREATEST(1, {ms} DIV 1000)",),
    writers=_writers_of_mariadb,
    poll=0.1,
    passing=_MARIADB_PASSING,
)

DATABASES: dict[str, Database] = {
    "postgresql": Database(
        name="postgresql",
        positions_late=True,
        in_transaction=True,
        isolation="READ COMMITTED",
        lock="SELECT pg_advisory_xact_lock(7737250)",
        session=(
            # A host that vanishes, or a process that is stopped, must not keep its locks.
            "SET idle_in_transaction_session_timeout = {ms}",
            "SET tcp_keepalives_idle = 10",
            "SET tcp_keepalives_interval = 5",
            "SET tcp_keepalives_count = 3",
        ),
        switches_freely=True,
        changes_chain=True,
        writers=_writers_of_postgresql,
        writers_show_first=True,
        between_looks=0.02,
        passing=_POSTGRESQL_PASSING,
    ),
    "sqlite": Database(
        name="sqlite",
        positions_late=False,
        in_transaction=False,
        isolation=None,
        begin="BEGIN IMMEDIATE",  # a deferred transaction that reads first may be refused when it writes, whatever the timeout
        poll=0.004,
        passing=_SQLITE_PASSING,
    ),
    "mariadb": _MARIADB,
    "mysql": _MARIADB,
}


def database_of(engine: Engine) -> Database:
    """The row of an engine's database. Raises ValueError for a kind that has none."""
    try:
        return DATABASES[engine.dialect.name]
    except KeyError:
        raise ValueError(
            f"a queue needs SQLite, PostgreSQL or MariaDB, not {engine.dialect.name}: {engine.url!r}"
        ) from None


# --- SQLite's WAL-reset bug ---

_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""The first versions without it: of the main line, and of the two older lines that were mended (https://www.sqlite.org/wal.html#walresetbug)."""


def is_affected_by_wal_reset(version: tuple[int, ...]) -> bool:
    """Whether a version of SQLite can corrupt a database in WAL mode when several connections write and checkpoint at once."""
    if version < (3, 7, 0) or version >= _FIXED[0]:
        return False
    return not any(version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED[1:])
