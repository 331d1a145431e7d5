"""From Python types to nodes: whichever way a type was written, the same thing becomes the same field."""

from __future__ import annotations

import enum
from types import FunctionType, NoneType
from typing import TYPE_CHECKING, Annotated, ForwardRef, Literal, Protocol, TypeVar, get_args, get_origin
from typing import Any as AnyType

from msgspec.structs import replace

from spyne.schema._choices import enum_field, literal_field
from spyne.schema._constraints import apply_markers, constrain
from spyne.schema._containers import MAPPINGS, SEQUENCES, STREAMS, array_field, array_of, map_field
from spyne.schema._generics import substitute
from spyne.schema._members import UNIONS, annotated_field, qualifier
from spyne.schema._place import NOWHERE, Place, mistake, show
from spyne.schema._records import is_record, record_field
from spyne.schema.nodes import (
    EMPTY,
    XSD_NAMESPACE,
    Any,
    Bool,
    Bytes,
    Date,
    DateTime,
    Decimal,
    Duration,
    Field,
    Float,
    Int,
    Node,
    Ref,
    Scalar,
    Str,
    Time,
    Uuid,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

__all__ = ["Lowerable", "Lowering", "Place", "annotated_field", "array_of"]

# By name, so that nothing is imported for it.
_BUILTINS: dict[str, Node] = {
    "builtins.bool": Bool(name="boolean", namespace=XSD_NAMESPACE),
    "builtins.bytes": Bytes(name="base64Binary", namespace=XSD_NAMESPACE),
    "builtins.float": Float(name="double", namespace=XSD_NAMESPACE),
    "builtins.int": Int(name="integer", namespace=XSD_NAMESPACE),
    "builtins.str": Str(name="string", namespace=XSD_NAMESPACE),
    "datetime.date": Date(name="date", namespace=XSD_NAMESPACE),
    "datetime.datetime": DateTime(name="dateTime", namespace=XSD_NAMESPACE),
    "datetime.time": Time(name="time", namespace=XSD_NAMESPACE),
    "datetime.timedelta": Duration(name="duration", namespace=XSD_NAMESPACE),
    "decimal.Decimal": Decimal(name="decimal", namespace=XSD_NAMESPACE),
    "uuid.UUID": Uuid(name="string", namespace=XSD_NAMESPACE),
}
_ANYTHING = Any(name="anyType", namespace=XSD_NAMESPACE)


class Lowerable(Protocol):
    """A type that says by itself what it is; classes do it with a class method."""

    def __spyne_schema__(self, lowering: Lowering, place: Place) -> Field:
        """Return the field for one use of this type at `place`."""
        ...


class Lowering:
    """Turns Python types into fields; one instance per application, so each class is lowered once.

    default_namespace: where types without a namespace of their own live. natives: what types that say nothing about
    themselves stand for, such as int for the model's Integer; without an entry the builtin types are XSD's own ones.
    adapt: gives the type that is read and written in place of another one, under the public name of that; None: no other.
    """

    def __init__(
        self,
        *,
        default_namespace: str = "",
        natives: Mapping[AnyType, AnyType] = EMPTY,
        adapt: Callable[[AnyType], AnyType] | None = None,
    ) -> None:
        self.default_namespace = default_namespace
        self._natives = natives
        self._adapt = adapt
        self._defined: dict[Hashable, Node] = {}
        self._open: dict[Hashable, Ref] = {}
        self._waiting: dict[Hashable, tuple[Ref, Callable[[], Node]]] = {}
        self._aliases: list[object] = []

    def field(self, tp: object, place: Place = NOWHERE) -> Field:
        """The field for one use of a type; what cannot travel raises `DeclarationError` with the place and the fix.

        A restriction without a name is named after the place. The field may be absent and nil, as in XSD; what follows
        from annotations of members and parameters is `annotated_field`'s.
        """
        field = self.unnamed(tp, place)
        node = field.type
        if not isinstance(node, Scalar) or node.name or not place.owner:
            return field
        named = replace(node, name=place.type_name, namespace=place.namespace or self.default_namespace)
        return replace(field, type=named)

    def unnamed(self, tp: object, place: Place) -> Field:
        """The same as `field`, but a restriction stays anonymous: for types that are the rest of another one."""
        return self._own_schema(tp, place) or self._native(tp, place) or self._by_form(tp, place)

    def define(
        self,
        key: Hashable,
        build: Callable[[], Node],
        *,
        name: str = "",
        namespace: str = "",
        after: Iterable[Hashable] = (),
    ) -> Node:
        """The node of a key, built at the first call.

        While `build` runs the same key gives a `Ref`, called by `name`. A type that needs others complete first, such as
        its base classes, lists their keys in `after`: while one of them is being built it is put off, and gives a `Ref`.
        """
        if key in self._defined:
            return self._defined[key]
        if key in self._open:
            return self._open[key]
        if key in self._waiting and self._open:
            return self._waiting[key][0]
        ref = Ref(name=name or _key_name(key), namespace=namespace, resolve=lambda: self._defined[key])
        if any(each in self._open for each in after):
            self._waiting[key] = (ref, build)
            return ref
        self._open[key] = ref
        try:
            node = build()
        finally:
            del self._open[key]
        self._defined[key] = node
        self._build_waiting()
        return node

    def defined(self, key: Hashable) -> Node | None:
        """The node of a key if it is complete."""
        return self._defined.get(key)

    def _build_waiting(self) -> None:
        while self._waiting and not self._open:
            key, (ref, build) = next(iter(self._waiting.items()))
            del self._waiting[key]
            self.define(key, build, name=ref.name, namespace=ref.namespace)

    def _own_schema(self, tp: object, place: Place) -> Field | None:
        method = getattr(tp, "__spyne_schema__", None)
        if method is None:
            return None
        if isinstance(tp, type) and isinstance(method, FunctionType):
            raise mistake(place, f"{show(tp)}.__spyne_schema__ needs an instance", "make it a class method")
        field = method(self, place)
        if not isinstance(field, Field):
            raise mistake(place, f"{show(tp)}.__spyne_schema__ returned {field!r}", "return a spyne.schema.Field")
        other: AnyType = None if self._adapt is None else self._adapt(tp)
        return field if other is None else _as_published(field, other.__spyne_schema__(self, place))

    def _native(self, tp: object, place: Place) -> Field | None:
        try:
            found = self._natives.get(tp)
        except TypeError:  # an annotation with unhashable metadata
            return None
        return None if found is None else self._own_schema(found, place)

    def _by_form(self, tp: object, place: Place) -> Field:
        origin = get_origin(tp)
        form = tp if origin is None else origin
        if origin is Annotated:
            inner, *metadata = get_args(tp)
            return apply_markers(constrain(self.unnamed(inner, place), metadata, place), metadata)
        if origin in UNIONS:
            return self._union(tp, place)
        if origin is Literal:
            return literal_field(self, tp, place)
        if qualifier(tp) and get_args(tp):
            return self.unnamed(get_args(tp)[0], place)
        if (supertype := getattr(tp, "__supertype__", None)) is not None:  # NewType
            return self.unnamed(supertype, place)
        if type(form).__name__ == "TypeAliasType":
            return self._alias(form, get_args(tp), place)
        if tp is AnyType or tp is object:
            return Field(type=_ANYTHING)
        if isinstance(form, type):
            return self._class(form, tp, place)
        raise _refusal(tp, place)

    def _class(self, cls: type, tp: object, place: Place) -> Field:
        if cls in SEQUENCES or cls in STREAMS:
            return array_field(self, cls, tp, place)
        if cls in MAPPINGS:
            return map_field(self, tp, place)
        if is_record(cls):
            return record_field(self, cls, tp, place)
        if issubclass(cls, enum.Enum):
            return enum_field(self, cls, place)
        node = _BUILTINS.get(f"{cls.__module__}.{cls.__qualname__}")
        if node is None:
            raise _refusal(tp, place)
        return Field(type=node)

    def _union(self, tp: object, place: Place) -> Field:
        members = [arg for arg in get_args(tp) if arg is not NoneType]
        if len(members) != 1:
            raise mistake(
                place,
                f"{show(tp)} is one of several types",
                "choose one, or give each a member of its own that may be None; typing.Any takes what the format gives",
            )
        field = self.unnamed(members[0], place)
        return replace(field, nillable=True, min_occurs=0)

    def _alias(self, alias: AnyType, args: tuple[object, ...], place: Place) -> Field:
        """What an alias stands for; the name of a plain one names the restriction behind it."""
        if alias in self._aliases:
            raise mistake(place, f"the alias {alias.__name__} contains itself", "make it a dataclass")
        self._aliases.append(alias)
        try:
            value = substitute(alias.__value__, dict(zip(alias.__type_params__, args, strict=False)))
            field = self.unnamed(value, place)
        finally:
            self._aliases.pop()
        if args or not isinstance(field.type, Scalar) or field.type.name:
            return field
        named = replace(field.type, name=alias.__name__, namespace=self.default_namespace)
        node = self.define(alias, lambda: named)
        return replace(field, type=node)


def _as_published(field: Field, adapted: Field) -> Field:
    """What takes the place of a field, under the names of that: documents know no other."""
    published, node = field.type, adapted.type
    if isinstance(node, Scalar):
        node = replace(node, name=published.name, namespace=published.namespace, base=published.base)
    return replace(adapted, type=node, hints={**adapted.hints, "adapted": True})


def _key_name(key: Hashable) -> str:
    return str(getattr(key, "__type_name__", None) or getattr(key, "__name__", ""))


def _refusal(tp: object, place: Place) -> TypeError:
    """Why a type cannot travel."""
    if isinstance(tp, str | ForwardRef):
        name = tp if isinstance(tp, str) else tp.__forward_arg__
        return mistake(place, f"the type {name!r} is only a name", "give the type itself, or define it at module level")
    if isinstance(tp, TypeVar):
        return mistake(place, f"{tp} stands for no type here", "give the generic class its type: Page[int]")
    if tp is None or tp is NoneType:
        return mistake(place, "None alone is no type of a value", "write `X | None`, or leave the member out")
    if isinstance(tp, type):
        problem = f"{show(tp)} is a class that cannot travel"
        return mistake(
            place, problem, "make it a dataclass or a ComplexModel, or give it a __spyne_schema__ class method"
        )
    return mistake(place, f"{show(tp)} is not a type", "give a type, such as str, list[int] or a dataclass")
