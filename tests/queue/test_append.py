"""How many tasks are appended at once, and how they get their positions."""

from __future__ import annotations

from threading import Barrier, Thread

from spyne.queue.sql.sequencer import Sequencer
from spyne.queue.task import NewTask

ODD = [
    NewTask(b"", None),
    NewTask(bytes(range(256)), 'k"e\\y'),
    NewTask(b"\\x00", "{a,b}"),
    NewTask("é€😀".encode(), "é€😀"),
    NewTask(b"NULL", "NULL"),
]


def read_all(queue, connection):
    """Return the bytes and keys of all tasks, in order."""
    Sequencer(queue.log).run(connection)
    return [
        (task.task_id, task.data, task.key) for task in queue.log.read(connection, 0, most=10_000, max_bytes=1 << 30)
    ]


def test_many_tasks_keep_their_bytes_keys_and_order(queue):
    """What is appended at once is read back byte by byte, with the ids of the receipts in the order of the calls."""
    queue.create()
    tasks = ODD * 60
    with queue.begin() as connection:
        ids = queue.log.append(connection, tasks)
        ids += queue.log.append(connection, ODD[1:2])
    with queue.connect() as connection:
        found = read_all(queue, connection)
    assert ids == sorted(set(ids))
    assert found == [(id_, task.data, task.key) for id_, task in zip(ids, [*tasks, ODD[1]], strict=True)]


def test_sequencers_at_once_give_each_position_once(late_queue):
    """Several processes that give positions at the same time leave them dense, each task once, in the order of one producer."""
    queue, rounds = late_queue, 40
    queue.create()
    start = Barrier(4)
    errors = []

    def work(number):
        try:
            start.wait()
            with queue.connect() as connection:
                sequencer = Sequencer(queue.log)
                for turn in range(rounds):
                    with queue.begin() as other:
                        queue.log.append(other, [NewTask(b"%d" % turn, str(number))] * (1 + turn % 3))
                    sequencer.run(connection)
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with queue.connect() as connection:
        found = read_all(queue, connection)
    assert len(found) == len({id_ for id_, _, _ in found}) == 4 * sum(1 + turn % 3 for turn in range(rounds))
    for number in range(4):
        mine = [int(data) for _, data, key in found if key == str(number)]
        assert mine == sorted(mine)


def test_the_statement_for_positions_gives_none_for_an_old_state(postgresql_queue):
    """A state of the topic that was overtaken gives no positions: what was placed meanwhile would be placed again."""
    queue = postgresql_queue
    queue.create()
    with queue.begin() as connection:
        queue.log.append(connection, [NewTask(b"a")])
    with queue.connect() as connection:
        old = queue.log.state(connection)
        connection.rollback()
        assert Sequencer(queue.log).run(connection) == 1
        with connection.begin():
            assert queue.log.sequence_at_once(connection, old, None) is None
        assert len(read_all(queue, connection)) == 1
