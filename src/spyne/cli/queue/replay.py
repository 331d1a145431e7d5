"""``spyne queue replay``: a consumer goes on from another position, or another consumer begins there."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from spyne.cli._command import FINE, WRONG, Command, Trouble
from spyne.cli._screen import Line, confirm, progress, show
from spyne.cli._words import counted, duration, moment_or_position
from spyne.cli.queue._place import add_place, opened
from spyne.queue.sql.move import copy_consumer, move_consumer, position_before
from spyne.queue.sql.sequencer import Sequencer

if TYPE_CHECKING:
    import argparse

    from spyne.queue import Queue

__all__ = ["COMMAND"]

_LOOK_EVERY = 0.25


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("consumer")
    parser.add_argument(
        "--from",
        dest="first",
        required=True,
        type=moment_or_position,
        metavar="WHERE",
        help="the first task to run: its position, 'beginning', the first one appended since a time such as 2026-01-31T08:30, or 'end', which is the next one to come",
    )
    parser.add_argument(
        "--as", dest="other", metavar="OTHER", help="leave the consumer where it is, and make another one there"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--wait",
        type=duration,
        metavar="TIME",
        help="show how far it is until it has run what is there, at most that long",
    )
    add_place(parser)


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as queue:
        worker, other = arguments.consumer, arguments.other
        now = _position_of(queue, worker)
        with queue.connect() as connection:
            Sequencer(queue.log).run(connection)  # "end" is behind all that is there
            try:
                position = position_before(connection, queue, arguments.first)
            except ValueError as error:
                raise Trouble(str(error)) from error
            head = queue.log.state(connection).head
        if position == now and other is None:
            print(f"consumer {worker} stands there already")
            return FINE
        show([Line((sentence,)) for sentence in _what_it_means(worker, other, now, position, head).splitlines()])
        if not confirm("Go on?", yes=arguments.yes):
            return WRONG
        with queue.begin() as connection:
            if other is not None:
                copy_consumer(connection, queue, worker, other, position)
                print(f"consumer {other} begins with position {position + 1}")
            else:
                forgotten = move_consumer(connection, queue, worker, position)
                print(f"consumer {worker} goes on with position {position + 1}{_forgot(forgotten)}")
        return _wait(queue, other or worker, position, head, arguments.wait) if arguments.wait else FINE


COMMAND = Command(arguments=_arguments, run=_run)


def _position_of(queue: Queue, worker: str) -> int:
    """The position of a consumer's slowest lane."""
    with queue.connect() as connection:
        rows = queue.cursors.rows(connection, worker)
    if not rows:
        raise Trouble(f"topic {queue.topic!r} has no consumer {worker!r}")
    return int(min(row.pos for row in rows))


def _what_it_means(worker: str, other: str | None, now: int, position: int, head: int) -> str:
    if other is not None:
        return (
            f"Another consumer, {other}, will begin after position {position}, {counted(head - position)} before the newest; {worker} stays at {now}.\n"
            f"Its idempotency keys are its own: what {worker} did outside of the database is done again.\n"
            f"Until it runs, it holds back retention; to be rid of it: spyne queue consumers rm {other}"
        )
    if position > now:
        return (
            f"Consumer {worker} will pass over {counted(position - now)}, {now + 1} to {position}, and never run them."
        )
    return (
        f"Consumer {worker} will run {counted(now - position)} again, {position + 1} to {now}.\n"
        "What its handlers do in the database is done again. Their idempotency keys are the same as the first time: whoever keeps them will refuse the repetition.\n"
        "A process that runs it now goes on from there when it renews its lease, in a few seconds."
    )


def _forgot(parked: int) -> str:
    return f"; {counted(parked, 'parked task')} after it forgotten, since it sees them again" if parked else ""


def _wait(queue: Queue, worker: str, start: int, goal: int, seconds: float) -> int:
    """Show how far a consumer is until it has reached a position; whether it did in time is the exit code."""
    until = time.monotonic() + seconds
    with progress(f"{worker} replays", goal - start) as report:
        while (now := _position_of(queue, worker)) < goal:
            report(now - start)
            if time.monotonic() > until:
                print(f"spyne: consumer {worker} is at {now} of {goal}; does a process run it?", file=sys.stderr)
                return WRONG
            time.sleep(_LOOK_EVERY)
        report(goal - start)
    return FINE
