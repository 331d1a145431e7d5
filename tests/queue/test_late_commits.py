"""Transactions that commit after the sequencer has looked for them: whatever became of them meanwhile, their tasks get positions."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests import databases
from tests.queue.conftest import make_queue

from spyne.queue.sql import sequencer
from spyne.queue.sql.sequencer import Sequencer
from spyne.queue.task import NewTask


@pytest.fixture(autouse=True)
def _eager(monkeypatch):
    """The mark is moved at once, not only when it is worth it."""
    monkeypatch.setattr(sequencer, "_WORTH_IT", 0)


def append(queue, data):
    """Append a task in a transaction of its own, and give positions to what is there."""
    with queue.begin() as connection:
        queue.log.append(connection, [NewTask(data)])
    sequence(Sequencer(queue.log), queue)


def sequence(runner, queue, times=1):
    """Run a sequencer."""
    with queue.connect() as connection:
        for _ in range(times):
            runner._next_look = 0.0
            runner.run(connection)


def placed(queue):
    """Return the tasks in the order of their positions."""
    with queue.connect() as connection:
        return [task.data for task in queue.log.read(connection, 0, most=100, max_bytes=10**6)]


def test_an_open_transaction_is_waited_for(late_queue):
    """A transaction that was open at the first look still gets its positions, however often was looked meanwhile."""
    late_queue.create()
    runner = Sequencer(late_queue.log)
    with late_queue.connect() as late:
        late_queue.log.append(late, [NewTask(b"late")])
        append(late_queue, b"early")
        sequence(runner, late_queue, times=5)
        late.commit()
    sequence(runner, late_queue, times=5)
    assert placed(late_queue) == [b"early", b"late"]


def test_a_row_that_comes_between_two_looks(mariadb):
    """MariaDB draws an id before it writes the row: one that nobody saw at the first look counts at the second."""
    with make_queue(mariadb) as queue:
        queue.create()
        runner = Sequencer(queue.log)
        with queue.connect() as late:
            ids = queue.log.append(late, [NewTask(b"drawn")])
            late.rollback()
            append(queue, b"early")
            sequence(runner, queue)  # the first look
            row = {"id": ids[0], "topic": queue.topic, "size": 4, "data": b"late"}
            late.execute(queue.tables.queue.insert(), row)
            sequence(runner, queue, times=3)
            late.commit()
        sequence(runner, queue, times=3)
        assert placed(queue) == [b"early", b"late"]


def test_a_transaction_in_doubt_over_a_restart():
    """PostgreSQL names a prepared transaction differently after a restart; it is still waited for."""
    with databases.postgresql() as server, make_queue(server.url) as queue:
        with queue.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("ALTER SYSTEM SET max_prepared_transactions = 5")
        restart(server, queue)
        queue.create()
        runner = Sequencer(queue.log)
        late = queue.engine.connect()
        doubtful = late.begin_twophase("doubtful")
        queue.log.append(late, [NewTask(b"late")])
        append(queue, b"early")
        sequence(runner, queue)  # the first look
        doubtful.prepare()
        late.invalidate()  # closing it would roll back what is prepared
        restart(server, queue)
        sequence(runner, queue, times=3)
        with queue.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("COMMIT PREPARED 'doubtful'")
        sequence(runner, queue, times=3)
        assert placed(queue) == [b"early", b"late"]


def restart(server, queue):
    """Crash a server, start it again, and forget the connections to it."""
    server.crash()
    server.start()
    queue.engine.dispose()


def test_the_mark_moves(late_queue):
    """Once nothing is open any more, the sequencer stops looking at what has positions."""
    late_queue.create()
    append(late_queue, b"one")
    append(late_queue, b"two")
    sequence(Sequencer(late_queue.log), late_queue, times=2)
    with late_queue.connect() as connection:
        state = late_queue.log.state(connection)
        assert state.settled == connection.scalar(sa.select(sa.func.max(late_queue.tables.queue.c.id)))
