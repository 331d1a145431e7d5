"""What monitoring asks: whether a consumer is too far behind, or has tasks that only a person can help. Shared by ``status`` and ``lag``."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from spyne.cli._words import duration, positive, shown_age
from spyne.cli.queue._place import other_topic
from spyne.queue.sql.log import topics_in
from spyne.queue.sql.report import report_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from spyne.queue import Queue
    from spyne.queue.sql.report import ConsumerReport, TopicReport

__all__ = ["add_limits", "reports_of", "wrongs"]


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add the options that make the exit code 1."""
    limits = parser.add_argument_group("what makes the exit code 1, besides tasks that were given up or lost")
    limits.add_argument("--max-lag", type=positive, metavar="TASKS", help="a consumer is more tasks behind than this")
    limits.add_argument(
        "--max-age", type=duration, metavar="TIME", help="a task waits for longer than this: seconds, or 15m, 12h, 7d"
    )


def reports_of(queue: Queue, topic: str | None) -> list[TopicReport]:
    """The reports of a topic, or of all."""
    with queue.connect() as connection:
        names = topics_in(connection, queue.tables) if topic is None else [topic]
        return [report_of(connection, other_topic(queue, name)) for name in names]


def wrongs(reports: Sequence[TopicReport], arguments: argparse.Namespace) -> list[str]:
    """A sentence for each thing that is wrong."""
    return [
        f"{consumer.consumer} ({report.topic}): {what}"
        for report in reports
        for consumer in report.consumers
        for what in _wrongs_of(consumer, report, arguments.max_lag, arguments.max_age)
    ]


def _wrongs_of(
    consumer: ConsumerReport, report: TopicReport, max_lag: int | None, max_age: float | None
) -> Iterator[str]:
    which = f"{quote(consumer.consumer)} --topic {quote(report.topic)}"
    if consumer.is_lost:
        first = report.trimmed + 1
        yield f"tasks that it has not seen were removed; to go on without them: spyne queue replay {which} --from {first}"
    if consumer.given_up:
        yield f"{consumer.given_up} parked for good: spyne queue parked list {which}"
    if max_lag is not None and consumer.lag > max_lag:
        yield f"{consumer.lag} tasks behind, more than {max_lag}"
    if max_age is not None and consumer.oldest is not None and consumer.oldest > max_age:
        yield f"a task waits for {shown_age(consumer.oldest)}, longer than {shown_age(max_age)}"
