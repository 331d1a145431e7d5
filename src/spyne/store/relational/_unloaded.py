"""What becomes of relations that are not loaded when an object is written."""

from __future__ import annotations

from typing import Any

from spyne.schema import DeclarationError

__all__ = ["is_always_loaded", "policy_of"]

_OPTION = "__spyne_unloaded__"
_POLICIES = ("absent", "error", "load")
_EAGER = frozenset({"joined", "selectin", "subquery", "immediate", False})


def policy_of(cls: Any) -> str:
    """What a class says: absent, error (when the application is built), or load. Raises DeclarationError for anything else."""
    found = getattr(cls, _OPTION, "absent")
    if found not in _POLICIES:
        raise DeclarationError(f"{cls.__name__}.{_OPTION} = {found!r} is unknown; it is one of {', '.join(_POLICIES)}")
    return str(found)


def is_always_loaded(relation: Any) -> bool:
    """Whether a query for an object loads its relation too."""
    return relation.lazy in _EAGER
