"""Restrictions of simple types: which type they restrict, and their facets (XSD 1.0 part 2 §4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import EncodeError
from spyne.codec.text import formatter, xsd_name
from spyne.schema.errors import DeclarationError
from spyne.schema.nodes import MISSING, PLAIN, XSD_NAMESPACE, Enum, Facets, Field, Scalar, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOUNDS = (
    ("minExclusive", "gt", "minInclusive", "ge", max),
    ("maxExclusive", "lt", "maxInclusive", "le", min),
)
_COMPARED = ["min_len", "max_len", "pattern", "ge", "gt", "le", "lt", "total_digits", "fraction_digits", "values"]


def base_of(node: Scalar) -> tuple[str, str]:
    """The namespace and name of the type that a type restricts: the nearest one that allows more values."""
    if isinstance(node, Enum):
        return XSD_NAMESPACE, "string"
    base = node.base
    while isinstance(base, Scalar) and base.namespace != XSD_NAMESPACE and not _own(node.facets, base.facets):
        base = base.base
    if base is None or not base.name:
        return XSD_NAMESPACE, xsd_name(node)
    return base.namespace, base.name


def facets_of(node: Scalar) -> Iterator[tuple[str, str]]:
    """Name and text of each facet that the type adds to those of its base."""
    if isinstance(node, Enum):
        yield from (("enumeration", text) for text in node.members)
        return
    namespace, name = base_of(node)
    base = _find(node, namespace, name)
    own = _own(node.facets, base.facets if base is not None else Facets())
    write = plain_formatter(node)
    yield from (("enumeration", write(value)) for value in own.get("values", ()))
    yield from _lengths(own)
    yield from _bounds(own, write)
    for name, facet in (("totalDigits", "total_digits"), ("fractionDigits", "fraction_digits")):
        if facet in own:
            yield name, str(own[facet])


def default_text(owner: str, field: Field) -> str | None:
    """The text of a member's default, None where it has none that a schema can state.

    Raises DeclarationError for a default that is no value of the member's type.
    """
    node = resolve(field.type)
    if field.default is MISSING or field.default is None or not isinstance(node, Scalar) or field.repeated:
        return None
    try:
        text: str = plain_formatter(node)(field.default if node.dump is None else node.dump(field.default))
    except (EncodeError, TypeError, ValueError) as error:
        raise DeclarationError(
            f"{owner}.{field.name}: default={field.default!r} is no value of its type: {error}"
        ) from None
    return text


def plain_formatter(node: Scalar) -> Any:
    """A function from the kind's own value to XSD's text, whatever form was declared for messages."""
    return formatter(msgspec.structs.replace(node, lexical=PLAIN, dump=None))


def _find(node: Scalar, namespace: str, name: str) -> Scalar | None:
    base = node.base
    while isinstance(base, Scalar):
        if (base.namespace, base.name) == (namespace, name):
            return base
        base = base.base
    return None


def _own(facets: Facets, inherited: Facets) -> dict[str, Any]:
    """The facets that are set and differ from those of the base."""
    return {
        name: value
        for name in _COMPARED
        if (value := getattr(facets, name)) not in (None, ()) and value != getattr(inherited, name)
    }


def _lengths(own: dict[str, Any]) -> Iterator[tuple[str, str]]:
    low, high = own.get("min_len"), own.get("max_len")
    if high is not None and (low == high or high == 0):
        yield "length", str(high)
    else:
        if low is not None:
            yield "minLength", str(low)
        if high is not None:
            yield "maxLength", str(high)
    if "pattern" in own:
        yield "pattern", own["pattern"]


def _bounds(own: dict[str, Any], write: Any) -> Iterator[tuple[str, str]]:
    """At most one bound on each side: XSD allows no two (part 2 §4.3.8.4), and the tighter one decides."""
    for exclusive, exclusive_name, inclusive, inclusive_name, tighter in _BOUNDS:
        open_bound, closed = own.get(exclusive_name), own.get(inclusive_name)
        if open_bound is not None and (closed is None or tighter(open_bound, closed) == open_bound):
            yield exclusive, write(open_bound)
        elif closed is not None:
            yield inclusive, write(closed)


__all__ = ["base_of", "default_text", "facets_of", "plain_formatter"]
