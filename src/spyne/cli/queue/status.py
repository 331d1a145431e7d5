"""``spyne queue status``: every topic, every consumer, at a glance or live."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from spyne.cli._command import FINE, WRONG, Command, Trouble
from spyne.cli._screen import Line, Styled, Table, show, watch
from spyne.cli._words import duration, shown_age, to_json
from spyne.cli.queue._health import add_limits, reports_of, wrongs
from spyne.cli.queue._place import add_place, opened, troubles

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from spyne.cli._screen import Block, Cell
    from spyne.queue.sql.report import ConsumerReport, LaneReport, TopicReport

__all__ = ["COMMAND"]

_TITLES = (
    *("consumer", "lane", ">position", ">lag", ">done/s", ">oldest", "owner", ">lease", ">epoch", ">tries", ">crashes"),
    *(">failed", ">parked", ">seen"),
)
_SILENT = ("lane", ">lease", ">done/s", ">tries", ">crashes", ">failed", ">parked")
_OPTIONAL = (">epoch", ">failed", ">lease", ">seen", "lane", ">position")


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser, topic=None)
    add_limits(parser)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument(
        "--watch", type=duration, metavar="SECONDS", help="a live view, renewed that often, until Ctrl-C"
    )
    shape.add_argument("--json", action="store_true", help="everything, as JSON")


def _run(arguments: argparse.Namespace) -> int:
    with opened(arguments) as queue:
        if arguments.watch is not None:
            speeds = _Speeds()

            def look() -> list[Block]:
                try:
                    with troubles():
                        reports = reports_of(queue, arguments.topic)
                except Trouble as error:  # it may come back
                    return [Line((Styled(str(error), "bad"),))]
                speeds.note(reports)
                where = queue.engine.url.render_as_string(hide_password=True)
                head = Line((Styled(f"{where}  {datetime.now().astimezone():%H:%M:%S}  Ctrl-C ends", "dim"),))
                return [head, Line(("",)), *_view(reports, wrongs(reports, arguments), speeds)]

            watch(look, arguments.watch)
            return FINE
        reports = reports_of(queue, arguments.topic)
    found = wrongs(reports, arguments)
    if arguments.json:
        print(to_json({"topics": reports, "wrong": found}))
    else:
        show(_view(reports, found, None))
    return WRONG if found else FINE


COMMAND = Command(
    arguments=_arguments,
    run=_run,
    about="lag: tasks that the consumer has not done. oldest: since when the first of them waits. lease: how long the owner has to "
    "give the next sign of life. epoch: how often the consumer got another owner. tries, crashes: at the next task. seen: the last sign of life.",
)


class _Speeds:
    """How fast heads and cursors move between two looks."""

    def __init__(self) -> None:
        self._before: dict[tuple[object, ...], int] = {}
        self._at = 0.0
        self._speeds: dict[tuple[object, ...], float] = {}

    def note(self, reports: Sequence[TopicReport]) -> None:
        """Compare with the look before."""
        now: dict[tuple[object, ...], int] = {(report.topic,): report.head for report in reports}
        now |= {
            (report.topic, consumer.consumer, lane.lane): lane.position
            for report in reports
            for consumer in report.consumers
            for lane in consumer.lanes
        }
        at, before = time.monotonic(), self._before
        passed = max(at - self._at, 0.001)
        self._speeds = {key: (value - before[key]) / passed for key, value in now.items() if key in before}
        self._before, self._at = now, at

    def of(self, *key: object) -> float | None:
        """Tasks a second."""
        return self._speeds.get(key)


def _view(reports: Sequence[TopicReport], found: Sequence[str], speeds: _Speeds | None) -> list[Block]:
    blocks: list[Block] = []
    for number, report in enumerate(reports):
        if number:
            blocks.append(Line(("",)))
        blocks.append(_headline(report, speeds))
        if not report.consumers:
            blocks.append(Line(("  no consumer yet",)))
            continue
        rows = [_row(report, consumer, lane, speeds) for consumer in report.consumers for lane in consumer.lanes]
        blocks.append(Table(_TITLES, rows, elastic=("owner",), optional=_OPTIONAL).without_empty(*_SILENT))
        blocks.extend(_last_errors(report))
    if not reports:
        blocks.append(Line(("no topic yet",)))
    if found:
        blocks.append(Line(("",)))
    blocks.extend(Line((Styled("wrong: ", "bad"), sentence), indent=7) for sentence in found)
    return blocks


def _headline(report: TopicReport, speeds: _Speeds | None) -> Line:
    said = [f"head {report.head}", f"{report.kept} kept"]
    if report.unplaced:
        said.append(f"{report.unplaced} without a position")
    speed = speeds.of(report.topic) if speeds is not None else None
    if speed is not None:
        said.append(f"{speed:.1f} new/s")
    said.append(f"oldest unseen {shown_age(report.oldest)}" if report.oldest is not None else "all seen")
    if not report.consumers:
        said.pop()
    return Line((Styled(f"topic {report.topic}", "bold"), f": {', '.join(said)}"))


def _row(report: TopicReport, consumer: ConsumerReport, lane: LaneReport, speeds: _Speeds | None) -> tuple[Cell, ...]:
    speed = speeds.of(report.topic, consumer.consumer, lane.lane) if speeds is not None else None
    return (
        Styled(consumer.consumer, "bad" if consumer.is_lost else "bold"),
        f"{lane.lane + 1}/{lane.lanes}" if lane.lanes > 1 else None,
        lane.position,
        Styled(lane.lag, "note" if lane.lag else "good"),
        None if speed is None else f"{speed:.1f}",
        shown_age(lane.oldest),
        _owner(lane),
        shown_age(lane.lease_left),
        lane.epoch,
        Styled(lane.attempts, "note" if lane.attempts else ""),
        Styled(lane.crashes, "bad" if lane.crashes else ""),
        Styled(lane.failed, "note" if lane.failed else ""),
        Styled(lane.parked, "bad" if lane.given_up else "note" if lane.parked else ""),
        shown_age(lane.last_seen),
    )


def _owner(lane: LaneReport) -> Cell:
    """Host and process of the owner; the rest of its name only tells it from others in the same process."""
    short = (lane.owner or "").rpartition(":")[0] or lane.owner
    if lane.is_held:
        return Styled(short or "", "good")
    if short:
        return Styled(f"{short} is gone", "bad")
    return Styled("nobody", "bad" if lane.lag else "dim")


def _last_errors(report: TopicReport) -> Iterator[Line]:
    for consumer in report.consumers:
        for lane in consumer.lanes:
            if lane.last_error:
                name = consumer.consumer if lane.lanes == 1 else f"{consumer.consumer} {lane.lane + 1}/{lane.lanes}"
                yield Line(("  ", Styled(f"{name}, last error: ", "dim"), lane.last_error.partition("\n")[0]), indent=4)
