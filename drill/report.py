"""What a drill found, as Markdown."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drill.checker import DUPLICATED, LOST, OTHER, REORDERED

if TYPE_CHECKING:
    from drill.checker import Finding, Verdict

SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One drill on one database. seconds: of faults. drained: how long the consumers took afterwards, None if they did not come to the end.

    faults: how often each happened. ends: how processes ended. errors: of processes that ended by an exception of their own.
    """

    database: str
    seed: int
    seconds: float
    verdict: Verdict
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    drained: float | None = 0.0

    @property
    def good(self) -> bool:
        """Nothing was lost, duplicated or reordered, and no other promise was broken."""
        return self.verdict.good


def summary(results: list[Result]) -> str:
    """Return one table: a column for each drill."""
    lines = ["| | " + " | ".join(f"{result.database}, seed {result.seed}" for result in results) + " |"]
    lines.append("|---|" + "--:|" * len(results))
    figures = list(dict.fromkeys(name for result in results for name in result.verdict.figures))
    lines += [_row(name, [result.verdict.figures.get(name, 0) for result in results]) for name in figures]
    for kind in ("faults", "ends"):
        names = sorted({name for result in results for name in getattr(result, kind)})
        title = "fault: " if kind == "faults" else ""
        lines += [_row(f"{title}{name}", [getattr(result, kind)[name] for result in results]) for name in names]
    lines.append(_row("seconds of faults", [round(result.seconds) for result in results]))
    lines.append(_row("seconds to the end afterwards", [_seconds(result.drained) for result in results]))
    for total in (LOST, DUPLICATED, REORDERED, OTHER):
        name = "other promises broken" if total == OTHER else total
        lines.append(_row(f"**{name}**", [f"**{len(result.verdict.findings[total])}**" for result in results]))
    return "\n".join(lines)


def details(results: list[Result]) -> str:
    """Return what was found, and what processes died of; empty when nothing was."""
    lines = []
    for result in results:
        groups: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
        for found in result.verdict.findings.values():
            for finding in found:
                groups[finding.name, finding.worker].append(finding)
        for alike in groups.values():
            more = f" (and {len(alike) - SHOWN} more)" if len(alike) > SHOWN else ""
            lines.append(f"- {result.database}: {alike[0]}{''.join(f'; {f.detail}' for f in alike[1:SHOWN])}{more}")
        lines += [f"- {result.database}: {count} × {error}" for error, count in Counter(result.errors).most_common()]
    return "\n".join(lines)


def _row(name: str, cells: list[object]) -> str:
    return f"| {name} | " + " | ".join(map(str, cells)) + " |"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f}"
