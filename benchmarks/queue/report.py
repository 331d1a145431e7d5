"""Records -> Markdown tables."""

from statistics import median, quantiles

from benchmarks.queue.roster import OURS

TITLE = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}

# What the ratio of ours to a peer's is meant to be: more for rates, less for times. Place, measure -> peer -> goal.
GOALS = {
    ("postgresql", "enqueue, one per transaction"): {"procrastinate": 1.3, "PgQueuer": 1.2, "Huey": 1.0},
    ("postgresql", "enqueue, batches of 100"): {"procrastinate": 3, "PgQueuer": 2, "Huey": 20},
    ("postgresql", "consume"): {"procrastinate": 10, "PgQueuer": 3, "Huey": 8},
    ("postgresql", "produce and consume"): {"procrastinate": 8, "PgQueuer": 2, "Huey": 5},
    ("postgresql", "fan-out to 4 consumers, deliveries"): {"procrastinate": 20, "PgQueuer": 5, "Huey": 15},
    ("postgresql", "wake-up"): {"procrastinate": 1, "PgQueuer": 1, "Huey": 1},
    ("sqlite", "enqueue, one per transaction"): {"Huey": 1.0},
    ("sqlite", "enqueue, batches of 100"): {"Huey": 20},
    ("sqlite", "consume"): {"Huey": 10},
    ("sqlite", "wake-up"): {"Huey": 1 / 20},
}


def spread(values, form="{:,.0f}"):
    if len(values) == 1:
        return form.format(values[0])
    low, high = form.format(min(values)), form.format(max(values))
    return f"{form.format(median(values))} ({low}-{high})"


def brief(record):
    """Return a record as half a line."""
    if "delays" in record:
        return f"wake-up {percentile(record['delays'], 50) * 1e3:.2f} ms, {record['idle']:.4f} CPU s per s"
    return f"{record['measure']}: {record['rate']:,.0f}/s, {record['cpu'] * 1e6:.0f} us CPU, {record['wal']:.0f} B WAL"


def percentile(values, percent):
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def row(cells):
    return "| " + " | ".join(cells) + " |"


def ratios(mine, theirs):
    """Return ours to theirs, by rounds that both have."""
    theirs = dict(theirs)
    return [value / theirs[number] for number, value in mine if number in theirs]


def figure(record):
    """Return the one number of a record that ratios are made of."""
    return percentile(record["delays"], 50) if "delays" in record else record["rate"]


def by_round(records, figure=figure):
    return [(record["round"], figure(record)) for record in records]


def ratio(records, ours, name, place, measure):
    """Return the cells of a peer's ratio and its goal."""
    found = ratios(by_round(ours), by_round(records))
    if name == OURS or not found:
        return ["", "", ""]
    cost = "idle" if measure == "wake-up" else "cpu"
    saved = ratios(by_round(records, lambda each: each[cost]), by_round(ours, lambda each: each[cost]))
    cpu = spread(saved, "{:.2f}")
    goal = GOALS.get((place, measure), {}).get(name)
    if goal is None:
        return [spread(found, "{:.2f}"), cpu, ""]
    low = measure == "wake-up"
    met = median(found) <= goal if low else median(found) >= goal
    return [spread(found, "{:.2f}"), cpu, f"{'<=' if low else '>='} {goal:.3g}{'' if met else ' **missed**'}"]


def costs(records):
    """Return the cells of a measure: rate, CPU and WAL per task; or the delays of wake-ups."""
    if "delays" not in records[0]:
        wal = spread([each["wal"] for each in records]) if any(each["wal"] for each in records) else ""
        return [spread([each["rate"] for each in records]), spread([each["cpu"] * 1e6 for each in records]), wal]
    every = [delay * 1e3 for each in records for delay in each["delays"]]
    tail = f"p50 {percentile(every, 50):.2f}, p99 {percentile(every, 99):.2f} ms"
    return [tail, f"{median(each['idle'] for each in records) * 1e6:,.0f} us a second", ""]


def tables(records):
    """Return a table for each place."""
    lines = []
    for place in dict.fromkeys(each["place"] for each in records):
        mine = [each for each in records if each["place"] == place]
        lines += [f"\n### {TITLE[place]}\n"]
        lines += [
            row(
                [
                    "measure",
                    "queue",
                    "tasks/s",
                    "CPU us per task",
                    "WAL bytes per task",
                    "ours to it",
                    "its CPU to ours",
                    "goal",
                ]
            )
        ]
        lines += [row(["---"] * 8)]
        for measure in dict.fromkeys(each["measure"] for each in mine):
            these = [each for each in mine if each["measure"] == measure]
            ours = [each for each in these if each["peer"] == OURS]
            for name in sorted({each["peer"] for each in these}, key=lambda name: name != OURS):
                peers = [each for each in these if each["peer"] == name]
                lines.append(row([measure, name, *costs(peers), *ratio(peers, ours, name, place, measure)]))
    rounds = len({each["round"] for each in records})
    return "\n".join([f"Median (least-most) of {rounds} rounds.", *lines])
