"""Functions put one behind the other, where either may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def chain(first: Callable[[Any], Any] | None, second: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    """One function that does both, or the one that there is."""
    if first is None or second is None:
        return second if first is None else first
    one, two = first, second
    return lambda value: two(one(value))
