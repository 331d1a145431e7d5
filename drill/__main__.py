"""Drill the durable queue: kill, stop, cut and crash while it works, then check what it promised; prints a report, exit code 1 if a promise was broken."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
import warnings
from dataclasses import replace

from drill.boundaries import walk
from drill.chaos import SHORT, Plan, drill
from drill.mutants import MUTANTS
from drill.report import Result, details, summary
from drill.servers import DATABASES, Missing, database


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="scripts/drill", description=__doc__)
    parser.add_argument("--database", choices=[*DATABASES, "all"], default="all", help="which one (all that are there)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of all random numbers; the time of day")
    parser.add_argument("--minutes", type=float, default=1.0, help="of faults, on each database (1)")
    parser.add_argument("--rate", type=float, default=1.0, help="faults a second (1)")
    parser.add_argument("--walk", action="store_true", help="kill at every statement boundary instead of by chance")
    parser.add_argument("--short", action="store_true", help="as long as a test may take")
    parser.add_argument(
        "--keep", default="", help="a folder for the histories and logs of a drill that comes to no end"
    )
    parser.add_argument("--mutant", choices=sorted(MUTANTS), default="", help="drill a queue with this bug in it")
    return parser.parse_args()


def run(name: str, args: argparse.Namespace) -> Result:
    """Drill one database. Raises Missing."""
    with database(name) as server:
        if args.walk and args.short:
            return walk(server, seed=args.seed, cycles=["once"], ways=["single", "bound"], create=False)
        if args.walk:
            return walk(server, seed=args.seed, mutant=args.mutant)
        plan = Plan(
            seed=args.seed,
            seconds=args.minutes * 60,
            rate=args.rate,
            mutant=args.mutant,
            keep=args.keep,
            quiet=not sys.stderr.isatty(),
        )
        return drill(server, replace(plan, **SHORT) if args.short else plan)


def main() -> int:
    """Drill what was asked for, and return the exit code."""
    args = options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that nothing is left behind
    warnings.simplefilter("ignore")
    logging.disable()  # failures are what it is about; actors keep logs of their own
    results = []
    for name in DATABASES if args.database == "all" else [args.database]:
        try:
            results.append(run(name, args))
        except Missing as reason:
            if args.database != "all":
                raise
            print(f"drill: {name} IS MISSING, it was not drilled: {reason}", file=sys.stderr)
    print(summary(results))
    if found := details(results):
        print(f"\n{found}")
    return 0 if results and all(result.good for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
