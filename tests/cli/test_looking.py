"""``spyne queue status``, ``lag``, ``tail``, ``parked list`` and ``consumers list``: they say what is there, and change nothing."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from spyne.queue import GoOn, Park, Queue, Retention
from spyne.queue.sql.trim import trim


def test_status_of_an_empty_queue(local_cli, local):
    """A topic without tasks and consumers is all well."""
    assert local_cli("status") == "topic default: head 0, 0 kept\n  no consumer yet\n"


def test_status_says_how_far_each_consumer_is(local_cli, local):
    """Positions, lags and the age of the oldest task that a consumer has not done; a nobody stands for an owner."""
    local.put(1, 2, 3)
    local.consumer("fast").run_until_idle()
    local.put(4, 5)
    local.consumer("late", start=3).run_until_idle()
    rows = {row[0]: row for row in local_cli.rows("status")[1:]}
    assert rows["fast"][1:3] == ["3", "2"]
    assert rows["fast"][3].endswith("s")
    assert rows["late"][1:4] == ["5", "0", "-"]
    assert rows["fast"][4] == "nobody"


def test_status_as_json(cli, setting):
    """JSON has every figure of every topic, consumer and lane."""
    setting.put(1, 2, 3)
    setting.notes.failing[2] = 1
    setting.consumer("one", on_error=GoOn()).run_until_idle()
    setting.put(4)
    setting.consumer("two", lanes=2).run_until_idle()
    found = cli.json("status")
    assert found["wrong"] == []
    topic = found["topics"][0]
    assert (topic["topic"], topic["head"], topic["kept"], topic["trimmed"], topic["unplaced"]) == (
        "default",
        4,
        4,
        0,
        0,
    )
    one, two = topic["consumers"]
    assert topic["oldest"] == one["oldest"] >= 0
    assert (one["consumer"], one["lag"], one["is_held"], one["durable"]) == ("one", 1, False, True)
    lane = one["lanes"][0]
    assert (lane["position"], lane["failed"], lane["epoch"], lane["owner"]) == (3, 1, 1, None)
    assert "2 fails" in lane["last_error"]
    assert [lane["lane"] for lane in two["lanes"]] == [0, 1]
    assert (two["lag"], two["oldest"]) == (0, None)


def test_status_of_all_topics_or_of_one(local_cli, local):
    """Without --topic all topics of the tables are shown, with it that one."""
    Queue(local.queue.engine, "invoices", prefix=local.queue.tables.prefix).create()
    assert [topic["topic"] for topic in local_cli.json("status")["topics"]] == ["default", "invoices"]
    assert [topic["topic"] for topic in local_cli.json("status", "--topic", "invoices")["topics"]] == ["invoices"]


def test_status_counts_tasks_without_a_position(setting, cli, queue):
    """Where no consumer runs, tasks have no position on servers; they are counted as lag with their age."""
    setting.put(1)
    setting.consumer("one").run_until_idle()
    setting.put(2, 3)
    late = queue.database.positions_late
    topic = cli.json("status")["topics"][0]
    assert topic["unplaced"] == (2 if late else 0)
    assert topic["consumers"][0]["lag"] == 2
    assert topic["consumers"][0]["oldest"] is not None


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [(("--max-lag", "1"), "2 tasks behind, more than 1"), (("--max-age", "0.001"), "a task waits for")],
)
def test_limits_make_the_exit_code_1(local_cli, local, limit, sentence):
    """A consumer beyond --max-lag or --max-age is said, and is exit code 1, of ``status`` and of ``lag``."""
    local.put(1)
    local.consumer("one").run_until_idle()
    local.put(2, 3)
    assert sentence in local_cli("status", *limit, code=1)
    local_cli("lag", *limit, code=1)
    assert sentence in local_cli.err
    local_cli("status", "--max-lag", 2, "--max-age", "1d")


def test_parked_tasks_that_nobody_tries_again_are_wrong(local_cli, local):
    """One that waits for its next try is none of the operator's business, one that was given up is."""
    local.notes.failing[1] = local.notes.failing[2] = 9
    local.put(1, 2)
    consumer = local.consumer("one", on_error=Park(attempts=2))
    consumer.run_until_idle()
    assert local_cli.json("status")["topics"][0]["consumers"][0]["parked"] == 2
    local.consumer("two", on_error=Park(attempts=1)).run_until_idle()
    said = local_cli("status", code=1)
    assert "two (default): 2 parked for good: spyne queue parked list two --topic default" in said
    assert "one (default)" not in said


def test_lost_tasks_are_wrong(local_cli, local):
    """A consumer whose tasks were removed before it saw them is said, with the command that lets it go on."""
    local.put(1, 2, 3)
    local.consumer("one").run_until_idle()
    local_cli("replay", "one", "--from", 2, "--yes")
    with local.queue.connect() as connection:
        trim(connection, local.queue.log, local.queue.cursors, Retention(interest=False, max_rows=1))
    assert "spyne queue replay one --topic default --from 3" in local_cli("status", code=1)


def test_a_crashed_owner_is_gone(local_cli, local):
    """A consumer whose process ended without releasing its lease has an owner that is gone."""
    local.put(1)
    local.consumer("one").run_until_idle()
    with local.queue.begin() as connection:
        connection.execute(sa.update(local.queue.tables.status).values(owner="host:77:abc", lease_until=1))
    assert "host:77 is gone" in local_cli("status")
    with local.queue.begin() as connection:
        connection.execute(sa.update(local.queue.tables.status).values(lease_until=2**53))
    assert "host:77 is gone" not in local_cli("status")
    assert local_cli.json("status")["topics"][0]["consumers"][0]["is_held"] is True


# --- lag ---


def test_lag_in_three_shapes(local_cli, local):
    """Lines, JSON and the text format of Prometheus say the same."""
    local.put(1, 2, 3)
    local.consumer("one", start="end").run_until_idle()
    local.put(4)
    (row,) = local_cli.rows("lag")
    assert (row[:3], row[4]) == (["default", "one", "1"], "0")
    (record,) = local_cli.json("lag")
    assert (record["topic"], record["consumer"], record["lag_tasks"], record["parked_tasks"]) == (
        "default",
        "one",
        1,
        0,
    )
    lines = local_cli("lag", "--prometheus").splitlines()
    assert 'queue_lag_tasks{topic="default",consumer="one"} 1' in lines
    assert 'queue_parked_tasks{topic="default",consumer="one"} 0' in lines
    assert any(line.startswith('queue_lag_seconds{topic="default",consumer="one"} ') for line in lines)


def test_prometheus_reads_it(local, local_cli):
    """Names with quotes, backslashes and newlines are escaped as the format says, each gauge is declared once before its samples."""
    local.put(1)
    local.consumer('a"b\\c\nd').run_until_idle()
    lines = local_cli("lag", "--prometheus").splitlines()
    assert 'queue_lag_tasks{topic="default",consumer="a\\"b\\\\c\\nd"} 0' in lines
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) == len([line for line in lines if line[0] != "#"])


# --- tail ---


def test_tail_shows_the_newest(cli, setting):
    """The last N tasks with position, id, key, size and the beginning of their bytes."""
    setting.put(*range(12), key="cust-7")
    setting.consumer("one").run_until_idle()
    rows = cli.rows("tail", "-n", 2)
    assert [row[0] for row in rows] == ["11", "12"]
    assert [row[3] for row in rows] == ["cust-7", "cust-7"]
    assert len(cli.rows("tail")) == 10
    assert [row[0] for row in cli.rows("tail", "--from", 3, "-n", 2)] == ["3", "4"]


def test_tail_as_json_is_one_object_a_line(local_cli, local):
    """JSON lines have the same, with the moment as UTC."""
    local.put(1, 2)
    local.consumer("one").run_until_idle()
    records = [json.loads(line) for line in local_cli("tail", "--json").splitlines()]
    assert [record["position"] for record in records] == [1, 2]
    assert records[0]["created_at"].endswith("+00:00")
    assert "note" in records[0]["begins_with"]


def test_tail_shows_tasks_without_a_position(cli, setting, queue):
    """Where no consumer has run, the tasks of a server have no position, and are shown without one."""
    setting.put(1)
    (row,) = cli.rows("tail")
    assert row[0] == ("-" if queue.database.positions_late else "1")


def test_tail_reads_only_the_beginning(cli, setting, queue):
    """Of a large task only the bytes that are shown are read; what is no text is shown as hexadecimal digits."""
    from spyne.queue.task import NewTask

    setting.producer.append([NewTask(bytes(range(128, 256)) * 1000), NewTask(b"a\nb\x00c" + b"x" * 100)])
    setting.consumer("one", on_error=GoOn()).run_until_idle()
    binary, text = cli.rows("tail", "--bytes", 10)
    assert binary[4:] == ["125.0", "KiB", "8081828384…"]
    assert text[4:] == ["105", "B", "a", "b·cxxxxx…"]
    with queue.connect() as connection:
        assert [len(row.data) for row in queue.log.glance(connection, 0, most=2, beginning=10)] == [10, 10]


# --- parked list, consumers list ---


def test_parked_list_puts_those_that_wait_behind_together(cli, setting):
    """Tasks of one key are one line, with the number of those that wait behind the first."""
    setting.notes.failing[1] = 9
    setting.put(1, 2, 3, key="cust-7")
    setting.put(4)
    assert cli("parked", "list") == "topic default: nothing is parked\n"
    setting.consumer("one", on_error=Park(attempts=1)).run_until_idle()
    (row,) = cli.rows("parked", "list")
    assert row[:2] == ["one", "1"]
    assert row[3:6] == ["dead", "1", "-"]
    assert row[7:9] == ["cust-7", "2"]
    assert [record["position"] for record in cli.json("parked", "list", "one")] == [1, 2, 3]
    assert cli.json("parked", "list", "two") == []


def test_parked_show(local_cli, local):
    """One parked task with its error, where it came from, and its bytes."""
    local.notes.failing[1] = 9
    local.put(1, key="cust-7")
    local.consumer("one", on_error=Park(attempts=1)).run_until_idle()
    said = local_cli("parked", "show", "one", 1)
    assert "error: Server.NotNow: 1 fails" in said
    assert "key: cust-7" in said
    assert "note" in said.splitlines()[-1]
    local_cli("parked", "show", "one", 9, code=1)
    assert "has parked no task at position 9" in local_cli.err


def test_consumers_list(local_cli, local):
    """Who reads which topic, from where, and whether a process has it."""
    local.put(1, 2)
    local.consumer("one").run_until_idle()
    local.consumer("two", lanes=3).run_until_idle()
    rows = local_cli.rows("consumers", "list")
    assert [row[:7] for row in rows] == [
        ["default", "one", "1", "2", "0", "durable", "no"],
        ["default", "two", "3", "2", "0", "durable", "no"],
    ]
    assert local_cli.json("consumers", "list")[1]["consumer"]["lanes"][2]["lane"] == 2
