"""The matrix in the documentation: which kind travels over which protocol, in which direction.

It is computed from what the round trips run over, `KINDS` and `CODECS`, and from the tables of the protocols that go one
way. ``python -m tests.matrix.table --write`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.matrix.codecs import CODECS, Codec
from tests.matrix.kinds import KINDS, Kind
from tests.matrix.one_way import ONE_WAY, OneWay

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "matrix.md"
BEGIN, END = "<!-- the table: python -m tests.matrix.table --write -->\n", "<!-- the end of the table -->\n"

WORDS = {
    "small": "8-bit integer",
    "long": "64-bit integer",
    "uri": "`AnyUri`",
    "token": "`Token`",
    "limited": "integer with bounds",
    "allowed text": "text of a list",
    "short text": "text with a length",
    "pattern": "text with a pattern",
    "digits": "decimal with so many digits",
    "not finite": "infinity, not a number",
    "empty array": "empty array of texts",
    "empty array in an object": "empty array of texts, in an object",
    "no bytes": "empty bytes",
    "empty byte array": "empty `ByteArray`",
    "byte array": "`ByteArray`",
    "hex": "`ByteArray` in hexadecimal",
    "literal": "`Literal`",
    "address": "IP address",
    "point": "object",
    "extended": "object of a subclass",
    "tree": "recursive object",
    "absent array": "array that is None",
    "placements": "text with XML attributes",
    "wide": "nested, repeated and renamed members",
    "annotated class": "`ComplexModel` with annotations",
    "struct": "msgspec `Struct`",
    "any dict": "`AnyDict`",
    "any xml": "`AnyXml`",
}
"""How the documentation calls the kinds whose names are too short for it."""


def reason_against(kind: Kind, codec: Codec | OneWay) -> str | None:
    """Why a codec does not carry the values of a kind, None when it does: what the round trips leave out."""
    reason = next((kind.not_in[name] for name in (codec.name, codec.format) if name in kind.not_in), None)
    return codec.lacks(kind) if reason is None and isinstance(codec, OneWay) else reason


class Cell(NamedTuple):
    """Whether a kind travels, in which directions (none: it does not), and what is to say about it."""

    ways: str
    notes: tuple[str, ...] = ()


class Column(NamedTuple):
    """A protocol, and what it does with a kind."""

    name: str
    cell: Callable[[Kind], Cell]


def both_ways(name: str, codecs: list[Codec]) -> Column:
    """The column of a protocol that the round trips run over, with all the options that they give it."""

    def cell(kind: Kind) -> Cell:
        reasons = {codec.name: reason_against(kind, codec) for codec in codecs}
        if all(reasons.values()):
            return Cell("", tuple(dict.fromkeys(filter(None, reasons.values()))))
        notes = (f"not with {options_of(codec)}: {reasons[codec.name]}" for codec in codecs if reasons[codec.name])
        return Cell("in, out", tuple(dict.fromkeys(notes)))

    return Column(name, cell)


def one_way(name: str, rows: list[OneWay]) -> Column:
    """The column of a protocol whose directions are not each other's inverse, or that has one alone."""

    def cell(kind: Kind) -> Cell:
        reasons = {row.way: reason_against(kind, row) for row in rows}
        ways = [way for way, reason in reasons.items() if reason is None]
        notes = (f"not {way}: {reason}" if ways else reason for way, reason in reasons.items() if reason is not None)
        return Cell(", ".join(ways), tuple(notes))

    return Column(name, cell)


def options_of(codec: Codec) -> str:
    """A codec's options as they are written, without the validator."""
    shown = {
        name: getattr(value, "__name__", repr(value)) for name, value in codec.options.items() if name != "validator"
    }
    return f"`{', '.join(f'{name}={value}' for name, value in shown.items())}`"


def columns() -> list[Column]:
    """All columns: a protocol each."""
    classes: dict[str, list[Codec]] = {}
    for codec in CODECS:
        classes.setdefault(codec.make.__name__, []).append(codec)
    rows: dict[str, list[OneWay]] = {}
    for row in ONE_WAY:
        rows.setdefault(row.name, []).append(row)
    both = [both_ways(name, codecs) for name, codecs in classes.items()]
    return both + [one_way(name, found) for name, found in rows.items()]


def table() -> str:
    """The table and its notes, as Markdown."""
    shown = columns()
    notes: dict[str, int] = {}
    lines = [row(["", *(column.name for column in shown)]), row(["---"] * (len(shown) + 1))]
    for kind in KINDS:
        cells = [column.cell(kind) for column in shown]
        lines.append(row([WORDS.get(kind.name, kind.name), *(text_of(cell, notes) for cell in cells)]))
    return "\n".join([*lines, "", *footnotes(notes)])


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def text_of(cell: Cell, notes: dict[str, int]) -> str:
    """A cell's text; its notes get the next numbers."""
    marks = "".join(f"[^{notes.setdefault(note, len(notes) + 1)}]" for note in cell.notes)
    return f"{cell.ways or '–'}{marks}"


def footnotes(notes: dict[str, int]) -> Iterator[str]:
    for note, number in notes.items():
        yield f"[^{number}]: {note[0].upper()}{note[1:]}.\n"


def page() -> str:
    """The page with the table as it should be."""
    before, rest = PAGE.read_text("utf-8").split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    assert sys.argv[1:] == ["--write"], __doc__
    PAGE.write_text(page(), "utf-8")
