"""The drill by chance: producers and consumers at work, faults by a seeded plan, then peace, and the question whether all promises were kept."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from drill import faults, gather, servers
from drill.checker import judge
from drill.crew import Crew
from drill.evidence import Promise
from drill.orders import Mix, Orders
from drill.proxy import Proxy
from drill.report import Result
from spyne.queue import Queue

if TYPE_CHECKING:
    from pathlib import Path

    from drill.servers import Database

TICK = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumers:
    """A consumer id of the drill. options: of the Consumer; on_error: a policy of `drill.consumer`; posts: how many processes share the id."""

    promise: Promise
    options: dict[str, Any]
    on_error: str = "GoOn"
    posts: int = 1
    on_loop: bool = False


LEASE = 1.5

ONCE = {"delivery": "effectively_once", "lease": LEASE, "batch": 20, "max_crashes": 3}
SURVIVORS = frozenset({"plain", "slow", "stumble"})

# Every kind of promise, side by side on one log.
CAST = [
    Consumers(promise=Promise(worker="once", survives=SURVIVORS), options=ONCE, posts=2),
    Consumers(promise=Promise(worker="twin", survives=SURVIVORS), options=ONCE | {"batch": 7}),
    Consumers(promise=Promise(worker="loop", survives=SURVIVORS), options=ONCE, on_loop=True),
    Consumers(
        promise=Promise(worker="retrying", survives=SURVIVORS | {"flaky"}), options=ONCE, on_error="Retry", posts=1
    ),
    Consumers(
        promise=Promise(worker="parking", survives=SURVIVORS | {"flaky"}, ordered=False), options=ONCE, on_error="Park"
    ),
    Consumers(
        promise=Promise(worker="least", delivery="at_least_once", survives=SURVIVORS),
        options=ONCE | {"delivery": "at_least_once"},
    ),
    Consumers(
        promise=Promise(worker="most", delivery="at_most_once", survives=SURVIVORS),
        options=ONCE | {"delivery": "at_most_once"},
    ),
    Consumers(promise=Promise(worker="lanes", survives=SURVIVORS, lanes=3), options=ONCE | {"lanes": 3}, posts=2),
]

NATURES: dict[str, float] = {"plain": 1000, "fail": 20, "flaky": 20, "slow": 2, "stumble": 1, "segv": 0.5, "exit": 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a drill goes. rate: faults a second. producers: how many. cast: the consumers. patience: seconds that may pass without a step forward when the faults have stopped. keep: a folder
    for the histories and logs of a drill that did not.
    """

    seed: int
    seconds: float
    rate: float = 1.0
    producers: int = 3
    cast: list[Consumers] = field(default_factory=lambda: CAST)
    mix: Mix = Mix(natures=NATURES, pause=0.15)
    patience: float = 60.0
    mutant: str = ""
    quiet: bool = True
    keep: str = ""


SHORT: dict[str, Any] = {
    "seconds": 15.0,
    "rate": 1.5,
    "producers": 2,
    "cast": [row for row in CAST if row.promise.worker in ("once", "retrying", "least")],
    # One that kills its process takes some leases' time: enough of it is in the long drill.
    "mix": Mix(natures=NATURES | {"segv": 0, "exit": 0, "stumble": 5}, pause=0.2),
}


def drill(database: Database, plan: Plan) -> Result:
    """Run a drill on a running, empty database."""
    random = Random(plan.seed)
    with ExitStack() as stack:
        folder = stack.enter_context(servers.folder())
        queue = stack.enter_context(_queue(database))
        gather.prepare(queue)
        proxy = stack.enter_context(Proxy("127.0.0.1", database.port)) if database.port else None
        crew = Crew()
        stack.callback(crew.kill_all)
        field = faults.Field(database=database, crew=crew, proxy=proxy, lease=LEASE)
        _fill(crew, plan, folder, database.through(proxy.port) if proxy else database.url)
        _spoil(field, plan, random)
        drained = _come_to_rest(field, plan, queue)
        evidence = gather.evidence(queue, folder, [row.promise for row in plan.cast])
        return Result(
            database=database.name,
            seed=plan.seed,
            seconds=plan.seconds,
            verdict=judge(evidence),
            faults=field.done,
            ends=crew.ends,
            errors=crew.errors,
            drained=drained,
        )


@contextmanager
def _queue(database: Database) -> Iterator[Queue]:
    queue = Queue(database.url, topic="drill")
    try:
        yield queue
    finally:
        queue.close()


def _fill(crew: Crew, plan: Plan, folder: Path, url: str) -> None:
    """Put everybody to their posts."""
    common = Orders(role="", actor="", folder=str(folder), url=url, seed=plan.seed, mix=plan.mix, mutant=plan.mutant)
    for row in plan.cast:
        for number in range(1, row.posts + 1):
            name = f"consumer-{row.promise.worker}-{number}"
            mine = replace(
                common,
                role="consumer",
                worker=row.promise.worker,
                options=row.options,
                on_error=row.on_error,
                on_loop=row.on_loop,
            )
            crew.post(name, partial(_nth, mine, name))
    for number in range(1, plan.producers + 1):
        name = f"producer-{number}"
        mine = replace(common, role="producer")
        crew.post(name, partial(_nth, mine, name))


def _nth(orders: Orders, name: str, number: int) -> Orders:
    """The orders of the how-manieth process of a post."""
    return replace(orders, actor=f"{name}.{number}")


def _spoil(field: faults.Field, plan: Plan, random: Random) -> None:
    """Let the faults of the plan happen at their times, and fill the posts of the dead."""
    began = time.monotonic()
    shown = began
    for at, fault in faults.plan(random, field.database.name, plan.seconds, plan.rate):
        while time.monotonic() < began + at:
            field.tick()
            field.crew.revive()
            time.sleep(TICK)
        if fault.act(field, random):
            field.done[fault.name] += 1
        if not plan.quiet and time.monotonic() > shown + 5:
            shown = time.monotonic()
            done = f"{shown - began:.0f} of {plan.seconds:.0f} s, {field.done.total()} faults"
            print(f"\r{field.database.name}: {done}", end="", file=sys.stderr, flush=True)
    while time.monotonic() < began + plan.seconds:
        field.tick()
        field.crew.revive()
        time.sleep(TICK)
    if not plan.quiet:
        print(file=sys.stderr)


def _come_to_rest(field: faults.Field, plan: Plan, queue: Queue) -> float | None:
    """End the faults and the producers, let the consumers come to the end, and end them."""
    field.heal()
    field.crew.dismiss("producer", 30)
    workers = [row.promise.worker for row in plan.cast]
    began = moved = time.monotonic()
    drained, before = None, -1
    while drained is None and time.monotonic() < moved + plan.patience:
        field.crew.revive()  # poison may still kill
        drained = gather.wait_for_drain(queue, workers, 0.5)
        if (now := gather.progress(queue)) != before:
            moved, before = time.monotonic(), now
    rest = None if drained is None else time.monotonic() - began
    if drained is None and plan.keep:
        shutil.copytree(field.crew.of("consumer")[0].orders(1).folder, plan.keep, dirs_exist_ok=True)
    for post in field.crew.dismiss("consumer", 30):
        field.crew.errors.append(f"{post}: did not end on SIGTERM")
    return rest
