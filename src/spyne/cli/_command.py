"""What a command is, and what a group of them is: a module with a `COMMAND`, loaded when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

__all__ = ["FINE", "USAGE", "WRONG", "Command", "Group", "Row", "Trouble", "add_commands"]

FINE, WRONG, USAGE = 0, 1, 2
"""The exit codes: all is well; something is wrong, with the database or with what is in it; the command was not understood."""


class Trouble(Exception):
    """What a person is told in one sentence, without a traceback."""

    def __init__(self, message: str, code: int = WRONG) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command. arguments: adds its own to a parser. run: does it, and returns the exit code. about: what ``--help`` says more than the row of the table."""

    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    about: str = ""


class Row(NamedTuple):
    """A command in the table of a group. module: has its `COMMAND`. help: one line. extra: what ``pip install spyne[…]`` has to name for it and all below."""

    name: str
    module: str
    help: str
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Commands under a name."""

    rows: tuple[Row, ...]
    about: str = ""


def add_commands(parser: argparse.ArgumentParser, group: Group, words: Sequence[str]) -> None:
    """Add a group's commands to a parser; only the modules of those that are among the words are loaded.

    Raises Trouble where a module of theirs needs a package that is not there.
    """
    parser.description = group.about
    choices = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for row in group.rows:
        chosen = choices.add_parser(row.name, help=row.help, formatter_class=parser.formatter_class)
        if row.name in words:
            try:
                _fill(chosen, row, words)
            except ImportError as error:
                if not row.extra:
                    raise
                raise Trouble(
                    f"{row.name} needs more than is installed ({error}): pip install 'spyne[{row.extra}]'"
                ) from error


def _fill(parser: argparse.ArgumentParser, row: Row, words: Sequence[str]) -> None:
    command: Command | Group = import_module(row.module).COMMAND
    if isinstance(command, Group):
        add_commands(parser, command, words)
        return
    parser.description = f"{row.help[0].upper()}{row.help[1:]}. {command.about}".strip()
    command.arguments(parser)
    parser.set_defaults(run=command.run)
