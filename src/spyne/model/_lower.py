"""From ComplexModel and Array classes to struct and array nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.model import _native
from spyne.model._base import ModelBase, SimpleModel, use
from spyne.model._fields import XmlModifier
from spyne.schema import Array, Field, Lowering, Node, Place, Struct, array_name
from spyne.schema.nodes import EMPTY, MISSING, XSD_NAMESPACE, unset

if TYPE_CHECKING:
    from collections.abc import Mapping


def complex_schema(cls: Any, lowering: Lowering, place: Place) -> Field:
    """One use of a class with members."""
    return _classic_use(cls, struct_node(cls, lowering))


def _classic_use(cls: Any, node: Node) -> Field:
    """One use of a class or array that was not written as an annotation, where None and empty are not told apart."""
    field = use(cls, node)
    return msgspec.structs.replace(field, hints={**field.hints, "none_is_empty": True})


def struct_node(cls: Any, lowering: Lowering) -> Node:
    """The struct of a class; customized variants that change no member share the original's."""
    orig = cls.get_orig()
    same = cls is orig or (cls._type_info == orig._type_info and _own_name(cls) == _own_name(orig))
    key = orig if same else cls
    name, namespace = key.get_type_name(), key.get_namespace() or module_namespace(key) or lowering.default_namespace
    return lowering.define(
        key,
        lambda: _build_struct(key, name, namespace, lowering),
        name=name,
        namespace=namespace,
        after=key.ancestors(),
    )


def module_namespace(cls: Any) -> str:
    """The namespace of a class that was given none: its module up to the first private part.

    Empty for ``__main__`` and for classes that the library makes, which fall to the target namespace.
    """
    parts = [] if cls.__module__.startswith("spyne.") else cls.__module__.split(".")
    public = next((index for index, part in enumerate(parts) if part.startswith("_")), len(parts))
    return ".".join(parts[:public])


def _own_name(cls: Any) -> tuple[str | None, str | None]:
    return cls.get_type_name(), cls.get_namespace()


def _build_struct(cls: Any, name: str, namespace: str, lowering: Lowering) -> Struct:
    parent = cls.__extends__
    base = struct_node(parent, lowering) if parent is not None and parent.get_flat_type_info() else None
    inherited = base.fields if isinstance(base, Struct) else ()
    own = tuple(
        _member(cls, member, tp, Place(name, namespace, member), lowering) for member, tp in cls._type_info.items()
    )
    overridden = {field.name for field in own}
    fields = (*(field for field in inherited if field.name not in overridden), *own)
    orig = cls.get_orig()
    make = getattr(orig, "_make", None)
    if make is not None:
        fields = tuple(map(_left_out, fields))
    struct_fields = getattr(orig, "__struct_fields__", None)
    return Struct(
        name=name,
        namespace=namespace,
        doc=_documentation(cls),
        base=base,
        fields=fields,
        cls=orig,
        make=orig if make is None else make,
        view=getattr(orig, "_view", None),
        positional=struct_fields == tuple(field.name for field in fields) and type(orig).__name__ == "ComplexModelMeta",
        subtypes=lambda: _subtypes(orig, lowering),
        native=not any(field.hints.get("adapted") for field in fields) and _annotate(cls, orig, fields),
        hints=_hints(cls),
    )


def _left_out(field: Field) -> Field:
    """A member that a class which makes its instances by a function of its own is not told of where a document has none of it."""
    has_default = field.default is not MISSING or field.default_factory is not None
    return field if has_default else msgspec.structs.replace(field, default_factory=unset)


def _hints(cls: Any) -> dict[str, Any]:
    hints = {"model": cls, "attributes": cls.Attributes}
    return hints if cls.Annotations.appinfo is None else {**hints, "appinfo": cls.Annotations.appinfo}


def _documentation(cls: Any) -> str:
    if cls.Annotations.doc:
        return str(cls.Annotations.doc)
    if cls.Annotations.__use_parent_doc__:
        return str(cls.__doc__ or "")
    return ""


def _subtypes(cls: Any, lowering: Lowering) -> Mapping[tuple[str, str], Struct]:
    found: dict[tuple[str, str], Struct] = {}
    for subclass in cls.get_subclasses():
        node = struct_node(subclass, lowering)
        if isinstance(node, Struct):
            found[node.namespace, node.name] = node
    return found


def _member(cls: Any, member: str, tp: Any, place: Place, lowering: Lowering) -> Field:
    """One field of a class, with the name on the wire and the placement in XML."""
    inner = tp.type if isinstance(tp, XmlModifier) else tp
    attributes = inner.Attributes if isinstance(inner, type) and issubclass(inner, ModelBase) else ModelBase.Attributes
    wire_name = attributes.sub_name or member
    namespace = _attribute_home(tp) or place.namespace
    field = lowering.field(inner, Place(place.owner, namespace, wire_name))
    hints: Mapping[str, Any] = field.hints
    if isinstance(tp, XmlModifier):
        hints = {**hints, **{key: value for key, value in tp.hints().items() if value is not None}}
    return msgspec.structs.replace(field, name=member, wire_name=field.wire_name or wire_name, hints=hints)


def _attribute_home(tp: Any) -> str:
    """Where an anonymous restricted type of an XML attribute lives: published contracts have it with the type it restricts."""
    if not isinstance(tp, XmlModifier) or tp.hints().get("xml_place") != "attribute":
        return ""
    inner = tp.type
    return inner._home or str(inner.__module__) if isinstance(inner, type) and issubclass(inner, SimpleModel) else ""


def _annotate(cls: Any, orig: Any, fields: tuple[Field, ...]) -> bool:
    """Tell msgspec the types of the members, and whether it alone can read and write instances."""
    found = {field.name: _native.native_field(_with_class(field, cls)) for field in fields}
    if cls is orig and hasattr(orig, "__struct_fields__"):
        for name in orig.__annotations__:
            if found.get(name) is not None:
                orig.__annotations__[name] = found[name]
    plain = type(orig).__name__ == "ComplexModelMeta" and orig.__struct_fields__ == tuple(found)
    renamed = any(field.wire_name != field.name for field in fields)
    return cls is orig and plain and not renamed and None not in found.values()


def _with_class(field: Field, cls: Any) -> Field:
    """A reference to the class being lowered, or to one that is still open, made readable for `_native`."""
    tp = cls.get_flat_type_info().get(field.name)
    inner = tp.type if isinstance(tp, XmlModifier) else tp
    if type(field.type).__name__ == "Ref" and hasattr(inner, "get_orig"):
        return msgspec.structs.replace(field, type=msgspec.structs.replace(field.type, hints={"cls": inner.get_orig()}))
    return field


def array_schema(cls: Any, lowering: Lowering, place: Place) -> Field:
    """One use of an array; its item is named after the item's type unless the declaration names it.

    An item of an anonymous restricted type takes the generated type name as its element name, as existing contracts have it.
    """
    (member, item_type), *_ = cls._type_info.items()
    item = lowering.field(item_type, place)
    restricted = isinstance(item_type, type) and issubclass(item_type, SimpleModel) and is_anonymous(item.type, place)
    item_name = item.type.name if restricted else item.wire_name or member
    item = msgspec.structs.replace(item, name=item_name, wire_name=item_name, max_occurs=None)
    own_space = cls.__namespace__
    inner_space = "" if item.type.namespace == XSD_NAMESPACE else item.type.namespace
    namespace = own_space or inner_space or lowering.default_namespace
    name = cls.__type_name__ or array_name(item.type.name)
    hints: dict[str, Any] = {"model": cls, "attributes": cls.Attributes}
    if cls.Annotations.appinfo is not None:
        hints["appinfo"] = cls.Annotations.appinfo
    doc = str(cls.Annotations.doc or "")
    node = Array(name=name, namespace=namespace, doc=doc, item=item, stream=cls._stream, hints=hints)
    return _classic_use(cls, node)


def is_anonymous(node: Node, place: Place) -> bool:
    """Whether a type got its name from the place of its use."""
    return node.base is not None and bool(place.owner) and node.name == place.type_name


__all__ = ["EMPTY", "array_schema", "complex_schema", "is_anonymous", "struct_node"]


def fault_schema(cls: Any, lowering: Lowering) -> Field:
    """A fault class as an element of its own name in the target namespace; its members are those of `_type_info`."""
    name, namespace = cls.get_type_name(), lowering.default_namespace

    def build() -> Struct:
        place = Place(name, namespace, "")
        fields = tuple(
            _member(cls, member, tp, msgspec.structs.replace(place, member=member), lowering)
            for member, tp in cls._type_info.items()
        )
        return Struct(
            name=name, namespace=namespace, fields=fields, cls=cls, make=cls, hints={"model": cls, "fault": True}
        )

    return Field(type=lowering.define(cls, build, name=name, namespace=namespace), name=name, wire_name=name)
