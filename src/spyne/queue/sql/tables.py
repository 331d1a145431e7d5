"""The tables of a queue: one set for every database and any number of topics.

Times are whole milliseconds since 1970 by the database's clock, the only one that all processes share.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

__all__ = ["Tables", "clock"]

BIG = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")  # SQLite counts up only an INTEGER key
DATA = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
LONG_TEXT = Text().with_variant(mysql.MEDIUMTEXT(charset="utf8mb4"), "mysql", "mariadb")
KEY = String(1000).with_variant(mysql.VARCHAR(1000, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
NAME = String(190).with_variant(mysql.VARCHAR(190, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")
"""Names of topics and consumers; three of them fit into a key of InnoDB, and letters differ by case everywhere."""

MAX_NAME = 190


class clock(ColumnElement[int]):  # noqa: N801 - SQL functions are written like this
    """The database's own time now, in milliseconds: not that of the transaction's begin, nor that of any client."""

    type = BigInteger()
    inherit_cache = True


@compiles(clock)
def _clock(element: clock, compiler: Any, **options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


@compiles(clock, "sqlite")
def _clock_of_sqlite(element: clock, compiler: Any, **options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(clock, "mysql")
@compiles(clock, "mariadb")
def _clock_of_mariadb(element: clock, compiler: Any, **options: Any) -> str:
    return "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)"


class Tables:
    """The tables, under an optional prefix and in an optional schema of the database.

    metadata: theirs alone, for a user's own migrations. topic: the head of each topic and what the sequencer knows of it. queue: the log, append-only. order: the
    position of each task of the log. status: the cursor and lease of each consumer, one row a lane. parked: tasks put aside, with a copy of
    their bytes. meta: names and values, the version of these tables among them.
    """

    def __init__(self, prefix: str = "", schema: str | None = None) -> None:
        self.metadata = MetaData(schema=schema)
        self.prefix = prefix
        self.topic = self._table(
            "task_topic",
            Column("topic", NAME, primary_key=True),
            Column("head", BIG, nullable=False, server_default="0"),
            Column("trimmed", BIG, nullable=False, server_default="0"),
            Column("settled", BIG, nullable=False, server_default="0"),
            Column("last_id", BIG, nullable=False, server_default="0"),
        )
        self.queue = self._table(
            "task_queue",
            Column("id", BIG, Identity(cache=1), primary_key=True, autoincrement=True),
            Column("topic", NAME, nullable=False),
            Column("size", Integer, nullable=False),
            Column("key_hash", Integer),
            Column("created_at", BIG, nullable=False, server_default=clock()),
            Column("task_key", KEY),
            Column("data", DATA, nullable=False),
            Index(f"{prefix}task_queue_topic", "topic", "id"),
            sqlite_autoincrement=True,  # otherwise a trimmed table gives ids, and so cursors, a second time
        )
        self.order = self._table(
            "task_order",
            Column("topic", NAME, primary_key=True),
            Column("pos", BIG, primary_key=True, autoincrement=False),
            Column("task_id", BIG, nullable=False, unique=True),
            Column("size", Integer, nullable=False),
            Column("key_hash", Integer),
        )
        self.status = self._table(
            "worker_status",
            Column("worker_id", NAME, primary_key=True),
            Column("topic", NAME, primary_key=True),
            Column("lane", Integer, primary_key=True, autoincrement=False),
            Column("lanes", Integer, nullable=False),
            Column("pos", BIG, nullable=False),
            Column("epoch", BIG, nullable=False, server_default="0"),
            Column("owner", NAME),
            Column("lease_until", BIG, nullable=False, server_default="0"),
            Column("batch", Integer, nullable=False, server_default="1"),
            Column("attempts", Integer, nullable=False, server_default="0"),
            Column("crash_count", Integer, nullable=False, server_default="0"),
            Column("crash_pos", BIG, nullable=False, server_default="-1"),
            Column("suspect_until", BIG, nullable=False, server_default="0"),
            Column("wanted_by", NAME),
            Column("wanted_until", BIG, nullable=False, server_default="0"),
            Column("durable", Boolean, nullable=False),
            Column("failed", BIG, nullable=False, server_default="0"),
            Column("last_error", LONG_TEXT),
            Column("updated_at", BIG, nullable=False, server_default=clock()),
            # The row changes with every batch: room in its page keeps the versions together (HOT), and no index has a column that changes.
            postgresql_with={"fillfactor": 20},
        )
        self.parked = self._table(
            "task_parked",
            Column("worker_id", NAME, primary_key=True),
            Column("topic", NAME, primary_key=True),
            Column("pos", BIG, primary_key=True, autoincrement=False),
            Column("lane", Integer, nullable=False),
            Column("task_id", BIG, nullable=False),
            Column("key_hash", Integer),
            Column("task_key", KEY),
            Column("created_at", BIG, nullable=False),
            Column("state", String(10), nullable=False),
            Column("attempts", Integer, nullable=False),
            Column("next_at", BIG, nullable=False),
            Column("error", LONG_TEXT, nullable=False),
            Column("traceback", LONG_TEXT),
            Column("parked_at", BIG, nullable=False, server_default=clock()),
            Column("data", DATA, nullable=False),
        )
        self.meta = self._table("task_meta", Column("name", NAME, primary_key=True), Column("value", LONG_TEXT))

    def _table(self, name: str, *columns: Any, **options: Any) -> Table:
        return Table(self.prefix + name, self.metadata, *columns, mysql_engine="InnoDB", **options)
