"""``spyne queue doctor``: what is wrong with the queue or its database, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spyne.cli._command import FINE, WRONG, Command
from spyne.cli._screen import Line, Styled, show
from spyne.cli._words import to_json
from spyne.cli.queue._place import add_place, opened_tables, troubles
from spyne.queue.doctor import examine

if TYPE_CHECKING:
    import argparse

    from spyne.cli._screen import Block, Style
    from spyne.queue.doctor import Finding, Level

__all__ = ["COMMAND"]

_STYLES: dict[Level, Style] = {"good": "good", "note": "dim", "warning": "note", "wrong": "bad"}


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser, topic=None)
    parser.add_argument("--json", action="store_true", help="the findings as JSON")


def _run(arguments: argparse.Namespace) -> int:
    with troubles(), opened_tables(arguments) as queue:
        found = []
        for finding in examine(queue, arguments.topic):
            found.append(finding)
            if not arguments.json:
                show(_blocks(finding))
    if arguments.json:
        print(to_json(found))
    return WRONG if any(finding.level in ("warning", "wrong") for finding in found) else FINE


COMMAND = Command(arguments=_arguments, run=_run, about="The exit code is 1 where something is 'wrong' or a 'warning'.")


def _blocks(finding: Finding) -> list[Block]:
    blocks: list[Block] = [
        Line(
            (Styled(f"{finding.level:<8}", _STYLES[finding.level]), Styled(f"{finding.about}: ", "bold"), finding.text),
            indent=8,
        )
    ]
    if finding.advice:
        blocks.append(Line(("        → ", finding.advice), indent=10))
    return blocks
