"""The tables are made on first use, migrated by one process at a time, and left alone by a library that is too old for them."""

from __future__ import annotations

import logging
import threading

import pytest
import sqlalchemy as sa
from tests.queue.conftest import make_queue
from tests.queue.helpers import Setting

from spyne.queue import SchemaError
from spyne.queue.sql import schema
from spyne.queue.sql.databases import is_affected_by_wal_reset
from spyne.queue.sql.engine import needs_checkpoints
from spyne.queue.sql.schema import MIGRATIONS, Migration, migrate, renew_incarnation, version_of


def test_made_on_first_use(queue):
    """The first call makes the tables; later ones, and other processes, find them."""
    Setting(queue).put(1)
    with queue.connect() as connection:
        assert version_of(connection, queue.tables) == MIGRATIONS[-1].version
        connection.rollback()
        assert migrate(connection, queue.tables, queue.database) == []


def test_many_make_them_at_once(queue):
    """Processes that start together on an empty database make one set of tables, one topic and one incarnation."""
    queues = [type(queue)(queue.engine, prefix=queue.tables.prefix) for _ in range(4)]
    errors = []

    def create(one):
        try:
            one.create()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=create, args=(one,)) for one in queues]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({one.incarnation for one in queues}) == 1


def test_a_migration_keeps_what_is_there(queue):
    """A step of a later version is taken once, with the tasks in place, and this library goes on if the step says that it can."""
    setting = Setting(queue)
    setting.put(1)
    table = queue.tables.queue

    def add_column(connection, tables):
        connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN note VARCHAR(10)"))

    later = (*MIGRATIONS, Migration(version=2, readable_since=1, step=add_column))
    with queue.connect() as connection:
        assert migrate(connection, queue.tables, queue.database, later) == [2]
        assert migrate(connection, queue.tables, queue.database, later) == []
        assert migrate(connection, queue.tables, queue.database) == []
    setting.put(2)
    setting.consumer().run_until_idle()
    assert setting.notes.of("one") == [1, 2]


def test_tables_of_a_newer_library(queue):
    """Tables that this library cannot work with are refused with both versions, and not touched."""
    queue.create()
    newer = (*MIGRATIONS, Migration(version=9, readable_since=9, step=lambda connection, tables: None))
    with queue.connect() as connection:
        migrate(connection, queue.tables, queue.database, newer)
    other = type(queue)(queue.engine, prefix=queue.tables.prefix)
    with pytest.raises(SchemaError, match="of version 9, which needs a library that knows version 9; this one knows 1"):
        other.create()


def test_ddl_for_those_who_run_it_by_hand(queue):
    """The statements of `ddl` make tables that a queue works with."""
    for statement in schema.ddl(queue.engine, queue.tables).split(";\n\n"):
        if statement.strip():
            with queue.engine.begin() as connection:
                connection.exec_driver_sql(statement.replace("%", "%%"))
    Setting(queue).put(1)


def test_a_new_incarnation(queue):
    """After a restore that cannot be seen from inside, an operator begins a new life of the log; keys of idempotency are other ones then."""
    queue.create()
    with queue.connect() as connection:
        made = renew_incarnation(connection, queue.tables, queue.database)
    again = type(queue)(queue.engine, prefix=queue.tables.prefix)
    again.create()
    assert again.incarnation == made != queue.incarnation


def test_a_restore_of_postgresql_is_seen(postgresql_queue, caplog):
    """Another cluster or timeline than the one noted means that positions may have been given twice."""
    queue = postgresql_queue
    queue.create()
    meta = queue.tables.meta
    with queue.begin() as connection:
        connection.execute(sa.update(meta).where(meta.c.name == "system").values(value="1/00000001"))
    again = type(queue)(queue.engine, prefix=queue.tables.prefix)
    again.create()
    assert again.incarnation != queue.incarnation
    assert "was restored or failed over" in caplog.text


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)
def test_versions_with_the_wal_reset_bug(version, affected):
    """The versions are those that SQLite's page names."""
    assert is_affected_by_wal_reset(version) is affected


def test_the_settings_of_sqlite(tmp_path, caplog, monkeypatch):
    """A queue's own engine is durable; with an affected SQLite checkpoints are left to the owner of a lease, and that is said."""
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 40, 1))
    caplog.set_level(logging.WARNING)
    with make_queue(f"sqlite:///{tmp_path}/queue.db") as queue, queue.connect() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "busy_timeout")
        ]
        assert settings == ["wal", 2, 0, 30_000]
        assert needs_checkpoints(queue.engine)
    assert "can corrupt a database that several processes write" in caplog.text
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 51, 3))
    with make_queue(f"sqlite:///{tmp_path}/queue.db") as queue, queue.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 1000
        assert not needs_checkpoints(queue.engine)
