"""Run the peers round robin, each in a fresh process on one core, and print the tables: scripts/bench [--quick]."""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

from benchmarks import environments, foreign, imports
from benchmarks.report import report

PEERS = [  # name in the tables, environment, module in benchmarks/peers
    ("floor", "floor", "floor_peer"),
    ("this project", "this", "spyne_peer"),
    ("Spyne 2.14", "spyne-2.14", "spyne_peer"),
    ("Starlette", "starlette", "starlette_peer"),
]
OTHERS = [
    ("Litestar", "litestar", "litestar_peer"),
    ("FastAPI", "fastapi", "fastapi_peer"),
    ("fastapi-soap", "fastapi", "fastapi_soap_peer"),
    ("soapbar", "soapbar", "soapbar_peer"),
]


def options():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="this project and the floors only, two short rounds")
    parser.add_argument("--rounds", type=int, help="how often each peer's turn comes (5; 2 with --quick)")
    parser.add_argument("--budget", type=float, help="seconds of a timed loop (0.2; 0.05 with --quick)")
    parser.add_argument("--others", action="store_true", help="other Python frameworks too")
    parser.add_argument(
        "--foreign", action="store_true", help=f"gSOAP and PHP too, where installed ({foreign.PACKAGES})"
    )
    parser.add_argument("--json", type=Path, help="write the records here as well")
    return parser.parse_args()


def run(name, env, module, budget):
    """Yield the records of one turn of one peer."""
    command = [environments.python_of(env), "-W", "ignore", "-m", "benchmarks.measure", module, str(budget)]
    done = subprocess.run(
        [*environments.pinned(), *command], cwd=environments.ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        print(f"benchmarks: {name} ended with status {done.returncode}", file=sys.stderr)
    yield from ({"peer": name, **json.loads(line)} for line in done.stdout.splitlines())


def main():
    args = options()
    rounds, budget = (args.rounds or 2, args.budget or 0.05) if args.quick else (args.rounds or 5, args.budget or 0.2)
    peers = PEERS[:2] if args.quick else PEERS + OTHERS * args.others
    start_cases = [case for case in imports.CASES if not args.quick or case[1] != "spyne-2.14"]
    for env in dict.fromkeys(env for _, env, _ in peers):
        environments.python_of(env)
    calls, starts = [], []
    for turn in range(rounds):
        for peer in peers:
            print(f"benchmarks: round {turn + 1} of {rounds}, {peer[0]}", file=sys.stderr)
            calls.extend(run(*peer, budget))
        for what, env, code in start_cases * 2:
            starts.append({"what": what, **imports.measure(env, code)})
    if args.foreign:
        calls.extend(foreign.measure())
    if args.json:
        args.json.write_text(json.dumps({"calls": calls, "imports": starts}, indent=1))
    print(f"CPython {platform.python_version()}, {platform.machine()}, {rounds} rounds, each peer in turn.\n")
    print(report(calls, starts))


if __name__ == "__main__":
    main()
