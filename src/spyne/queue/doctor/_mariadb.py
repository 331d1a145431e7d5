"""What can be wrong with MariaDB under a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from spyne.queue.doctor._finding import ago, count, good, warning, wrong
from spyne.queue.doctor._topic import CLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from spyne.queue._queue import Queue
    from spyne.queue.doctor._finding import Finding

__all__ = ["CHECKS"]

_LONG_WRITER = 30.0

_SETTINGS = (
    (
        "innodb_flush_log_at_trx_commit",
        ("0", "2"),
        wrong,
        "the last tasks can be lost in a crash, after their producers were told that they are kept",
        "1",
    ),
    ("innodb_doublewrite", ("OFF", "0"), wrong, "a power cut can leave torn pages", "ON"),
    ("read_only", ("ON", "1"), wrong, "this server takes no task", "OFF, or name the primary in the URL"),
    (
        "wsrep_on",
        ("ON", "1"),
        warning,
        "nodes of a Galera cluster do not see each other's locks, on which the sequencer relies",
        "OFF, or let all producers and consumers use one node",
    ),
    (
        "tx_isolation",
        ("SERIALIZABLE",),
        warning,
        "a program that reads the queue's tables blocks its producers",
        "READ-COMMITTED",
    ),
    (
        "transaction_isolation",
        ("SERIALIZABLE",),
        warning,
        "a program that reads the queue's tables blocks its producers",
        "READ-COMMITTED",
    ),
)
"""(name, the bad values, how bad, why, what to set)"""


def _settings(connection: Connection, queue: Queue) -> Iterator[Finding]:
    statement = text("SHOW GLOBAL VARIABLES WHERE Variable_name IN :names").bindparams(
        bindparam("names", expanding=True)
    )
    names = [name for name, *_ in _SETTINGS]
    found = {
        row[0].lower(): str(row[1])
        for row in connection.execute(statement, {"names": [*names, "log_bin", "sync_binlog"]})
    }
    bad = [row for row in _SETTINGS if found.get(row[0], "").upper() in row[1]]
    for name, _, level, why, cure in bad:
        yield level("settings", f"{name} is {found[name]}: {why}", f"set {name} = {cure}")
    if found.get("log_bin") == "ON" and found.get("sync_binlog") != "1":
        yield warning(
            "settings",
            f"sync_binlog is {found.get('sync_binlog')}: after a crash a replica may have other tasks than this server",
            "set sync_binlog = 1",
        )
    if not bad:
        yield good("settings", ", ".join(f"{name} {found[name]}" for name in names if name in found))


def _engines(connection: Connection, queue: Queue) -> Iterator[Finding]:
    names = [table.name for table in queue.tables.metadata.sorted_tables]
    statement = text(
        "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = COALESCE(:schema, DATABASE())"
        " AND table_name IN :names AND engine <> 'InnoDB'"
    ).bindparams(bindparam("names", expanding=True))
    for row in connection.execute(statement, {"schema": queue.tables.metadata.schema, "names": names}):
        yield wrong(
            "tables",
            f"{row[0]} is in the engine {row[1]}, which has no transactions",
            f"ALTER TABLE {row[0]} ENGINE = InnoDB",
        )


def _old_transactions(connection: Connection, queue: Queue) -> Iterator[Finding]:
    rows = connection.execute(
        text(
            "SELECT trx_mysql_thread_id AS thread, trx_rows_modified AS changed, TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS age"
            " FROM information_schema.innodb_trx WHERE trx_started < NOW() - INTERVAL :seconds SECOND ORDER BY trx_started LIMIT 5"
        ),
        {"seconds": _LONG_WRITER},
    )
    for row in rows:
        does = f"has changed {count(row.changed, 'row', 'rows')}" if row.changed else "reads"
        yield warning(
            "transactions",
            f"connection {row.thread} is in one transaction for {ago(row.age)} and {does}: its tasks, if there are any, cannot be seen, and no old version of a row is removed",
            f"let it end; or end it, which rolls it back: KILL {row.thread}",
        )


def _prepared(connection: Connection, queue: Queue) -> Iterator[Finding]:
    for row in connection.exec_driver_sql("XA RECOVER"):
        yield warning(
            "prepared transactions",
            f"{row[3]!r} is in doubt; tasks that it has appended cannot be seen",
            "ask its transaction manager, then XA COMMIT or XA ROLLBACK",
        )


CHECKS = (_settings, _engines, _old_transactions, _prepared, CLOCK)
