"""Positions are dense, in an order that producers can rely on, and nothing that commits is left without one."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from tests.queue.helpers import Setting

from spyne.queue.sql.sequencer import Sequencer


@pytest.fixture
def setting(late_queue):
    """Return an application on each database whose transactions commit out of the order of their ids."""
    return Setting(late_queue)


def state(queue):
    """Return what is known of the topic."""
    with queue.connect() as connection:
        return queue.log.state(connection)


def sequence(queue, sequencer=None):
    """Run a sequencer once; return how many positions it gave."""
    with queue.connect() as connection:
        return (sequencer or Sequencer(queue.log)).run(connection)


def positions(queue):
    """Return the ids of the tasks in the order of their positions, which are dense from 1."""
    order = queue.tables.order
    with queue.connect() as connection:
        rows = connection.execute(sa.select(order.c.pos, order.c.task_id).order_by(order.c.pos)).all()
    assert [row.pos for row in rows] == list(range(1, len(rows) + 1))
    return [row.task_id for row in rows]


def test_a_task_that_commits_late_is_not_lost(setting):
    """The documented example's cursor skipped a task whose transaction was open while a later one was read."""
    setting.queue.create()
    with Session(setting.queue.engine) as late:
        setting.producer.bind(late).service.note(1)
        setting.put(2)
        setting.consumer().run_until_idle()
        assert setting.notes.of("one") == [2]
        late.commit()
    setting.consumer().run_until_idle()
    assert setting.notes.of("one") == [2, 1]
    assert positions(setting.queue) == [2, 1]


def test_an_open_transaction_stops_nobody(setting):
    """While one producer's transaction is open, hundreds of tasks of others are delivered, and its own come in when it commits."""
    setting.queue.create()
    consumer = setting.consumer()
    with Session(setting.queue.engine) as late:
        setting.producer.bind(late).service.note(-1)
        for value in range(30):
            with setting.producer.batch() as batch:
                for _ in range(40):
                    batch.service.note(value)
            consumer.run_until_idle()
        assert len(setting.notes) == 1200
        late.commit()
    consumer.run_until_idle()
    assert setting.notes.of("one")[-1] == -1
    assert len(positions(setting.queue)) == 1201


def test_a_producers_order_is_kept_across_its_transactions(setting):
    """A task that was appended after another one was committed comes after it, however old the id of the other is."""
    setting.queue.create()
    sequencer = Sequencer(setting.queue.log)
    with Session(setting.queue.engine) as producer:
        setting.producer.bind(producer).service.note(1)
        for _ in range(10):
            with setting.producer.batch() as batch:
                for _ in range(100):
                    batch.service.note(0)
            sequencer._next_look = 0.0
            sequence(setting.queue, sequencer)
        producer.commit()
        setting.producer.bind(producer).service.note(2)
        producer.commit()
    sequence(setting.queue, sequencer)
    setting.consumer().run_until_idle()
    assert setting.notes.of("one")[-2:] == [1, 2]


def test_the_mark_moves_past_what_is_settled(setting):
    """Once all transactions of a first look have ended, a later look need not go back before it."""
    setting.queue.create()
    sequencer = Sequencer(setting.queue.log)
    with setting.producer.batch() as batch:
        for value in range(500):
            batch.service.note(value)
    for _ in range(3):
        sequencer._next_look = 0.0
        sequence(setting.queue, sequencer)
    assert state(setting.queue).settled == 500
    with Session(setting.queue.engine) as late:
        setting.producer.bind(late).service.note(1)
        with setting.producer.batch() as batch:
            for value in range(500):
                batch.service.note(value)
        for _ in range(4):
            sequencer._next_look = 0.0
            sequence(setting.queue, sequencer)
        assert state(setting.queue).settled < 501
        late.commit()
    for _ in range(4):
        sequencer._next_look = 0.0
        sequence(setting.queue, sequencer)
    assert state(setting.queue).settled == 1001


def test_a_rolled_back_id_holds_nothing_back(setting):
    """Ids that no task ever had are no gaps in the positions, and the mark passes them."""
    setting.queue.create()
    sequencer = Sequencer(setting.queue.log)
    with Session(setting.queue.engine) as session:
        for _ in range(300):
            setting.producer.bind(session).service.note(1)
        session.rollback()
    setting.put(2)
    for _ in range(3):
        sequencer._next_look = 0.0
        sequence(setting.queue, sequencer)
    assert len(positions(setting.queue)) == 1
    assert state(setting.queue).settled >= 301


def test_several_sequencers_at_once(setting):
    """Any number of processes may give positions: each task gets one, and the positions are dense."""
    setting.queue.create()
    with setting.producer.batch() as batch:
        for value in range(50):
            batch.service.note(value)
    errors = []

    def run():
        try:
            for _ in range(20):
                setting.put(1)
                sequence(setting.queue)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sequence(setting.queue)
    assert errors == []
    assert sorted(positions(setting.queue)) == list(range(1, 131))


def test_a_sequencer_that_works_stops_no_producer(setting):
    """Producers append while a transaction that gives positions is open."""
    setting.put(1)
    with setting.queue.begin() as connection:
        assert setting.queue.log.sequence(connection) == 1
        setting.put(2)
        with setting.queue.begin() as other:
            assert setting.queue.log.sequence(other) is None  # somebody is at it
    sequence(setting.queue)
    assert positions(setting.queue) == [1, 2]


def test_sqlite_gives_positions_at_once(quick_queue):
    """Where there is one writer at a time a task has its position when its transaction commits."""
    setting = Setting(quick_queue)
    setting.put(1)
    with setting.producer.batch() as batch:
        batch.service.note(2)
        batch.service.note(3)
    assert positions(quick_queue) == [1, 2, 3]
    assert (state(quick_queue).head, state(quick_queue).settled) == (3, 3)


def test_ids_are_not_used_twice(quick_queue):
    """After the log was emptied, SQLite goes on counting: a cursor would pass over new tasks otherwise."""
    setting = Setting(quick_queue)
    setting.put(1, 2)
    setting.consumer().run_until_idle()
    with quick_queue.begin() as connection:
        connection.execute(sa.delete(quick_queue.tables.queue))
    (receipt,) = setting.put(3)
    assert receipt.task_id == 3
