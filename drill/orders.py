"""What a process of the drill is told to be, and what it finds in its folder."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What producers do, in shares, and how long they do it.

    single, batch, bound: one task in a transaction of its own, several, or some in the caller's transaction. hold: the longest time, in seconds, that a caller's
    transaction stays open, so that ids are committed out of their order. rollbacks: the part of the caller's transactions that
    is rolled back. most: tasks of a batch. keyed: the part of the tasks that has one of a few keys. pause: the longest time between two of them. natures: what tasks do, in shares, see `drill.service`.
    """

    single: float = 4
    batch: float = 2
    bound: float = 4
    hold: float = 0.5
    rollbacks: float = 0.2
    most: int = 6
    keyed: float = 0.3
    pause: float = 0.05
    natures: dict[str, float] = field(default_factory=lambda: {"plain": 94, "fail": 3, "flaky": 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """One process of the drill.

    actor: its name, unlike any other's, also of those that it replaces. folder: where its history is. count: how many calls a producer makes, or tasks
    a consumer runs, before it ends; None for no end. kill_at: the point, see `drill.killing`, at which it kills itself. options: of the Consumer.
    on_loop: a consumer works on an event loop, where there is a driver for it. mutant: which of `drill.mutants` it is, for the proof that the drill notices.
    """

    role: str
    actor: str
    folder: str
    url: str
    seed: int = 0
    topic: str = "drill"
    worker: str = ""
    count: int | None = None
    kill_at: int = 0
    mix: Mix = Mix()
    options: dict[str, Any] = field(default_factory=dict)
    on_error: str = "GoOn"
    mutant: str = ""
    on_loop: bool = False

    @property
    def random(self) -> Random:
        """A generator that gives this actor the same numbers every time."""
        return Random(f"{self.seed}-{self.actor}")

    def path(self, suffix: str) -> Path:
        """A file of this actor."""
        return Path(self.folder) / f"{self.actor}.{suffix}"

    def dump(self) -> str:
        """Write it as one argument of a command line."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def load(cls, text: str) -> Orders:
        """Read what `dump` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "mix": Mix(**fields.get("mix", {}))})
