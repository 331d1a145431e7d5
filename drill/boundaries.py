"""The drill without chance: a producer and a consumer are killed at each of their statement boundaries, one after the other."""

from __future__ import annotations

import signal
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from drill import crew, gather
from drill.checker import judge
from drill.evidence import Promise
from drill.orders import Mix, Orders
from drill.report import Result
from spyne.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drill.servers import Base

NATURES = {"plain": 4, "fail": 1}
MOST = 300

WAYS = {
    "single": Mix(single=1, batch=0, bound=0, pause=0, natures=NATURES),
    "batch": Mix(single=0, batch=1, bound=0, pause=0, natures=NATURES),
    "bound": Mix(single=0, batch=0, bound=1, pause=0, hold=0, rollbacks=0, natures=NATURES),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A kind of consumer whose cycle is walked through."""

    promise: Promise
    on_error: str = "GoOn"


CYCLES = [
    Cycle(promise=Promise(worker="once")),
    Cycle(promise=Promise(worker="least", delivery="at_least_once")),
    Cycle(promise=Promise(worker="most", delivery="at_most_once")),
    Cycle(promise=Promise(worker="parking", ordered=False), on_error="Park"),
]


def walk(database: Base, *, seed: int = 0, cycles: list[Cycle] | None = None, ways: list[str] | None = None) -> Result:
    """Kill at every boundary, one process at a time, and judge what is left. `ends` of the result tells how many boundaries there were."""
    chosen = CYCLES if cycles is None else cycles
    queue = Queue(database.url, topic="drill")
    with tempfile.TemporaryDirectory(prefix="spyne-drill-") as name:
        folder = Path(name)
        gather.prepare(queue)
        common = Orders(role="producer", actor="", folder=name, url=database.url, seed=seed, count=1)
        ends: Counter[str] = Counter()
        for way in ways or WAYS:
            ends[f"producer ({way}) killed at a boundary"] += _walk_producer(replace(common, mix=WAYS[way]), way)
        for cycle in chosen:
            ends[f"consumer ({cycle.promise.worker}) killed at a boundary"] += _walk_consumer(queue, common, cycle)
        for cycle in chosen:
            _finish(queue, common, cycle)
        evidence = gather.evidence(queue, folder, [cycle.promise for cycle in chosen])
        errors = list(crew.leftovers(folder))
    queue.close()
    return Result(
        database=database.name, seed=seed, seconds=0, verdict=judge(evidence), ends=ends, errors=errors, drained=0.0
    )


def _kills(orders: Orders) -> Iterator[int]:
    """Run a process with a kill at its first point, its second, … until one lives to its end."""
    for point in range(1, MOST):
        code = crew.run(replace(orders, actor=f"{orders.actor}.{point}", kill_at=point))
        if code == 0:
            return
        if code != -signal.SIGKILL:
            raise RuntimeError(f"{orders.actor}.{point} ended with {code}: {''.join(crew.leftovers(Path(orders.folder)))}")
        yield point
    raise RuntimeError(f"{orders.actor} has more than {MOST} boundaries")


def _walk_producer(orders: Orders, way: str) -> int:
    return sum(1 for _ in _kills(replace(orders, actor=f"producer-{way}")))


def _walk_consumer(queue: Queue, common: Orders, cycle: Cycle) -> int:
    """Before each run there are tasks, and the lease of the last victim is over."""
    feed = replace(common, mix=WAYS["batch"])
    walked = 0
    crew.run(replace(feed, actor=f"feed-{cycle.promise.worker}.0"))
    for walked in _kills(_consumer(common, cycle)):
        crew.run(replace(feed, actor=f"feed-{cycle.promise.worker}.{walked}"))
        _end_leases(queue)
    return walked


def _consumer(common: Orders, cycle: Cycle) -> Orders:
    # Boundaries before any handler are walked through as well, and so is the same task again and again: nothing is poison here.
    options = {"delivery": cycle.promise.delivery, "max_crashes": MOST, "batch": 50, "lease": 60}
    return replace(
        common,
        role="consumer",
        actor=f"consumer-{cycle.promise.worker}",
        worker=cycle.promise.worker,
        options=options,
        on_error=cycle.on_error,
    )


def _finish(queue: Queue, common: Orders, cycle: Cycle) -> None:
    """Let a consumer come to the end in peace."""
    _end_leases(queue)
    orders = _consumer(common, cycle)
    code = crew.run(replace(orders, actor=f"{orders.actor}.last"))
    if code:
        raise RuntimeError(f"{orders.actor}.last ended with {code}")


def _end_leases(queue: Queue) -> None:
    """Let the time of all leases be over."""
    with queue.begin() as connection:
        connection.execute(sa.update(queue.tables.status).values(lease_until=0))
