"""``spyne queue tail``: the newest tasks, and those that come."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from spyne.cli._command import FINE, Command
from spyne.cli._screen import Styled, Table, show
from spyne.cli._words import positive, readable, shown_age, shown_size, to_json
from spyne.cli.queue._place import add_place, opened

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from sqlalchemy import Row

    from spyne.cli._screen import Cell
    from spyne.queue import Queue

__all__ = ["COMMAND"]

_AT_ONCE = 500
_LOOK_EVERY = 1.0
_WIDTHS = (8, 8, 8, 6, 9, 20)


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser)
    parser.add_argument("-n", dest="most", type=positive, default=10, metavar="TASKS", help="default: %(default)s")
    parser.add_argument(
        "--from", dest="first", type=positive, metavar="POSITION", help="the first one, in place of the newest"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on with those that come, until Ctrl-C")
    parser.add_argument(
        "--bytes", type=positive, default=60, metavar="N", help="how many are shown of each; default: %(default)s"
    )
    parser.add_argument("--json", action="store_true", help="an object in each line")


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as queue:
        try:
            last = _show_last(queue, arguments)
            if arguments.follow:
                _follow(queue, last, arguments)
        except KeyboardInterrupt:
            return FINE
    return FINE


COMMAND = Command(arguments=_arguments, run=_run)


def _show_last(queue: Queue, arguments: argparse.Namespace) -> int:
    """Show what is there, and return the last position of it."""
    most = arguments.most
    with queue.connect() as connection:
        head = queue.log.state(connection).head
        after = max(0, head - most) if arguments.first is None else arguments.first - 1
        rows = queue.log.glance(connection, after, most=most, beginning=arguments.bytes)
        waiting = queue.log.glance_unplaced(connection, most=most, beginning=arguments.bytes)
    last = rows[-1].pos if rows else head
    if not arguments.follow and arguments.first is None:
        rows = [*rows, *waiting][-most:]
    elif arguments.follow and waiting:
        print("spyne: there are tasks without a position; a running consumer gives them one", file=sys.stderr)
    _write(rows, arguments, headed=True)
    return last


def _follow(queue: Queue, last: int, arguments: argparse.Namespace) -> None:
    """Show tasks as they get their positions; the bell only says when to look."""
    listener = queue.bell.listener()
    try:
        while True:
            with queue.connect() as connection:
                rows = queue.log.glance(connection, last, most=_AT_ONCE, beginning=arguments.bytes)
            if rows:
                _write(rows, arguments, headed=False)
                last = rows[-1].pos
            else:
                listener.wait(_LOOK_EVERY)
    finally:
        listener.close()


def _write(rows: Sequence[Row[Any]], arguments: argparse.Namespace, *, headed: bool) -> None:
    if arguments.json:
        for row in rows:
            print(to_json(_record(row, arguments.bytes), indent=None))
    else:
        cells = [_cells(row, arguments) for row in rows]
        titles = (">position", ">task", ">time" if arguments.follow else ">age", "key", ">size", "begins with")
        show(
            [Table(titles, cells, elastic=("begins with",), optional=(">task", ">size"), widths=_WIDTHS, headed=headed)]
        )
    sys.stdout.flush()


def _cells(row: Row[Any], arguments: argparse.Namespace) -> tuple[Cell, ...]:
    at = datetime.fromtimestamp(row.created_at / 1000, UTC).astimezone()
    return (
        row.pos,
        row.id,
        f"{at:%H:%M:%S}" if arguments.follow else shown_age(row.age / 1000),
        row.task_key,
        shown_size(row.size),
        Styled(readable(row.data, arguments.bytes, row.size), "dim"),
    )


def _record(row: Row[Any], length: int) -> dict[str, object]:
    return {
        "position": row.pos,
        "task_id": row.id,
        "created_at": datetime.fromtimestamp(row.created_at / 1000, UTC).isoformat(),
        "key": row.task_key,
        "size": row.size,
        "begins_with": readable(row.data, length, row.size),
    }
