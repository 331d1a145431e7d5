"""What is removed from a log, and what a consumer is told that has not seen it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.queue.helpers import Setting

from spyne.queue import PositionLost, Retention
from spyne.queue.sql.trim import trim


@pytest.fixture
def setting(queue):
    """Return an application on each kind of database."""
    return Setting(queue)


def cut(queue, **retention):
    """Trim a queue once; return how many tasks were removed."""
    with queue.connect() as connection:
        return trim(connection, queue.log, queue.cursors, Retention(**retention))


def kept(queue):
    """Return how many rows the log and the order have."""
    with queue.connect() as connection:
        tables = (queue.tables.queue, queue.tables.order)
        return tuple(connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables)


def test_what_every_durable_consumer_has_seen_goes(setting):
    """The slowest durable consumer holds back what it has not seen; others do not, and without any nothing goes."""
    setting.put(*range(10))
    assert cut(setting.queue) == 0
    setting.consumer("slow").run_until_idle()
    setting.put(*range(10, 15))
    setting.consumer("fast").run_until_idle()
    assert cut(setting.queue) == 10
    assert kept(setting.queue) == (5, 5)
    assert cut(setting.queue) == 0
    setting.consumer("slow").run_until_idle()
    assert setting.notes.of("slow") == list(range(15))
    assert cut(setting.queue) == 5


def test_positions_go_on_after_everything_was_removed(setting):
    """An emptied log goes on at the next position, and a new consumer begins there."""
    setting.put(1, 2)
    setting.consumer().run_until_idle()
    assert cut(setting.queue) == 2
    setting.put(3)
    setting.consumer().run_until_idle()
    setting.consumer("new").run_until_idle()
    assert setting.notes.of("one") == [1, 2, 3]
    assert setting.notes.of("new") == [3]
    assert setting.notes.contexts[-1].position == 3


def test_a_limit_of_rows_tells_the_slow_consumer(setting):
    """A consumer whose tasks were removed by a limit is told which, and how to go on; it never goes on by itself."""
    setting.consumer("slow").run_until_idle()
    setting.put(*range(10))
    setting.consumer("fast").run_until_idle()
    assert cut(setting.queue, max_rows=4) == 6
    heard = []
    for _ in range(2):
        slow = setting.consumer("slow")
        slow.event_manager.add_listener("position_lost", heard.append)
        with pytest.raises(
            PositionLost, match="the tasks 1 to 6 of topic 'default' were removed before consumer 'slow' saw them"
        ):
            slow.run_until_idle()
    assert (heard[0].position, heard[0].first) == (0, 7)
    with setting.queue.begin() as connection:
        assert setting.queue.cursors.seek(connection, "slow", 6) == 1
    setting.consumer("slow").run_until_idle()
    assert setting.notes.of("slow") == [6, 7, 8, 9]


def test_a_limit_of_age(setting):
    """Tasks older than the limit go, whether or not they were seen."""
    setting.put(1, 2)
    log = setting.queue.tables.queue
    with setting.queue.begin() as connection:
        connection.execute(sa.update(log).values(created_at=log.c.created_at - 3_600_000))
    setting.put(3)
    setting.consumer().run_until_idle()
    assert cut(setting.queue, interest=False, max_age=1800) == 2
    assert cut(setting.queue, interest=False, max_age=1800) == 0


def test_a_consumer_that_never_returns(setting):
    """After inactive_after seconds without a sign of life a consumer holds nothing back."""
    setting.consumer("gone").run_until_idle()
    setting.put(1)
    setting.consumer().run_until_idle()
    assert cut(setting.queue, inactive_after=60) == 0
    status = setting.queue.tables.status
    with setting.queue.begin() as connection:
        old = sa.update(status).where(status.c.worker_id == "gone")
        connection.execute(old.values(updated_at=status.c.updated_at - 3_600_000))
    assert cut(setting.queue, inactive_after=1800) == 1


def test_rows_removed_by_other_hands(setting):
    """A gap that no retention explains stops the consumer with an error: it never passes over a task."""
    from spyne.queue import SchemaError

    setting.put(1, 2, 3)
    setting.consumer("first").run_until_idle()
    with setting.queue.begin() as connection:
        connection.execute(sa.delete(setting.queue.tables.order).where(setting.queue.tables.order.c.pos == 1))
    with pytest.raises(SchemaError, match="no task at position 1, though there is one at 2"):
        setting.consumer().run_until_idle()
