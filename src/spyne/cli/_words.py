"""Times, ages and amounts: how they are written on the command line, and how they are shown."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

__all__ = ["counted", "duration", "moment_or_position", "positive", "readable", "shown_age", "shown_size", "to_json"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhdw]?)")


def duration(text: str) -> float:
    """Seconds of ``90``, ``15m``, ``1.5h``, ``7d``, ``1d12h``."""
    found = _DURATION.findall(text)
    if not found or "".join(number + unit for number, unit in found) != text:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write seconds, or 15m, 12h, 7d, 1d12h")
    return sum(float(number) * _UNITS[unit or "s"] for number, unit in found)


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def moment_or_position(text: str) -> str | int | datetime:
    """``beginning``, ``end``, a position, or a date and time of ISO 8601, which is local without an offset."""
    if text in ("beginning", "end"):
        return text
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither 'beginning', 'end', a position, nor a time such as 2026-01-31T08:30 or 2026-01-31T08:30:00+00:00"
        ) from None


def counted(number: int, one: str = "task") -> str:
    """A number of things, in the plural where they are several."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def shown_age(seconds: float | None) -> str | None:
    """Seconds in one or two units: ``0.4s``, ``12s``, ``3m20s``, ``2h05m``, ``3d4h``."""
    if seconds is None:
        return None
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def shown_size(size: int) -> str:
    """Bytes in a unit of three digits."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def readable(data: bytes, length: int, size: int | None = None) -> str:
    """The beginning of some bytes in one line: what can be read of them, or hexadecimal digits where that is too little. size: how many there are in all."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        is_cut_off = error.end == len(data) and error.start >= len(data) - 3  # in the middle of the last character
        text = data[: error.start].decode() if is_cut_off else data.decode("ascii", "replace")
    line = "".join(character if _is_read(character) else "·" for character in " ".join(text.split()))
    if 2 * line.count("·") > len(line):
        line, length = data.hex(), length // 2 * 2
    is_cut = len(line) > length or (size is not None and size > len(data))
    return f"{line[:length]}…" if is_cut else line


def _is_read(character: str) -> bool:
    return character.isprintable() and character != "\ufffd"


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """Records as JSON; in one line without an indent."""
    return json.dumps(value, default=_plain, indent=indent, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(type(value).__name__)
