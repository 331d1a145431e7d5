"""``spyne queue lag``: a line a consumer, for monitoring."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from spyne.cli._command import FINE, WRONG, Command
from spyne.cli._screen import Table, show
from spyne.cli._words import shown_age, to_json
from spyne.cli.queue._health import add_limits, reports_of, wrongs
from spyne.cli.queue._place import add_place, opened

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from spyne.queue.sql.report import ConsumerReport, TopicReport

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser, topic=None)
    add_limits(parser)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="one object a consumer")
    shape.add_argument("--prometheus", action="store_true", help="gauges in the text format of Prometheus")


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as queue:
        reports = reports_of(queue, arguments.topic)
    if arguments.prometheus:
        sys.stdout.write("".join(f"{line}\n" for line in _prometheus(reports)))
    elif arguments.json:
        print(to_json([_record(report, consumer) for report, consumer in _consumers(reports)]))
    else:
        rows = [
            (report.topic, consumer.consumer, consumer.lag, shown_age(consumer.oldest or 0.0), consumer.parked)
            for report, consumer in _consumers(reports)
        ]
        show([Table(("topic", "consumer", ">tasks", ">oldest", ">parked"), [*rows])])
    found = wrongs(reports, arguments)
    for sentence in found:
        print(f"spyne: {sentence}", file=sys.stderr)
    return WRONG if found else FINE


COMMAND = Command(arguments=_arguments, run=_run)


def _consumers(reports: Sequence[TopicReport]) -> Iterator[tuple[TopicReport, ConsumerReport]]:
    for report in reports:
        for consumer in report.consumers:
            yield report, consumer


def _record(report: TopicReport, consumer: ConsumerReport) -> dict[str, object]:
    return {
        "topic": report.topic,
        "consumer": consumer.consumer,
        "lag_tasks": consumer.lag,
        "lag_seconds": consumer.oldest or 0.0,
        "parked_tasks": consumer.parked,
        "given_up_tasks": consumer.given_up,
        "alive": consumer.is_held,
    }


# --- https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format ---

_GAUGES: tuple[tuple[str, str, Callable[[ConsumerReport], float]], ...] = (
    ("queue_lag_tasks", "Tasks that the consumer has not done.", lambda consumer: consumer.lag),
    ("queue_lag_seconds", "Age of the oldest of them.", lambda consumer: consumer.oldest or 0.0),
    ("queue_parked_tasks", "Tasks that the consumer put aside.", lambda consumer: consumer.parked),
    ("queue_given_up_tasks", "Parked tasks that nobody tries again.", lambda consumer: consumer.given_up),
    ("queue_consumer_alive", "Whether a living process owns the consumer.", lambda consumer: int(consumer.is_held)),
)


def _prometheus(reports: Sequence[TopicReport]) -> Iterator[str]:
    for name, about, value in _GAUGES:
        yield f"# HELP {name} {about}"
        yield f"# TYPE {name} gauge"
        for report, consumer in _consumers(reports):
            yield f'{name}{{topic="{_escaped(report.topic)}",consumer="{_escaped(consumer.consumer)}"}} {value(consumer)}'


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
