"""How a class body becomes an ordered table of fields."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import partial
from typing import Any, ClassVar, Self, get_origin

import msgspec

from spyne.model._base import ModelBase
from spyne.model.attributes import INFINITY, normalize
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import MISSING, DeclarationError, Field, Lowering, Place, annotated_field

RESERVED = frozenset({"__struct_fields__", "Attributes", "Annotations", "Value"})


class TypeInfo(dict[str, Any]):
    """Field name to type, in order; an index gives the type at that place."""

    def __getitem__(self, key: str | int) -> Any:
        if isinstance(key, int):
            return super().__getitem__(list(self)[key])
        return super().__getitem__(key)

    def insert(self, index: int, name: str, tp: Any) -> None:
        """Put a field before the one at `index`."""
        items = list(self.items())
        items.insert(index, (name, tp))
        self.clear()
        self.update(items)


class XmlModifier:
    """A member that is not a child element in XML: the base of `XmlAttribute` and `XmlData`."""

    def __init__(self, type: Any, ns: str | None = None) -> None:
        self.type = model_of(type)
        self._ns = ns

    def with_type(self, tp: Any) -> Self:
        """The same placement of another type."""
        twin = copy(self)
        twin.type = tp
        return twin

    def hints(self) -> dict[str, Any]:
        """What the XML codec and the schema writer read."""
        return {}

    def __spyne_annotation__(self, field: Field) -> Field:
        """The field in its place, for ``Annotated[str, XmlAttribute(str)]``."""
        return msgspec.structs.replace(field, hints={**field.hints, **self.hints()})


def is_declaration(value: object) -> bool:
    """Whether a class attribute declares a field."""
    if isinstance(value, XmlModifier):
        return True
    return isinstance(value, type) and (hasattr(value, "__spyne_schema__") or value in NATIVE_MAP)


def model_of(tp: Any) -> Any:
    """The model of a native Python type, or the type itself."""
    try:
        return NATIVE_MAP.get(tp, tp)
    except TypeError:
        return tp


def collect(owner: str, namespace: Mapping[str, Any], annotations: Mapping[str, Any]) -> TypeInfo:
    """The fields of a class body: `_type_info`, or attributes and annotations in the order of writing.

    Raises DeclarationError for a `_type_info` that is neither a mapping nor pairs.
    """
    explicit = namespace.get("_type_info")
    if explicit is not None:
        return reorder(TypeInfo((name, model_of(tp)) for name, tp in _pairs(owner, explicit)), namespace)
    fields = TypeInfo()
    module = str(namespace.get("__module__", ""))
    for name, tp in annotations.items():
        if not name.startswith("__") and not _is_class_var(tp):
            default = namespace.get(name, MISSING)
            given = MISSING if is_declaration(default) else default
            fields[name] = Annotation(Late(tp, module) if isinstance(tp, str) else tp, given)
    for name, value in namespace.items():
        if name not in RESERVED and not name.startswith("__") and is_declaration(value):
            fields[name] = model_of(value)
    return reorder(fields, namespace)


def reorder(fields: TypeInfo, namespace: Mapping[str, Any]) -> TypeInfo:
    """The fields with those that carry an `order` customization moved to that index; all by name for ``declare_order="name"``."""
    declare_order = getattr(namespace.get("Attributes"), "declare_order", None)
    if declare_order not in _DECLARE_ORDERS:
        raise DeclarationError(f"declare_order is 'declared' or 'name', not {declare_order!r}")
    if declare_order == "name":
        fields = TypeInfo(sorted(fields.items()))
    moved = {name: order for name, tp in fields.items() if (order := _order(tp)) is not None}
    for name, order in moved.items():
        tp = fields.pop(name)
        fields.insert(order, name, tp)
    return fields


_DECLARE_ORDERS = (None, "declared", "random", "name")


def _order(tp: Any) -> int | None:
    inner = tp.type if isinstance(tp, XmlModifier) else tp
    return inner.Attributes.order if isinstance(inner, type) and issubclass(inner, ModelBase) else None


def _pairs(owner: str, explicit: Any) -> Iterable[tuple[str, Any]]:
    pairs = explicit.items() if isinstance(explicit, Mapping) else explicit
    try:
        return [(name, tp) for name, tp in pairs]
    except (TypeError, ValueError):
        raise DeclarationError(f"{owner}._type_info must be a dict, or a list of (name, type) pairs") from None


def _is_class_var(tp: Any) -> bool:
    return (
        tp is ClassVar
        or get_origin(tp) is ClassVar
        or (isinstance(tp, str) and tp.partition("[")[0].endswith("ClassVar"))
    )


class Late:
    """An annotation that is still text, and where its names are looked up when the application is built."""

    def __init__(self, text: str, module: str, names: Mapping[str, Any] | None = None) -> None:
        self.text = text
        self.module = module
        self.names = names or {}

    def resolve(self, place: Place) -> Any:
        """The type. Raises DeclarationError for a name that is not defined by now."""
        from typing import get_type_hints

        globalns = getattr(sys.modules.get(self.module), "__dict__", {})
        probe = type("probe", (), {"__annotations__": {"value": self.text}})
        try:
            return get_type_hints(probe, globalns=globalns, localns=dict(self.names), include_extras=True)["value"]
        except NameError as error:
            raise DeclarationError(
                f"{place}: the annotation {self.text!r} names {error.name!r}, which module {self.module} does not define; "
                "define or import it at the module's top level"
            ) from None


class Annotation:
    """A Python annotation in the place of a type: of a parameter, of a member, or of a result.

    Without a default a parameter or member must be given and is not None, unless it is ``X | None``.
    """

    def __init__(self, tp: Any, default: Any = MISSING, *, result: bool = False) -> None:
        self.tp = tp
        self.default, self.default_factory = split_default(default)
        self.result = result
        self.changes: Mapping[str, Any] = {}

    def customize(self, **changes: Any) -> Self:
        """The annotation with what attributes of models say about the use of a type: occurrence, name, default, exclusion.

        Raises DeclarationError for attributes of the type itself.
        """
        values = normalize(changes)
        for name in values.keys() - _USES:
            raise DeclarationError(
                f"{self.get_type_name()}: {name} cannot be changed on an annotated member; write Annotated[…] there instead"
            )
        twin = copy(self)
        twin.changes = {**self.changes, **values}
        return twin

    def __spyne_schema__(self, lowering: Lowering, place: Place) -> Field:
        """The field that the annotation stands for; it tells None from empty."""
        field = self._field(lowering, place)
        field = msgspec.structs.replace(field, hints={**field.hints, "none_is_empty": False})
        return _apply(field, self.changes) if self.changes else field

    def _field(self, lowering: Lowering, place: Place) -> Field:
        tp = self.tp.resolve(place) if isinstance(self.tp, Late) else self.tp
        if self.result or (is_declaration(tp) and tp not in NATIVE_MAP):
            return lowering.field(tp, place)
        return annotated_field(lowering, place.member, tp, self.default, place, default_factory=self.default_factory)

    def get_type_name(self) -> str:
        """The annotation as written, for messages."""
        return self.tp.text if isinstance(self.tp, Late) else getattr(self.tp, "__name__", str(self.tp))


# What may be said of a use of a type, and where a field keeps it; the others are hints.
_PARTS = {
    "min_occurs": "min_occurs",
    "nillable": "nillable",
    "default": "default",
    "default_factory": "default_factory",
}
_HINTS = {
    "sub_ns": "xml_namespace",
    "xml_choice_group": "xml_choice",
    "read_only": "read_only",
    "exc": "excluded",
    "exc_interface": "excluded_from_interface",
}
_USES = frozenset({*_PARTS, *_HINTS, "max_occurs", "sub_name", "nullable"})


def _apply(field: Field, changes: Mapping[str, Any]) -> Field:
    """The field with what was customized about it."""
    parts = {_PARTS[name]: value for name, value in changes.items() if name in _PARTS}
    hints = {_HINTS[name]: value for name, value in changes.items() if name in _HINTS}
    if "sub_name" in changes:
        parts["wire_name"] = changes["sub_name"]
    if "max_occurs" in changes:
        maximum = changes["max_occurs"]
        parts["max_occurs"] = None if maximum == INFINITY else int(maximum)
    return msgspec.structs.replace(field, **parts, hints={**field.hints, **hints})


def copied(value: Any) -> Callable[[], Any] | None:
    """What makes a fresh copy of a mutable default, None for values that may be shared."""
    return partial(copy, value) if isinstance(value, list | dict | set | bytearray) else None


def split_default(given: Any) -> tuple[Any, Callable[[], Any] | None]:
    """The default, or what makes one; ``field(default_factory=list)`` of dataclasses and msgspec is understood."""
    if type(given).__name__ == "Field" and hasattr(given, "default_factory"):
        factory = given.default_factory if callable(given.default_factory) else None
        unset = given.default is msgspec.NODEFAULT or type(given.default).__name__ == "_MISSING_TYPE"
        return (MISSING if unset else given.default), factory
    factory = copied(given)
    return (given, None) if factory is None else (MISSING, factory)
