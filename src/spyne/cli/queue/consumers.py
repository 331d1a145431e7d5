"""``spyne queue consumers``: lists consumers, and removes those that will not come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spyne.cli._command import FINE, WRONG, Command
from spyne.cli._screen import Styled, Table, confirm, show
from spyne.cli._words import counted, shown_age, to_json
from spyne.cli.queue._health import reports_of
from spyne.cli.queue._place import add_place, opened
from spyne.queue.sql.move import remove_consumer

if TYPE_CHECKING:
    import argparse

    from spyne.cli._screen import Cell
    from spyne.queue.sql.report import ConsumerReport, TopicReport

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="who reads which topic")
    listing.add_argument("--json", action="store_true")
    add_place(listing, topic=None)
    listing.set_defaults(act=_list)
    removing = actions.add_parser("rm", help="forget a consumer, its position and its parked tasks")
    removing.add_argument("consumer")
    removing.add_argument(
        "--force",
        action="store_true",
        help="even if a living process has it, which then begins anew as a new consumer does",
    )
    removing.add_argument("--yes", action="store_true", help="do not ask")
    add_place(removing)
    removing.set_defaults(act=_remove)


def _run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


COMMAND = Command(arguments=_arguments, run=_run)


def _list(arguments: argparse.Namespace) -> int:
    with opened(arguments) as queue:
        reports = reports_of(queue, arguments.topic)
    found = [(report, consumer) for report in reports for consumer in report.consumers]
    if arguments.json:
        print(to_json([{"topic": report.topic, "consumer": consumer} for report, consumer in found]))
    else:
        titles = ("topic", "consumer", ">lanes", ">position", ">lag", "kind", "alive", ">seen")
        show([Table(titles, [_cells(report, consumer) for report, consumer in found], elastic=("consumer",))])
    return FINE


def _cells(report: TopicReport, consumer: ConsumerReport) -> tuple[Cell, ...]:
    return (
        report.topic,
        consumer.consumer,
        consumer.lanes[0].lanes,
        min(lane.position for lane in consumer.lanes),
        consumer.lag,
        "durable" if consumer.durable else "passing",
        Styled("yes", "good") if consumer.is_held else Styled("no", "bad" if consumer.lag else "dim"),
        shown_age(consumer.last_seen),
    )


def _remove(arguments: argparse.Namespace) -> int:
    name = arguments.consumer
    with opened(arguments) as queue:
        question = f"Forget consumer {name} of topic {queue.topic}, its position and its parked tasks?"
        if not confirm(question, yes=arguments.yes):
            return WRONG
        with queue.begin() as connection:
            parked = remove_consumer(connection, queue, name, even_held=arguments.force)
    print(f"consumer {name} is forgotten" + (f", and {counted(parked)} that it had parked" if parked else ""))
    return FINE
