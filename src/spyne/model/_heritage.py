"""What a class with members has from its parents."""

from __future__ import annotations

from typing import Any

from spyne.model._base import ModelBase
from spyne.model._fields import TypeInfo, XmlModifier


def parent_model(cls: Any) -> Any:
    """The class that `cls` extends with members of its own, None where there is none."""
    for base in cls.__mro__[1:]:
        own = vars(base).get("_type_info")
        if own and base.__orig__ is None:
            return base
    return None


def flat_type_info(cls: Any) -> TypeInfo:
    """All fields of a class, the parents' first."""
    own: TypeInfo = cls._type_info
    if getattr(cls.__extends__, "_type_info", None) is None:
        return own
    return TypeInfo({**flat_type_info(cls.__extends__), **own})


def declared_type(tp: Any) -> Any:
    """The type inside an `XmlAttribute` or `XmlData`, or the type itself."""
    return tp.type if isinstance(tp, XmlModifier) else tp


def is_model(tp: Any) -> bool:
    """Whether it is a class of this package's kind, with ``Attributes``."""
    return isinstance(tp, type) and issubclass(tp, ModelBase)


def attributes_of(tp: Any) -> Any:
    """The customizations of a field's type; the defaults where it is a plain Python type."""
    inner = declared_type(tp)
    return inner.Attributes if is_model(inner) else ModelBase.Attributes
