"""The command in a real terminal: live views, following, progress, questions."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from tests.cli.conftest import place_of, terminal
from tests.queue.conftest import make_queue, url_of
from tests.queue.helpers import Setting

from spyne.queue import Park
from spyne.queue.task import NewTask


def test_a_live_status(local):
    """``status --watch`` shows what changes, with speeds; Ctrl-C ends it and leaves the last view."""
    local.put(1, 2)
    local.consumer("one").run_until_idle()
    with terminal("status", "--watch", "0.1", *place_of(local.queue)) as screen:
        screen.see("topic default: head 2, 2 kept")
        screen.see("done/s")
        local.put(3)
        screen.see("head 3, 3 kept")
        local.consumer("two").run_until_idle()
        screen.see("two")
        screen.interrupt()
        code, rest = screen.end()
    assert code == 0
    assert "head 3, 3 kept" in rest


def test_a_live_status_outlives_its_database(local, tmp_path):
    """Trouble with the database is shown, and the view goes on when it is over."""
    local.put(1)
    with terminal("status", "--watch", "0.1", *place_of(local.queue)) as screen:
        screen.see("head 1, 1 kept")
        with closing(sqlite3.connect(tmp_path / "queue.db")) as connection:
            connection.execute("ALTER TABLE task_topic RENAME TO hidden")
            screen.see("the database says: no such table: task_topic")
            connection.execute("ALTER TABLE hidden RENAME TO task_topic")
        screen.see("head 1, 1 kept")
        screen.interrupt()
        assert screen.end()[0] == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_following(kind, request):
    """``tail -f`` shows each task as it gets its position, until Ctrl-C."""
    with make_queue(url_of(kind, request)) as queue:
        follow(Setting(queue))


def follow(setting):
    """Follow a queue from one task to the third."""
    consumer = setting.consumer("one")
    setting.put(1)
    consumer.run_until_idle()
    with terminal("tail", "-f", *place_of(setting.queue)) as screen:
        screen.see("note·")
        for value in (2, 3):
            setting.put(value)
            consumer.run_until_idle()
            screen.see(f" {value} ")
            screen.see("note·")
        screen.interrupt()
        assert screen.end()[0] == 0


def test_following_without_a_consumer(postgresql):
    """Where tasks get no positions since no consumer runs, ``tail -f`` says so."""
    with make_queue(postgresql) as queue, terminal("tail", "-f", *place_of(queue_with_a_task(queue))) as screen:
        screen.see("a running consumer gives them one")
        screen.interrupt()
        assert screen.end()[0] == 0


def queue_with_a_task(queue):
    """Return the queue, with a task."""
    Setting(queue).put(1)
    return queue


def test_progress_and_a_question(local):
    """``trim`` asks before a consumer loses tasks, and shows how far it is."""
    local.producer.append([NewTask(b"x") for _ in range(2500)])
    local.consumer("one", start=10).run_until_idle()
    with local.queue.begin() as connection:
        local.queue.cursors.seek(connection, "one", 10)
    with terminal("trim", "--max-rows", "100", *place_of(local.queue)) as screen:
        screen.see("one loses 2390 that it has not seen")
        screen.see("Remove them? [y/N]")
        screen.type("y\n")
        screen.see("removing")
        screen.see("2400/2400")
        code, rest = screen.end()
    assert code == 0
    assert "2400 tasks removed" in rest


def test_no_is_no(local):
    """Anything but yes changes nothing, with exit code 1."""
    local.put(1)
    local.consumer("one").run_until_idle()
    with terminal("consumers", "rm", "one", *place_of(local.queue)) as screen:
        screen.see("[y/N]")
        screen.type("\n")
        assert screen.end()[0] == 1
    assert local.cursor("one") is not None


def test_a_narrow_terminal(local):
    """On a narrow terminal the elastic column is cut, and each row stays one line."""
    local.notes.failing.update({1: 9})
    local.put(1, key="customer-7")
    local.consumer("one", on_error=Park(attempts=1)).run_until_idle()
    with terminal("parked", "list", *place_of(local.queue), columns=80) as screen:
        code, text = screen.end()
    (row,) = [line for line in text.splitlines() if "dead" in line]
    assert code == 0
    assert "customer-7" in row
    assert row.rstrip().endswith("…")
    assert len(row) <= 80


def test_what_is_wrong_is_red(local):
    """On a terminal, what is wrong is red."""
    local.notes.failing.update({1: 9})
    local.put(1)
    local.consumer("one", on_error=Park(attempts=1)).run_until_idle()
    with terminal("status", *place_of(local.queue)) as screen:
        screen.end()
    assert "\x1b[1;31mwrong: " in screen.raw
