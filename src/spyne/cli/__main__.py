"""The entry of the command ``spyne``: reads the words, runs the command, and turns what went wrong into a sentence and an exit code."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from spyne.cli._command import Group, Row, Trouble, add_commands

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

COMMANDS = Group(
    about="Spyne's tools. Exit codes: 0 all is well, 1 something is wrong, 2 the command was not understood.",
    rows=(Row("queue", "spyne.cli.queue", "look after a durable queue", extra="queue,cli"),),
)

_INTERRUPTED = 130
"""What shells expect of a program that ended by SIGINT."""


def main(words: Sequence[str] | None = None) -> int:
    """Run a command, ``sys.argv`` where none is given, and return its exit code. Raises SystemExit for ``--help`` and for words that are not understood."""
    logger = logging.getLogger("spyne")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # otherwise Python writes warnings to the standard error itself
    words = sys.argv[1:] if words is None else words
    parser = argparse.ArgumentParser(
        prog="spyne", formatter_class=partial(argparse.HelpFormatter, max_help_position=32)
    )
    try:
        add_commands(parser, COMMANDS, words)
        arguments = parser.parse_args(words)
        code = int(arguments.run(arguments))
        sys.stdout.flush()
    except Trouble as error:
        print(f"spyne: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader, as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
