"""``spyne queue doctor`` finds what is really wrong: each of these tests breaks something in a real database first."""

from __future__ import annotations

import sqlite3
import time

import pytest
import sqlalchemy as sa
from tests.queue.conftest import make_queue, url_of
from tests.queue.helpers import Setting

from spyne.queue import Park, Queue, Retry
from spyne.queue.doctor import examine
from spyne.queue.sql.databases import is_affected_by_wal_reset

IS_AFFECTED = is_affected_by_wal_reset(sqlite3.sqlite_version_info)


@pytest.fixture(params=["postgresql", "mariadb"])
def late(request):
    """An application on an empty queue of each kind of server."""
    with make_queue(url_of(request.param, request)) as queue:
        queue.create()
        yield Setting(queue)


@pytest.fixture
def on_postgresql(postgresql):
    """An application on an empty queue of PostgreSQL."""
    with make_queue(postgresql) as queue:
        queue.create()
        yield Setting(queue)


@pytest.fixture
def on_mariadb(mariadb):
    """An application on an empty queue of MariaDB."""
    with make_queue(mariadb) as queue:
        queue.create()
        yield Setting(queue)


def findings(queue, *levels):
    """Return what the doctor finds, of some levels; whatever hurts comes with an advice."""
    found = list(examine(queue))
    assert [finding for finding in found if finding.level in ("warning", "wrong") and not finding.advice] == []
    return [
        f"{finding.about}: {finding.text} {finding.advice}"
        for finding in found
        if finding.level in (levels or ("warning", "wrong"))
    ]


def only(queue, *levels):
    """Return the one finding; that a server of these tests does not wait for its disk is none."""
    (found,) = [said for said in findings(queue, *levels) if "fsync is off" not in said]
    return found


def test_a_healthy_queue(setting, cli):
    """On every database nothing is wrong with a queue in use, but for a server of these tests that does not wait for its disk."""
    setting.put(1, 2, 3)
    setting.consumer("one").run_until_idle()
    assert [said for said in findings(setting.queue) if "fsync is off" not in said] == []
    code = 1 if setting.queue.database.name == "postgresql" else 0
    said = cli("doctor", code=code)
    assert "its 3 positions have no gap" in said
    assert "could not be looked at" not in said
    levels = {finding["level"] for finding in cli.json("doctor", code=code)}
    assert ("wrong" in levels) is bool(code)


def test_no_tables(queue, cli):
    """A database without the tables is told what makes them."""
    with queue.engine.connect():
        pass
    assert "run: spyne queue migrate" in cli("doctor", code=1) + cli.err


def test_an_unknown_topic(local_cli):
    """A topic that there is not is a sentence."""
    local_cli("doctor", "--topic", "nope", code=1)
    assert "no topic 'nope'" in local_cli.err


# --- topics and consumers, on any database ---


@pytest.mark.parametrize("table", ["order", "queue"])
def test_rows_that_other_hands_removed(setting, table):
    """A position or a task that is missing in the middle is found."""
    setting.put(1, 2, 3)
    setting.consumer("one").run_until_idle()
    rows = getattr(setting.queue.tables, table)
    with setting.queue.begin() as connection:
        id_ = rows.c.task_id if table == "order" else rows.c.id
        connection.execute(sa.delete(rows).where(id_ == connection.scalar(sa.select(sa.func.min(id_))) + 1))
    said = findings(setting.queue, "wrong")
    assert any("of 3 positions 1 has no task" in line for line in said)


def test_tasks_that_the_sequencer_has_passed(late):
    """Tasks below the mark without a position are found, and the statement that is advised brings them back."""
    late.put(1)
    late.consumer("one").run_until_idle()
    late.put(2, 3)
    topic = late.queue.tables.topic
    with late.queue.begin() as connection:
        connection.execute(sa.update(topic).values(settled=2**40))
    said = only(late.queue)
    assert "2 tasks have no position, and the sequencer does not look for them any more" in said
    with late.queue.begin() as connection:
        connection.exec_driver_sql(said.partition("harmless: ")[2])
    late.consumer("one").run_until_idle()
    assert late.notes.of("one") == [1, 2, 3]


@pytest.mark.parametrize(("lives", "level"), [(True, "warning"), (False, "note")])
def test_tasks_without_a_position_for_long(on_postgresql, lives, level):
    """Tasks that wait for a position are worth a note where no consumer runs, and a warning where one lives."""
    queue = on_postgresql.queue
    on_postgresql.consumer("one").run_until_idle()
    on_postgresql.put(1)
    with queue.begin() as connection:
        log = queue.tables.queue
        connection.execute(sa.update(log).values(created_at=log.c.created_at - 60_000))
        if lives:
            connection.execute(sa.update(queue.tables.status).values(owner="x:1:y", lease_until=2**53))
    assert "1 task has no position" in only(queue, level)


def test_consumers_in_trouble(local):
    """Parked and retried tasks, crashes, lost tasks, lanes that never began, and consumers that do not come back are each found."""
    queue, status = local.queue, local.queue.tables.status
    local.notes.failing.update({1: 9})
    local.put(1, 2)
    local.consumer("parker", on_error=Park(attempts=1)).run_until_idle()
    assert "1 task is parked for good" in only(queue)
    local.consumer("retrier", on_error=Retry()).run_until_idle()
    assert "tries the task at 1 again, 1 time so far: Server.NotNow: 1 fails" in findings(queue)[1]
    with queue.begin() as connection:
        connection.execute(sa.delete(queue.tables.parked))
        connection.execute(
            sa.update(status).where(status.c.worker_id == "retrier").values(crash_pos=0, crash_count=2, attempts=0)
        )
    assert "2 processes ended while the task at 1 was next" in only(queue)
    with queue.begin() as connection:
        connection.execute(sa.update(status).values(crash_count=0, lanes=2, updated_at=1000))
    said = findings(queue)
    assert sum("of its 2 lanes only 1 has begun" in line for line in said) == 2
    assert any(
        "retrier" in line and "is 2 tasks behind and holds back retention, without a sign of life for" in line
        for line in said
    )
    with queue.begin() as connection:
        connection.execute(sa.update(queue.tables.topic).values(trimmed=1))
        connection.execute(sa.delete(queue.tables.order).where(queue.tables.order.c.pos == 1))
    assert "spyne queue replay retrier --topic default --from 2" in findings(queue, "wrong")[0]


def test_a_consumer_that_lives_and_does_not_move(local):
    """A living consumer whose oldest task waits for long is found."""
    queue = local.queue
    local.consumer("one").run_until_idle()
    local.put(1)
    with queue.begin() as connection:
        connection.execute(sa.update(queue.tables.queue).values(created_at=1000))
        connection.execute(sa.update(queue.tables.status).values(owner="x:1:y", lease_until=2**53))
    assert "is 1 task behind though a process runs it; the oldest waits for" in only(queue)


def test_seen_tasks_that_nothing_removes(local, monkeypatch):
    """Very many tasks that all have passed are worth a note."""
    monkeypatch.setattr("spyne.queue.doctor._topic._SEEN_AND_KEPT", 1)
    local.put(1, 2)
    local.consumer("one").run_until_idle()
    assert any("keeps 2 tasks that every durable consumer has passed" in line for line in findings(local.queue, "note"))


def test_clocks_apart(local, monkeypatch):
    """A database whose clock is another one than this machine's is found."""
    monkeypatch.setattr("spyne.queue.doctor._topic.time.time", lambda: 0.0)
    assert "the database's clock and this machine's are" in only(local.queue)


# --- SQLite ---


def test_settings_of_sqlite(tmp_path):
    """An engine of somebody's own without the settings that a queue needs is found."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/queue.db")
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    with Queue(engine) as queue:
        queue.create()
        said = findings(queue)
    engine.dispose()
    assert any("journal_mode is delete" in line for line in said)
    assert any("synchronous is OFF: a power cut loses the last tasks" in line for line in said)
    assert any("automatic checkpoints are on" in line for line in said) is IS_AFFECTED


def test_the_wal_reset_bug(local):
    """Whether this SQLite has the bug is said, with the settings that are in force."""
    said = findings(local.queue, "good", "note")
    assert any("has the WAL-reset bug" in line and "safe settings are in force" in line for line in said) is IS_AFFECTED
    assert any("without the WAL-reset bug" in line for line in said) is not IS_AFFECTED
    assert any("journal_mode wal, synchronous FULL" in line for line in said)


def test_a_log_that_grows(local, monkeypatch):
    """A write-ahead log that nobody writes into the database is found."""
    monkeypatch.setattr("spyne.queue.doctor._sqlite._LARGE_LOG", 1)
    local.put(1)
    assert "-wal has 0 MiB" in only(local.queue)


def test_a_damaged_file(local, local_cli, tmp_path):
    """A damaged file is found, or at least a sentence."""
    local.put(*range(50))
    with local.queue.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    local.queue.engine.dispose()
    path = tmp_path / "queue.db"
    data = bytearray(path.read_bytes())
    data[8192:-4096] = b"\xff" * (len(data) - 12288)
    path.write_bytes(data)
    said = local_cli("doctor", code=1) + local_cli.err
    assert "malformed" in said or "is damaged" in said


# --- PostgreSQL ---


def test_settings_of_postgresql(postgresql):
    """A connection that does not wait for the disk is found."""
    with make_queue(f"{postgresql}?options=-csynchronous_commit%3Doff") as queue:
        queue.create()
        assert any("synchronous_commit is off: the last tasks can be lost" in line for line in findings(queue, "wrong"))


def test_a_writer_that_does_not_commit(on_postgresql, monkeypatch):
    """A transaction that has appended tasks and does not end is named, with the statement that ends it."""
    monkeypatch.setattr("spyne.queue.doctor._postgresql._LONG_WRITER", 0.0)
    queue = on_postgresql.queue
    with queue.engine.connect() as connection:
        on_postgresql.producer.bind(connection).service.note(1)
        pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        said = only(queue)
        connection.rollback()
    assert "has appended tasks, or may have, and has not committed for" in said
    assert f"SELECT pg_terminate_backend({pid})" in said


def test_an_old_transaction(on_postgresql, monkeypatch):
    """Any transaction that is open for long is named: it keeps dead rows."""
    monkeypatch.setattr("spyne.queue.doctor._postgresql._LONG_READER", 0.0)
    with on_postgresql.queue.engine.connect() as connection:
        pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        said = findings(on_postgresql.queue)
    assert any(f"process {pid} of postgres, idle in transaction, is in one transaction" in line for line in said)


def test_a_prepared_transaction_in_doubt(on_postgresql, monkeypatch):
    """A prepared transaction that has appended tasks is named, with what decides it."""
    monkeypatch.setattr("spyne.queue.doctor._postgresql._IN_DOUBT", 0.0)
    queue = on_postgresql.queue
    with queue.engine.connect() as connection:
        transaction = connection.begin_twophase("in-doubt")
        on_postgresql.producer.bind(connection).service.note(1)
        transaction.prepare()
        try:
            said = only(queue)
        finally:
            transaction.rollback()
    assert "'in-doubt' of postgres is in doubt for" in said
    assert "has appended tasks that cannot be seen" in said
    assert "ROLLBACK PREPARED 'in-doubt'" in said


def test_ids_that_are_kept_in_store(on_postgresql):
    """A sequence with a cache is found, and the statement that is advised mends it."""
    queue = on_postgresql.queue
    with queue.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {queue.tables.queue.name} ALTER COLUMN id SET CACHE 20")
    said = only(queue)
    assert "has CACHE 20" in said
    with queue.begin() as connection:
        connection.exec_driver_sql(said[said.index("ALTER") :].partition(", and")[0])
    assert [line for line in findings(queue) if "CACHE" in line] == []


def test_dead_rows(on_postgresql, monkeypatch):
    """Very many dead rows of cursors are found."""
    monkeypatch.setattr("spyne.queue.doctor._postgresql._DEAD_ROWS", -1)
    name = on_postgresql.queue.tables.status.name
    assert f"VACUUM {name}" in only(on_postgresql.queue)


def test_a_user_who_may_not_look(on_postgresql):
    """What the user of the database may not see is a note, and the rest is looked at."""
    queue = on_postgresql.queue
    with queue.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE reader LOGIN")
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA public TO reader")  # which it may have lost to another test
        for table in queue.tables.metadata.sorted_tables:
            if table is not queue.tables.parked:
                connection.exec_driver_sql(f"GRANT SELECT ON {table.name} TO reader")
    url = queue.engine.url.set(username="reader")
    try:
        with Queue(url, prefix=queue.tables.prefix) as other:
            found = findings(other, "good", "note")
    finally:
        with queue.begin() as connection:
            connection.exec_driver_sql("DROP OWNED BY reader")
            connection.exec_driver_sql("DROP ROLE reader")
    assert any("consumers: could not be looked at: permission denied" in line for line in found)
    assert any("positions have no gap" in line for line in found)


# --- MariaDB ---


def test_settings_of_mariadb(on_mariadb):
    """A server that does not wait for its disk is found."""
    queue = on_mariadb.queue
    with queue.begin() as connection:
        connection.exec_driver_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
    try:
        assert "innodb_flush_log_at_trx_commit is 2: the last tasks can be lost" in only(queue)
    finally:
        with queue.begin() as connection:
            connection.exec_driver_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1")


def found_soon(queue, words):
    """Return the finding with these words, "" where there is none: InnoDB shows the same transactions for a tenth of a second after each look."""
    for _ in range(20):
        found = [line for line in findings(queue) if words in line]
        if found:
            return found[0]
        time.sleep(0.2)
    return ""


def test_transactions_of_mariadb(on_mariadb, monkeypatch):
    """An open transaction and a prepared one are found."""
    monkeypatch.setattr("spyne.queue.doctor._mariadb._LONG_WRITER", -1.0)
    queue = on_mariadb.queue
    with queue.engine.connect() as connection:
        connection.exec_driver_sql("XA START 'in-doubt'")
        on_mariadb.producer.bind(connection).service.note(1)
        changed = found_soon(queue, "has changed 1 row:")
        connection.exec_driver_sql("XA END 'in-doubt'")
        connection.exec_driver_sql("XA PREPARE 'in-doubt'")
        in_doubt = found_soon(queue, "'in-doubt' is in doubt")
        connection.exec_driver_sql("XA ROLLBACK 'in-doubt'")
    assert "KILL" in changed
    assert in_doubt


def test_a_table_without_transactions(on_mariadb):
    """A table in another engine than InnoDB is found."""
    name = on_mariadb.queue.tables.meta.name
    with on_mariadb.queue.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {name} ENGINE = MyISAM")
    assert f"ALTER TABLE {name} ENGINE = InnoDB" in only(on_mariadb.queue)
