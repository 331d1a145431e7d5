"""What stands behind the type in `Annotated[T, ...]`: limits, documentation, and markers that change the field.

annotated-types, pydantic and typing_extensions are recognized by the module of their classes, so that none is imported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from typing import Any as AnyType

from msgspec.structs import replace

from spyne.schema._place import Place, array_name, mistake
from spyne.schema.nodes import (
    Array,
    Bool,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Duration,
    Enum,
    Facets,
    Field,
    Float,
    Int,
    Scalar,
    Str,
    Time,
    Uuid,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_MODULES = frozenset(
    {
        "annotated_types",
        "msgspec",
        "pydantic._internal._fields",
        "pydantic.fields",
        "pydantic.types",
        "typing_extensions",
    }
)
# Attribute of the metadata object to what it limits; every library uses the same words.
_ATTRIBUTES = {
    "ge": "ge",
    "gt": "gt",
    "le": "le",
    "lt": "lt",
    "multiple_of": "multiple_of",
    "min_length": "min_len",
    "max_length": "max_len",
    "pattern": "search",
    "max_digits": "total_digits",
    "decimal_places": "fraction_digits",
    "documentation": "doc",
    "description": "doc",
}
_LENGTHS = frozenset({"min_len", "max_len"})
_BOUNDS = frozenset({"ge", "gt", "le", "lt"})
_DIGITS = frozenset({"total_digits", "fraction_digits"})
_CHECKS = frozenset({"check_value", "check_text"})
_ALLOWED: dict[type[Scalar], frozenset[str]] = {
    Str: _LENGTHS | _CHECKS | {"pattern"},
    Bytes: _LENGTHS | _CHECKS,
    Int: _BOUNDS | _CHECKS | {"total_digits", "multiple_of"},
    Float: _BOUNDS | _CHECKS | {"multiple_of"},
    Decimal: _BOUNDS | _CHECKS | _DIGITS | {"multiple_of"},
    Date: _BOUNDS | _CHECKS,
    Time: _BOUNDS | _CHECKS,
    DateTime: _BOUNDS | _CHECKS,
    Duration: _BOUNDS | _CHECKS,
    Bool: _CHECKS,
    Uuid: _CHECKS,
    Enum: _CHECKS,
}
# What a bound must be able to do to be compared with values of the kind.
_COMPARABLE: dict[type[Scalar], str] = {
    Int: "__float__",
    Float: "__float__",
    Decimal: "__float__",
    Date: "isoformat",
    Time: "isoformat",
    DateTime: "isoformat",
    Duration: "total_seconds",
}
_TIGHTER: dict[str, Callable[[AnyType, AnyType], AnyType]] = {
    "ge": max,
    "gt": max,
    "le": min,
    "lt": min,
    "min_len": max,
    "max_len": min,
    "total_digits": min,
    "fraction_digits": min,
}
_EMPTY_RANGES = (("ge", "le"), ("ge", "lt"), ("gt", "le"), ("gt", "lt"), ("min_len", "max_len"))


def is_marker(metadata: object) -> bool:
    """Whether the object changes the field as a whole, by `__spyne_annotation__(field)`."""
    return callable(getattr(metadata, "__spyne_annotation__", None))


def apply_markers(field: Field, metadata: Iterable[AnyType]) -> Field:
    """Let every marker change the field, in the order written."""
    for each in metadata:
        if is_marker(each):
            field = each.__spyne_annotation__(field)
    return field


def constrain(field: Field, metadata: Iterable[object], place: Place) -> Field:
    """Limit the field's type by what it is annotated with; objects of unknown libraries are left alone (PEP 593)."""
    limits: list[tuple[str, AnyType]] = []
    for name, value in _limits(metadata):
        if name == "doc":
            field = replace(field, hints={**field.hints, "doc": value})
        else:
            limits.append((name, value))
    if not limits:
        return field
    if isinstance(field.type, Array):
        return replace(field, type=_limit_array(field.type, limits, place))
    if isinstance(field.type, Scalar):
        return replace(field, type=_limit_scalar(field.type, limits, place))
    kind = type(field.type).__name__.lower()
    raise mistake(place, f"{limits[0][0]} does not limit a {kind} ({field.type.name})", "annotate its members instead")


def _limits(metadata: Iterable[object]) -> Iterator[tuple[str, AnyType]]:
    for each in metadata:
        module = type(each).__module__
        if isinstance(each, str):
            yield "doc", each
        elif isinstance(each, re.Pattern):
            yield "fullmatch", each
        elif module in _MODULES:
            yield from _attributes(each)
            if module == "pydantic.fields":
                yield from _limits(getattr(each, "metadata", ()))
        elif getattr(type(each), "__is_annotated_types_grouped_metadata__", False):
            yield from _limits(cast("Iterable[object]", each))


def _attributes(metadata: object) -> Iterator[tuple[str, AnyType]]:
    for attribute, name in _ATTRIBUTES.items():
        value = getattr(metadata, attribute, None)
        if value is not None and not (attribute == "min_length" and value == 0):
            yield name, value
    if type(metadata).__name__ == "Predicate":
        yield "check_value", metadata.func  # type: ignore[attr-defined]


def _limit_scalar(node: Scalar, limits: Iterable[tuple[str, AnyType]], place: Place) -> Scalar:
    facets = node.facets
    for given, value in limits:
        name, value = _as_facet(given, value, place)
        if name not in _ALLOWED.get(type(node), _CHECKS):
            raise mistake(
                place,
                f"{name} does not limit {node.name or type(node).__name__}",
                f"it can have {', '.join(sorted(_ALLOWED.get(type(node), _CHECKS)))}",
            )
        if name in _BOUNDS and not hasattr(value, _COMPARABLE[type(node)]):
            raise mistake(
                place,
                f"{name}={value!r} cannot be compared with values of {node.name or type(node).__name__}",
                "give the bound as such a value",
            )
        facets = _with_facet(facets, name, value)
    _refuse_empty_range(facets, place)
    base = node if node.name else node.base
    return replace(node, name="", namespace="", doc="", base=base, facets=facets)


def _as_facet(name: str, value: AnyType, place: Place) -> tuple[str, AnyType]:
    if name == "search":
        return _pattern_facet(value, whole=False, place=place)
    if name == "fullmatch":
        return _pattern_facet(value, whole=True, place=place)
    return name, value


def _with_facet(facets: Facets, name: str, value: AnyType) -> Facets:
    """The facets with one more: of two limits of one name the tighter counts, two checks must both hold."""
    if name == "multiple_of":
        name, value = "check_value", _multiple_of(value)
    old = getattr(facets, name)
    if name == "pattern" and old not in (None, value):
        name, value, old = "check_text", re.compile(value).fullmatch, facets.check_text
    if old is not None and name in _TIGHTER:
        value = _TIGHTER[name](old, value)
    elif old is not None and name in _CHECKS:
        value = _both(old, value)
    return replace(facets, **{name: value})


def _refuse_empty_range(facets: Facets, place: Place) -> None:
    for low, high in _EMPTY_RANGES:
        lower, upper = getattr(facets, low), getattr(facets, high)
        if lower is not None and upper is not None and lower > upper:
            raise mistake(place, f"no value has {low}={lower!r} and {high}={upper!r}", "exchange or widen the limits")


def _multiple_of(factor: AnyType) -> Callable[[AnyType], bool]:
    def is_multiple(value: AnyType) -> bool:
        return not value % factor

    return is_multiple


def _both(first: Callable[[AnyType], object], second: Callable[[AnyType], object]) -> Callable[[AnyType], object]:
    return lambda value: first(value) and second(value)


def _pattern_facet(pattern: str | re.Pattern[AnyType], *, whole: bool, place: Place) -> tuple[str, AnyType]:
    """A Python pattern as the pattern facet, which always matches the whole text (XSD 1.0 part 2 §4.3.4), or as a check.

    msgspec and pydantic search for the pattern in the text; a compiled pattern given by itself matches the whole.
    """
    compiled = re.compile(pattern) if isinstance(pattern, str) else pattern
    text = compiled.pattern
    if not isinstance(text, str):
        raise mistake(place, f"the pattern {text!r} is one of bytes", "compile it from a str")
    if compiled.flags & ~re.UNICODE or ("|" in text and not whole):
        return "check_text", compiled.fullmatch if whole else compiled.search
    starts, ends = text.startswith("^"), text.endswith("$") and not text.endswith(r"\$")
    core = text[starts : len(text) - ends]
    if whole:
        return "pattern", core if "|" not in text else text
    return "pattern", ("" if starts else r"[\s\S]*") + core + ("" if ends else r"[\s\S]*")


def _limit_array(node: Array, limits: Iterable[tuple[str, AnyType]], place: Place) -> Array:
    least, most = node.item.min_occurs, node.item.max_occurs
    for name, value in limits:
        if name not in _LENGTHS:
            raise mistake(
                place, f"{name} does not limit a list", f"annotate its items: list[Annotated[{node.item.type.name}, …]]"
            )
        if name == "min_len":
            least = max(least, value)
        else:
            most = value if most is None else min(most, value)
    if most is not None and least > most:
        raise mistake(place, f"no list has between {least} and {most} items", "exchange or widen the limits")
    item = replace(node.item, min_occurs=least, max_occurs=most)
    return replace(
        node,
        name=array_name(place.name_for("")) if place.owner else node.name,
        namespace=place.namespace or node.namespace,
        item=item,
    )
