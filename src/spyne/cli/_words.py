"""Times, ages and amounts: how they are written on the command line, and how they are shown."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

__all__ = ["duration", "moment_or_position", "positive", "readable", "shown_age", "shown_size", "to_json"]

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
    """The beginning of some bytes in one line: as text where most of it is that, otherwise as hexadecimal digits. size: how many there are in all."""
    text = data.decode("utf-8", "replace")
    strange = sum(not (character.isprintable() or character.isspace()) or character == "\ufffd" for character in text)
    if strange > len(text) // 10 + 1:
        shown = data[: length // 2].hex()
        is_cut = len(data) > length // 2
    else:
        line = " ".join(text.split())
        shown = "".join(character if character.isprintable() else "·" for character in line)[:length]
        is_cut = len(line) > length
    return f"{shown}…" if is_cut or (size is not None and size > len(data)) else shown


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """Records as JSON; in one line without an indent."""
    return json.dumps(value, default=_plain, indent=indent, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(type(value).__name__)
