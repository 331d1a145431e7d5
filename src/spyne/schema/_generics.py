"""Type parameters and what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, get_args, get_origin
from typing import Any as AnyType

from spyne.schema._place import Place, mistake, show

if TYPE_CHECKING:
    from collections.abc import Mapping


def substitute(tp: AnyType, bindings: Mapping[AnyType, AnyType]) -> AnyType:
    """The type with its parameters replaced."""
    if isinstance(tp, TypeVar):
        return bindings.get(tp, tp)
    if not hasattr(tp, "__args__"):
        return tp
    alias: AnyType = tp
    parameters = alias.__parameters__
    return alias[tuple(bindings.get(each, each) for each in parameters)] if parameters else alias


def is_open_generic(cls: type) -> bool:
    """Whether the class still has parameters that stand for no type."""
    return bool(getattr(cls, "__parameters__", None))


def bindings_of(cls: type, args: tuple[AnyType, ...], place: Place) -> dict[AnyType, AnyType]:
    """What the parameters of a class and of its generic bases stand for, for `Page[int]` and `class Ints(Page[int])`."""
    bindings: dict[AnyType, AnyType] = dict(zip(getattr(cls, "__parameters__", ()), args, strict=False))
    for base in cls.__dict__.get("__orig_bases__", ()):
        origin = get_origin(base)
        if not isinstance(origin, type) or origin is Generic or origin.__name__ == "Protocol":
            continue
        inner = tuple(substitute(arg, bindings) for arg in get_args(base))
        for parameter, value in bindings_of(origin, inner, place).items():
            if bindings.setdefault(parameter, value) != value:
                raise mistake(
                    place,
                    f"{parameter} stands for {show(bindings[parameter])} and {show(value)} in {show(cls)}",
                    "use another TypeVar in one of its bases",
                )
    return bindings
