"""``spyne queue trim``: removes old tasks now, or says what would go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spyne.cli._command import FINE, USAGE, WRONG, Command, Trouble
from spyne.cli._screen import confirm, progress
from spyne.cli._words import counted, duration, positive
from spyne.cli.queue._place import add_place, opened
from spyne.queue import Retention
from spyne.queue.sql.trim import floor_of, trim

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from spyne.queue import Queue

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_argument_group("what may go, as in Retention; what any of these allows is removed")
    what.add_argument("--interest", action="store_true", help="what every durable consumer has passed")
    what.add_argument(
        "--inactive-after",
        type=duration,
        metavar="TIME",
        help="with --interest: a consumer without a sign of life for so long does not count",
    )
    what.add_argument(
        "--max-age", type=duration, metavar="TIME", help="what is older, seen or not: seconds, or 15m, 12h, 7d"
    )
    what.add_argument(
        "--max-rows", type=positive, metavar="TASKS", help="what is beyond the newest so many, seen or not"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument(
        "--yes", action="store_true", help="do not ask where a consumer loses tasks that it has not seen"
    )
    add_place(parser)


def _run(arguments: argparse.Namespace) -> int:
    retention = _retention(arguments)
    with opened(arguments) as queue:
        with queue.connect() as connection:
            trimmed = queue.log.state(connection).trimmed
            floor = floor_of(connection, queue.log, queue.cursors, retention)
            losing = [
                f"{row.worker_id} loses {floor - max(row.pos, trimmed)} that it has not seen"
                for row in queue.cursors.rows(connection)
                if row.pos < floor
            ]
        count = max(0, floor - trimmed)
        print(_said(queue, trimmed, floor, count, losing))
        if arguments.dry_run or not count:
            return FINE
        if losing and not confirm("Remove them?", yes=arguments.yes):
            return WRONG
        return _remove(queue, retention, count)


COMMAND = Command(arguments=_arguments, run=_run)


def _retention(arguments: argparse.Namespace) -> Retention:
    if not arguments.interest and arguments.max_age is None and arguments.max_rows is None:
        raise Trouble("what may go? --interest, --max-age or --max-rows", USAGE)
    if arguments.inactive_after is not None and not arguments.interest:
        raise Trouble("--inactive-after goes with --interest", USAGE)
    return Retention(
        interest=arguments.interest,
        max_age=arguments.max_age,
        max_rows=arguments.max_rows,
        inactive_after=arguments.inactive_after,
    )


def _said(queue: Queue, trimmed: int, floor: int, count: int, losing: Sequence[str]) -> str:
    if not count:
        return f"topic {queue.topic}: nothing to remove"
    lines = [f"topic {queue.topic}: {counted(count)} to remove, {trimmed + 1} to {floor}", *losing]
    return "\n  ".join(lines)


def _remove(queue: Queue, retention: Retention, count: int) -> int:
    done = 0
    try:
        with progress("removing", count) as report, queue.connect() as connection:

            def note(removed: int, of: int) -> None:
                nonlocal done
                done = removed
                report(removed)

            done = trim(connection, queue.log, queue.cursors, retention, note)
    except KeyboardInterrupt:
        print(f"stopped: {counted(done)} removed")
        raise
    print(f"{counted(done)} removed")
    return FINE
