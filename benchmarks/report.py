"""Records -> Markdown tables."""

from statistics import median

from benchmarks import workloads as W

TITLE = {"soap": "SOAP 1.1", "json": "JSON", "msgpack": "MessagePack"}
HEAD = {"hello": "W1 hello", "order": "W2 order", "rows": "W3 1000 records out", "bulk": "W4 10000 records in"}
FLOOR = {"soap": "floor-soap(lxml+gen)", "json": "floor-msgspec", "msgpack": "floor-msgspec"}
TARGET = {"soap": {"hello": 2.2, "order": 1.5, "rows": 1.3, "bulk": 1.3}, "json": {"order": 2.2, "bulk": 1.25}}


def number(us):
    """Write microseconds with three or four digits that count."""
    return f"{us:.1f}" if us < 1000 else f"{us:,.0f}"


def cell(records, floor):
    """Write a cell: median, spread, ratio to the floor; or why there is none."""
    times = [r["us"] for r in records if "us" in r]
    if not times:
        return "fails" if records else "-"
    spread = f" ({number(min(times))}-{number(max(times))})" if len(times) > 1 else ""
    ratio = f" x{median(times) / floor:.2f}" if floor else ""
    return f"{number(median(times))}{spread}{ratio}"


def row(cells):
    return "| " + " | ".join(cells) + " |"


def in_process(records, proto):
    """Yield the lines of one protocol's table."""
    mine = [r for r in records if r["proto"] == proto]
    floors = {}
    for w in W.WORKLOADS:
        times = [r["us"] for r in mine if r["w"] == w and r["case"] == FLOOR[proto] and "us" in r]
        floors[w] = median(times) if times else None
    yield f"### {TITLE[proto]}, in process: CPU microseconds per call, median (min-max); x = ratio to {FLOOR[proto]}\n"
    yield row(["peer", *(HEAD[w] for w in W.WORKLOADS)])
    yield "|---|" + "---|" * len(W.WORKLOADS)
    for peer, case in dict.fromkeys((r["peer"], r["case"]) for r in mine):
        name = case if peer == "floor" else f"{peer}: {case}"
        these = [r for r in mine if (r["peer"], r["case"]) == (peer, case)]
        yield row([name, *(cell([r for r in these if r["w"] == w], floors[w]) for w in W.WORKLOADS)])
    goal = TARGET.get(proto, {})
    if goal:
        yield row(["*goal, types checked (soft)*", *(f"*x{goal[w]}*" if w in goal else "" for w in W.WORKLOADS)])
    yield from (f"\n{r['peer']}: {r['case']}, {r['w']} fails: {r['error']}" for r in mine if "error" in r)


def imports(records):
    """Yield the lines of the table of imports."""
    yield "### Import: milliseconds, median (min-max) of fresh processes; resident memory (Linux)\n"
    yield "| what | ms | MB | modules |\n|---|---|---|---|"
    for what in dict.fromkeys(r["what"] for r in records):
        these = [r for r in records if r["what"] == what and "ms" in r]
        if not these:
            yield row([what, "fails", "-", "-"])
            continue
        ms = [r["ms"] for r in these]
        memory = median(r["mb"] for r in these)
        yield row([what, f"{median(ms):.1f} ({min(ms):.1f}-{max(ms):.1f})", f"{memory:.1f}", str(these[0]["modules"])])


def report(calls, starts):
    """Return the whole report."""
    parts = ["\n".join(in_process(calls, proto)) for proto in TITLE if any(r["proto"] == proto for r in calls)]
    return "\n\n".join([*parts, "\n".join(imports(starts))])
