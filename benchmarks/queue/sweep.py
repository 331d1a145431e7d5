"""The peers' settings beside one another: ``python -m benchmarks.queue.sweep``. The best ones are in `benchmarks.queue.roster`."""

import argparse
import sys
from dataclasses import replace
from statistics import median

from benchmarks.queue.places import PostgreSQL, SQLite
from benchmarks.queue.report import brief
from benchmarks.queue.roster import ROSTER
from benchmarks.queue.turns import install, turn

PRODUCE, CONSUME, WAIT = ("single", "batch"), ("batch",), ("wake-up",)

# What is varied, and the measures that show it.
VARIANTS = {
    ("procrastinate", "postgresql"): [
        *(("produce", {"driver": driver}, PRODUCE) for driver in ("sync", "asyncio", "uvloop")),
        *(
            ("consume", {"concurrency": tasks, "driver": driver, "connections": tasks + 1}, CONSUME)
            for driver in ("asyncio", "uvloop")
            for tasks in (1, 4, 10, 30)
        ),
        ("consume", {"concurrency": 10, "driver": "uvloop", "connections": 4}, CONSUME),
    ],
    ("PgQueuer", "postgresql"): [
        *(
            ("produce", {"driver": driver, "loop": "uvloop"}, PRODUCE)
            for driver in ("sync", "asyncpg", "pool", "psycopg")
        ),
        ("produce", {"driver": "asyncpg", "loop": "asyncio"}, PRODUCE),
        *(
            ("consume", {"driver": "asyncpg", "loop": "uvloop", "batch": batch, "dequeuers": dequeuers}, CONSUME)
            for dequeuers in (1, 2, 5)
            for batch in (10, 100, 300, 1000)
        ),
        ("consume", {"driver": "asyncpg", "loop": "asyncio", "batch": 100, "dequeuers": 1}, CONSUME),
        ("consume", {"driver": "pool", "loop": "uvloop", "batch": 100, "dequeuers": 1}, CONSUME),
        ("consume", {"driver": "psycopg", "loop": "uvloop", "batch": 100, "dequeuers": 1}, CONSUME),
    ],
    ("Huey", "postgresql"): [("consume", {"workers": workers}, CONSUME) for workers in (1, 2, 4, 8)],
    ("Huey", "sqlite"): [("consume", {"workers": workers}, CONSUME) for workers in (1, 2, 4)],
}


def sweep(place, name, rounds, scale):
    """Print the medians of one peer's variants, which take turns."""
    entry, found = ROSTER[name, place.name], {}
    place.template(entry.peer, lambda url: install(entry, url))
    for number in range(rounds):
        for role, options, measures in VARIANTS[name, place.name]:
            for measure in measures:
                for record in turn(place, replace(entry, **{role: options}), measure, scale):
                    if (record["measure"] == "consume") == (role == "consume"):
                        found.setdefault((record["measure"], str(options)), []).append(record["rate"])
                        print(f"{number + 1}/{rounds} {name} {options}: {brief(record)}", file=sys.stderr)
    print(f"\n{name}, {place.name}")
    for (measure, options), rates in sorted(found.items(), key=lambda each: (each[0][0], -median(each[1]))):
        print(f"{median(rates):10,.0f}/s ({min(rates):,.0f}-{max(rates):,.0f})  {measure}  {options}")


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queue.sweep", description=__doc__)
    parser.add_argument("--peer", default="", help="only those with this in their name")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=0.5, help="of the number of tasks of a full run")
    args = parser.parse_args()
    for kind in (PostgreSQL, SQLite):
        place = kind()
        try:
            for name, where in VARIANTS:
                if where == place.name and args.peer in name:
                    sweep(place, name, args.rounds, args.scale)
        finally:
            place.stop()


if __name__ == "__main__":
    main()
