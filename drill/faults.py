"""The faults: a table of what can be done to a field of processes and their database, each by a function, all from seeded random numbers."""

from __future__ import annotations

import heapq
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from tests.databases import as_other_user

from drill.service import ledger

if TYPE_CHECKING:
    from random import Random

    from drill.crew import Crew, Post
    from drill.proxy import Proxy
    from drill.servers import Database


@dataclass(kw_only=True)
class Field:
    """Where faults happen. lease: seconds, so that pauses can last longer. done: how often each fault happened."""

    database: Database
    crew: Crew
    proxy: Proxy | None
    lease: float
    done: Counter[str] = field(default_factory=Counter)
    threads: list[threading.Thread] = field(default_factory=list)
    _later: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _number: count[int] = field(default_factory=count)

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Do something after a while: the end of a fault."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._number), work))

    def tick(self, *, everything: bool = False) -> None:
        """Do what is due."""
        while self._later and (everything or self._later[0][0] <= time.monotonic()):
            heapq.heappop(self._later)[2]()

    def heal(self) -> None:
        """End all faults."""
        self.tick(everything=True)
        for thread in self.threads:
            thread.join(60)
        if self.proxy:
            self.proxy.heal()
        self.database.wait()


def _one(field: Field, random: Random, role: str) -> Post | None:
    alive = [post for post in field.crew.of(role) if post.pid and not post.paused]
    return random.choice(alive) if alive else None


def _kill(role: str) -> Callable[[Field, Random], bool]:
    def kill(field: Field, random: Random) -> bool:
        post = _one(field, random, role)
        return post is not None and field.crew.signal(post, signal.SIGKILL)

    return kill


def _pause(role: str) -> Callable[[Field, Random], bool]:
    def pause(field: Field, random: Random) -> bool:
        post = _one(field, random, role)
        if post is None or not field.crew.signal(post, signal.SIGSTOP):
            return False
        seconds = field.lease * random.uniform(0.3, 2.5)
        number = post.filled

        def resume() -> None:
            if post.filled == number:
                field.crew.signal(post, signal.SIGCONT)

        field.later(seconds, resume)
        return True

    return pause


def crash_database(field: Field, random: Random) -> bool:
    """End the server without ceremony and start it again after a moment."""
    field.database.restart(random.uniform(0, 0.3))
    return True


def kill_backend(field: Field, random: Random) -> bool:
    """Kill the server's process for one client: PostgreSQL then throws all others out and recovers."""
    try:
        backends = field.database.backends()
    except DBAPIError:
        return False
    if not backends:
        return False
    with suppress(ProcessLookupError):
        os.kill(random.choice(backends), signal.SIGKILL)
    return True


def hold_a_transaction(field: Field, random: Random) -> bool:
    """Keep a foreign transaction open that has written, so that nothing may wait for it."""
    seconds = random.uniform(1, 4)
    if field.database.name == "sqlite":
        seconds /= 10  # its one writer does keep the others waiting

    def hold() -> None:
        engine = sa.create_engine(field.database.url, poolclass=sa.NullPool)
        with suppress(DBAPIError), engine.connect() as connection:
            connection.execute(ledger.insert(), {"value": f"foreign-{random.random()}"})
            time.sleep(seconds)
            connection.rollback()

    thread = threading.Thread(target=hold)
    thread.start()
    field.threads.append(thread)
    return True


def _spoil(**settings: object) -> Callable[[Field, Random], bool]:
    def spoil(field: Field, random: Random) -> bool:
        if field.proxy is None:
            return False
        for name, value in settings.items():
            setattr(field.proxy, name, value)
        field.later(random.uniform(0.2, 1.5), field.proxy.heal)
        return True

    return spoil


def cut(field: Field, random: Random) -> bool:
    """Reset all connections that go through the proxy."""
    if field.proxy is None:
        return False
    field.proxy.cut()
    return True


def fill_disk(field: Field, random: Random) -> bool:
    """Let a process write no further than its files are now: a producer or consumer of SQLite, a backend of PostgreSQL."""
    if field.database.name == "sqlite":
        post = _one(field, random, random.choice(["producer", "consumer"]))
        wal = Path(field.database.url.removeprefix("sqlite:///") + "-wal")
        pid, most, owner = post.pid if post else None, wal.stat().st_size if wal.exists() else 0, {}
    else:
        try:
            pid, most = random.choice(field.database.backends() or [None]), random.choice([8192, 65536, 1 << 20])
        except DBAPIError:
            return False
        owner = as_other_user()
    if not pid or not _limit(pid, str(most), owner):
        return False
    field.later(random.uniform(0.3, 1.5), lambda: _limit(pid, "unlimited", owner))
    return True


def _limit(pid: int, most: str, owner: dict[str, Any]) -> bool:
    """Limit the size of the files that a process can write; only its owner may do that."""
    command = ["prlimit", "--pid", str(pid), f"--fsize={most}:"]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False, **owner).returncode == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A row of the table. act: does it, and tells whether there was something to do it to. share: how often it is chosen, beside the others."""

    name: str
    act: Callable[[Field, Random], bool]
    share: float
    databases: frozenset[str] = frozenset({"sqlite", "postgresql", "mariadb"})


SERVERS = frozenset({"postgresql", "mariadb"})

FAULTS = [
    Fault(name="kill -9 of a consumer", act=_kill("consumer"), share=10),
    Fault(name="kill -9 of a producer", act=_kill("producer"), share=8),
    Fault(name="consumer stopped, past its lease or not", act=_pause("consumer"), share=5),
    Fault(name="producer stopped in what it did", act=_pause("producer"), share=3),
    Fault(name="database crashed and started", act=crash_database, share=1, databases=SERVERS),
    Fault(name="kill -9 of a backend", act=kill_backend, share=1, databases=frozenset({"postgresql"})),
    Fault(name="foreign transaction held open", act=hold_a_transaction, share=3),
    Fault(name="connections reset", act=cut, share=3, databases=SERVERS),
    Fault(name="answers lost, then reset", act=_spoil(swallow=frozenset({"down"})), share=3, databases=SERVERS),
    Fault(name="half-open connections", act=_spoil(swallow=frozenset({"up", "down"})), share=2, databases=SERVERS),
    Fault(name="slow network", act=_spoil(delay=0.05), share=2, databases=SERVERS),
    Fault(name="connections refused", act=_spoil(refuse=True), share=1, databases=SERVERS),
    Fault(name="disk full", act=fill_disk, share=2, databases=frozenset({"sqlite", "postgresql"})),
]


def plan(random: Random, database: str, seconds: float, rate: float) -> list[tuple[float, Fault]]:
    """Return which fault happens when, in seconds from the begin; rate: how many a second."""
    rows = [fault for fault in FAULTS if database in fault.databases]
    shares = [fault.share for fault in rows]
    at, planned = 0.0, []
    while (at := at + random.expovariate(rate)) < seconds:
        planned.append((at, random.choices(rows, shares)[0]))
    return planned
