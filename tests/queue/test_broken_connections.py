"""Consumers whose connections break, through a proxy that breaks them: they go on, and nothing is done twice."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from tests.queue.conftest import make_queue

from drill.proxy import Proxy
from spyne import Application, Integer, Service, rpc
from spyne.client.queue import Producer
from spyne.protocol.json import JsonDocument
from spyne.queue.sql.databases import is_passing
from spyne.server.queue import Consumer


@pytest.fixture
def proxy(postgresql):
    """A proxy before PostgreSQL."""
    url = sa.make_url(postgresql)
    with Proxy(url.host, url.port) as made:
        yield made


@pytest.fixture
def broken(postgresql, proxy):
    """A queue that is reached through the proxy."""
    url = sa.make_url(postgresql).set(port=proxy.port)
    with make_queue(url.render_as_string(hide_password=False)) as made:
        yield made


def storing(queue, before=lambda connection: None):
    """Return an application that stores values, after something else was done with its connection, and the table it stores them in."""
    table = sa.Table(f"{queue.tables.prefix}effects", sa.MetaData(), sa.Column("value", sa.Integer))
    table.create(queue.engine)

    class StoreService(Service):
        @rpc(Integer)
        def store(ctx, value):
            before(ctx.transport.connection)
            ctx.transport.connection.execute(table.insert(), {"value": value})

    return Application([StoreService], "tests.queue", in_protocol=JsonDocument(), out_protocol=JsonDocument()), table


def stored(queue, table):
    """Return what is stored."""
    with queue.engine.connect() as connection:
        return sorted(connection.scalars(sa.select(table.c.value)))


@pytest.mark.parametrize("is_caught", [False, True], ids=["raised", "caught"])
def test_a_connection_that_breaks_in_a_handler(broken, proxy, is_caught):
    """The tasks run again on a new connection, also when the handler keeps the error to itself and goes on; none is taken for failed."""
    cuts = iter([True])

    def cut(connection):
        if next(cuts, False):
            proxy.cut()
            try:
                connection.execute(sa.text("SELECT 1"))
            except DBAPIError:
                if not is_caught:
                    raise

    app, table = storing(broken, cut)
    producer = Producer(broken, app)
    for value in (1, 2, 3):
        producer.service.store(value)
    Consumer(broken, app, "one").run_until_idle()
    assert stored(broken, table) == [1, 2, 3]
    with broken.connect() as connection:
        cursor = broken.cursors.find(connection, "one", 0)
    assert (cursor.pos, cursor.failed) == (3, 0)


def test_a_server_that_is_away_when_a_consumer_starts(broken, proxy):
    """A consumer that starts while connections are refused waits for the server."""
    app, table = storing(broken)
    Producer(broken, app).service.store(1)
    broken.engine.dispose()
    proxy.refuse = True
    proxy.cut()
    consumer = Consumer(broken, app, "one")
    thread = threading.Thread(target=consumer.serve_forever)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    proxy.heal()
    give_up = time.monotonic() + 30
    while stored(broken, table) != [1] and time.monotonic() < give_up:
        time.sleep(0.05)
    consumer.stop()
    thread.join(30)
    assert stored(broken, table) == [1]


def test_an_error_while_the_isolation_is_set(mariadb):
    """MariaDB is told the isolation when a connection is taken: what the driver raises there is an error of SQLAlchemy's that passes."""
    url = sa.make_url(mariadb)
    with Proxy(url.host, url.port) as between:
        through = url.set(port=between.port).render_as_string(hide_password=False)
        with make_queue(through) as queue:
            queue.create()
            between.cut()
            with pytest.raises(DBAPIError) as caught, queue.connect():
                pass
            assert is_passing(caught.value, queue.database)
            with queue.connect() as connection:
                assert queue.log.state(connection).head == 0
