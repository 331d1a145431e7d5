"""One living owner a consumer id: others stand by or are refused, take over from the dead, and the dead change nothing any more."""

from __future__ import annotations

import threading
import time

import pytest
import sqlalchemy as sa
from tests.queue.helpers import Setting

from spyne import Application, Integer, Service, rpc
from spyne.client.queue import Producer
from spyne.protocol.json import JsonDocument
from spyne.queue import LeaseLost, Park, WorkerBusy
from spyne.queue.sql.engine import transaction
from spyne.server.queue import Consumer

PATIENCE = 20


@pytest.fixture
def setting(queue):
    """Return an application on each kind of database."""
    return Setting(queue)


class Serving:
    """A consumer that serves in a thread until the block ends."""

    def __init__(self, consumer):
        self.consumer = consumer
        self.error = None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            self.consumer.serve_forever()
        except Exception as error:
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.consumer.stop()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


def wait_for(condition):
    """Wait until a condition holds."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def claim(setting, owner, seconds=15.0, lane=0):
    """Take the lease of consumer "one" as some owner does."""
    queue = setting.queue
    queue.create()
    with queue.connect() as connection:
        head = queue.log.state(connection).head
        connection.rollback()
        return queue.cursors.claim(connection, "one", lane, owner, seconds=seconds, batch=1, head=head)


def test_a_second_owner_is_refused(setting):
    """With standby=False a second process of the same id ends at once with an error that says why."""
    with Serving(setting.consumer()):
        wait_for(lambda: setting.queue._is_ready and setting.cursor() is not None and setting.cursor().owner)
        with pytest.raises(WorkerBusy, match="'one' has a living owner"):
            setting.consumer(standby=False).serve_forever()


def test_a_second_owner_takes_over_when_the_first_one_leaves(setting):
    """A process that stands by serves soon after the owner has released the lease."""
    first, second = setting.consumer(lease=60), setting.consumer(lease=60)
    with Serving(first):
        wait_for(lambda: setting.queue._is_ready and setting.cursor() is not None and setting.cursor().owner)
        with Serving(second):
            setting.put(1)
            wait_for(lambda: setting.notes.of("one") == [1])
            first.stop()
            wait_for(lambda: setting.cursor().owner == second.options.owner)
            setting.put(2)
            wait_for(lambda: setting.notes.of("one") == [1, 2])


def test_an_owner_that_vanished_is_replaced_after_its_lease(setting):
    """A lease that is not renewed runs out by the database's clock, and the new owner has the next epoch."""
    setting.consumer().run_until_idle()
    lease, _ = claim(setting, "gone", seconds=0.5)
    setting.put(1)
    assert setting.consumer().run_until_idle() == 0
    time.sleep(0.6)
    assert setting.consumer().run_until_idle() == 1
    assert setting.notes.contexts[0].epoch == lease.epoch + 1


def test_a_lease_is_kept_while_a_task_takes_long(setting):
    """A task longer than the lease keeps its owner, whether it works in a transaction or not."""
    entered = threading.Event()

    class Slow(Service):
        @rpc(Integer)
        def sleep(ctx, value):
            setting.notes.append((ctx.transport.consumer_id, ctx.transport.epoch))
            entered.set()
            time.sleep(1.5)

    app = Application([Slow], "tests.queue", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    Producer(setting.queue, app).service.sleep(1)
    other = Consumer(setting.queue, app, "one", lease=0.6)
    with Serving(Consumer(setting.queue, app, "one", lease=0.6)), Serving(other):
        assert entered.wait(PATIENCE)
        wait_for(lambda: setting.cursor().pos == 1)
    assert len(setting.notes) == 1


def test_a_task_that_takes_too_long_loses_the_lease(setting, caplog):
    """After task_timeout the lease is not renewed, another owner runs the task, and the first one's work is rolled back."""
    setting.make_effects()
    entered, leave = threading.Event(), threading.Event()

    class Stuck(Service):
        @rpc(Integer)
        def stuck(ctx, value):
            if not entered.is_set():
                entered.set()
                leave.wait(PATIENCE)
            if ctx.transport.connection is not None:
                ctx.transport.connection.execute(
                    sa.text("INSERT INTO effects (worker, pos, value) VALUES ('one', :pos, :epoch)"),
                    {"pos": ctx.transport.position, "epoch": ctx.transport.epoch},
                )

    app = Application([Stuck], "tests.queue", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    Producer(setting.queue, app).service.stuck(1)
    delivery = "effectively_once" if setting.queue.database.in_transaction else "at_least_once"
    stuck = Consumer(setting.queue, app, "one", lease=0.4, task_timeout=0.5, delivery=delivery)
    heard = []
    stuck.event_manager.add_listener("lease_lost", heard.append)
    with Serving(stuck):
        assert entered.wait(PATIENCE)
        with Serving(Consumer(setting.queue, app, "one", delivery=delivery)):
            wait_for(lambda: setting.cursor().pos == 1)
            leave.set()
            wait_for(
                lambda: heard or "is in trouble" in caplog.text
            )  # the database may have ended the idle transaction
    if delivery == "effectively_once":
        ((position, epoch),) = setting.effects()
        assert (position, epoch) == (1, 2)
    assert "a task runs for more than task_timeout=0.5 s" in caplog.text


def test_who_has_lost_the_lease_changes_nothing(setting):
    """A zombie's save, renewal and release are refused, and its transaction with the work in it is rolled back."""
    setting.make_effects()
    setting.consumer().run_until_idle()
    old, _ = claim(setting, "zombie", seconds=-1)
    new, _ = claim(setting, "heir")
    cursors, queue = setting.queue.cursors, setting.queue
    with queue.connect() as connection:
        for change in (
            lambda: cursors.save(connection, old, before=0, position=5, seconds=15),
            lambda: cursors.renew(connection, old, 15),
            lambda: cursors.release(connection, old),
        ):
            with pytest.raises(LeaseLost, match="has another owner than zombie now"):
                _work_and(change, connection, queue)
    assert setting.effects() == []
    assert (setting.cursor().pos, setting.cursor().owner, setting.cursor().epoch) == (0, "heir", new.epoch)


def _work_and(change, connection, queue):
    with transaction(connection, queue.database):
        connection.execute(sa.text("INSERT INTO effects VALUES ('one', 1, 1)"))
        change()


def test_a_cursor_that_moved_is_not_saved_over(setting):
    """The compare-and-set names the position too: a second save from the same place is refused."""
    setting.consumer().run_until_idle()
    lease, _ = claim(setting, "one of two threads")
    with setting.queue.begin() as connection:
        setting.queue.cursors.save(connection, lease, before=0, position=3, seconds=15)
    with pytest.raises(LeaseLost), setting.queue.begin() as connection:
        setting.queue.cursors.save(connection, lease, before=0, position=2, seconds=15)
    assert setting.cursor().pos == 3


def test_a_task_that_ends_processes_is_parked(setting):
    """After max_crashes unclean ends at one position the task is put aside unrun; those around it are run one by one before, and all at once after."""
    setting.put(1)
    setting.consumer().run_until_idle()
    setting.put(2, 3, 4)
    setting.consumer("another").run_until_idle()  # gives positions
    for process in range(3):
        lease, cursor = claim(setting, f"process {process}", seconds=-1)
        if cursor.crashes:
            with setting.queue.begin() as connection:
                setting.queue.cursors.try_suspect(connection, lease, cursor.crashes + 1)
    assert setting.cursor().crash_count == 3
    setting.consumer(max_crashes=3).run_until_idle()
    assert setting.notes.of("one") == [1, 3, 4]
    (row,) = setting.parked()
    assert (row.pos, row.state) == (2, "poison")
    assert "processes ended 3 times while this task was next" in row.error


def test_processes_that_end_before_they_begin_blame_no_task(setting):
    """However often a process ends between taking the lease and running the task, one crash is counted: the task that is next has done nothing."""
    setting.put(1)
    setting.consumer("another").run_until_idle()  # gives positions
    setting.consumer(start="beginning").queue.create()
    with setting.queue.connect() as connection:
        setting.queue.cursors.make(connection, "one", 0, 1, 0, durable=True)
    for process in range(5):
        _, cursor = claim(setting, f"process {process}", seconds=-1)
        assert cursor.crashes == min(process, 1)
    setting.consumer(max_crashes=3).run_until_idle()
    assert setting.notes.of("one") == [1]
    assert setting.cursor().crash_count == 0


def test_a_process_that_lost_its_connection_is_no_crash(setting):
    """Who takes its own lease again has lived through the task, whatever was counted before it."""
    setting.consumer().run_until_idle()
    setting.put(1)
    setting.consumer("another").run_until_idle()  # gives positions
    claim(setting, "dead", seconds=-1)
    for _ in range(5):
        lease, cursor = claim(setting, "living", seconds=-1)
        assert cursor.crashes == 1
        with setting.queue.begin() as connection:
            setting.queue.cursors.try_suspect(connection, lease, cursor.crashes + 1)


def test_crashes_where_nothing_was_next_do_not_count(setting):
    """A process that is killed while it waits has no task to blame."""
    setting.consumer().run_until_idle()
    for process in range(5):
        claim(setting, f"process {process}", seconds=-1)
    setting.put(1)
    setting.consumer(max_crashes=2).run_until_idle()
    assert setting.notes.of("one") == [1]


def test_after_a_crash_tasks_are_run_alone_until_the_suspects_are_passed(quick_queue):
    """The batch in which a process ended is run one task at a time, and the next batch as a whole."""
    setting = Setting(quick_queue)
    setting.consumer().run_until_idle()
    setting.put(*range(8))
    with quick_queue.connect() as connection:
        quick_queue.cursors.claim(connection, "one", 0, "will crash", seconds=-1, batch=4, head=8)
    saved = []
    consumer = setting.consumer(on_error=Park(), max_batch_ms=10_000)
    consumer.event_manager.add_listener("batch_saved", lambda lease, before, position: saved.append((before, position)))
    consumer.run_until_idle()
    assert saved == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 8)]


def test_a_consumer_that_is_not_durable_leaves_nothing(setting):
    """The cursor of a passing consumer goes with it."""
    setting.put(1)
    setting.consumer(durable=False, start="end").run_until_idle()
    assert setting.cursor() is None
