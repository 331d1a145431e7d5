"""Who takes part, where, with which settings, and how many tasks make a turn of a second or more."""

from dataclasses import dataclass, field

OURS = "this project"
LEFT = "SELECT sum(head - pos) FROM worker_status JOIN task_topic ON task_topic.topic = worker_status.topic"
POLL = {"initial_delay": 0.005, "max_delay": 0.005, "backoff": 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A queue in one place: its module, its environment, its best settings and its sizes.

    `left` counts what is in the queue; it has to be 0 when all is consumed. `fans_out`: one task is read by every consumer, so that a
    producer need not put it into a queue for each.
    """

    peer: str
    environment: str
    place: str
    left: str
    sizes: dict[str, int]
    produce: dict[str, object] = field(default_factory=dict)
    consume: dict[str, object] = field(default_factory=dict)
    fans_out: bool = False
    only: tuple[str, ...] = ()


ROSTER = {
    (OURS, "postgresql"): Entry(
        peer="spyne_peer",
        environment="queue-this",
        place="postgresql",
        left=LEFT,
        sizes={"single": 500, "batch": 40000, "together": 20000, "fan-out": 8000},
        consume={"batch": 500},
        fans_out=True,
    ),
    ("procrastinate", "postgresql"): Entry(
        peer="procrastinate_peer",
        environment="queue-procrastinate",
        place="postgresql",
        left="SELECT count(*) FROM procrastinate_jobs",
        sizes={"single": 500, "batch": 1000, "together": 600, "fan-out": 200},
        produce={"driver": "sync"},
        consume={"concurrency": 10, "driver": "uvloop", "connections": 11},
    ),
    ("PgQueuer", "postgresql"): Entry(
        peer="pgqueuer_peer",
        environment="queue-pgqueuer",
        place="postgresql",
        left="SELECT count(*) FROM pgqueuer",
        sizes={"single": 500, "batch": 24000, "together": 10000, "fan-out": 4000},
        produce={"driver": "asyncpg", "loop": "uvloop"},
        consume={"driver": "asyncpg", "loop": "uvloop", "batch": 300, "dequeuers": 1},
    ),
    ("Huey", "postgresql"): Entry(
        peer="huey_peer",
        environment="queue-huey",
        place="postgresql",
        left="SELECT count(*) FROM huey_task",
        sizes={"single": 500, "batch": 800, "together": 600, "fan-out": 200},
        consume={"workers": 1},
    ),
    (OURS, "sqlite"): Entry(
        peer="spyne_peer",
        environment="queue-this",
        place="sqlite",
        left=LEFT,
        sizes={"single": 500, "batch": 40000, "together": 20000, "fan-out": 8000},
        consume={"batch": 500},
        fans_out=True,
    ),
    ("Huey", "sqlite"): Entry(
        peer="huey_peer",
        environment="queue-huey",
        place="sqlite",
        left="SELECT count(*) FROM task",
        sizes={"single": 500, "batch": 800, "together": 600, "fan-out": 200},
        consume={"workers": 1},
    ),
    ("Huey, polling each 5 ms", "sqlite"): Entry(
        peer="huey_peer",
        environment="queue-huey",
        place="sqlite",
        left="SELECT count(*) FROM task",
        sizes={},
        consume={"workers": 1, **POLL},
        only=("wake-up",),
    ),
}
