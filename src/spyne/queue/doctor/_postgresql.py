"""What can be wrong with PostgreSQL under a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from spyne.queue.doctor._finding import ago, good, note, warning, wrong
from spyne.queue.doctor._topic import CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from spyne.queue._queue import Queue
    from spyne.queue.doctor._finding import Finding

__all__ = ["CHECKS"]

_LONG_WRITER = 30.0
_LONG_READER = 600.0
_IN_DOUBT = 60.0
_DEAD_ROWS = 5000


def _role(connection: Connection, queue: Queue) -> Iterator[Finding]:
    if connection.scalar(text("SELECT pg_is_in_recovery()")):
        yield wrong(
            "server",
            "is a standby, which takes no task",
            "name the primary in the URL, or add target_session_attrs=read-write to it",
        )


_SETTINGS = (
    ("fsync", "off", wrong, "a crash of the machine can destroy the whole database", "fsync = on"),
    ("full_page_writes", "off", wrong, "a power cut can leave torn pages", "full_page_writes = on"),
    (
        "synchronous_commit",
        "off",
        wrong,
        "the last tasks can be lost in a crash, after their producers were told that they are kept",
        "synchronous_commit = on",
    ),
    ("autovacuum", "off", warning, "dead rows of cursors are never removed", "autovacuum = on"),
)
"""(name, the bad value, how bad, why, what to set)"""


def _settings(connection: Connection, queue: Queue) -> Iterator[Finding]:
    names = [name for name, *_ in _SETTINGS]
    rows = connection.execute(text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)"), {"names": names})
    found = {row[0]: row[1] for row in rows}
    bad = [row for row in _SETTINGS if found.get(row[0]) == row[1]]
    for name, value, level, why, cure in bad:
        yield level("settings", f"{name} is {value}: {why}", f"set {cure}, for the server and for the user of this URL")
    if not bad:
        yield good("settings", ", ".join(f"{name} {found[name]}" for name in names if name in found))


def _ids(connection: Connection, queue: Queue) -> Iterator[Finding]:
    cache = connection.scalar(
        text("SELECT seqcache FROM pg_sequence WHERE seqrelid = pg_get_serial_sequence(:name, 'id')::regclass"),
        {"name": _name(connection, queue)},
    )
    if cache is not None and cache > 1:
        yield wrong(
            "ids",
            f"the sequence of {_name(connection, queue)}.id has CACHE {cache}: a producer may use an id so late that its task is never found",
            f"ALTER TABLE {_name(connection, queue)} ALTER COLUMN id SET CACHE 1, and connect the producers anew",
        )


_WRITERS = text(
    "SELECT a.pid, a.usename, a.application_name, a.state, EXTRACT(EPOCH FROM clock_timestamp() - a.xact_start)::float8 AS age"
    " FROM pg_stat_activity a WHERE a.xact_start IS NOT NULL AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid"
    " AND l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.relation = to_regclass(:name)"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    " AND a.xact_start < clock_timestamp() - make_interval(secs => :seconds) ORDER BY a.xact_start"
)


def _writers(connection: Connection, queue: Queue) -> Iterator[Finding]:
    for row in connection.execute(_WRITERS, {"name": _name(connection, queue), "seconds": _LONG_WRITER}):
        yield warning(
            "writers",
            f"{_who(row)} has appended tasks, or may have, and has not committed for {ago(row.age)}: they cannot be seen, and the sequencer looks at all later ones again and again",
            f"let it commit; or end it, which rolls its tasks back: SELECT pg_terminate_backend({row.pid})",
        )


_OLD = text(
    "SELECT pid, usename, application_name, state, EXTRACT(EPOCH FROM clock_timestamp() - xact_start)::float8 AS age FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    " AND xact_start < clock_timestamp() - make_interval(secs => :seconds) ORDER BY xact_start LIMIT 5"
)


def _old_transactions(connection: Connection, queue: Queue) -> Iterator[Finding]:
    for row in connection.execute(_OLD, {"seconds": _LONG_READER}):
        yield warning(
            "transactions",
            f"{_who(row)} is in one transaction for {ago(row.age)}: meanwhile no dead row of any table can be removed",
            f"let it end; or end it: SELECT pg_terminate_backend({row.pid}); idle_in_transaction_session_timeout does so by itself",
        )


_PREPARED = text(
    "SELECT p.gid, p.owner, EXTRACT(EPOCH FROM clock_timestamp() - p.prepared)::float8 AS age,"
    " EXISTS (SELECT FROM pg_locks own JOIN pg_locks l ON l.virtualtransaction = own.virtualtransaction AND l.pid IS NULL"
    " WHERE own.transactionid = p.transaction AND l.locktype = 'relation' AND l.relation = to_regclass(:name)) AS holds"
    " FROM pg_prepared_xacts p"
    " WHERE p.database = current_database() AND p.prepared < clock_timestamp() - make_interval(secs => :seconds) ORDER BY p.prepared"
)


def _prepared(connection: Connection, queue: Queue) -> Iterator[Finding]:
    for row in connection.execute(_PREPARED, {"name": _name(connection, queue), "seconds": _IN_DOUBT}):
        about = "has appended tasks that cannot be seen" if row.holds else "keeps dead rows from being removed"
        yield (wrong if row.holds else warning)(
            "prepared transactions",
            f"{row.gid!r} of {row.owner} is in doubt for {ago(row.age)} and {about}",
            f"ask its transaction manager, then COMMIT PREPARED '{row.gid}' or ROLLBACK PREPARED '{row.gid}'",
        )


def _dead_rows(connection: Connection, queue: Queue) -> Iterator[Finding]:
    name = _name(connection, queue, "status")
    row = connection.execute(
        text("SELECT n_dead_tup, n_live_tup FROM pg_stat_user_tables WHERE relid = to_regclass(:name)"), {"name": name}
    ).first()
    if row is not None and row[0] > _DEAD_ROWS:
        yield warning(
            "dead rows",
            f"{name} has {row[0]} dead rows for {row[1]} living ones: each save of a cursor gets slower",
            f"end old transactions (above, if there are any), then VACUUM {name}",
        )


def _waking(connection: Connection, queue: Queue) -> Iterator[Finding]:
    if queue.engine.url.port == 6432:
        yield note(
            "waking",
            "port 6432 is most often PgBouncer, which drops LISTEN: consumers then only look once a second",
            "give consumers the server's own address",
        )


def _who(row: object) -> str:
    name = f" ({row.application_name})" if row.application_name else ""  # type: ignore[attr-defined] # a row of the queries above
    return f"process {row.pid} of {row.usename}{name}, {row.state},"  # type: ignore[attr-defined] # the same


def _name(connection: Connection, queue: Queue, table: str = "queue") -> str:
    return str(connection.dialect.identifier_preparer.format_table(getattr(queue.tables, table)))


CHECKS = (_role, _settings, _ids, _writers, _prepared, _old_transactions, _dead_rows, _waking, CLOCK)
