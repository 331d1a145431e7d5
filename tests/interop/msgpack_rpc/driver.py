"""msgpack-rpc-python, the implementation of the specification's authors, as a client or a server: driver.py client|server PORT.

It is from before Python 3.10: some names have to be where they were. The client makes the calls of a list in JSON on standard
input and writes their results; the server serves until standard input ends.
"""

import collections
import collections.abc
import json
import sys
import threading

for name in ("Callable", "Iterable", "Mapping", "MutableMapping"):
    setattr(collections, name, getattr(collections.abc, name))

import msgpackrpc  # noqa: E402 - it needs the names


class Service:
    """What the server of this side offers."""

    def __init__(self):
        self.notes = []

    def say_hello(self, name, times):
        return [f"Hello, {name}"] * times

    def note(self, text):
        self.notes.append(text)

    def noted(self):
        return self.notes

    def fail(self, text):
        raise ValueError(text)


def call(address):
    """All calls are on their way before the first result is waited for."""
    client = msgpackrpc.Client(address, unpack_encoding="utf-8", timeout=10)
    waiting = [
        client.notify(name, *arguments) if kind == "notify" else client.call_async(name, *arguments)
        for kind, name, arguments in json.load(sys.stdin)
    ]
    found = []
    for future in waiting:
        try:
            found.append({"result": None if future is None else future.get()})
        except msgpackrpc.error.RPCError as error:
            found.append({"error": error.args[0]})
    json.dump(found, sys.stdout)


def serve(address):
    server = msgpackrpc.Server(Service(), unpack_encoding="utf-8")
    server.listen(address)
    print("ready", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.stop()), daemon=True).start()
    server.start()


{"client": call, "server": serve}[sys.argv[1]](msgpackrpc.Address("127.0.0.1", int(sys.argv[2])))
