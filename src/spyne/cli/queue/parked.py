"""``spyne queue parked``: the tasks that consumers put aside."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from spyne.cli._command import FINE, USAGE, WRONG, Command, Trouble
from spyne.cli._screen import Line, Styled, Table, confirm, show
from spyne.cli._words import counted, positive, readable, shown_age, shown_size, to_json
from spyne.cli.queue._place import add_place, opened
from spyne.queue.sql.parked import GIVEN_UP

if TYPE_CHECKING:
    import argparse

    from sqlalchemy import Row

    from spyne.cli._screen import Block, Cell
    from spyne.queue import Queue

__all__ = ["COMMAND"]

_SHOWN_BYTES = 4000
_TITLES = ("consumer", ">position", ">task", "state", ">tries", ">next try", ">parked", "key", ">behind it", "error")
_OPTIONAL = (">task", ">parked", ">tries", ">next try", "key")


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list",
        help="what is parked: 'dead' or 'poison' waits for somebody, 'waiting' for its next try; later tasks of the same key wait behind",
    )
    listing.add_argument("consumer", nargs="?")
    listing.add_argument("-n", dest="most", type=positive, default=100, metavar="TASKS", help="default: %(default)s")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(act=_list)
    showing = actions.add_parser("show", help="one parked task with its error and its bytes")
    showing.add_argument("consumer")
    showing.add_argument("position", type=positive)
    showing.add_argument("--raw", action="store_true", help="write its bytes alone, as they are")
    showing.set_defaults(act=_show)
    for name, act, about in (
        ("retry", _retry, "let tasks be tried again, at once and from the first attempt on"),
        ("drop", _drop, "forget tasks for good"),
    ):
        changing = actions.add_parser(name, help=about)
        changing.add_argument("consumer")
        changing.add_argument("positions", nargs="*", type=positive, metavar="POSITION")
        changing.add_argument("--all", action="store_true", help="all that the consumer has parked")
        changing.add_argument("--yes", action="store_true", help="do not ask")
        changing.set_defaults(act=act)
    for action in actions.choices.values():
        add_place(action)


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as queue:
        code: int = arguments.act(queue, arguments)
        return code


COMMAND = Command(arguments=_arguments, run=_run)


# --- looking ---


def _list(queue: Queue, arguments: argparse.Namespace) -> int:
    with queue.connect() as connection:
        rows = queue.parked.glance(connection, arguments.consumer)
    if arguments.json:
        print(to_json([_record(row) for row in rows]))
        return FINE
    if not rows:
        show([Line((f"topic {queue.topic}: nothing is parked",))])
        return FINE
    first, behind = _by_key(rows)
    cells = [_cells(row, behind[row.worker_id, row.pos]) for row in first[: arguments.most]]
    blocks: list[Block] = [
        Table(_TITLES, cells, elastic=("error",), optional=_OPTIONAL).without_empty("key", ">behind it")
    ]
    if len(first) > arguments.most:
        blocks.append(Line((f"and {len(first) - arguments.most} more: -n shows them",)))
    show(blocks)
    return FINE


def _by_key(rows: list[Row[Any]]) -> tuple[list[Row[Any]], Counter[tuple[str, int]]]:
    """The rows without those that wait behind an earlier one of the same key, and how many wait behind each."""
    first: list[Row[Any]] = []
    of_key: dict[tuple[str, str], tuple[str, int]] = {}
    behind: Counter[tuple[str, int]] = Counter()
    for row in rows:
        key, here = (row.worker_id, row.task_key), (row.worker_id, row.pos)
        if row.task_key is not None and key in of_key:
            behind[of_key[key]] += 1
            continue
        of_key[key] = here
        first.append(row)
    return first, behind


def _cells(row: Row[Any], behind: int) -> tuple[Cell, ...]:
    given_up = row.state in GIVEN_UP
    return (
        row.worker_id,
        row.pos,
        row.task_id,
        Styled(row.state, "bad" if given_up else "note"),
        row.attempts,
        None if given_up else _due(row),
        shown_age(row.since / 1000),
        row.task_key,
        behind or None,
        _first_line(row.error),
    )


def _due(row: Row[Any]) -> str | None:
    return "now" if row.due <= 0 else shown_age(row.due / 1000)


def _record(row: Row[Any]) -> dict[str, object]:
    return {
        "consumer": row.worker_id,
        "position": row.pos,
        "task_id": row.task_id,
        "lane": row.lane,
        "key": row.task_key,
        "state": row.state,
        "attempts": row.attempts,
        "next_try_in": None if row.state in GIVEN_UP else max(0, row.due) / 1000,
        "parked_for": row.since / 1000,
        "created_at": _moment(row.created_at),
        "error": row.error,
    }


def _show(queue: Queue, arguments: argparse.Namespace) -> int:
    with queue.connect() as connection:
        row = queue.parked.find(connection, arguments.consumer, arguments.position)
    if row is None:
        raise Trouble(
            f"consumer {arguments.consumer!r} has parked no task at position {arguments.position} of topic {queue.topic!r}"
        )
    if arguments.raw:
        sys.stdout.buffer.write(row.data)
        return FINE
    said = (
        ("consumer", row.worker_id),
        ("position", str(row.pos)),
        ("task", f"{row.task_id}, appended {_moment(row.created_at)}"),
        ("key", row.task_key),
        ("state", row.state if row.state in GIVEN_UP else f"{row.state}, next try: {_due(row)}"),
        ("tries", str(row.attempts)),
        ("parked", f"for {shown_age(row.since / 1000)}"),
        ("error", row.error),
    )
    blocks: list[Block] = [Line((Styled(f"{name}: ", "bold"), value)) for name, value in said if value is not None]
    if row.traceback:
        blocks += [Line(("",)), Line((row.traceback.rstrip(),))]
    blocks += [Line(("",)), Line((Styled(f"{shown_size(len(row.data))}: ", "bold"), readable(row.data, _SHOWN_BYTES)))]
    show(blocks)
    return FINE


# --- changing ---


def _retry(queue: Queue, arguments: argparse.Namespace) -> int:
    positions = _positions(arguments)
    with queue.begin() as connection:
        count = queue.parked.retry(connection, arguments.consumer, positions)
        _check(count, positions, arguments.consumer)
    print(f"{counted(count)} of {arguments.consumer} will be tried again by its next look")
    return FINE


def _drop(queue: Queue, arguments: argparse.Namespace) -> int:
    positions = _positions(arguments)
    which = "all parked tasks" if positions is None else f"the parked tasks {', '.join(map(str, positions))}"
    if not confirm(f"Forget {which} of {arguments.consumer} for good?", yes=arguments.yes):
        return WRONG
    with queue.begin() as connection:
        count = queue.parked.drop(connection, arguments.consumer, positions)
        _check(count, positions, arguments.consumer)
    print(f"{counted(count)} of {arguments.consumer} forgotten")
    return FINE


def _positions(arguments: argparse.Namespace) -> list[int] | None:
    """The positions that were given, None for all."""
    if bool(arguments.positions) == arguments.all:
        raise Trouble("which tasks? give positions, or --all", USAGE)
    return None if arguments.all else sorted(set(arguments.positions))


def _check(count: int, positions: list[int] | None, consumer: str) -> None:
    """Raise Trouble, and so undo the change, where a position that was given has no parked task."""
    if positions is not None and count < len(positions):
        raise Trouble(
            f"only {count} of these {len(positions)} positions are parked for {consumer!r}: nothing was changed"
        )


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
