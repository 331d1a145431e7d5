"""The memory of results that are streamed: ``python -m benchmarks.streaming`` serves a million rows and draws the curves.

Each protocol has a process of its own, that takes the blocks of one response over WSGI and drops them. ``--protocol NAME --json`` is one of
them: its record on standard output. Without it all are run, `--csv` gets the samples and `--svg` the plot, beside a list of the same rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from time import perf_counter

import msgspec

ROOT = Path(__file__).parent.parent
ROWS = 1_000_000
SAMPLES = 200
KINDS = ("soap", "json", "csv", "msgpack", "json list")
COLOURS = ("#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#d62728")
PAGE = 4096
MB = 1_000_000


# --- one process: one response ---


class Row(msgspec.Struct):
    """One row."""

    id: int
    name: str
    price: float
    at: datetime
    active: bool


def make(count: int) -> Iterator[Row]:
    """That many rows, one at a time."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        yield Row(number, f"row {number}", number / 7, start + timedelta(seconds=number), number % 2 == 0)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def application(kind: str):
    """A WSGI application whose one method gives rows, and the request for a number of them."""
    from spyne import Application, Service, rpc
    from spyne.protocol.json import JsonDocument
    from spyne.server.wsgi import WsgiApplication

    class Rows(Service):
        @rpc
        def rows(ctx, count: int) -> Iterable[Row]:
            return list(make(count)) if kind.endswith("list") else make(count)

    app = Application([Rows], "urn:rows", in_protocol=JsonDocument(), out_protocol=protocol_of(kind.split()[0]))
    return WsgiApplication(app)


def protocol_of(name: str):
    """A new protocol by its name here."""
    from spyne.protocol.csv import Csv
    from spyne.protocol.json import JsonDocument
    from spyne.protocol.msgpack import MessagePackDocument
    from spyne.protocol.soap import Soap11
    from spyne.protocol.xml import XmlDocument

    known = {"soap": Soap11, "json": JsonDocument, "csv": Csv, "msgpack": MessagePackDocument, "xml": XmlDocument}
    return known[name]()


def call(app, count: int):
    """The reply to a request for that many rows."""
    body = b'{"rows": {"count": %d}}' % count
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    return app(environ, lambda status, headers: None)


def record(kind: str, rows: int) -> dict[str, object]:
    """Serve the rows once; sizes in bytes, times in seconds, and samples of (bytes sent, memory)."""
    app = application(kind)
    size = sum(map(len, call(app, 1000)))
    idle, step = resident(), size * rows // 1000 // SAMPLES
    samples, sent, start = [(0, idle)], 0, perf_counter()
    reply, first = call(app, rows), 0.0
    for block in reply:
        first = first or perf_counter() - start
        if sent // step != (sent + len(block)) // step:
            samples.append((sent, resident()))
        sent += len(block)
    samples.append((sent, resident()))
    reply.close()
    above = max(memory for _, memory in samples) - idle
    return {
        "protocol": kind,
        "rows": rows,
        "bytes": sent,
        "idle": idle,
        "above_idle": above,
        "seconds": round(perf_counter() - start, 2),
        "first_byte": round(first, 4),
        "samples": samples,
    }


# --- all of them ---


def run(kind: str, rows: int) -> dict[str, object]:
    """The record of one protocol from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.streaming", "--protocol", kind, "--rows", str(rows), "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def plot(records: list[dict]) -> str:
    """The curves as SVG: memory above idle against the part of the response that is sent, on a logarithmic scale."""
    from math import log10

    width, height, left, bottom, right, top = 720, 360, 64, 44, 150, 24
    low, high = 0.1, 2000.0

    def x(part: float) -> float:
        return left + part * (width - left - right)

    def y(above: float) -> float:
        share = (log10(min(max(above / MB, low), high)) - log10(low)) / (log10(high) - log10(low))
        return height - bottom - share * (height - top - bottom)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{left}" y="15">Memory above idle while {records[0]["rows"]:,} rows are sent (MB)</text>',
    ]
    for tick in (0.1, 1, 10, 100, 1000):
        at = y(tick * MB)
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in (0, 25, 50, 75, 100):
        parts.append(f'<text x="{x(tick / 100):.1f}" y="{height - bottom + 18}" text-anchor="middle">{tick} %</text>')
    limit = y(20 * MB)
    parts.append(
        f'<line x1="{left}" x2="{width - right}" y1="{limit:.1f}" y2="{limit:.1f}" stroke="#888" stroke-dasharray="4"/>'
    )
    parts.append(f'<text x="{left + 4}" y="{limit - 4:.1f}" fill="#666">20 MB</text>')
    for index, (found, colour) in enumerate(zip(records, COLOURS, strict=False)):
        line = " ".join(
            f"{x(sent / found['bytes']):.1f},{y(memory - found['idle']):.1f}" for sent, memory in found["samples"]
        )
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{line}"/>')
        at = top + 14 + 34 * index
        parts.append(f'<text x="{width - right + 10}" y="{at}" fill="{colour}">{found["protocol"]}</text>')
        parts.append(
            f'<text x="{width - right + 10}" y="{at + 14}" fill="#666" font-size="10">'
            f"{found['bytes'] / MB:.0f} MB, at most {found['above_idle'] / MB:.1f}</text>"
        )
    return "\n".join([*parts, "</svg>", ""])


def write_csv(path: Path, records: list[dict]) -> None:
    """The samples as a table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["protocol", "bytes_sent", "above_idle"])
        for found in records:
            rows.writerows([found["protocol"], sent, memory - found["idle"]] for sent, memory in found["samples"])


def main() -> None:
    """Run one protocol, or all of them in turns."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--protocol", choices=[*KINDS, "xml"])
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--json", action="store_true")
    options.add_argument("--svg", type=Path, default=ROOT / "docs" / "howto" / "streaming.svg")
    options.add_argument("--csv", type=Path)
    given = options.parse_args()
    if given.protocol and given.json:
        print(json.dumps(record(given.protocol, given.rows)))
        return
    records = []
    print(f"{'':10} {'bytes':>12} {'seconds':>8} {'first byte':>11} {'above idle':>12}")
    for kind in [given.protocol] if given.protocol else KINDS:
        found = run(kind, given.rows)
        records.append(found)
        print(
            f"{kind:10} {found['bytes']:>12,} {found['seconds']:>8} {found['first_byte']:>11} {found['above_idle']:>12,}"
        )
    if not given.protocol:
        given.svg.write_text(plot(records), encoding="utf-8")
    if given.csv:
        write_csv(given.csv, records)


if __name__ == "__main__":
    main()
