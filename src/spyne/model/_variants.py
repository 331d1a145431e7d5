"""Customized classes with members: what `child_attrs` and its kin do to their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.model._fields import Annotation, TypeInfo, XmlModifier
from spyne.model._heritage import attributes_of, declared_type, flat_type_info, is_model
from spyne.schema import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterator


def customize_children(cls: Any, attributes: Any) -> TypeInfo:
    """The fields of a variant of `cls`, with `child_attrs_all`, `child_attrs` and `child_attrs_noexc` applied.

    Fields of parents are taken over where they change. Raises DeclarationError for a name that is not a field.
    """
    named = {**(attributes.child_attrs_noexc or {}), **(attributes.child_attrs or {})}
    every = attributes.child_attrs_all
    if not every and not named and attributes.child_attrs_noexc is None:
        return TypeInfo(cls._type_info)
    flat = flat_type_info(cls)
    for name in named:
        if name not in flat:
            raise DeclarationError(f"{cls.__name__} has no field {name!r}; child_attrs may name: {', '.join(flat)}")
    own_only = not every and attributes.child_attrs_noexc is None and named.keys() <= cls._type_info.keys()
    fields = cls._type_info if own_only else flat
    return TypeInfo({name: customize_child(attributes, name, tp) for name, tp in fields.items()})


def customize_child(attributes: Any, name: str, tp: Any) -> Any:
    """One field's type as the variant with these attributes has it."""
    changes = dict(attributes.child_attrs_all or {})
    if attributes.child_attrs_noexc is not None:
        changes |= attributes.child_attrs_noexc.get(name, {"exc": True})
    changes |= (attributes.child_attrs or {}).get(name, {})
    return customized(tp, changes) if changes else tp


def customized(tp: Any, changes: dict[str, Any]) -> Any:
    """A field's type with other attributes. Raises DeclarationError for what cannot be said of it."""
    if isinstance(tp, XmlModifier):
        return tp.with_type(customized(tp.type, changes))
    if isinstance(tp, Annotation) or is_model(tp):
        return tp.customize(**changes)
    return Annotation(tp, result=True).customize(**changes)


def simple_members(cls: Any, delim: str, prefix: str = "", seen: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The scalar fields at any depth by their path; a class is not entered inside itself."""
    for name, tp in flat_type_info(cls).items():
        inner = declared_type(tp)
        path = f"{prefix}{attributes_of(tp).sub_name or name}"
        if not (is_model(inner) and hasattr(inner, "_type_info")):
            yield path, inner
        elif inner.get_orig() not in seen:
            yield from simple_members(inner, delim, path + delim, (*seen, inner.get_orig()))
