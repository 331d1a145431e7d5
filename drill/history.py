"""Histories: what each process did and saw, one JSON line per event, on disk before the process goes on."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Kind = Literal["invoke", "ok", "fail", "info"]
What = Literal["enqueue", "deliver", "save", "failed", "parked", "claimed", "note"]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a history.

    at: nanoseconds of the machine's monotonic clock, the same for all processes. kind: as Jepsen has them: `invoke` before, then `ok`
    (it happened), `fail` (it certainly did not) or `info` (nobody knows); an invoke without an end is an `info` too.
    what: `enqueue` of a value; `deliver`, a handler's begin and end; `save` of a cursor; `failed`, `parked` and `claimed` as the consumer's events tell them.
    value: `producer-counter`. nature: what the handler does with it, see `drill.service`. group: the transaction, when several values share one. key: whose order is kept.
    """

    at: int
    actor: str
    kind: Kind
    what: What
    value: str = ""
    nature: str = "plain"
    group: str = ""
    key: str = ""
    worker: str = ""
    lane: int = 0
    epoch: int = 0
    pos: int = 0
    task_id: int = 0
    text: str = ""


class History:
    """The history of one process: lines are appended and synced one by one."""

    def __init__(self, path: Path, actor: str) -> None:
        self.actor = actor
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._encoder = msgspec.json.Encoder()

    def write(self, kind: Kind, what: What, **fields: Any) -> None:
        """Append an event and wait until the disk has it."""
        self.write_all([{"kind": kind, "what": what, **fields}])

    def write_all(self, events: Iterable[dict[str, Any]]) -> None:
        """Append several events with one wait for the disk."""
        now = time.monotonic_ns()
        lines = [self._encoder.encode(Event(at=now, actor=self.actor, **event)) + b"\n" for event in events]
        os.write(self._file, b"".join(lines))
        os.fdatasync(self._file)


def read_history(path: Path) -> list[Event]:
    """Return the events of a file; a last line that its writer did not live to end is no event."""
    lines = path.read_bytes().split(b"\n")[:-1]
    decoder = msgspec.json.Decoder(Event)
    return [decoder.decode(line) for line in lines]


def read_histories(folder: Path) -> list[Event]:
    """Return the events of all files of a folder, in the order of their time; those of one process keep theirs."""
    events = [event for path in sorted(folder.glob("*.jsonl")) for event in read_history(path)]
    return sorted(events, key=lambda event: event.at)
