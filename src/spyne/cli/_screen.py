"""What a person sees: tables, a live view, progress and questions. On a terminal rich draws them; elsewhere it is plain, aligned text."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TextIO, TypeAlias

from spyne.cli._command import USAGE, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Block", "Cell", "Line", "Style", "Styled", "Table", "confirm", "page", "progress", "show", "watch"]

Style: TypeAlias = Literal["", "good", "note", "bad", "dim", "bold"]

_COLOURS = {"": "", "good": "green", "note": "yellow", "bad": "bold red", "dim": "dim", "bold": "bold"}
_GAP = 2
"""Characters between two columns."""

_LEAST = 12
"""Characters that are left of an elastic column."""

_WIDEST = 40
"""Characters of a column that is not elastic, on a terminal."""

_SAY_EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal."""


class Styled(NamedTuple):
    """A value with what it says about itself."""

    value: str | int
    style: Style


Cell: TypeAlias = "str | int | Styled | None"
"""A value of a table: whole numbers stand to the right, None is nothing."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under titles. A title that begins with ``>`` is of a column that stands to the right. elastic: the columns that are cut where the terminal is narrow.
    optional: those that are left out where it is too narrow, the first one first. widths: the least ones, for rows that are shown in several goes. headed: whether the
    titles are shown.
    """

    titles: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    elastic: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()
    headed: bool = True

    def without_empty(self, *titles: str) -> Table:
        """The same without those of the named columns that say nothing in any row."""
        silent = [all(_value(cell) in (None, "", 0) for cell in column[1:]) for column in self._columns()]
        return self._without(
            *(title for title, is_silent in zip(self.titles, silent, strict=True) if is_silent and title in titles)
        )

    def fitting(self, width: int) -> Table:
        """The same without as many of the optional columns as it takes to fit into a width."""
        table, left = self, list(self.optional)
        while left and table._width() > width:
            table = table._without(left.pop(0))
        return table

    def least_widths(self) -> list[int]:
        """The width that each column needs, the elastic ones the least."""
        longest = [max(len(_shown(_value(cell))) for cell in column) for column in self._columns()]
        return [
            min(width, max(_LEAST, len(title))) if title in self.elastic else width
            for title, width in zip(self.titles, longest, strict=True)
        ]

    def _width(self) -> int:
        return sum(self.least_widths()) + _GAP * (len(self.titles) - 1)

    def _columns(self) -> Iterator[list[Cell]]:
        for number, title in enumerate(self.titles):
            yield [title.removeprefix(">"), *(row[number] for row in self.rows)]

    def _without(self, *titles: str) -> Table:
        keep = [number for number, title in enumerate(self.titles) if title not in titles]
        rows = [tuple(row[number] for number in keep) for row in self.rows]
        widths = tuple(self.widths[number] for number in keep) if self.widths else ()
        return replace(self, titles=tuple(self.titles[number] for number in keep), rows=rows, widths=widths)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, of parts that may be styled. indent: characters that its further lines begin with, where it is too long for one on a terminal."""

    parts: tuple[str | Styled, ...]
    indent: int = 0


Block: TypeAlias = "Table | Line"


def _value(cell: Cell) -> str | int | None:
    return cell.value if isinstance(cell, Styled) else cell


# --- plain text ---


def page(blocks: Sequence[Block]) -> str:
    """Blocks as aligned text without colours."""
    return "".join(f"{line}\n" for block in blocks for line in _lines(block))


def _lines(block: Block) -> Iterator[str]:
    if isinstance(block, Line):
        yield "".join(str(_value(part)) for part in block.parts)
        return
    right = [title.startswith(">") for title in block.titles]
    lines = [[title.removeprefix(">") for title in block.titles]]
    lines += [["-" if _value(cell) is None else str(_value(cell)) for cell in row] for row in block.rows]
    least = block.widths or (0,) * len(right)
    widths = [max(width, *map(len, column)) for width, column in zip(least, zip(*lines, strict=True), strict=True)]
    for line in lines if block.headed else lines[1:]:
        cells = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        )
        yield (" " * _GAP).join(cells).rstrip()


# --- a terminal ---


def _has_rich() -> bool:
    try:
        import rich  # noqa: F401 - whether it is there
    except ImportError:
        return False
    return True


def _is_rich(stream: TextIO) -> bool:
    return stream.isatty() and _has_rich()


def _drawn(blocks: Sequence[Block], width: int) -> Any:
    """Blocks as rich draws them in a width."""
    from rich.console import Group

    return Group(*(_line(block) if isinstance(block, Line) else _table(block.fitting(width)) for block in blocks))


def _line(line: Line) -> Any:
    from rich.text import Text

    text = Text()
    for part in line.parts:
        text.append(_shown(_value(part)), _COLOURS[part.style] if isinstance(part, Styled) else "")
    if not line.indent:
        return text
    from rich.table import Table as RichTable

    grid = RichTable.grid()
    grid.add_column(min_width=line.indent, no_wrap=True)
    grid.add_column()
    grid.add_row(text[: line.indent], text[line.indent :])
    return grid


def _table(table: Table) -> Any:
    from rich import box
    from rich.table import Table as RichTable

    drawn = RichTable(
        box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, show_header=table.headed
    )
    asked = table.widths or (0,) * len(table.titles)
    for title, wanted, least in zip(table.titles, asked, table.least_widths(), strict=True):
        name = title.removeprefix(">")
        drawn.add_column(
            name,
            justify="right" if title.startswith(">") else "left",
            no_wrap=title not in table.elastic,  # rich makes only columns narrower that it may wrap
            overflow="ellipsis",
            min_width=min(max(least, wanted), _WIDEST),
            max_width=None if title in table.elastic else _WIDEST,
        )
    for row in table.rows:
        drawn.add_row(*map(_text, row))
    return drawn


def _text(cell: Cell) -> Any:
    """A cell in one line."""
    from rich.text import Text

    value = _value(cell)
    style: Style = cell.style if isinstance(cell, Styled) else ""
    one_line = "–" if value is None else _shown(value)
    return Text(one_line, _COLOURS["dim" if value is None else style], no_wrap=True, overflow="ellipsis")


def _shown(value: str | int | None) -> str:
    return f"{value:,}" if isinstance(value, int) else value or ""


def show(blocks: Sequence[Block]) -> None:
    """Write blocks to the standard output."""
    if not _is_rich(sys.stdout):
        sys.stdout.write(page(blocks))
        return
    from rich.console import Console

    console = Console(highlight=False)
    console.print(_drawn(blocks, console.width))


def watch(make: Callable[[], Sequence[Block]], seconds: float) -> None:
    """Show blocks and renew them until Ctrl-C, and leave the last ones on the screen. Raises Trouble where rich is not there, or no terminal."""
    if not sys.stdout.isatty():
        raise Trouble("--watch needs a terminal", USAGE)
    if not _has_rich():
        raise Trouble("--watch needs rich: pip install spyne[cli]", USAGE)
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    blocks: Sequence[Block] = []
    try:
        with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                blocks = make()
                live.update(_drawn(blocks, console.width), refresh=True)
                time.sleep(seconds)
    except KeyboardInterrupt:
        console.print(_drawn(blocks, console.width))


# --- long work ---


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how much of a work is done, on the standard error; gives a function that takes the number done so far."""
    if not _is_rich(sys.stderr):
        yield _Saying(what, total)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


class _Saying:
    """Says every few seconds how much is done."""

    def __init__(self, what: str, total: int) -> None:
        self.what = what
        self.total = total
        self.next = time.monotonic() + _SAY_EVERY

    def __call__(self, done: int) -> None:
        if time.monotonic() >= self.next:
            self.next = time.monotonic() + _SAY_EVERY
            print(f"{self.what}: {done} of {self.total}", file=sys.stderr)


# --- questions ---


def confirm(question: str, *, yes: bool) -> bool:
    """Whether the person says yes. Raises Trouble where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise Trouble(f"{question} Nobody can be asked here: --yes says yes", USAGE)
    sys.stdout.flush()
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
