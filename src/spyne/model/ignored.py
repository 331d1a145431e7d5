"""Ignored: a result that callers in this process see, and that the wire does not."""

from __future__ import annotations

from typing import Any

__all__ = ["Ignored"]


class Ignored:
    """``return Ignored(…)`` answers None on the wire; `NullServer` and direct calls give the object, with its `args` and `kwargs`."""

    __slots__ = ("args", "kwargs")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.args = args
        self.kwargs = kwargs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ignored) and (self.args, self.kwargs) == (other.args, other.kwargs)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        given = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwargs.items())]
        return f"Ignored({', '.join(given)})"
