"""Members of records and parameters of functions: what an annotation and a default say about presence."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal, Union, get_args, get_origin
from typing import Any as AnyType

from msgspec.structs import replace

from spyne.schema._constraints import apply_markers, is_marker
from spyne.schema._place import NOWHERE, Place, Rules
from spyne.schema.nodes import MISSING, Field

if TYPE_CHECKING:
    from collections.abc import Callable

UNIONS = frozenset({Union, UnionType})
_QUALIFIERS = frozenset({"Required", "NotRequired", "ReadOnly"})


def qualifier(tp: object) -> str:
    """The word around the type: Required, NotRequired, ReadOnly, Final or ClassVar; empty where there is none."""
    origin = get_origin(tp)
    if origin is Final or tp is Final:
        return "Final"
    if origin is ClassVar:
        return "ClassVar"
    name = getattr(origin, "_name", None) or ""
    return name if name in _QUALIFIERS else ""


def accepts_none(tp: object) -> bool:
    """Whether None is a value of the type: `X | None`, `Literal[…, None]`, `Any` and `object`."""
    if tp is None or tp is NoneType or tp is AnyType or tp is object:
        return True
    origin = get_origin(tp)
    if origin is Annotated or qualifier(tp):
        return accepts_none(get_args(tp)[0])
    if origin in UNIONS:
        return any(accepts_none(arg) for arg in get_args(tp))
    if origin is Literal:
        return None in get_args(tp)
    behind = getattr(tp, "__supertype__", None) or getattr(tp, "__value__", None)
    return behind is not None and not isinstance(tp, type) and accepts_none(behind)


def annotated_field(
    rules: Rules,
    name: str,
    tp: object,
    default: AnyType = MISSING,
    place: Place = NOWHERE,
    *,
    default_factory: Callable[[], AnyType] | None = None,
    required: bool = True,
) -> Field:
    """The field of an annotated member or parameter.

    Neither default nor `| None`: it must be there and have a value. A default: it may be absent. `| None`: it may be absent
    or nil. `required=False` lets a member be absent for another reason (`NotRequired`). The wire name is `place.member`
    or else `name`; markers in `Annotated` have the last word.
    """
    place = place if place.member else Place(place.owner, place.namespace, name)
    tp, markers = _without_markers(tp)
    field = replace(rules.field(tp, place), name=name, wire_name=place.member)
    optional = accepts_none(tp)
    if default is not MISSING or default_factory is not None:
        field = replace(
            field,
            min_occurs=0,
            nillable=optional or default is None,
            default=default,
            default_factory=default_factory,
        )
    elif optional:
        field = replace(field, min_occurs=0, nillable=True)
    elif not field.repeated:
        field = replace(field, min_occurs=int(required), nillable=False)
    return apply_markers(field, markers)


def _without_markers(tp: object) -> tuple[object, list[object]]:
    """The type without the objects that change the field as a whole, and these objects."""
    if get_origin(tp) is not Annotated:
        return tp, []
    inner, *metadata = get_args(tp)
    markers = [each for each in metadata if is_marker(each)]
    kept = tuple(each for each in metadata if not is_marker(each))
    return (Annotated[(inner, *kept)] if kept else inner), markers
