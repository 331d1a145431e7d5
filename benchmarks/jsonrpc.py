"""JSON-RPC beside JsonDocument, in one process: python -m benchmarks.jsonrpc [SECONDS] prints both and their ratio.

Both make the whole way of a WSGI request with the same arguments. Turns alternate, and each number is the median of the
turns; the ratio is the median of the turns' own ratios, so that other jobs on the machine weigh on both alike.
"""

import json
import sys
from statistics import median

from benchmarks import measure
from benchmarks import workloads as W
from benchmarks.peers import spyne_peer
from spyne import Application
from spyne.protocol.json import JsonDocument, JsonRpc
from spyne.server.wsgi import WsgiApplication

TURNS = 15


def server(protocol):
    return WsgiApplication(
        Application(
            [spyne_peer.Bench],
            W.NS,
            name="Bench",
            in_protocol=protocol(validator="soft"),
            out_protocol=protocol(),
        )
    )


def document(w):
    return W.json_request(w, True)


def request(w):
    params = json.dumps(W.jsonable(W.args_of(w))).encode()
    return b'{"jsonrpc": "2.0", "method": "%s", "params": %s, "id": 1}' % (W.OP[w].encode(), params)


def caller(protocol, body):
    application = server(protocol)
    return lambda: spyne_peer.call_wsgi(application, body, "application/json", "")


def times(calls, budget):
    """Return the seconds of each call, turn by turn."""
    counts = [max(1, int(budget / TURNS / measure.run(call, budget / TURNS))) for call in calls]
    return [[measure.loop(call, n) / n for call, n in zip(calls, counts)] for _ in range(TURNS)]


def main(budget=0.5):
    print("| workload | JsonDocument | JsonRpc | ratio | a batch of 10, per call | ratio |\n|---|---|---|---|---|---|")
    for w in W.WORKLOADS:
        plain, rpc = caller(JsonDocument, document(w)), caller(JsonRpc, request(w))
        batch = caller(JsonRpc, b"[" + b",".join([request(w)] * 10) + b"]") if w in ("hello", "order") else None
        W.check(w, "json", plain())
        W.check(w, "json", json.dumps(json.loads(rpc())["result"]).encode())
        turns = times([plain, rpc, *([batch] if batch else [])], float(budget))
        columns = [[us * 1e6 for us in column] for column in zip(*turns)]
        if batch:
            columns[2] = [us / 10 for us in columns[2]]
        cells = [f"{median(columns[0]):.1f}"]
        for column in columns[1:]:
            cells += [f"{median(column):.1f}", f"x{median(b / a for a, b in zip(columns[0], column)):.2f}"]
        print("| " + " | ".join([w, *cells, *["-"] * (5 - len(cells))]) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])
