"""The drill's checker, by hand-made histories: a good one passes, and each kind of damage is found under its name."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from drill.checker import CHECKS, judge
from drill.evidence import Cursor, Effect, Evidence, Promise, State, link
from drill.history import Event, History, read_histories, read_history

WORKERS = ("a", "b")


class Story:
    """Three tasks of one producer, enqueued, run and saved by two consumers; tests bend one thing before it is judged."""

    def __init__(self, natures=("plain", "plain", "plain")):
        self.values = [f"p-{number}" for number in range(1, len(natures) + 1)]
        self.natures = dict(zip(self.values, natures, strict=True))
        self.events, self.promises = [], [Promise(worker=worker) for worker in WORKERS]
        self.log = dict(enumerate(self.values, 1))
        self.order = {pos: pos for pos in self.log}
        failed = natures.count("fail")
        self.cursors = [
            Cursor(worker=worker, lane=0, pos=len(self.values), epoch=1, failed=failed) for worker in WORKERS
        ]
        self.effects, self.parked, self.ledger, self.trimmed = [], set(), set(), 0
        for value in self.values:
            self.enqueue(value)
        for worker in WORKERS:
            self.run(worker, self.log.items())

    def add(self, kind, what, actor="p", **fields):
        """Append an event, one nanosecond after the last."""
        self.events.append(Event(at=len(self.events) + 1, actor=actor, kind=kind, what=what, **fields))

    def enqueue(self, value, outcome="ok", group="", key=""):
        """Tell how a value was enqueued; without an outcome, nobody knows."""
        self.add("invoke", "enqueue", value=value, nature=self.natures.get(value, "plain"), group=group, key=key)
        if outcome:
            self.add(outcome, "enqueue", value=value, task_id=int(value.rsplit("-")[1]))

    def run(self, worker, tasks, epoch=1):
        """Tell that a consumer handled (position, value) pairs and saved its cursor."""
        digest = ""
        for pos, value in tasks:
            self.deliver(worker, pos, value, epoch)
            if self.natures.get(value, "plain") != "plain":
                self.add("info", "failed", worker, worker=worker, pos=pos, value=value)
                continue
            digest = link(digest, pos, value)
            self.effects.append(
                Effect(worker=worker, lane=0, pos=pos, task_id=pos, value=value, epoch=epoch, digest=digest)
            )
        self.add("ok", "save", worker, worker=worker, epoch=epoch, pos=pos)

    def deliver(self, worker, pos, value, epoch=1, actor=None):
        """Tell that a handler began."""
        fields = {"worker": worker, "epoch": epoch, "pos": pos, "task_id": pos, "value": value}
        self.add("invoke", "deliver", actor or worker, **fields)

    def judge(self):
        """Return the verdict."""
        state = State(
            log=self.log,
            order=self.order,
            cursors=self.cursors,
            effects=self.effects,
            parked=frozenset(self.parked),
            ledger=frozenset(self.ledger),
            trimmed=self.trimmed,
        )
        return judge(Evidence(events=self.events, state=state, promises=self.promises))


def lose_an_effect(story):
    story.effects = [e for e in story.effects if (e.worker, e.pos) != ("b", 2)]


def see_a_stranger(story):
    story.deliver("a", 4, "x-1")


def write_an_effect_twice(story):
    story.effects.append(replace(story.effects[0], pos=9))


def see_what_was_rolled_back(story):
    story.enqueue("p-7", outcome="fail")
    story.log[7] = "p-7"


def forget_a_write(story):
    story.enqueue("p-7")


def never_sequence_a_write(story):
    story.enqueue("p-7")
    story.log[7] = "p-7"


def log_a_value_twice(story):
    story.log[4], story.order[4] = "p-3", 4


def change_a_position(story):
    story.deliver("b", 2, "p-3")


def see_nothing_of_a_position(story):
    story.enqueue("p-4")
    story.log[4], story.order[4] = "p-4", 4


def skip_a_position(story):
    story.deliver("a", 5, "p-5", epoch=2)
    story.deliver("a", 7, "p-7", epoch=2)


def go_back(story):
    story.deliver("a", 2, "p-2")


def leave_a_hole(story):
    story.order = {1: 1, 2: 2, 4: 3}


def give_two_positions(story):
    story.order[4] = 3


def change_the_order(story):
    story.effects = story.effects[:3]
    digest = ""
    for pos, value in ((1, "p-1"), (2, "p-3"), (3, "p-2")):
        digest = link(digest, pos, value)
        effect = Effect(worker="b", lane=0, pos=pos, task_id=pos, value=value, epoch=1, digest=digest)
        story.effects.append(effect)


def break_the_chain(story):
    story.effects[1] = replace(story.effects[1], digest="0" * 32)


def save_the_effect_without_the_cursor(story):
    story.cursors[0] = replace(story.cursors[0], pos=1)


def turn_a_producer_around(story):
    story.order, story.effects = {1: 2, 2: 1, 3: 3}, []
    story.events = [event for event in story.events if event.what == "enqueue"]
    for worker in WORKERS:
        story.run(worker, [(1, "p-2"), (2, "p-1"), (3, "p-3")])


def turn_a_key_around(story):
    story.events = [replace_key(event) for event in story.events]
    story.effects[:3] = [story.effects[1], story.effects[0], story.effects[2]]


def replace_key(event):
    return msgspec.structs.replace(event, key="k") if event.what == "enqueue" else event


def share_an_epoch(story):
    story.deliver("a", 4, "p-4", epoch=1, actor="a-second")


def commit_after_the_fence(story):
    story.effects[0] = replace(story.effects[0], epoch=2)


def read_past_what_is_trimmed(story):
    story.trimmed, story.cursors[0] = 3, replace(story.cursors[0], pos=2)


def stay_behind(story):
    story.cursors[1] = replace(story.cursors[1], pos=2)


def lose_the_callers_row(story):
    story.enqueue("p-4", group="bound-1")
    story.log[4], story.order[4] = "p-4", 4


def lose_the_bound_task(story):
    story.enqueue("p-4", outcome="", group="bound-1")
    story.ledger.add("p-4")


def park_an_innocent(story):
    story.parked.add(("a", 2))


DAMAGE = [
    (lose_an_effect, "lost"),
    (see_a_stranger, "unexpected"),
    (write_an_effect_twice, "duplicated"),
    (see_what_was_rolled_back, "aborted-read"),
    (forget_a_write, "lost-write"),
    (never_sequence_a_write, "lost-write"),
    (log_a_value_twice, "duplicate"),
    (change_a_position, "inconsistent-offsets"),
    (see_nothing_of_a_position, "unseen"),
    (skip_a_position, "poll-skip"),
    (go_back, "nonmonotonic-poll"),
    (leave_a_hole, "hole"),
    (give_two_positions, "two-positions"),
    (change_the_order, "different-order"),
    (break_the_chain, "chain-broken"),
    (lose_an_effect, "gap"),
    (save_the_effect_without_the_cursor, "torn"),
    (turn_a_producer_around, "producer-order"),
    (turn_a_key_around, "key-order"),
    (share_an_epoch, "shared-epoch"),
    (commit_after_the_fence, "fenced-commit"),
    (read_past_what_is_trimmed, "trimmed-unread"),
    (stay_behind, "not-drained"),
    (lose_the_callers_row, "outbox-torn"),
    (lose_the_bound_task, "outbox-torn"),
    (park_an_innocent, "parked-innocent"),
]


def test_a_good_history_passes():
    """What went well is judged so, and counted."""
    verdict = Story().judge()
    assert verdict.good, verdict.findings
    assert verdict.figures["acknowledged"] == 3
    assert verdict.figures["effects"] == 6
    assert verdict.figures["redeliveries"] == 0


@pytest.mark.parametrize(("damage", "name"), DAMAGE, ids=[f"{damage.__name__}-{name}" for damage, name in DAMAGE])
def test_damage_is_found(damage, name):
    """Each kind of damage is found under its own name."""
    story = Story()
    damage(story)
    assert name in story.judge().names


def test_failures_without_effect_pass():
    """Tasks that fail, or kill their process, are no loss when they were told, parked, and left no effect."""
    story = Story(natures=("plain", "fail", "segv"))
    story.parked |= {(worker, 3) for worker in WORKERS}
    assert story.judge().good


def test_an_effect_of_a_failed_task_is_found():
    """A failed task's effect was to be rolled back."""
    story = Story(natures=("plain", "fail", "plain"))
    story.effects.append(replace(story.effects[0], pos=2, value="p-2"))
    assert "failed-effect" in story.judge().names


def test_an_untold_failure_is_found():
    """A task that failed and was not counted is found."""
    story = Story(natures=("plain", "fail", "plain"))
    story.cursors[0] = replace(story.cursors[0], failed=0)
    assert "untold-failure" in story.judge().names


def test_poison_that_is_not_parked_is_found():
    """A task that kills its process has to be parked."""
    assert "poison-not-parked" in Story(natures=("plain", "segv", "plain")).judge().names


def test_a_transaction_that_failed_may_come_again():
    """Going back to the first position after the cursor is what a consumer does after a failed save, in the same epoch or another."""
    story = Story()
    story.events.clear()
    for value in story.values:
        story.enqueue(value)
    for worker in WORKERS:
        story.deliver(worker, 1, "p-1")
        story.deliver(worker, 2, "p-2")
        story.deliver(worker, 1, "p-1")
        story.deliver(worker, 1, "p-1", epoch=2, actor="other")
    verdict = story.judge()
    assert verdict.good or verdict.names == {"unseen"}, verdict.findings
    assert verdict.figures["redeliveries"] == 4


def test_recovered_is_counted():
    """A value of which the producer never heard, and which is there, is recovered."""
    story = Story()
    story.events = [e for e in story.events if not (e.what == "enqueue" and e.kind == "ok" and e.value == "p-2")]
    verdict = story.judge()
    assert verdict.good, verdict.findings
    assert verdict.figures["recovered"] == 1


def test_at_most_once_may_lose_but_never_repeat():
    """A consumer that was promised at most once may miss a task and may not get one twice."""
    story = Story()
    story.promises[1] = Promise(worker="b", delivery="at_most_once")
    lose_an_effect(story)
    assert story.judge().good
    story.deliver("b", 3, "p-3")
    assert "duplicated" in story.judge().names


def test_every_check_has_bitten():
    """The table of damage leaves no check out, but for those of failures, which have tests of their own."""
    bitten = set()
    for damage, _ in DAMAGE:
        story = Story()
        damage(story)
        evidence = Evidence(
            events=story.events,
            promises=story.promises,
            state=State(
                log=story.log,
                order=story.order,
                cursors=story.cursors,
                effects=story.effects,
                parked=frozenset(story.parked),
                ledger=frozenset(story.ledger),
                trimmed=story.trimmed,
            ),
        )
        bitten |= {check.__name__ for check in CHECKS if list(check(evidence))}
    assert {check.__name__ for check in CHECKS} - bitten == {"failures"}


def test_a_history_is_read_as_it_was_written(tmp_path):
    """Events come back in order; a last line that was cut by a kill is left out, and so nothing is known of its end."""
    path = tmp_path / "p.jsonl"
    history = History(path, "p")
    history.write("invoke", "enqueue", value="p-1")
    history.write("ok", "enqueue", value="p-1", task_id=1)
    History(tmp_path / "c.jsonl", "c").write("invoke", "deliver", worker="a", pos=1, value="p-1")
    with path.open("ab") as file:
        file.write(b'{"at":9,"actor":"p","ki')
    assert [event.kind for event in read_history(path)] == ["invoke", "ok"]
    assert [event.actor for event in read_histories(tmp_path)] == ["p", "p", "c"]
