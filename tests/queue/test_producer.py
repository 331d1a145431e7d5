"""Producers append calls durably: alone, in batches, and in the caller's own transaction."""

from __future__ import annotations

import asyncio
import time
from unittest.mock import MagicMock

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from tests.queue.conftest import make_queue
from tests.queue.helpers import Setting

from spyne.client.queue import Producer
from spyne.queue import Queue, QueueFull, Receipt
from spyne.server.queue import Consumer


@pytest.fixture
def setting(queue):
    """Return an application on each kind of database."""
    return Setting(queue)


def test_a_call_returns_a_receipt(setting):
    """Receipts name the tasks by ids that grow; nothing else is returned."""
    receipts = setting.put(1, 2)
    assert receipts == [Receipt(1, "default"), Receipt(2, "default")]


def test_a_batch_is_one_transaction_in_order(setting):
    """The calls of a batch get ids in their order, or none of them where the block fails."""
    with setting.producer.batch() as batch:
        for value in range(1500):
            assert batch.service.note(value) is None
        batch.options(key="red").service.note(-1)
    ids = [receipt.task_id for receipt in batch.receipts]
    assert len(ids) == 1501
    assert ids == sorted(ids)
    with pytest.raises(ZeroDivisionError):
        _fail_in_a_batch(setting)
    setting.consumer().run_until_idle()
    assert setting.notes.of("one") == [*range(1500), -1]


def _fail_in_a_batch(setting):
    with setting.producer.batch() as batch:
        batch.service.note(1)
        raise ZeroDivisionError


@pytest.mark.parametrize("kind", ["session", "connection"])
def test_the_callers_transaction_decides(setting, kind):
    """A bound producer's tasks exist if the caller's transaction is committed, and never if it is rolled back."""
    setting.queue.create()
    engine = setting.queue.engine
    with Session(engine) if kind == "session" else engine.connect() as place:
        setting.producer.bind(place).service.note(1)
        place.rollback()
        bound = setting.producer.bind(place)
        bound.service.note(2)
        bound.options(key="red").service.note(3)
        place.commit()
        bound.service.note(4)
    setting.consumer().run_until_idle()
    assert setting.notes.of("one") == [2, 3]


def test_wrong_arguments(setting):
    """A call that cannot be written fails like the call of a function, and nothing is appended."""
    with pytest.raises(TypeError):
        setting.producer.service.note(1, 2)
    with pytest.raises(AttributeError, match="no method 'nothing'"):
        _ = setting.producer.service.nothing
    assert setting.consumer().run_until_idle() == 0


def test_a_key_that_is_too_long(setting):
    """A key is refused before it meets its column."""
    with pytest.raises(ValueError, match="has 1001 characters; at most 1000 are kept"):
        setting.put(1, key="x" * 1001)
    with pytest.raises(ValueError, match="1 to 190 characters"):
        Queue("sqlite://", "x" * 191)


def test_topics_are_logs_of_their_own(setting):
    """One set of tables holds several topics, each with positions of its own."""
    queue = setting.queue
    other = Queue(queue.engine, "other", prefix=queue.tables.prefix)
    elsewhere = Setting(other)
    setting.put(1)
    elsewhere.put(10, 11)
    setting.put(2)
    setting.consumer().run_until_idle()
    elsewhere.consumer().run_until_idle()
    assert (setting.notes.of("one"), elsewhere.notes.of("one")) == ([1, 2], [10, 11])
    assert [transport.position for transport in elsewhere.notes.contexts] == [1, 2]
    other.close()


def test_a_full_queue(setting):
    """Beyond `max_lag` a producer is refused, or waits for the slowest durable consumer."""
    consumer = setting.consumer()
    consumer.run_until_idle()
    full = Producer(setting.queue, setting.app, max_lag=3)
    for value in range(3):
        full._lag_seen = 0.0
        full.service.note(value)
    full._lag_seen = 0.0
    with pytest.raises(QueueFull, match="the slowest consumer is 3 tasks behind, max_lag is 3"):
        full.service.note(3)
    consumer.run_until_idle()
    full.service.note(4)
    consumer.run_until_idle()
    assert setting.notes.of("one") == [0, 1, 2, 4]


def test_sources_that_cannot_be_queues():
    """What is no address and no engine is refused, and so is another kind of database."""
    with pytest.raises(TypeError, match="a queue takes a URL, an Engine or an AsyncEngine"):
        Queue(12)
    with pytest.raises(ValueError, match="SQLite, PostgreSQL or MariaDB, not mssql"):
        Queue(sa.create_engine("mssql+pyodbc://nowhere", module=MagicMock(paramstyle="qmark", version="9.9")))


def test_the_same_from_an_event_loop(request):
    """With an AsyncEngine calls and batches in the caller's transactions are awaited."""
    url = request.getfixturevalue("postgresql")

    async def main():
        engine = create_async_engine(url)
        queue = make_queue(engine)
        setting = Setting(queue)
        assert (await setting.producer.service.note(1)).task_id == 1
        async with AsyncSession(engine) as session:
            bound = setting.producer.bind(session)
            await bound.service.note(2)
            await session.rollback()
            await bound.service.anote(3)
            await session.commit()
        async with engine.begin() as connection:
            await setting.producer.bind(connection).service.note(4)
        with pytest.raises(TypeError, match="async with producer"):
            setting.producer.batch().__enter__()
        async with setting.producer.batch() as batch:
            batch.service.note(5)
            batch.service.note(6)
        assert len(batch.receipts) == 2
        await setting.consumer().arun_until_idle()
        queue.close()
        await engine.dispose()
        return setting.notes.of("one")

    assert asyncio.run(main()) == [1, 3, 4, 5, 6]


def test_an_asynchronous_consumer(request):
    """Coroutines are awaited on the loop with a connection of its colour, their work is the consumer's transaction, and a stop ends it."""
    url = request.getfixturevalue("postgresql")

    async def main():
        engine = create_async_engine(url)
        queue = make_queue(engine)
        setting = Setting(queue)
        consumer = setting.consumer()
        serving = asyncio.create_task(consumer.aserve_forever())
        for value in range(5):
            await setting.producer.service["anote" if value % 2 else "note"](value)
        until = time.monotonic() + 20
        while len(setting.notes) < 5:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
        consumer.stop()
        await serving
        async with engine.connect() as connection:
            table = queue.tables.status
            row = (await connection.execute(sa.select(table.c.pos, table.c.owner))).one()
        queue.close()
        await engine.dispose()
        return setting.notes.of("one"), tuple(row)

    assert asyncio.run(main()) == ([0, 1, 2, 3, 4], (5, None))


def test_serving_in_the_other_colour(quick_queue):
    """A consumer on a plain engine says which method serves it."""
    setting = Setting(quick_queue)
    with pytest.raises(TypeError, match="needs an AsyncEngine"):
        asyncio.run(setting.consumer().aserve_forever())


def test_sqlite_in_memory():
    """A queue in memory is the shipped double: producers and consumers of one Queue meet in it."""
    with Queue("sqlite://") as queue:
        setting = Setting(queue)
        setting.put(1, 2)
        assert Consumer(queue, setting.app, 1).run_until_idle() == 2
