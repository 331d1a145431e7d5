"""``spyne queue migrate``: makes the tables or brings them to the newest version, or prints what would make them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from spyne.cli._command import FINE, Command
from spyne.cli.queue._place import add_place, opened_tables, troubles
from spyne.queue.sql.schema import MIGRATIONS, ddl, migrate, version_of

if TYPE_CHECKING:
    import argparse

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sql", action="store_true", help="print the statements that make the tables, and touch nothing"
    )
    add_place(parser)


def _run(arguments: argparse.Namespace) -> int:
    newest = MIGRATIONS[-1].version
    with troubles(), opened_tables(arguments, may_make=True) as queue:
        if arguments.sql:
            sys.stdout.write(ddl(queue.engine, queue.tables))
            return FINE
        with queue.connect() as connection:
            before = version_of(connection, queue.tables)
            connection.rollback()
            done = migrate(connection, queue.tables, queue.database)
    if done:
        print(
            f"the tables were of version {before} and are of version {done[-1]}"
            if before
            else f"the tables are made, of version {done[-1]}"
        )
    else:
        print(f"the tables are of version {before}; this library knows {newest}: nothing to do")
    return FINE


COMMAND = Command(
    arguments=_arguments,
    run=_run,
    about="Producers and consumers do the same at their first use; this is for databases where they may not.",
)
