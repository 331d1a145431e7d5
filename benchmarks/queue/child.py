"""A process of a run, in the environment of its peer: says ready, waits for a line, works, and prints a record.

``python -m benchmarks.queue.child PLAN``, where PLAN is JSON: peer, role (install, produce or consume), url, queues, count, batch, pause, options.
"""

import importlib
import json
import os
import sys
import time
from contextlib import contextmanager

from benchmarks.queue.workload import Payloads, Tally


class Gate:
    """The start of the measured part, and its end: a producer's is a block, a consumer's ends with its last task."""

    def __init__(self, out):
        self.out = out
        self.start = self.end = self.cpu = None

    def wait(self):
        """Say that the connection and all that comes before work is there, and wait for the word."""
        print("ready", file=self.out, flush=True)
        if not sys.stdin.readline():
            raise SystemExit("the parent is gone")
        self.start, self.cpu = time.monotonic_ns(), time.process_time()

    @contextmanager
    def open(self, payloads):
        """Yield the payloads when the word comes."""
        self.wait()
        yield payloads
        self.end = time.monotonic_ns()

    def record(self):
        """Return the times: clocks in seconds of the machine's monotonic clock, and CPU seconds of this process."""
        return {"start": self.start / 1e9, "end": self.end / 1e9, "cpu": time.process_time() - self.cpu}


def run(plan, out):
    """Do what the plan says and return the record."""
    peer = importlib.import_module(f"benchmarks.queue.peers.{plan['peer']}")
    options = plan.get("options", {})
    if plan["role"] == "install":
        peer.install(plan["url"])
        return {}
    gate = Gate(out)
    if plan["role"] == "produce":
        payloads = Payloads(plan["count"], plan.get("pause"))
        peer.produce(plan["url"], plan["queues"], plan["batch"], gate, payloads, **options)
        return gate.record()
    tally = Tally(plan["count"])
    peer.consume(plan["url"], plan["queues"][0], gate, tally, **options)
    gate.end = tally.end
    if plan.get("warm"):
        gate.cpu = tally.first_cpu  # it had begun long before the producer, and its start is no cost of a task
    return {**gate.record(), "delays": [delay / 1e9 for delay in tally.delays], "wrong": tally.wrong()}


def main():
    out = os.fdopen(os.dup(1), "w")  # what the peers print goes to stderr
    os.dup2(2, 1)
    print(json.dumps(run(json.loads(sys.argv[1]), out)), file=out, flush=True)


if __name__ == "__main__":
    main()
