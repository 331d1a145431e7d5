"""Consumers wake up when something is appended, end when they are told to, and a bell that fails only costs time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from tests.queue.conftest import make_queue
from tests.queue.helpers import Setting
from tests.queue.test_leases import Serving, claim, wait_for

from spyne.queue import LeaseLost, Queue

PATIENCE = 20
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def setting(queue):
    """Return an application on each kind of database, whose consumers look by themselves only once an hour."""
    queue.poll = 3600
    return Setting(queue)


@pytest.mark.parametrize("how", ["call", "batch", "session", "connection"])
def test_a_ring_wakes_a_consumer(setting, how):
    """Whichever way a task is appended, a consumer that waits hears of it."""
    setting.consumer().run_until_idle()
    with Serving(setting.consumer()):
        wait_for(lambda: setting.cursor().owner)
        time.sleep(0.1)  # it waits now
        if how == "call":
            setting.put(1)
        elif how == "batch":
            with setting.producer.batch() as batch:
                batch.service.note(1)
        else:
            with Session(setting.queue.engine) if how == "session" else setting.queue.engine.connect() as place:
                setting.producer.bind(place).service.note(1)
                place.commit()
        wait_for(lambda: setting.notes.of("one") == [1])


def test_a_ring_is_heard_by_other_processes(queue):
    """A producer of another process, here with an engine and a bell of its own, wakes a consumer."""
    queue.poll = 3600
    setting = Setting(queue)
    setting.consumer().run_until_idle()
    with Queue(queue.engine.url, prefix=queue.tables.prefix) as other, Serving(setting.consumer()):
        wait_for(lambda: setting.cursor().owner)
        time.sleep(0.1)
        elsewhere = Setting(other)
        elsewhere.put(1)
        wait_for(lambda: setting.notes.of("one") == [1])


def cut_listeners(engine):
    """End the server's side of all connections that wait for notifications; return whether there were some."""
    cut = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    with engine.begin() as connection:
        return connection.execute(cut).all()


def test_a_consumer_hears_again_after_its_connection_was_cut(postgresql_queue):
    """The connection for notifications is made anew when it breaks, and what was appended meanwhile is found."""
    setting = Setting(postgresql_queue)
    setting.consumer().run_until_idle()
    with Serving(setting.consumer()):
        wait_for(lambda: cut_listeners(setting.queue.engine))
        setting.put(1)
        wait_for(lambda: setting.notes.of("one") == [1])
        setting.put(2)
        wait_for(lambda: setting.notes.of("one") == [1, 2])


PROGRAM = """
import sys, time
from tests.queue.helpers import Notes, application
from spyne.queue import Queue
from spyne.server.queue import Consumer

class Slow(Notes):
    def append(self, seen):
        print("begun", flush=True)
        time.sleep(float(sys.argv[3]))
        print("ended", flush=True)

Consumer(Queue(sys.argv[1], prefix=sys.argv[2]), application(Slow()), "one", grace=float(sys.argv[4])).serve_forever()
"""


def serve_elsewhere(queue, task, grace):
    """Start a consumer in a process of its own, whose tasks take some seconds."""
    url = queue.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", PROGRAM, url, queue.tables.prefix, str(task), str(grace)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_lets_the_task_end(tmp_path, number):
    """On SIGTERM and SIGINT the running task is finished, the cursor saved, the lease given back, and the process ends with status 0."""
    with make_queue(f"sqlite:///{tmp_path}/queue.db") as queue:
        setting = Setting(queue)
        setting.put(1, 2)
        with serve_elsewhere(queue, task=0.5, grace=10) as process:
            assert process.stdout.readline() == "begun\n"
            process.send_signal(number)
            assert process.wait(PATIENCE) == 0
            assert process.stdout.read() == "ended\n"
        assert (setting.cursor().pos, setting.cursor().owner) == (1, None)


def test_a_task_is_given_up_after_the_grace(postgresql_queue):
    """A task that does not end within `grace` seconds of a stop is interrupted and rolled back, and comes again."""
    setting = Setting(postgresql_queue)
    setting.put(1)
    with serve_elsewhere(postgresql_queue, task=60, grace=0.3) as process:
        assert process.stdout.readline() == "begun\n"
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert (setting.cursor().pos, setting.cursor().owner) == (0, None)
    setting.consumer().run_until_idle()
    assert setting.notes.of("one") == [1]


def test_a_passing_consumer_takes_only_its_own_cursor_along(quick_queue):
    """A consumer that is not durable and has lost its lease leaves the new owner's cursor alone."""
    setting = Setting(quick_queue)
    setting.consumer().run_until_idle()
    old, _ = claim(setting, "old", seconds=-1)
    claim(setting, "new")
    with pytest.raises(LeaseLost), quick_queue.begin() as connection:
        quick_queue.cursors.forget(connection, old)
    assert setting.cursor().owner == "new"


def test_a_line_that_is_dead_is_noticed(postgresql):
    """Engines made of a URL watch their connections to PostgreSQL; what the URL itself says is left."""
    with Queue(f"{postgresql}?keepalives_idle=77") as queue:
        query = queue.engine.url.query
        assert (query["keepalives_idle"], query["tcp_user_timeout"]) == ("77", "30000")
        with queue.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
