"""A turn: a fresh database, the processes of one measure, the check that every task came exactly once, and a record."""

import json
import select
import subprocess
import time
from contextlib import ExitStack, contextmanager

from benchmarks import environments

BATCH = 100
CONSUMERS = 4
PAUSE = (0.05, 0.25)  # seconds between the tasks that wake a consumer
WAKE_UPS = 30
PATIENCE = 60  # seconds that a part of a turn may take before it counts as lost
SETTLE = 1.0  # seconds that consumers get to start waiting before the producer starts


class Lost(Exception):
    """A turn whose tasks did not all come once."""


class Child:
    """A process of a turn; it is ended with the block that it was started in."""

    def __init__(self, stack, entry, role, url, **plan):
        self.what = f"{entry.peer} {role} at {entry.place}"
        plan = {"peer": entry.peer, "role": role, "url": url, **plan}
        command = [environments.python_of(entry.environment), "-W", "ignore", "-m", "benchmarks.queue.child"]
        self.process = subprocess.Popen(
            [*command, json.dumps(plan)],
            cwd=environments.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.callback(self.end)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def line(self):
        """Return the next line that the process prints."""
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        found = self.process.stdout.readline() if ready else ""
        if not found:
            raise Lost(f"{self.what}: {'it ended' if ready else f'nothing in {PATIENCE} s'}")
        return found

    def ready(self):
        assert self.line() == "ready\n"

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def record(self):
        """Return what the process found; it is over then."""
        found = json.loads(self.line())
        self.process.wait(PATIENCE)
        if found.get("wrong"):
            raise Lost(f"{self.what}: {found['wrong']}")
        return found


def install(entry, url):
    with ExitStack() as stack:
        Child(stack, entry, "install", url).record()


class Meter:
    """What a part of a turn costs the server."""

    def __init__(self, place):
        self.place = place
        self.wal, self.cpu = place.wal(), place.cpu()

    def costs(self, records, tasks):
        """Return CPU seconds and bytes of WAL per task, of the clients' processes and the server."""
        cpu = self.place.cpu() - self.cpu + sum(each["cpu"] for each in records)
        return {"cpu": cpu / tasks, "wal": (self.place.wal() - self.wal) / tasks}


class Turn:
    """The measures of one entry; each returns records, and has a database of its own."""

    def __init__(self, place, entry):
        self.place, self.entry = place, entry

    @contextmanager
    def database(self):
        url = self.place.fresh(self.entry.peer)
        with ExitStack() as stack:
            yield stack, url
        self.place.drop(url)

    def check_empty(self, url):
        left = self.place.value(url, self.entry.left)
        if left:
            raise Lost(f"{self.entry.peer} at {self.entry.place}: {left} tasks left")

    def producer(self, stack, url, count, batch, queues=("q0",), pause=None):
        child = Child(
            stack,
            self.entry,
            "produce",
            url,
            queues=queues,
            count=count,
            batch=batch,
            pause=pause,
            options=self.entry.produce,
        )
        child.ready()
        return child

    def consumer(self, stack, url, count, queue="q0", *, warm=True):
        plan = {"queues": [queue], "count": count, "warm": warm, "options": self.entry.consume}
        child = Child(stack, self.entry, "consume", url, **plan)
        child.ready()
        return child

    def alone(self, name, child, count):
        """Run one process and return its record."""
        meter = Meter(self.place)
        child.go()
        found = child.record()
        return {"measure": name, "rate": count / (found["end"] - found["start"]), **meter.costs([found], count)}

    def single(self, count):
        with self.database() as (stack, url):
            yield self.alone("enqueue, one per transaction", self.producer(stack, url, count, 1), count)

    def batch(self, count):
        """Put in by batches, then take out what is there."""
        with self.database() as (stack, url):
            yield self.alone("enqueue, batches of 100", self.producer(stack, url, count, BATCH), count)
            yield self.alone("consume", self.consumer(stack, url, count, warm=False), count)
            self.check_empty(url)

    def together(self, count):
        yield self.both("produce and consume", count, ["q0"])

    def fan_out(self, count):
        yield self.both("fan-out to 4 consumers, deliveries", count, [f"q{number}" for number in range(CONSUMERS)])

    def both(self, name, count, queues):
        """A producer and a consumer for each queue at once, from the first call to the last task."""
        with self.database() as (stack, url):
            consumers = [self.consumer(stack, url, count, queue) for queue in queues]
            producer = self.producer(stack, url, count, BATCH, self.queues_of(queues))
            for child in consumers:
                child.go()
            time.sleep(SETTLE)
            meter = Meter(self.place)
            producer.go()
            records = [child.record() for child in [producer, *consumers]]
            self.check_empty(url)
        took = max(each["end"] for each in records) - records[0]["start"]
        deliveries = count * len(queues)
        return {"measure": name, "rate": deliveries / took, **meter.costs(records, deliveries)}

    def queues_of(self, queues):
        return queues[:1] if self.entry.fans_out else queues

    def wake_up(self, count):
        """Single tasks for a consumer that waits."""
        with self.database() as (stack, url):
            consumer = self.consumer(stack, url, count)
            producer = self.producer(stack, url, count, 1, pause=PAUSE)
            consumer.go()
            time.sleep(SETTLE)
            producer.go()
            records = [child.record() for child in (producer, consumer)]
            self.check_empty(url)
        waited = records[0]["end"] - records[0]["start"]
        yield {"measure": "wake-up", "delays": records[1]["delays"], "idle": records[1]["cpu"] / waited}


MEASURES = {
    "single": Turn.single,
    "batch": Turn.batch,
    "together": Turn.together,
    "fan-out": Turn.fan_out,
    "wake-up": Turn.wake_up,
}


def turn(place, entry, measure, scale=1.0):
    """Return the records of one measure of an entry, or none where it takes no part."""
    size = WAKE_UPS if measure == "wake-up" else entry.sizes.get(measure)
    if size is None or (entry.only and measure not in entry.only):
        return []
    count = max(BATCH, round(size * scale / BATCH) * BATCH) if measure != "wake-up" else max(10, round(size * scale))
    return list(MEASURES[measure](Turn(place, entry), count))
