"""The queue beside procrastinate, PgQueuer and Huey: ``python -m benchmarks.queue``, ``--quick`` for a look.

Every queue has its own environment, the same databases and the same tasks of 200 characters; the queues take turns, round by round, and a ratio
is the median of those of the rounds. Every task is counted, and has to come exactly once, before a number is printed.
"""

import argparse
import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.queue import report
from benchmarks.queue.places import PostgreSQL, SQLite
from benchmarks.queue.roster import ROSTER
from benchmarks.queue.turns import MEASURES, install, turn


def chosen(args, place):
    """Return the entries that take part at a place."""
    if args.place not in {None, place}:
        return {}
    return {
        name: entry
        for (name, where), entry in ROSTER.items()
        if where == place and (args.peer in name or name == report.OURS)
    }


def one_round(place, entries, measures, number, scale):
    """Yield the records of the turns of a round; each round begins with another queue."""
    names = list(entries)
    start = number % len(names)
    for measure in measures:
        for name in names[start:] + names[:start]:
            for record in turn(place, entries[name], measure, scale):
                print(f"round {number + 1}, {place.name}, {name}: {report.brief(record)}", file=sys.stderr)
                yield {"peer": name, "place": place.name, "round": number, **record}


def run(args, records):
    """Add the records of all rounds, so that those are there which were found before an interruption."""
    count, scale = (2, 0.25) if args.quick else (args.rounds, args.scale)
    with ExitStack() as stack:
        places = []
        for kind in (PostgreSQL, SQLite):
            entries = chosen(args, kind.name)
            if entries:
                place = kind()
                stack.callback(place.stop)
                for entry in {entry.peer: entry for entry in entries.values()}.values():
                    place.template(entry.peer, lambda url, entry=entry: install(entry, url))
                places.append((place, entries))
        for number in range(count):
            for place, entries in places:
                records.extend(one_round(place, entries, args.measure or MEASURES, number, scale))


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue", description=__doc__)
    parser.add_argument("--peer", default="", help="only those with this in their name, and this project")
    parser.add_argument("--place", choices=["postgresql", "sqlite"], help="only there")
    parser.add_argument("--measure", choices=MEASURES, action="append", help="only these")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of tasks")
    parser.add_argument("--quick", action="store_true", help="two rounds of a quarter of the tasks")
    parser.add_argument("--json", type=Path, help="write the records here as well")
    args = parser.parse_args()
    records = []
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # servers are stopped and what was found is printed, also in the background
        signal.signal(number, signal.default_int_handler)
    try:
        run(args, records)
    except KeyboardInterrupt:
        print("interrupted: these rounds were finished", file=sys.stderr)
    if args.json:
        args.json.write_text(json.dumps(records, indent=1))
    print(report.tables(records))


if __name__ == "__main__":
    main()
