"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Finding", "Level", "ago", "count", "good", "note", "warning", "wrong"]

Level: TypeAlias = Literal["good", "note", "warning", "wrong"]
"""All is well; good to know; will hurt; hurts, or can lose tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. about: which, in a word or two. advice: what to do, empty where nothing is."""

    level: Level
    about: str
    text: str
    advice: str = ""


def good(about: str, text: str) -> Finding:
    """All is well."""
    return Finding(level="good", about=about, text=text)


def note(about: str, text: str, advice: str = "") -> Finding:
    """Good to know."""
    return Finding(level="note", about=about, text=text, advice=advice)


def warning(about: str, text: str, advice: str) -> Finding:
    """It will hurt."""
    return Finding(level="warning", about=about, text=text, advice=advice)


def wrong(about: str, text: str, advice: str) -> Finding:
    """It hurts, or can lose tasks."""
    return Finding(level="wrong", about=about, text=text, advice=advice)


def ago(seconds: float) -> str:
    """A time in its largest unit."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def count(number: int, one: str, several: str) -> str:
    """A number in the words for one or for several: ``count(2, "task is", "tasks are")``."""
    return f"{number} {one if number == 1 else several}"
