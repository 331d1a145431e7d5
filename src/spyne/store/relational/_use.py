"""One member of a class, as far as its table is concerned."""

from __future__ import annotations

from typing import Any

import msgspec

from spyne.model import primitive
from spyne.model._base import use
from spyne.model._heritage import declared_type, is_model
from spyne.model.complex import Array as ArrayModel
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import Lowering, Place, nodes

__all__ = ["Use", "is_repeated", "use_of"]

_STRUCT = nodes.Struct(fields=(), cls=object, make=object)
_ARRAY = nodes.Array(item=nodes.Field(type=_STRUCT))
"""What stands for objects and arrays: other classes need not be complete while one is mapped."""


class Use(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One member: where it stands, its declared type, its field in the schema and its customizations."""

    owner: str
    name: str
    tp: Any
    field: nodes.Field
    attributes: Any

    @property
    def where(self) -> str:
        """For messages: ``User.email``."""
        return f"{self.owner}.{self.name}"

    @property
    def nullable(self) -> bool:
        """Whether the column takes NULL."""
        return self.field.nillable and not self.attributes.pk


def use_of(owner: str, name: str, declared: Any) -> Use:
    """What is known of a member. Raises DeclarationError for a type that is none."""
    tp = declared_type(declared)
    if is_model(tp) and hasattr(tp, "_type_info"):
        field = use(tp, _ARRAY if issubclass(tp, ArrayModel) else _STRUCT)
    else:
        field = Lowering(natives=NATIVE_MAP).field(tp, Place(owner, "", name))
    attributes = tp.Attributes if is_model(tp) else field.hints.get("attributes") or primitive.Unicode.Attributes
    return Use(owner=owner, name=name, tp=tp, field=field, attributes=attributes)


def is_repeated(use: Use) -> bool:
    """Whether the value is a list."""
    return use.field.repeated or isinstance(nodes.resolve(use.field.type), nodes.Array)
