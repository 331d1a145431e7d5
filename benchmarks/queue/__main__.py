"""The queue beside procrastinate, PgQueuer and Huey: ``python -m benchmarks.queue``, ``--quick`` for a look.

Every queue has its own environment, the same databases and the same tasks of 200 characters; the queues take turns, round by round, and a ratio
is the median of those of the rounds. Every task is counted, and has to come exactly once, before a number is printed.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.queue import report
from benchmarks.queue.places import PostgreSQL, SQLite
from benchmarks.queue.roster import ROSTER
from benchmarks.queue.turns import MEASURES, install, turn


def rounds(place, entries, measures, count, scale):
    """Yield the records of all the turns, each round in another order."""
    names = list(entries)
    for number in range(count):
        for measure in measures:
            for name in names[number % len(names) :] + names[: number % len(names)]:
                for record in turn(place, entries[name], measure, scale):
                    yield {"peer": name, "place": place.name, "round": number, **record}
                    print(f"{place.name} {number + 1}/{count} {name}: {report.brief(record)}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    parser.add_argument("--peer", default="", help="only those with this in their name, and this project")
    parser.add_argument("--place", choices=["postgresql", "sqlite"], help="only there")
    parser.add_argument("--measure", choices=MEASURES, action="append", help="only these")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="two rounds of a quarter of the tasks")
    parser.add_argument("--json", type=Path, help="write the records here as well")
    args = parser.parse_args()
    count, scale = (2, 0.25) if args.quick else (args.rounds, 1.0)
    records = []
    for kind in (PostgreSQL, SQLite):
        entries = {
            name: entry
            for (name, place), entry in ROSTER.items()
            if place == kind.name and args.place in {None, place} and (args.peer in name or name == report.OURS)
        }
        if not entries:
            continue
        place = kind()
        try:
            for entry in {entry.peer: entry for entry in entries.values()}.values():
                place.template(entry.peer, lambda url, entry=entry: install(entry, url))
            records += rounds(place, entries, args.measure or MEASURES, count, scale)
        finally:
            place.stop()
    if args.json:
        args.json.write_text(json.dumps(records, indent=1))
    print(report.tables(records, count))


if __name__ == "__main__":
    main()
