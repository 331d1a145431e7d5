"""Flat names: ``order.items[3].qty`` as steps, and the values of many names gathered under the places that they name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from spyne.codec._base import DecodeError
from spyne.limits import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EMPTY_WORD", "Place", "Step", "Use", "gather", "index_at", "step_free"]

EMPTY_WORD = "empty"
"""The value that stands for an object without members, or an array without items."""

_INDEX = re.compile(r"\[([0-9]*)\]")
_MAX_DIGITS = 10
_MAX_KNOWN = 1024

Step: TypeAlias = str | int


class Place:
    """What was sent for one place: the values under its own name, and the places inside it."""

    __slots__ = ("inner", "values")

    def __init__(self, values: list[Any] | None = None) -> None:
        self.values: list[Any] = [] if values is None else values
        self.inner: dict[Step, Place] = {}


class Use(Protocol):
    """One use of a type, compiled.

    step: one step on from a rest of a name that is not empty, as (step, the use there, the rest after it); None for a name that
    is not known. A step of None stays where it is. read: the value of a place that was sent.
    """

    def step(self, rest: str) -> tuple[Step | None, Use, str] | None: ...

    def read(self, place: Place) -> Any: ...


class Names:
    """Finds the steps of names. max_depth: how many steps a name may have; message: the rule that a longer one breaks."""

    def __init__(self, root: Use, max_depth: int, message: str) -> None:
        self.root = root
        self.max_depth = max_depth
        self.message = message
        self._known: dict[str, tuple[Step, ...]] = {}

    def steps(self, name: str) -> tuple[Step, ...] | None:
        """The steps of a name, None for one that is not known. Raises DecodeError and LimitExceeded."""
        known = self._known.get(name)
        if known is not None:
            return known
        steps, use = self._walk(name)
        if use is None:
            return None
        found = tuple(steps)
        if len(self._known) < _MAX_KNOWN and "[" not in name:
            self._known[name] = found
        return found

    def _walk(self, name: str) -> tuple[list[Step], Use | None]:
        use: Use = self.root
        steps: list[Step] = []
        rest = name
        while True:
            try:
                found = use.step(rest)
            except DecodeError as error:
                raise error.at(*steps) from None
            if found is None:
                return steps, None
            step, use, rest = found
            if step is not None:
                steps.append(step)
            if not rest:
                return steps, use
            if len(steps) >= self.max_depth:
                raise DecodeError(self.message).at(*steps[:3])


def gather(names: Names, found: Mapping[str, list[Any]]) -> Place:
    """The values of all known names under one root."""
    root = Place()
    for name, values in found.items():
        steps = names.steps(name)
        if steps is None:
            continue
        place = root
        for step in steps:
            inner = place.inner.get(step)
            if inner is None:
                inner = place.inner[step] = Place()
            place = inner
        place.values += values
    return root


def index_at(rest: str, highest: int) -> tuple[int | None, str]:
    """The index that a rest begins with and what follows; None for ``[]``.

    Raises DecodeError for what is no index, LimitExceeded for one above `highest`.
    """
    match = _INDEX.match(rest)
    if match is None:
        raise DecodeError("has an index that is not a number from 0")
    digits = match[1]
    if not digits:
        return None, rest[2:]
    if len(digits) > _MAX_DIGITS or int(digits) > highest:
        raise LimitExceeded("array_index", highest)
    return int(digits), rest[match.end() :]


def step_free(rest: str, delimiter: str, highest: int) -> tuple[Step, str] | None:
    """One step into free content: an index, or a name up to the next delimiter or bracket."""
    if rest[0] == "[":
        index, after = index_at(rest, highest)
        return (0 if index is None else index), after
    if not rest.startswith(delimiter):
        return None
    inner = rest[len(delimiter) :]
    ends = [end for end in (inner.find(delimiter), inner.find("[")) if end >= 0]
    end = min(ends, default=len(inner))
    return (inner[:end], inner[end:]) if end else None
