"""``spyne queue replay``, ``parked retry`` and ``drop``, ``trim``, ``consumers rm``, ``migrate``: what they change, and what they refuse."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from tests.cli.conftest import PATIENCE, place_of

from spyne.cli.__main__ import main
from spyne.queue import Park, Queue
from spyne.queue.sql.schema import version_of


def put_and_run(setting, values=(1, 2, 3, 4), **options):
    """Append tasks, let consumer `one` run them, and forget what it noted."""
    setting.put(*values)
    setting.consumer("one", **options).run_until_idle()
    setting.notes.clear()


# --- replay ---


@pytest.mark.parametrize(("where", "seen"), [("2", [2, 3, 4]), ("beginning", [1, 2, 3, 4]), ("end", [])])
def test_replay_runs_tasks_again(local_cli, local, where, seen):
    """A consumer goes on with the task that is named, or from the beginning, or with the next one to come."""
    put_and_run(local)
    local_cli("replay", "one", "--from", where, "--yes")
    local.consumer("one").run_until_idle()
    assert local.notes.of("one") == seen


def test_replay_from_a_moment(cli, setting):
    """From a moment on: the first task that was appended since."""
    put_and_run(setting, (1, 2))
    with setting.queue.connect() as connection:
        newest = setting.queue.log.glance(connection, 0, most=2, beginning=1)[-1].created_at
    moment = datetime.fromtimestamp((newest + 1) / 1000, UTC).isoformat()
    put_and_run(setting, (3,))
    assert "goes on with position 3" in cli("replay", "one", "--from", moment, "--yes")
    setting.consumer("one").run_until_idle()
    assert setting.notes.of("one") == [3]


def test_replay_says_what_it_means(local_cli, local):
    """How many tasks run again or never, and what that means for idempotency keys; nobody at the keyboard is no yes."""
    put_and_run(local)
    said = local_cli("replay", "one", "--from", 2, code=2)
    assert "will run 3 tasks again, 2 to 4" in said
    assert "idempotency keys are the same" in said
    assert "--yes" in local_cli.err
    local_cli("replay", "one", "--from", 1, "--yes")
    assert "will pass over 2 tasks, 1 to 2, and never run them" in local_cli("replay", "one", "--from", 3, "--yes")
    assert local_cli("replay", "one", "--from", 3, "--yes") == "consumer one stands there already\n"


def test_replay_as_another_consumer(local_cli, local):
    """Another consumer with the same lanes begins there, and the first one stays where it is."""
    put_and_run(local, lanes=2)
    said = local_cli("replay", "one", "--from", 3, "--as", "shadow", "--yes")
    assert "idempotency keys are its own" in said
    assert {lane["position"] for lane in lanes_of(local_cli, "shadow")} == {2}
    assert {lane["position"] for lane in lanes_of(local_cli, "one")} == {4}
    local.consumer("shadow", lanes=2).run_until_idle()
    assert sorted(local.notes.of("shadow")) == [3, 4]
    local_cli("replay", "one", "--from", 3, "--as", "shadow", "--yes", code=1)
    assert "there is a consumer 'shadow' already" in local_cli.err


def lanes_of(cli, consumer):
    """Return the lanes that ``consumers list`` tells of a consumer."""
    return next(
        row["consumer"]["lanes"] for row in cli.json("consumers", "list") if row["consumer"]["consumer"] == consumer
    )


def test_a_replayed_task_that_was_parked_can_be_parked_again(cli, setting):
    """Parked tasks behind the new position are forgotten, since the consumer sees them again; those before it stay."""
    setting.notes.failing.update({1: 9, 3: 9})
    put_and_run(setting, on_error=Park(attempts=1))
    assert "; 1 parked task after it" in cli("replay", "one", "--from", 2, "--yes")
    setting.consumer("one", on_error=Park(attempts=1)).run_until_idle()
    assert setting.notes.of("one") == [2, 4]
    assert [row.pos for row in setting.parked("one")] == [1, 3]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody", "--from", "1"), "has no consumer 'nobody'"),
        (("one", "--from", "9"), "there is no position 9 yet: the last one is 4"),
        (("one", "--from", "1"), "the tasks up to 2 were removed: the first one that is there is 3"),
    ],
)
def test_replay_refuses(local_cli, local, words, sentence):
    """An unknown consumer, a position that is not there yet, and one that is not there any more are refused."""
    put_and_run(local)
    local_cli("trim", "--max-rows", 2)
    local_cli("replay", *words, "--yes", code=1)
    assert sentence in local_cli.err


def test_replay_of_a_running_consumer(local_cli, local):
    """A process that runs the consumer goes on from the new position by itself; --wait sees it through."""
    consumer = local.consumer("one", lease=0.6)
    thread = threading.Thread(target=consumer.serve_forever)
    thread.start()
    try:
        local.put(1, 2, 3)
        until(lambda: len(local.notes) == 3)
        assert "goes on with position 2" in local_cli("replay", "one", "--from", 2, "--yes", "--wait", PATIENCE)
    finally:
        consumer.stop()
        thread.join(PATIENCE)
    assert local.notes.of("one") == [1, 2, 3, 2, 3]


def until(condition):
    """Wait until something is so."""
    ready = threading.Event()
    for _ in range(PATIENCE * 50):
        if condition():
            return
        ready.wait(0.02)
    raise AssertionError("it did not come to that")


def test_waiting_for_a_replay_that_nobody_runs(local_cli, local):
    """Where no process runs the consumer, --wait ends after its time, with exit code 1."""
    put_and_run(local)
    local_cli("replay", "one", "--from", 1, "--yes", "--wait", "0.3", code=1)
    assert "consumer one is at 0 of 4; does a process run it?" in local_cli.err


# --- parked tasks ---


def test_retry_and_drop(local_cli, local):
    """A retried task runs again at its consumer's next look, a dropped one never."""
    local.notes.failing.update({1: 1, 2: 1, 3: 1})
    put_and_run(local, on_error=Park(attempts=1))
    local_cli("parked", "retry", "one", 1)
    local_cli("parked", "drop", "one", 2, "--yes")
    local.consumer("one", on_error=Park(attempts=1)).run_until_idle()
    assert local.notes.of("one") == [1]
    assert [row.pos for row in local.parked("one")] == [3]
    assert local_cli("parked", "retry", "one", "--all").startswith("1 task of one")
    assert local_cli("parked", "drop", "one", "--all", "--yes") == "1 task of one forgotten\n"


def test_a_position_that_is_not_parked_changes_nothing(local_cli, local):
    """Where one of the positions has no parked task, none of them is changed."""
    local.notes.failing.update({1: 9})
    put_and_run(local, on_error=Park(attempts=1))
    local_cli("parked", "drop", "one", 1, 2, "--yes", code=1)
    assert "nothing was changed" in local_cli.err
    assert len(local.parked("one")) == 1
    local_cli("parked", "drop", "one", code=2)
    local_cli("parked", "drop", "one", 1, "--all", code=2)
    local_cli("parked", "drop", "one", 1, code=2)
    assert "Nobody can be asked" in local_cli.err
    assert len(local.parked("one")) == 1


# --- trim ---


def test_trim_removes_what_all_have_passed(local_cli, local):
    """--interest removes what every durable consumer has passed; --dry-run only says it."""
    put_and_run(local)
    local.consumer("two").run_until_idle()
    local.put(5)
    local.consumer("two").run_until_idle()
    assert local_cli("trim", "--interest", "--dry-run") == "topic default: 4 tasks to remove, 1 to 4\n"
    assert "4 tasks removed" in local_cli("trim", "--interest")
    assert local_cli("trim", "--interest") == "topic default: nothing to remove\n"
    assert [row[0] for row in local_cli.rows("tail")] == ["5"]


def test_trim_names_those_who_lose(local_cli, local):
    """A limit that takes tasks which a consumer has not seen is asked about, and names it."""
    put_and_run(local)
    local_cli("replay", "one", "--from", 2, "--yes")
    said = local_cli("trim", "--max-rows", 1, code=2)
    assert said.splitlines() == ["topic default: 3 tasks to remove, 1 to 3", "  one loses 2 that it has not seen"]
    assert "3 tasks removed" in local_cli("trim", "--max-rows", 1, "--yes")
    local_cli("status", code=1)


def test_trim_by_age(cli, setting):
    """--max-age removes what is older."""
    put_and_run(setting)
    assert "nothing to remove" in cli("trim", "--max-age", "1h")
    queue = setting.queue
    with queue.begin() as connection:
        old = sa.update(queue.tables.queue).where(queue.tables.queue.c.id <= 3).values(created_at=1000)
        connection.execute(old)
    assert "3 tasks removed" in cli("trim", "--max-age", "1h", "--yes")


@pytest.mark.parametrize("words", [(), ("--inactive-after", "7d", "--max-rows", "1")])
def test_trim_needs_to_be_told(local_cli, words):
    """Without a rule nothing is removed; a rule that has no effect is refused."""
    local_cli("trim", *words, code=2)


# --- consumers rm ---


def test_removing_a_consumer(local_cli, local):
    """A consumer goes with its position and its parked tasks; its id begins anew."""
    local.notes.failing.update({2: 1})
    put_and_run(local, on_error=Park(attempts=1))
    assert "and 1 task that it had parked" in local_cli("consumers", "rm", "one", "--yes")
    local.consumer("one").run_until_idle()
    assert local.notes.of("one") == [1, 2, 3, 4]
    assert local_cli.json("parked", "list") == []
    local_cli("consumers", "rm", "nobody", "--yes", code=1)


def test_a_consumer_with_a_living_owner_is_not_removed(cli, setting):
    """A process that has the consumer is named, and nothing is removed; --force removes it all the same."""
    put_and_run(setting, lanes=2)
    queue = setting.queue
    with queue.begin() as connection:
        status = queue.tables.status
        living = sa.update(status).where(status.c.lane == 1).values(owner="host:77:abc", lease_until=2**53)
        connection.execute(living)
    cli("consumers", "rm", "one", "--yes", code=1)
    assert "host:77:abc" in cli.err
    assert len(lanes_of(cli, "one")) == 2
    cli("consumers", "rm", "one", "--yes", "--force")
    assert cli.json("consumers", "list") == []


# --- migrate ---


def test_migrate_makes_the_tables(queue, cli):
    """The tables are made where there are none, and told to be there the next time."""
    cli("status", code=1)
    assert "spyne queue migrate" in cli.err
    assert cli("migrate") == "the tables are made, of version 1\n"
    assert "nothing to do" in cli("migrate")
    assert cli("status") == "no topic yet\n"


def test_the_printed_statements_make_the_tables(queue, cli):
    """--sql touches nothing, and what it prints makes tables that the library knows as its newest."""
    statements = cli("migrate", "--sql")
    with queue.connect() as connection:
        assert version_of(connection, queue.tables) == 0
    with queue.engine.begin() as connection:
        for statement in statements.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%") if "%" in statement else statement)
    assert "nothing to do" in cli("migrate")
    queue.create()


def test_tables_of_a_newer_library(local, local_cli):
    """Tables that this library cannot work with are left alone by every command, in a sentence."""
    meta = local.queue.tables.meta
    with local.queue.begin() as connection:
        connection.execute(sa.update(meta).where(meta.c.name != "incarnation").values(value="99"))
    for words in (("status",), ("trim", "--interest"), ("migrate",)):
        local_cli(*words, code=1)
        assert "which needs a library that knows version 99" in local_cli.err


def test_migrate_makes_a_file_of_sqlite(tmp_path, capsys):
    """A file that is not there is made by ``migrate`` alone."""
    path = tmp_path / "new.db"
    assert main(["queue", "status", "--database", f"sqlite:///{path}"]) == 1
    assert not path.exists()
    assert main(["queue", "migrate", "--database", f"sqlite:///{path}"]) == 0
    with Queue(f"sqlite:///{path}") as made:
        assert main(["queue", "status", *place_of(made)]) == 0
