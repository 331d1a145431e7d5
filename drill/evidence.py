"""What the checker judges: the histories, what the database held after the drain, and what each consumer was promised."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from drill.history import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A row that a handler wrote; digest: the hash chain up to it."""

    worker: str
    lane: int
    pos: int
    task_id: int
    value: str
    epoch: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A row of worker_status. failed: how many tasks it counts as failed."""

    worker: str
    lane: int
    pos: int
    epoch: int
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The database after the drain. log: task id → value; order: position → task id; positions up to `trimmed` are gone on purpose.

    parked: worker and position. ledger: the values that callers wrote into a table of their own, in the transaction of their enqueue.
    """

    log: dict[int, str]
    order: dict[int, int]
    cursors: Sequence[Cursor]
    effects: Sequence[Effect]
    parked: frozenset[tuple[str, int]] = frozenset()
    ledger: frozenset[str] = frozenset()
    trimmed: int = 0

    @property
    def head(self) -> int:
        """The last position."""
        return max(self.order, default=self.trimmed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a durable consumer was promised.

    delivery: as `Consumer` has it. ordered: positions are handled in their order (not so when failures are parked and tried later). lanes: how
    many share the positions. survives: the natures of tasks that must leave an effect, after retries; of any other none may.
    """

    worker: str
    delivery: str = "effectively_once"
    ordered: bool = True
    lanes: int = 1
    survives: frozenset[str] = frozenset({"plain"})

    @property
    def complete(self) -> bool:
        """Nothing may be missed."""
        return self.delivery != "at_most_once"


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One value on its way into the queue; outcome: ok, fail or info; times in nanoseconds, ended 0 when nobody knows."""

    value: str
    nature: str
    group: str
    key: str
    invoked: int
    outcome: str = "info"
    ended: int = 0
    task_id: int = 0

    @property
    def producer(self) -> str:
        """Who enqueued it."""
        return self.value.rsplit("-", 1)[0]

    @property
    def number(self) -> int:
        """The how-manieth of its producer."""
        return int(self.value.rsplit("-", 1)[1])


@dataclass(kw_only=True)
class Evidence:
    """Histories, state and promises, with what several checks look up."""

    events: Sequence[Event]
    state: State
    promises: Sequence[Promise]
    attempts: dict[str, Attempt] = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = {}
        for event in self.events:
            if event.what != "enqueue":
                continue
            if event.kind == "invoke":
                self.attempts[event.value] = Attempt(
                    value=event.value, nature=event.nature, group=event.group, key=event.key, invoked=event.at
                )
            else:
                attempt = self.attempts[event.value]
                attempt.outcome, attempt.ended, attempt.task_id = event.kind, event.at, event.task_id

    @cached_property
    def deliveries(self) -> dict[str, list[Event]]:
        """Worker → the begins of its handlers."""
        return self._by_worker(e for e in self.events if e.what == "deliver" and e.kind == "invoke")

    @cached_property
    def effects(self) -> dict[str, list[Effect]]:
        """Worker → its effects, in the order of their positions."""
        found: defaultdict[str, list[Effect]] = defaultdict(list)
        for effect in sorted(self.state.effects, key=lambda effect: effect.pos):
            found[effect.worker].append(effect)
        return dict(found)

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """Value → its positions, from the log where it is still there and from the effects."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for pos, task_id in self.state.order.items():
            if task_id in self.state.log:
                found[self.state.log[task_id]].add(pos)
        for effect in self.state.effects:
            found[effect.value].add(effect.pos)
        return {value: sorted(positions) for value, positions in found.items()}

    @cached_property
    def logged(self) -> frozenset[str]:
        """The values in the log."""
        return frozenset(self.state.log.values())

    def cursor(self, worker: str) -> int:
        """The position up to which all lanes of a worker have come."""
        return min((c.pos for c in self.state.cursors if c.worker == worker), default=0)

    def failed(self, worker: str) -> int:
        """How many tasks all lanes of a worker count as failed."""
        return sum(c.failed for c in self.state.cursors if c.worker == worker)

    def _by_worker(self, events: Iterable[Event]) -> dict[str, list[Event]]:
        found: defaultdict[str, list[Event]] = defaultdict(list)
        for event in events:
            found[event.worker].append(event)
        return dict(found)


def link(digest: str, pos: int, value: str) -> str:
    """Return the next digest of a hash chain: it tells everything handled so far, and its order."""
    return hashlib.sha256(f"{digest}|{pos}|{value}".encode()).hexdigest()[:32]
