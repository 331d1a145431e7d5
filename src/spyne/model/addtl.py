"""Intervals between two points in time, with a text form such as ``[2016-03-03,2016-05-07]``."""

from __future__ import annotations

import datetime
import re
from typing import Any, ClassVar, Self

from spyne.model.complex import ComplexModel
from spyne.model.mandatory import M
from spyne.model.primitive import Boolean, Date, DateTime, Time
from spyne.util.excerpt import cut

__all__ = ["DateSegment", "DateTimeSegment", "TimeSegment"]

_read = re.compile(r"([\[\]])([^,\[\]]{1,64}),([^,\[\]]{1,64})([\[\]])", re.ASCII).fullmatch


class SegmentBase:
    """Reading and writing of intervals. A bracket that turns away from the interval leaves its end out (ISO 31-11)."""

    _bound: ClassVar[Any] = None

    @classmethod
    def from_string(cls, text: str) -> Self:
        """The interval of a text like ``[a,b]``, ``[a,b[``, ``]a,b]`` or ``]a,b[``. Raises ValueError for another text."""
        match = _read(text)
        if match is None:
            raise _invalid(text)
        opening, start, end, closing = match.groups()
        try:
            first, last = cls._bound.fromisoformat(start), cls._bound.fromisoformat(end)
        except ValueError:
            raise _invalid(text) from None
        return cls(start_inclusive=opening == "[", start=first, end=last, end_inclusive=closing == "]")  # type: ignore[call-arg]

    def to_string(self) -> str:
        """The text form."""
        segment: Any = self
        opening, closing = "[" if segment.start_inclusive else "]", "]" if segment.end_inclusive else "["
        return f"{opening}{segment.start.isoformat()},{segment.end.isoformat()}{closing}"


def _invalid(text: str) -> Exception:
    return ValueError(f"'{cut(text)}' is not an interval such as [a,b]")


class DateTimeSegment(SegmentBase, ComplexModel):
    """From one datetime to another."""

    _bound = datetime.datetime
    __namespace__ = "spyne.model.addtl"
    _type_info: ClassVar[Any] = [
        ("start_inclusive", M(Boolean(default=True))),
        ("start", M(DateTime)),
        ("end", M(DateTime)),
        ("end_inclusive", M(Boolean(default=True))),
    ]


class DateSegment(SegmentBase, ComplexModel):
    """From one date to another."""

    _bound = datetime.date
    __namespace__ = "spyne.model.addtl"
    _type_info: ClassVar[Any] = [
        ("start_inclusive", M(Boolean(default=True))),
        ("start", M(Date)),
        ("end", M(Date)),
        ("end_inclusive", M(Boolean(default=True))),
    ]


class TimeSegment(SegmentBase, ComplexModel):
    """From one time of day to another."""

    _bound = datetime.time
    __namespace__ = "spyne.model.addtl"
    _type_info: ClassVar[Any] = [
        ("start_inclusive", M(Boolean(default=True))),
        ("start", M(Time)),
        ("end", M(Time)),
        ("end_inclusive", M(Boolean(default=True))),
    ]
