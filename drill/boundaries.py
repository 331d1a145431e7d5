"""The drill without chance: a producer and a consumer are killed at each of their statement boundaries, one after the other."""

from __future__ import annotations

import signal
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from drill import crew, gather, servers
from drill.checker import judge
from drill.consumer import Worker
from drill.evidence import Promise
from drill.killing import Points
from drill.orders import Mix, Orders
from drill.producer import Enqueuer
from drill.report import Result
from spyne.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drill.servers import Database

MOST = 300

QUICK = Mix(hold=0, rollbacks=0, pause=0, most=2, keyed=0, natures={"plain": 1, "fail": 1})
WAYS = {
    "single": replace(QUICK, batch=0, bound=0),
    "batch": replace(QUICK, single=0, bound=0),
    "bound": replace(QUICK, single=0, batch=0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A kind of consumer whose cycle is walked through."""

    promise: Promise
    on_error: str = "GoOn"


CYCLES = {
    "once": Cycle(promise=Promise(worker="once")),
    "least": Cycle(promise=Promise(worker="least", delivery="at_least_once")),
    "most": Cycle(promise=Promise(worker="most", delivery="at_most_once")),
    "parking": Cycle(promise=Promise(worker="parking", ordered=False), on_error="Park"),
}


def walk(
    database: Database,
    *,
    seed: int = 0,
    cycles: Sequence[str] = tuple(CYCLES),
    ways: Sequence[str] = tuple(WAYS),
    create: bool = True,
    mutant: str = "",
) -> Result:
    """Kill at every boundary, one process at a time, and judge what is left. `ends` of the result tells how many boundaries there were.

    create: also those of making the tables, in a database that is emptied each time.
    """
    with (
        servers.folder() as folder,
        closing(Queue(database.url, topic="drill")) as queue,
    ):
        common = Orders(role="", actor="", folder=str(folder), url=database.url, seed=seed, count=1, mutant=mutant)
        killed: Counter[str] = Counter()
        if create:
            killed["creator killed at a boundary"] = _walk_creator(queue, common)
        gather.prepare(queue)
        for way in ways:
            orders = replace(common, role="producer", actor=f"producer-{way}", mix=WAYS[way])
            killed[f"producer ({way}) killed at a boundary"] = sum(1 for _ in _kills(orders))
        for cycle in cycles:
            killed[f"consumer ({cycle}) killed at a boundary"] = _walk_consumer(queue, common, CYCLES[cycle])
        for cycle in cycles:  # what was put there for the others
            _peace(queue, common, CYCLES[cycle], "end").run()
        evidence = gather.evidence(queue, folder, [CYCLES[cycle].promise for cycle in cycles])
        errors = list(crew.leftovers(folder))
    return Result(database=database.name, seed=seed, seconds=0, verdict=judge(evidence), ends=killed, errors=errors)


def _kills(orders: Orders) -> Iterator[int]:
    """Run a process with a kill at its first point, its second, … until one lives to its end."""
    for point in range(1, MOST):
        code = crew.run(replace(orders, actor=f"{orders.actor}.{point}", kill_at=point))
        if code == 0:
            return
        if code != -signal.SIGKILL:
            raise RuntimeError(
                f"{orders.actor}.{point} ended with {code}: {''.join(crew.leftovers(Path(orders.folder)))}"
            )
        yield point
    raise RuntimeError(f"{orders.actor} has more than {MOST} boundaries")


def _walk_creator(queue: Queue, common: Orders) -> int:
    """Whatever a killed creator left, the next one makes it whole."""
    walked = 0
    for walked in _kills(replace(common, role="creator", actor="creator")):
        with closing(Queue(common.url, topic="drill")) as other:
            other.create()
            with other.begin() as connection:
                other.log.state(connection)
        queue.metadata.drop_all(queue.engine)
        queue.engine.dispose()
    return walked


def _walk_consumer(queue: Queue, common: Orders, cycle: Cycle) -> int:
    """Each victim finds the same number of tasks; what it leaves is done in peace before the next."""
    name = f"feed-{cycle.promise.worker}"
    feed = Enqueuer(replace(common, role="producer", actor=name, mix=WAYS["batch"]), queue)
    peace = _peace(queue, common, cycle, "peace")
    peace.run()
    feed.batch()
    walked = 0
    for walked in _kills(_consumer(common, cycle)):
        _end_leases(queue)
        peace.run()
        feed.batch()
    peace.run()
    return walked


def _consumer(common: Orders, cycle: Cycle) -> Orders:
    worker = cycle.promise.worker
    # Boundaries before any handler are walked through as well, and so is the same task again: nothing is poison here.
    options = {"delivery": cycle.promise.delivery, "max_crashes": MOST, "batch": 50, "lease": 60}
    return replace(
        common, role="consumer", actor=f"consumer-{worker}", worker=worker, options=options, on_error=cycle.on_error
    )


def _peace(queue: Queue, common: Orders, cycle: Cycle, name: str) -> Worker:
    """A consumer in this process, which nobody kills."""
    orders = _consumer(common, cycle)
    return Worker(replace(orders, actor=f"{orders.actor}.{name}"), queue, Points())


def _end_leases(queue: Queue) -> None:
    """Let the time of all leases be over."""
    with queue.begin() as connection:
        connection.execute(sa.update(queue.tables.status).values(lease_until=0))
