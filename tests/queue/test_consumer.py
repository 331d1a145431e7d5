"""Tasks go through the whole pipeline, in order, for every consumer; what fails is dealt with as the consumer was told."""

from __future__ import annotations

import datetime
import logging

import pytest
import sqlalchemy as sa
from tests.queue.helpers import Setting, application

from spyne import Application, Integer, Service, rpc
from spyne.client.queue import Producer
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.queue import Backoff, GoOn, Park, Retry, Stop, TaskFailed
from spyne.server.queue import Consumer


@pytest.fixture
def setting(queue):
    """Return an application on each kind of database."""
    return Setting(queue)


@pytest.fixture
def quick(quick_queue):
    """Return an application on SQLite."""
    return Setting(quick_queue)


def test_every_consumer_runs_every_task_in_order(setting):
    """Two consumers see all tasks in the order of the calls, each with its own cursor."""
    setting.put(*range(25))
    assert setting.consumer("one", batch=10).run_until_idle() == 25
    setting.put(25)
    assert setting.consumer("two").run_until_idle() == 26
    assert setting.consumer("one").run_until_idle() == 1
    assert setting.notes.of("one") == setting.notes.of("two") == list(range(26))


@pytest.mark.parametrize("protocol", [Soap11, XmlDocument, JsonDocument], ids=lambda protocol: protocol.__name__)
def test_any_protocol_carries_tasks(quick, protocol):
    """The bytes in the log are the protocol's own."""
    app = application(quick.notes, protocol)
    Producer(quick.queue, app).service.note(7)
    with quick.queue.connect() as connection:
        (task,) = quick.queue.log.read(connection, 0, most=10, max_bytes=1000)
    assert b"note" in task.data
    Consumer(quick.queue, app, "one").run_until_idle()
    assert quick.notes.of("one") == [7]


def test_the_transport_context_names_the_task(setting):
    """Handlers and listeners find the consumer's id as it was given, the ids of the task, and a key that each attempt shares."""
    heard = []
    (receipt,) = setting.put(5, key="customer")
    setting.app.event_manager.add_listener(
        "method_call", lambda ctx: heard.append((ctx.transport.consumer_id, ctx.transport.task_id))
    )
    setting.consumer(12).run_until_idle()
    (transport,) = setting.notes.contexts
    assert heard == [(12, receipt.task_id)]
    assert (transport.type, transport.position, transport.attempt, transport.key) == ("queue", 1, 1, "customer")
    assert transport.idempotency_key == f"{setting.queue.incarnation}:12:default:1"
    assert abs(transport.created_at / 1000 - datetime.datetime.now().timestamp()) < 60


def test_the_address_of_the_transport_is_in_the_wsdl(quick):
    """The documented address is the transport of the SOAP binding."""
    app = application(quick.notes, Soap11)
    Consumer(quick.queue, app, "one")
    wsdl = app.interface.docs.wsdl11
    wsdl.build_interface_document("http://example.com/")
    assert b'transport="http://sqlalchemy.persistent.queue/"' in wsdl.get_interface_document()


def test_effects_and_cursor_are_one_transaction(setting):
    """In effectively-once delivery a failed task leaves nothing, its neighbours everything, and the cursor passes all three."""
    setting.make_effects()
    setting.put(1, 2, 3, method="store")
    setting.notes.failing = {2: 1}
    setting.consumer(delivery="effectively_once").run_until_idle()
    assert setting.effects() == [(1, 1), (3, 3)]
    assert setting.cursor().pos == 3


def test_a_long_batch_with_effects_is_saved_in_parts(setting):
    """More tasks that use the connection than a transaction should have savepoints are all run once."""
    setting.make_effects()
    with setting.producer.batch() as batch:
        for value in range(120):
            batch.service.store(value)
    setting.consumer(delivery="effectively_once", max_batch_ms=10_000).run_until_idle()
    assert setting.effects() == [(value + 1, value) for value in range(120)]


def test_a_handler_without_the_connection_costs_no_savepoint(late_queue):
    """A savepoint is made only for a task that asks for the connection."""
    setting = Setting(late_queue)
    setting.put(1)
    statements = []
    sa.event.listen(late_queue.engine, "savepoint", lambda connection, name: statements.append(name))
    setting.consumer().run_until_idle()
    assert setting.notes.of("one") == [1]
    assert statements == []


@pytest.mark.parametrize("delivery", ["at_least_once", "at_most_once"])
def test_without_a_transaction_there_is_no_connection(setting, delivery):
    """Handlers of the other two kinds of delivery are given no connection."""
    setting.put(1, 2)
    setting.consumer(delivery=delivery).run_until_idle()
    assert setting.notes.of("one") == [1, 2]
    assert [transport.connection for transport in setting.notes.contexts] == [None, None]


def test_at_most_once_saves_before_it_runs(quick):
    """A process that ends within a task does not see that task again."""
    seen = []

    class Dying(Service):
        @rpc(Integer)
        def die(ctx, value):
            seen.append(value)
            raise KeyboardInterrupt

    app = Application([Dying], "tests.queue", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    producer = Producer(quick.queue, app)
    producer.service.die(1)
    producer.service.die(2)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            Consumer(quick.queue, app, "one", delivery="at_most_once").run_until_idle()
    assert seen == [1, 2]


def test_the_engine_of_others_is_left_as_it_is(postgresql_queue):
    """What a consumer sets for its own connection is not found on those that others get of the same engine."""
    setting = Setting(postgresql_queue)
    show = sa.text("SHOW idle_in_transaction_session_timeout")
    inside = []
    setting.app.event_manager.add_listener(
        "method_call", lambda ctx: inside.append(ctx.transport.connection.execute(show).scalar())
    )
    setting.put(1)
    setting.consumer(task_timeout=77).run_until_idle()
    with setting.queue.engine.connect() as connection:
        outside = connection.execute(show).scalar()
    assert (inside, outside) == (["77s"], "0")


def test_at_most_once_tells_how_far_it_went(quick):
    """Listeners hear of each step of the cursor, and a failure is counted though it changes nothing."""
    saved = []
    consumer = quick.consumer(delivery="at_most_once")
    consumer.event_manager.add_listener("batch_saved", lambda lease, before, position: saved.append((before, position)))
    quick.put(1, 2)
    quick.notes.failing = {1: 1}
    consumer.run_until_idle()
    assert saved == [(0, 1), (1, 2)]
    assert (quick.notes.of("one"), quick.cursor().failed) == ([2], 1)


# --- what fails ---


def test_a_failed_last_task_is_not_run_again(setting, caplog):
    """The default policy logs the error and moves the cursor, also when nothing follows: the documented example ran it again for ever."""
    setting.put(1)
    setting.notes.failing = {1: 100}
    consumer = setting.consumer()
    assert consumer.run_until_idle() == 1
    assert consumer.run_until_idle() == 0
    assert len(setting.notes.contexts) == 1
    assert "Server.NotNow: 1 fails" in caplog.text
    cursor = setting.cursor()
    assert (cursor.pos, cursor.failed, cursor.last_error) == (1, 1, "Server.NotNow: 1 fails")


def test_a_task_that_cannot_be_read_is_passed(setting, caplog):
    """Bytes that are no request fail like any task, and are never tried again."""
    setting.producer.append([_new(b"\xc1 no request")])
    setting.put(2)
    setting.consumer(on_error=Retry(attempts=50, backoff=Backoff(100))).run_until_idle()
    assert setting.notes.of("one") == [2]
    assert "position 1, attempt 1) failed, go_on" in caplog.text


def _new(data):
    from spyne.queue.task import NewTask

    return NewTask(data)


def test_retry_keeps_the_order(setting):
    """A task that fails twice is run until it succeeds, while those behind it wait; attempts are counted across owners."""
    setting.put(1, 2, 3)
    setting.notes.failing = {2: 2}
    policy = Retry(attempts=5, backoff=Backoff(0.001, jitter=0))
    for _ in range(10):
        setting.consumer(on_error=policy).run_until_idle()
    assert setting.notes.of("one") == [1, 2, 3]
    assert [transport.attempt for transport in setting.notes.contexts] == [1, 1, 2, 3, 1]


def test_retry_ends_with_what_comes_then(quick):
    """After the last attempt the second policy decides."""
    quick.put(1, 2)
    quick.notes.failing = {1: 100}
    policy = Retry(attempts=3, backoff=Backoff(0.0), then=GoOn())
    quick.consumer(on_error=policy).run_until_idle()
    assert quick.notes.of("one") == [2]
    assert len(quick.notes.contexts) == 4


def test_stop_leaves_the_cursor_before_the_task(setting):
    """The consumer ends with an error that names the task, and begins there again."""
    setting.put(1, 2, 3)
    setting.notes.failing = {2: 1}
    with pytest.raises(TaskFailed, match=r"at position 2 of topic 'default' failed: Server\.NotNow: 2 fails"):
        setting.consumer(on_error=Stop()).run_until_idle()
    assert setting.cursor().pos == 1
    setting.consumer(on_error=Stop()).run_until_idle()
    assert setting.notes.of("one") == [1, 2, 3]


def test_park_goes_on_and_keeps_the_order_of_a_key(setting):
    """Other keys pass a parked task; later tasks of its own key wait behind it and follow in order."""
    setting.put(1, 2, 3, key="red")
    setting.put(10, 11, key="blue")
    setting.put(4, key="red")
    setting.notes.failing = {1: 2}
    consumer = setting.consumer(on_error=Park(backoff=Backoff(1000)))
    consumer.run_until_idle()
    assert setting.notes.of("one") == [10, 11]
    assert [row.pos for row in setting.parked()] == [1, 2, 3, 6]
    assert setting.cursor().pos == 6
    _until_nothing_is_parked(setting, consumer)
    assert setting.notes.of("one") == [10, 11, 1, 2, 3, 4]


def _until_nothing_is_parked(setting, consumer):
    """Let the time of parked tasks come, again and again."""
    parked = setting.queue.tables.parked
    for _ in range(20):
        if not setting.parked():
            return
        with setting.queue.begin() as connection:
            connection.execute(sa.update(parked).values(next_at=0))
        consumer.run_until_idle()
    pytest.fail("it stays parked")


def test_parked_for_good(setting):
    """After the last attempt a task stays parked, with its error and traceback, until somebody asks for it."""
    setting.put(1)
    setting.notes.failing = {1: 2}
    consumer = setting.consumer(on_error=Park(attempts=1))
    consumer.run_until_idle()
    (row,) = setting.parked()
    assert (row.state, row.attempts, row.error) == ("dead", 1, "Server.NotNow: 1 fails")
    consumer.run_until_idle()
    assert len(setting.notes.contexts) == 1
    with setting.queue.begin() as connection:
        assert setting.queue.parked.retry(connection, "one", [1]) == 1
    consumer = setting.consumer(on_error=Park(attempts=3, backoff=Backoff(0.0)))
    _until_nothing_is_parked(setting, consumer)
    assert setting.notes.of("one") == [1]


def test_an_unexpected_error_is_kept_with_its_cause(setting):
    """The tables say what an operator needs, which the fault itself does not tell."""

    class Broken(Service):
        @rpc()
        def broken(ctx):
            raise ZeroDivisionError("secret")

    app = Application([Broken], "tests.queue", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    Producer(setting.queue, app).service.broken()
    Consumer(setting.queue, app, "one", on_error=Park(attempts=1)).run_until_idle()
    (row,) = setting.parked()
    assert row.error == "Server: Internal Error (ZeroDivisionError: secret)"
    assert "ZeroDivisionError: secret" in row.traceback


def test_a_handler_must_not_end_the_transaction(late_queue, caplog):
    """A commit of the consumer's own transaction is a failure of that task, with the way out in the log; the next task is run once."""
    setting = Setting(late_queue)
    setting.make_effects()

    class Ending(Service):
        @rpc()
        def end(ctx):
            ctx.transport.connection.commit()

        @rpc(Integer)
        def store(ctx, value):
            ctx.transport.connection.execute(
                sa.text("INSERT INTO effects (worker, pos, value) VALUES ('one', :pos, :value)"),
                {"pos": ctx.transport.position, "value": value},
            )

    app = Application([Ending], "tests.queue", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    producer = Producer(late_queue, app)
    producer.service.end()
    producer.service.store(2)
    Consumer(late_queue, app, "one").run_until_idle()
    assert "which is the consumer's own transaction; use a savepoint" in caplog.text
    assert setting.effects() == [(2, 2)]


def test_an_error_that_comes_with_the_commit_is_the_tasks_own(postgresql_queue):
    """A deferred constraint fails when the batch is committed: the tasks are run one by one, and only the one that breaks it fails."""
    setting = Setting(postgresql_queue)
    setting.make_effects()
    with setting.queue.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE effects ADD UNIQUE (value) DEFERRABLE INITIALLY DEFERRED"))
    setting.put(1, 2, 2, 3, method="store")
    setting.consumer().run_until_idle()
    assert setting.effects() == [(1, 1), (2, 2), (4, 3)]
    assert setting.cursor().failed == 1


def test_events_of_the_consumer(quick):
    """Listeners of the consumer hear of its lease, of saved batches, of failed and of parked tasks."""
    heard = []
    consumer = quick.consumer(on_error=Park(attempts=1))
    for name in ("lease_claimed", "batch_saved", "task_failed", "task_parked"):
        consumer.event_manager.add_listener(name, lambda *about, name=name: heard.append(name))
    quick.put(1)
    quick.notes.failing = {1: 1}
    consumer.run_until_idle()
    assert heard == ["lease_claimed", "task_failed", "task_parked", "batch_saved"]


# --- where a new consumer begins ---


def test_start(setting):
    """A new consumer begins at the beginning, the end, after a position or at a moment; one that is known goes on."""
    setting.put(1, 2)
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    starts = {
        "beginning": [1, 2, 3],
        "end": [3],
        1: [2, 3],
        moment: [3],
        moment - datetime.timedelta(hours=2): [1, 2, 3],
    }
    for start in starts:
        setting.consumer(f"at {start}", start=start).run_until_idle()
    setting.put(3)
    for start, values in starts.items():
        setting.consumer(f"at {start}", start="end").run_until_idle()
        assert setting.notes.of(f"at {start}") == values, start


# --- options that cannot work ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delivery": "twice"}, "delivery is one of effectively_once, at_least_once, at_most_once"),
        ({"delivery": "at_most_once", "on_error": Retry()}, "never runs a task again"),
        ({"start": "middle"}, "start is 'beginning', 'end', a position or a datetime, not 'middle'"),
        ({"batch": 0}, "batch is greater than 0, not 0"),
        ({"lease": -1.0}, "lease is greater than 0"),
    ],
)
def test_options_that_cannot_work(quick, options, message):
    """A mistake is named when the consumer is made."""
    with pytest.raises(ValueError, match=message):
        quick.consumer(**options)


def test_an_id_that_is_too_long(quick):
    """The length of a consumer's id is bounded by its column."""
    with pytest.raises(ValueError, match="1 to 190 characters, not 191"):
        quick.consumer("x" * 191)


def test_tasks_larger_than_the_batch_may_be(quick):
    """A batch is cut by the bytes of its tasks; one task that is larger than that goes alone."""
    for size in (10, 5000, 10, 10):
        quick.producer.append([_new(b"x" * size)])
    with quick.queue.connect() as connection:
        sizes = [
            [len(task.data) for task in quick.queue.log.read(connection, after, most=10, max_bytes=100)]
            for after in range(4)
        ]
    assert sizes == [[10, 5000], [5000], [10, 10], [10]]


def test_nothing_is_logged_of_what_succeeds(quick, caplog):
    """A consumer is quiet about tasks that succeed."""
    caplog.set_level(logging.WARNING)
    quick.put(1)
    quick.consumer().run_until_idle()
    assert [record.getMessage() for record in caplog.records if "queue" in record.name] == []
