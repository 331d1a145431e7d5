"""The memory of requests that are read while they arrive: ``python -m benchmarks.streaming_in`` sends a million rows and draws the curves.

Each protocol has a process of its own, which serves one request over WSGI whose blocks are made as they are read. ``--protocol NAME --json``
is one of them: its record on standard output. Without it all are run, `--csv` gets the samples and `--svg` the plot, beside a method
that takes the same rows as a list.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter

from benchmarks.streaming import ROOT, ROWS, SAMPLES, Row, make, plot, protocol_of, resident, write_csv

KINDS = ("soap", "xml", "json", "json list")
AT_ONCE = 1000
IN_METHOD: list[int] = []
"""Memory when the method has had all rows; a list of them is then still there."""


def count(rows: Iterable[Row]) -> int:
    """How many rows are active."""
    found = sum(1 for row in rows if row.active)
    IN_METHOD.append(resident())
    return found


def application(kind: str):
    """A WSGI application whose one method takes rows and counts them."""
    from spyne import Application, Service, rpc
    from spyne.limits import Limits
    from spyne.server.wsgi import WsgiApplication

    if kind.endswith("list"):

        class Rows(Service):
            @rpc
            def rows(ctx, rows: list[Row]) -> int:
                return count(rows)
    else:

        class Rows(Service):
            @rpc
            def rows(ctx, rows: Iterator[Row]) -> int:
                return count(rows)

    protocols = protocol_of(kind.split()[0]), protocol_of(kind.split()[0])
    protocols[0].set_validator("soft")
    app = Application([Rows], "urn:rows", in_protocol=protocols[0], out_protocol=protocols[1], limits=Limits(body=None))
    return WsgiApplication(app)


def document(kind: str) -> tuple[bytes, bytes, bytes]:
    """What a request has before its rows, a thousand of them, and what follows; in JSON they end with a comma."""
    rows = list(make(AT_ONCE))
    if kind.startswith("json"):
        import msgspec

        return b'{"rows":{"rows":[', msgspec.json.encode(rows)[1:-1] + b",", b""
    text = "".join(
        f"<Row><id>{row.id}</id><name>{row.name}</name><price>{row.price!r}</price><at>{row.at.isoformat()}</at>"
        f"<active>{str(row.active).lower()}</active></Row>"
        for row in rows
    )
    start, end = '<rows xmlns="urn:rows"><rows>', "</rows></rows>"
    if kind == "soap":
        start = f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{start}'
        end += "</e:Body></e:Envelope>"
    return start.encode(), text.encode(), end.encode()


class Source:
    """A ``wsgi.input`` of any length: the same rows again and again. samples: (bytes read, memory)."""

    def __init__(self, kind: str, rows: int) -> None:
        self.start, self.many, self.end = document(kind)
        if kind.startswith("json"):  # the last row stands where the last comma is
            self.end = self.many[: self.many.index(b"},") + 1] + b"]}}"
        self.times = rows // AT_ONCE
        self.size = len(self.start) + len(self.many) * self.times + len(self.end)
        self.blocks = self.make()
        self.left = b""
        self.read_bytes = 0
        self.samples: list[tuple[int, int]] = []

    def make(self) -> Iterator[bytes]:
        """The document in parts."""
        yield self.start
        for _ in range(self.times):
            yield self.many
        yield self.end

    def read(self, size: int) -> bytes:
        """Some more of it."""
        while len(self.left) < size and (block := next(self.blocks, b"")):
            self.left += block
        found, self.left = self.left[:size], self.left[size:]
        step = self.size // SAMPLES
        if self.read_bytes // step != (self.read_bytes + len(found)) // step:
            self.samples.append((self.read_bytes, resident()))
        self.read_bytes += len(found)
        return found


def call(app, kind: str, source: Source) -> bytes:
    """The answer to a request."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json" if kind.startswith("json") else "text/xml",
        "CONTENT_LENGTH": str(source.size),
        "wsgi.input": source,
    }
    return b"".join(app(environ, lambda status, headers: None))


def record(kind: str, rows: int) -> dict[str, object]:
    """Read the rows once; sizes in bytes, times in seconds, and samples of (bytes read, memory)."""
    app = application(kind)
    call(app, kind, Source(kind, 2 * AT_ONCE))
    source, idle, start = Source(kind, rows), resident(), perf_counter()
    answer = call(app, kind, source)
    seconds = perf_counter() - start
    assert str(rows // 2).encode() in answer or str(rows // 2 + 1).encode() in answer, answer
    samples = [(0, idle), *source.samples, (source.size, IN_METHOD[-1])]
    return {
        "protocol": kind,
        "rows": rows,
        "bytes": source.size,
        "idle": idle,
        "above_idle": max(memory for _, memory in samples) - idle,
        "seconds": round(seconds, 2),
        "samples": samples,
    }


def run(kind: str, rows: int) -> dict[str, object]:
    """The record of one protocol from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.streaming_in", "--protocol", kind, "--rows", str(rows), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    """Run one protocol, or all of them in turns."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--protocol", choices=KINDS)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--json", action="store_true")
    options.add_argument("--svg", type=Path, default=ROOT / "docs" / "howto" / "streaming-in.svg")
    options.add_argument("--csv", type=Path)
    given = options.parse_args()
    if given.protocol and given.json:
        print(json.dumps(record(given.protocol, given.rows)))
        return
    records = []
    print(f"{'':10} {'bytes':>12} {'seconds':>8} {'above idle':>12}")
    for kind in [given.protocol] if given.protocol else KINDS:
        found = run(kind, given.rows)
        records.append(found)
        print(f"{kind:10} {found['bytes']:>12,} {found['seconds']:>8} {found['above_idle']:>12,}")
    if not given.protocol:
        given.svg.write_text(plot(records).replace("rows are sent", "rows are read"), encoding="utf-8")
    if given.csv:
        write_csv(given.csv, records)


if __name__ == "__main__":
    main()
