"""Measure the cases of one peer inside its own environment: python -m benchmarks.measure PEER BUDGET -> JSON lines.

One line per case: the median CPU time per call in microseconds of a few loops, each about BUDGET seconds long. Every
reply is checked leaf by leaf before it is timed; garbage collection stays on, as in a server.
"""

import gc
import importlib
import json
import statistics
import sys
import time

from benchmarks import workloads as W

CLOCK = time.process_time  # CPU time of the process: other jobs on the machine do not count
LOOPS = 3


def loop(fn, n):
    t0 = CLOCK()
    for _ in range(n):
        fn()
    return CLOCK() - t0


def run(fn, budget):
    """Return the median CPU seconds of one call."""
    n, t = 1, loop(fn, 1)
    while t < budget / 4:
        n *= 2
        t = loop(fn, n)
    n = max(1, int(n * budget / t))
    gc.collect()
    return statistics.median(loop(fn, n) / n for _ in range(LOOPS))


def decoded(proto, out):
    """Return a reply as `workloads.check` takes it: MessagePack decoded, text as it is."""
    if proto != "msgpack":
        return out
    import msgspec

    return msgspec.msgpack.decode(out)


def main(peer, budget):
    for name, w, proto, fn in importlib.import_module("benchmarks.peers." + peer).cases():
        record = {"case": name, "w": w, "proto": proto}
        try:
            W.check(w, proto, decoded(proto, fn()))
            record["us"] = run(fn, float(budget)) * 1e6
        except Exception as error:  # a peer that cannot do a workload is a result too
            record["error"] = f"{type(error).__name__}: {error}"[:300]
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
