"""MessagePack beside msgspec alone, in one process: python -m benchmarks.msgpack [SECONDS] prints the ratios.

The floor decodes and encodes the bare argument object with msgspec, whose moments are timestamps. Both flavours of
MessagePackDocument make the whole way of a WSGI request; MessagePackRpc is called without HTTP. Turns alternate, each number is the
least of a few loops.
"""

import sys

import msgspec

from benchmarks import measure
from benchmarks import workloads as W
from benchmarks.peers import msgspec_types, spyne_peer
from spyne import Application
from spyne.protocol.msgpack import MessagePackDocument, MessagePackRpc
from spyne.server._base import ServerBase
from spyne.server.wsgi import WsgiApplication

TURNS = 5
MIME_TYPE = "application/x-msgpack"


def floor(w):
    call, data = msgspec_types.direct(w, "msgpack"), msgspec.msgpack.encode(W.bare_obj(w, False))
    return lambda: call(data)


def application(protocol, **options):
    return Application(
        [spyne_peer.Bench],
        W.NS,
        name="Bench",
        in_protocol=protocol(validator="soft", **options),
        out_protocol=protocol(**options),
    )


def document(w, **options):
    server = WsgiApplication(application(MessagePackDocument, **options))
    data = msgspec.msgpack.encode(W.bare_obj(w, True))
    return lambda: spyne_peer.call_wsgi(server, data, MIME_TYPE, "")


def rpc(w, **options):
    server = ServerBase(application(MessagePackRpc, **options))
    data = msgspec.msgpack.encode([0, 1, W.OP[w], list(W.jsonable(W.args_of(w)).values())])

    def call():
        ctx = server.make_context()
        ctx.in_string = [data]
        server.get_in_object(ctx)
        server.get_out_object(ctx)
        server.get_out_string(ctx)
        ctx.close()
        return b"".join(ctx.out_string)

    return call


CASES = {
    "msgspec alone": floor,
    "MessagePackDocument, timestamps": lambda w: document(w, timestamps=True),
    "MessagePackDocument": document,
    "MessagePackRpc, timestamps": lambda w: rpc(w, timestamps=True),
}


def result(name, reply):
    """Return the result in a reply."""
    found = msgspec.msgpack.decode(reply)
    return found[3] if "Rpc" in name else found


def main(budget=0.1):
    print("| workload | " + " | ".join(CASES) + " |\n|---" * 1 + "|---" * len(CASES) + "|")
    for w in W.WORKLOADS:
        calls = {name: make(w) for name, make in CASES.items()}
        for name, call in calls.items():
            W.check(w, "msgpack", result(name, call()))
        turns = [{name: measure.run(call, budget) * 1e6 for name, call in calls.items()} for _ in range(TURNS)]
        best = {name: min(turn[name] for turn in turns) for name in calls}
        base = best["msgspec alone"]
        print(f"| {w} | " + " | ".join(f"{us:.1f} us ({us / base:.2f}x)" for us in best.values()) + " |")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
