"""The checker: what the histories and the database say against what was promised. Every check is a pure function that yields findings.

`total-queue` and the names lost-write, inconsistent-offsets, poll-skip, nonmonotonic-poll, duplicate, aborted-read and unseen are those of Jepsen's queue
and kafka workloads; the others are the invariants of the queue's design (docs/howto/queue-reliability.md has them as a table).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from drill.evidence import link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from drill.evidence import Attempt, Effect, Evidence, Promise
    from drill.history import Event

POISON = frozenset({"segv", "exit", "linger"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A promise that was not kept."""

    name: str
    detail: str
    worker: str = ""

    def __str__(self) -> str:
        return f"{self.name}{f' at {self.worker}' if self.worker else ''}: {self.detail}"


def _of(name: str, detail: str, promise: Promise | None = None) -> Finding:
    return Finding(name=name, detail=detail, worker=promise.worker if promise else "")


# Jepsen's total-queue, for each consumer


def lost(case: Evidence) -> Iterator[Finding]:
    """Lost: what was acknowledged and must have an effect has none at a consumer that has passed it; what it has not come to is `drained`'s."""
    for promise in filter(lambda p: p.complete, case.promises):
        cursor = case.cursor(promise.worker)
        seen = {effect.value for effect in case.effects.get(promise.worker, ())}
        for attempt in case.attempts.values():
            is_due = attempt.outcome == "ok" and attempt.nature in promise.survives
            if is_due and attempt.value not in seen and case.positions.get(attempt.value, [0])[0] <= cursor:
                yield _of("lost", f"{attempt.value}, task {attempt.task_id}", promise)


def unexpected(case: Evidence) -> Iterator[Finding]:
    """Unexpected: a value that nobody ever tried to enqueue."""
    known = case.attempts.keys()
    for promise in case.promises:
        seen = {e.value for e in case.deliveries.get(promise.worker, ())}
        seen |= {e.value for e in case.effects.get(promise.worker, ())}
        yield from (_of("unexpected", value, promise) for value in sorted(seen - known))


def duplicated(case: Evidence) -> Iterator[Finding]:
    """Duplicated: a consumer's effects have a value or a position twice; at-most-once: one was delivered twice."""
    for promise in case.promises:
        effects = case.effects.get(promise.worker, ())
        for what, count in (Counter(e.value for e in effects) + Counter(e.pos for e in effects)).items():
            if count > 1:
                yield _of("duplicated", f"{what} has {count} effects", promise)
        if promise.delivery == "at_most_once":
            for pos, count in Counter(e.pos for e in case.deliveries.get(promise.worker, ())).items():
                if count > 1:
                    yield _of("duplicated", f"position {pos} was delivered {count} times", promise)


# jepsen.tests.kafka


def aborted_read(case: Evidence) -> Iterator[Finding]:
    """Aborted read (G1a): a value of a transaction that was rolled back is in the log, was delivered, or has an effect."""
    seen = set(case.logged) | {e.value for e in case.state.effects}
    seen |= {e.value for begun in case.deliveries.values() for e in begun}
    for attempt in case.attempts.values():
        if attempt.outcome == "fail" and attempt.value in seen:
            yield _of("aborted-read", attempt.value)


def lost_write(case: Evidence) -> Iterator[Finding]:
    """Lost write: an acknowledged value is not in the log or never got a position."""
    for attempt in case.attempts.values():
        if attempt.outcome == "ok" and not case.positions.get(attempt.value) and not case.state.trimmed:
            where = "without a position" if attempt.value in case.logged else "not in the log"
            yield _of("lost-write", f"{attempt.value}, task {attempt.task_id}, is {where}")


def duplicate(case: Evidence) -> Iterator[Finding]:
    """Duplicate: one value is at several positions."""
    for value, positions in case.positions.items():
        if len(positions) > 1:
            yield _of("duplicate", f"{value} is at the positions {positions}")


def inconsistent_offsets(case: Evidence) -> Iterator[Finding]:
    """Inconsistent offsets: one position stood for different values, in the log, to consumers or at different times."""
    values: defaultdict[int, set[str]] = defaultdict(set)
    for pos, task_id in case.state.order.items():
        if task_id in case.state.log:
            values[pos].add(case.state.log[task_id])
    for effect in case.state.effects:
        values[effect.pos].add(effect.value)
    for begun in case.deliveries.values():
        for event in begun:
            values[event.pos].add(event.value)
    for pos, found in sorted(values.items()):
        if len(found) > 1:
            yield _of("inconsistent-offsets", f"position {pos} is {', '.join(sorted(found))}")


def unseen(case: Evidence) -> Iterator[Finding]:
    """Unseen: a position that no consumer ever began to handle; poison that was parked has been seen."""
    seen = {e.pos for begun in case.deliveries.values() for e in begun} | {pos for _, pos in case.state.parked}
    missing = sorted(case.state.order.keys() - seen)
    if case.promises and missing:
        yield _of("unseen", f"positions {_few(missing)}")


def polls(case: Evidence) -> Iterator[Finding]:
    """Within one epoch of one process, positions are handled one after the other.

    Poll-skip: one was left out. Nonmonotonic-poll: an earlier one came again, that is not the first after the saved cursor (as
    it is after a transaction that failed) nor another attempt of the same.
    """
    for promise in case.promises:
        if not promise.ordered or promise.lanes > 1:
            continue
        for session in _sessions(case, promise.worker):
            yield from _judge_session(case, promise, session)


def _sessions(case: Evidence, worker: str) -> Iterator[list[Event]]:
    """Yield the deliveries and saves of each process and epoch of a worker."""
    sessions: defaultdict[tuple[str, int], list[Event]] = defaultdict(list)
    for event in case.events:
        wanted = (event.what == "deliver" and event.kind == "invoke") or event.what == "save"
        if wanted and event.worker == worker:
            sessions[event.actor, event.epoch].append(event)
    yield from sessions.values()


def _judge_session(case: Evidence, promise: Promise, session: list[Event]) -> Iterator[Finding]:
    last = saved = 0
    for event in session:
        if event.what == "save":
            last = saved = max(saved, event.pos)
            continue
        if not last:
            last = saved = event.pos - 1
        if event.pos > last + 1:
            missing = [pos for pos in range(last + 1, event.pos) if (promise.worker, pos) not in case.state.parked]
            if missing:
                yield _of(
                    "poll-skip", f"{event.actor}, epoch {event.epoch}: {_few(missing)} before {event.pos}", promise
                )
        elif event.pos < last and event.pos != saved + 1:
            where = f"{event.pos} after {last}, the cursor being {saved}"
            yield _of("nonmonotonic-poll", f"{event.actor}, epoch {event.epoch}: {where}", promise)
        last = event.pos


# The invariants of the design


def dense(case: Evidence) -> Iterator[Finding]:
    """Positions are dense from 1 (from behind what was trimmed), and each is one task."""
    order = case.state.order
    missing = sorted(set(range(case.state.trimmed + 1, case.state.head + 1)) - order.keys())
    if missing:
        yield _of("hole", f"no task at the positions {_few(missing)}")
    for task_id, count in Counter(order.values()).items():
        if count > 1:
            yield _of("two-positions", f"task {task_id} has {count} positions")


def same_order(case: Evidence) -> Iterator[Finding]:
    """All consumers saw the same order: their hash chains are equal wherever both have an effect and the same promise."""
    chains: dict[tuple[frozenset[str], int], tuple[str, str]] = {}
    for promise in filter(_chained, case.promises):
        for effect in case.effects.get(promise.worker, ()):
            worker, digest = chains.setdefault((promise.survives, effect.pos), (promise.worker, effect.digest))
            if digest != effect.digest:
                yield _of("different-order", f"differs from {worker} from position {effect.pos} on", promise)
                break


def chain(case: Evidence) -> Iterator[Finding]:
    """The hash chain in the effects is the one that their positions and values give: none was slipped in, none taken away."""
    for promise in filter(_chained, case.promises):
        digest = ""
        for effect in case.effects.get(promise.worker, ()):
            digest = link(digest, effect.pos, effect.value)
            if effect.digest != digest:
                yield _of("chain-broken", f"at position {effect.pos}, {effect.value}", promise)
                break


def _chained(promise: Promise) -> bool:
    return promise.ordered and promise.lanes == 1 and promise.complete


def one_effect_each(case: Evidence) -> Iterator[Finding]:
    """Up to the cursor every position has its effect, and beyond it none has: both were saved in one transaction."""
    for promise in filter(lambda p: p.complete, case.promises):
        cursor = case.cursor(promise.worker)
        done = {effect.pos for effect in case.effects.get(promise.worker, ())}
        due = {a.value for a in case.attempts.values() if a.nature in promise.survives}
        missing = sorted(
            pos
            for pos, task_id in case.state.order.items()
            if pos <= cursor and pos not in done and case.state.log.get(task_id) in due
        )
        if missing:
            yield _of("gap", f"no effect at the positions {_few(missing)}, the cursor being {cursor}", promise)
        beyond = sorted(pos for pos in done if pos > cursor)
        if beyond and promise.delivery == "effectively_once" and promise.lanes == 1:
            yield _of("torn", f"effects at {_few(beyond)} beyond the cursor {cursor}", promise)


def producer_order(case: Evidence) -> Iterator[Finding]:
    """What a producer enqueued one after the other has increasing positions; so have the values of one transaction."""
    for series in (*_by(case, lambda a: a.producer), *_by(case, lambda a: a.group)):
        for before, after in pairwise(series):
            if case.positions[before.value][0] > case.positions[after.value][0]:
                places = f"{case.positions[before.value][0]} and {case.positions[after.value][0]}"
                yield _of("producer-order", f"{before.value} and {after.value} are at {places}")


def _by(case: Evidence, key: Callable[[Attempt], str]) -> list[list[Attempt]]:
    """The acknowledged values that share a key, in the order of their numbers."""
    series: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in case.attempts.values():
        if attempt.outcome == "ok" and key(attempt) and case.positions.get(attempt.value):
            series[key(attempt)].append(attempt)
    return [sorted(found, key=lambda a: a.number) for found in series.values()]


def key_order(case: Evidence) -> Iterator[Finding]:
    """Tasks of one key have their effects in the order of their positions, also where others overtake them: in lanes, or when failures are parked.

    The effects of a state are in the order of their writing.
    """
    for promise in case.promises:
        latest: dict[str, int] = {}
        for effect in case.state.effects:
            key = case.attempts[effect.value].key if effect.value in case.attempts else ""
            if effect.worker != promise.worker or not key:
                continue
            if effect.pos < latest.get(key, 0):
                yield _of("key-order", f"{effect.value} at {effect.pos} after {latest[key]}, key {key}", promise)
            latest[key] = effect.pos


def one_epoch(case: Evidence) -> Iterator[Finding]:
    """An epoch belongs to one process, and once a later one has committed, no earlier one does."""
    for promise in case.promises:
        owners: dict[tuple[int, int], str] = {}
        for event in case.deliveries.get(promise.worker, ()):
            owner = owners.setdefault((event.lane, event.epoch), event.actor)
            if owner != event.actor:
                yield _of("shared-epoch", f"epoch {event.epoch} of {owner} and {event.actor}", promise)
        if promise.delivery == "effectively_once" and promise.ordered:
            yield from _fenced(promise, case.effects.get(promise.worker, ()))


def _fenced(promise: Promise, effects: Sequence[Effect]) -> Iterator[Finding]:
    latest: dict[int, Effect] = {}
    for effect in effects:
        before = latest.get(effect.lane)
        if before and before.epoch > effect.epoch:
            where = f"epoch {effect.epoch} at {effect.pos} after epoch {before.epoch} at {before.pos}"
            yield _of("fenced-commit", where, promise)
        latest[effect.lane] = effect


def failures(case: Evidence) -> Iterator[Finding]:
    """A task that failed left no effect, and is counted; a task that kills its process is parked."""
    for promise in filter(lambda p: p.complete, case.promises):
        cursor = case.cursor(promise.worker)
        done = {effect.value for effect in case.effects.get(promise.worker, ())}
        due = 0
        for attempt in case.attempts.values():
            places = case.positions.get(attempt.value)
            if attempt.nature in promise.survives or not places or places[0] > cursor:
                continue
            if attempt.value in done:
                yield _of("failed-effect", f"{attempt.value} failed, and has an effect", promise)
            if attempt.nature not in POISON:
                due += 1
            elif (promise.worker, places[0]) not in case.state.parked:
                yield _of("poison-not-parked", f"{attempt.value} at {places[0]}", promise)
        if promise.ordered and due != case.failed(promise.worker):
            yield _of("untold-failure", f"{due} tasks failed, {case.failed(promise.worker)} were counted", promise)


def innocents(case: Evidence) -> Iterator[Finding]:
    """Nothing is parked as poison that did not kill its process."""
    nature = {case.positions[a.value][0]: a.nature for a in case.attempts.values() if case.positions.get(a.value)}
    for promise in case.promises:
        if promise.ordered:
            for worker, pos in sorted(case.state.parked):
                if worker == promise.worker and nature.get(pos, "segv") in promise.survives:
                    yield _of("parked-innocent", f"position {pos}", promise)


def trimming(case: Evidence) -> Iterator[Finding]:
    """Nothing is trimmed that a durable consumer has not had."""
    for promise in case.promises:
        cursor = case.cursor(promise.worker)
        if case.state.trimmed > cursor:
            yield _of("trimmed-unread", f"trimmed up to {case.state.trimmed}, the cursor being {cursor}", promise)


def drained(case: Evidence) -> Iterator[Finding]:
    """When the faults have stopped, every consumer comes to the end."""
    for promise in case.promises:
        cursor = case.cursor(promise.worker)
        if cursor < case.state.head:
            yield _of("not-drained", f"the cursor is {cursor}, the last position {case.state.head}", promise)


def outbox(case: Evidence) -> Iterator[Finding]:
    """A value enqueued in the caller's transaction is in the log exactly if the caller's own row is in its table."""
    if case.state.trimmed:
        return
    for attempt in case.attempts.values():
        if attempt.group.startswith("bound") and (attempt.value in case.state.ledger) != (attempt.value in case.logged):
            where = "only in the caller's table" if attempt.value in case.state.ledger else "only in the log"
            yield _of("outbox-torn", f"{attempt.value} is {where}")


LOST, DUPLICATED, REORDERED, OTHER = "lost", "duplicated effects", "reordered", "other"

# Every check, and under which of the report's totals its findings count.
CHECKS: dict[Callable[[Evidence], Iterator[Finding]], str] = {
    lost: LOST,
    lost_write: LOST,
    unseen: LOST,
    one_effect_each: LOST,
    trimming: LOST,
    drained: LOST,
    duplicated: DUPLICATED,
    duplicate: DUPLICATED,
    one_epoch: DUPLICATED,
    polls: REORDERED,
    dense: REORDERED,
    same_order: REORDERED,
    chain: REORDERED,
    inconsistent_offsets: REORDERED,
    producer_order: REORDERED,
    key_order: REORDERED,
    unexpected: OTHER,
    aborted_read: OTHER,
    failures: OTHER,
    innocents: OTHER,
    outbox: OTHER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the checker found: findings by total, and figures that are no findings."""

    findings: dict[str, list[Finding]]
    figures: dict[str, int]

    @property
    def good(self) -> bool:
        """Nothing was found."""
        return not any(self.findings.values())

    @property
    def names(self) -> set[str]:
        """The names of what was found."""
        return {finding.name for found in self.findings.values() for finding in found}


def judge(case: Evidence) -> Verdict:
    """Run every check."""
    findings: dict[str, list[Finding]] = {LOST: [], DUPLICATED: [], REORDERED: [], OTHER: []}
    for check, total in CHECKS.items():
        findings[total] += check(case)
    return Verdict(findings=findings, figures=_figures(case))


def _figures(case: Evidence) -> dict[str, int]:
    outcomes = Counter(attempt.outcome for attempt in case.attempts.values())
    begun = sum(map(len, case.deliveries.values()))
    # Recovered is Jepsen's word: nobody was told that they were enqueued, and they were.
    recovered = sum(a.outcome == "info" and bool(case.positions.get(a.value)) for a in case.attempts.values())
    return {
        "tasks tried": len(case.attempts),
        "acknowledged": outcomes["ok"],
        "rolled back": outcomes["fail"],
        "unknown": outcomes["info"],
        "recovered": recovered,
        "deliveries": begun,
        "redeliveries": begun - sum(len({e.pos for e in found}) for found in case.deliveries.values()),
        "effects": len(case.state.effects),
        "overtaken in real time": _overtaken(case),
    }


def _overtaken(case: Evidence) -> int:
    """How many values come after one that another producer began when they were acknowledged already (not promised: a late commit is sequenced late)."""
    placed = [a for a in case.attempts.values() if a.outcome == "ok" and case.positions.get(a.value)]
    placed.sort(key=lambda a: case.positions[a.value][0])
    earliest, count = float("inf"), 0
    for attempt in reversed(placed):
        count += earliest < attempt.invoked
        earliest = min(earliest, attempt.ended)
    return count


def _few(positions: Sequence[int]) -> str:
    shown = ", ".join(map(str, positions[:5]))
    return shown if len(positions) <= 5 else f"{shown} … ({len(positions)})"
