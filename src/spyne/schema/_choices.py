"""Types that list their values: `enum.Enum` classes and `Literal`."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, get_args
from typing import Any as AnyType

from msgspec.structs import replace

from spyne.schema._place import Place, Rules, mistake, show
from spyne.schema._text import own_doc
from spyne.schema.nodes import Enum, Field, Int, Node

if TYPE_CHECKING:
    from collections.abc import Mapping


def enum_field(rules: Rules, cls: type[enum.Enum], place: Place) -> Field:
    """One of the members; it travels as the member's value where that is a str, and as the member's name otherwise."""
    if issubclass(cls, enum.Flag):
        raise mistake(place, f"{show(cls)} is a set of flags, which has no text", "use int, or list[an Enum]")
    name = cls.__dict__.get("__type_name__") or cls.__name__
    namespace = getattr(cls, "__namespace__", None) or rules.default_namespace

    def build() -> Node:
        return Enum(name=name, namespace=namespace, doc=own_doc(cls), members=_enum_members(cls, place))

    return Field(type=rules.define(cls, build, name=name, namespace=namespace))


def _enum_members(cls: type[enum.Enum], place: Place) -> Mapping[str, AnyType]:
    members: dict[str, AnyType] = {}
    for member in cls:
        text = member.value if isinstance(member.value, str) else member.name
        if text in members:
            raise mistake(
                place, f"{show(cls)} has two members written {text!r}", "make all of its values str, or none of them"
            )
        members[str(text)] = member
    if not members:
        raise mistake(place, f"{show(cls)} has no members", "give it one, or use str")
    return members


def literal_field(rules: Rules, tp: object, place: Place) -> Field:
    """One of the values written in `Literal`: all str, all int, or all members of one Enum; None makes it nillable."""
    values = [value for value in get_args(tp) if value is not None]
    kinds = {type(value) for value in values}
    if len(kinds) != 1:
        raise mistake(place, f"{show(tp)} mixes kinds of values", "use values of one type: all str, or all int")
    kind = kinds.pop()
    if issubclass(kind, enum.Enum):
        field = _of_members(enum_field(rules, kind, place), values)
    elif kind is str:
        base = rules.unnamed(str, place)
        field = replace(base, type=Enum(base=base.type, members={value: value for value in values}))
    elif kind is int:
        field = _of_ints(rules.unnamed(int, place), values)
    else:
        raise mistake(place, f"{show(tp)} has values of {kind.__name__}", "use values of str or int, or an Enum class")
    return replace(field, nillable=True, min_occurs=0) if len(values) < len(get_args(tp)) else field


def _of_members(field: Field, values: list[AnyType]) -> Field:
    whole = field.type
    assert isinstance(whole, Enum)
    members = {text: member for text, member in whole.members.items() if member in values}
    return replace(field, type=Enum(base=whole, members=members))


def _of_ints(field: Field, values: list[int]) -> Field:
    whole = field.type
    if not isinstance(whole, Int):
        return field
    facets = replace(whole.facets, values=tuple(values))
    return replace(field, type=replace(whole, name="", namespace="", doc="", base=whole, facets=facets))
