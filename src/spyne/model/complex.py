"""Types with members: ComplexModel, and the XML placements of its members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from weakref import WeakSet

import msgspec

from spyne.model._base import ModelBase
from spyne.model._fields import TypeInfo, XmlModifier, model_of
from spyne.model._heritage import attributes_of, flat_type_info, is_model, parent_model
from spyne.model._lower import array_schema, complex_schema
from spyne.model._struct import ComplexModelMeta, add_field, resolve_self, restore, set_members, state_of
from spyne.model._variants import customize_child, customize_children, customized, simple_members
from spyne.model.ignored import Ignored
from spyne.model.store_as import json, jsonb, msgpack, table, xml
from spyne.model.table import TTableModel, TTableModelBase
from spyne.schema import DeclarationError, Field, Lowering, Place, array_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "Array",
    "ComplexModel",
    "ComplexModelBase",
    "ComplexModelMeta",
    "Ignored",
    "Iterable",
    "SelfReference",
    "TTableModel",
    "TTableModelBase",
    "TypeInfo",
    "XmlAttribute",
    "XmlData",
    "XmlModifier",
    "json",
    "jsonb",
    "msgpack",
    "table",
    "xml",
]


class XmlAttribute(XmlModifier):
    """A member written as an XML attribute; `use` is "required" or "optional", `ns` qualifies the attribute."""

    def __init__(self, type: Any, use: str | None = None, ns: str | None = None) -> None:
        super().__init__(type, ns)
        self._use = use

    def hints(self) -> dict[str, Any]:
        """What the XML codec and the schema writer read."""
        return {"xml_place": "attribute", "xml_use": self._use, "xml_namespace": self._ns}


class XmlData(XmlModifier):
    """A member written as the text of its parent's element (XSD simpleContent)."""

    def hints(self) -> dict[str, Any]:
        """What the XML codec and the schema writer read."""
        return {"xml_place": "text"}


class SelfReference:
    """Stands for the class being declared, as the type of one of its own fields."""

    customize_args: ClassVar[Mapping[str, Any]] = {}

    def __new__(cls, **attributes: Any) -> Any:
        """Calling it customizes it, as on every type."""
        return type("SelfReference", (SelfReference,), {"customize_args": attributes})

    @classmethod
    def customize(cls, **attributes: Any) -> Any:
        """The reference with other attributes, applied when the class is complete."""
        return type("SelfReference", (SelfReference,), {"customize_args": {**cls.customize_args, **attributes}})

    @classmethod
    def _resolve_self(cls, owner: Any) -> Any:
        """The class that the reference stands in."""
        return owner.customize(**cls.customize_args) if cls.customize_args else owner

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        """There is none: a reference is resolved when its class is complete."""
        raise DeclarationError(f"{place}: SelfReference is only for members of a ComplexModel")


class ComplexModelBase(ModelBase):
    """What every type with members can do; `ComplexModel` is the one to subclass."""

    _type_info: ClassVar[Any] = TypeInfo()
    _variants: ClassVar[WeakSet[type[ComplexModelBase]]] = WeakSet()
    __mixin__: ClassVar[bool] = False

    class Attributes(ModelBase.Attributes):
        """Customizations of types with members.

        xsd_model: "sequence" publishes the members in their order, "all" in any order (xs:all, XSD 1.0 part 1 §3.8.6), in which
        they are read anyhow; for a class without repeated members and without inheritance, set in its `Attributes`.
        """

        xsd_model: Literal["sequence", "all"] = "sequence"
        child_attrs: Mapping[str, Mapping[str, Any]] | None = None
        child_attrs_all: Mapping[str, Any] | None = None
        child_attrs_noexc: Mapping[str, Mapping[str, Any]] | None = None
        validate_freq: bool = True
        wrapper: bool = True
        not_wrapped: bool = False
        declare_order: str | None = None
        parent_variant: Any = None
        methods: Mapping[str, Any] | None = None
        method_config_do: Any = None
        complex_as: Any = None
        simple_field: str | None = None
        sqla_metadata: Any = None
        sqla_table: Any = None
        sqla_mapper: Any = None
        sqla_table_args: Any = None
        sqla_mapper_args: Any = None

    @classmethod
    def _variant_namespace(cls, attributes: Mapping[str, Any]) -> dict[str, Any]:
        if attributes.get("xsd_model", cls.Attributes.xsd_model) != cls.Attributes.xsd_model:
            raise DeclarationError(f"{cls.__name__}: one type has one xsd_model; set it in the class's Attributes")
        namespace = super()._variant_namespace(attributes)
        parent = cls.__extends__ if cls.__orig__ is not None else parent_model(cls)
        namespace["__extends__"] = parent
        namespace["_type_info"] = customize_children(cls, namespace["Attributes"])
        return namespace

    @classmethod
    def customize(cls, **attributes: Any) -> type[Self]:
        """A variant with other attributes; `append_field` and `insert_field` reach it too."""
        variant = super().customize(**attributes)
        cls.get_orig()._variants.add(variant)
        return variant

    @classmethod
    def store_as(cls, what: Any) -> type[Self]:
        """How a member of this type is kept in a database: ``Group.store_as("table")`` is ``Group.customize(store_as="table")``."""
        return cls.customize(store_as=what)

    @classmethod
    def novalidate_freq(cls) -> type[Self]:
        """A variant whose members may be absent whatever their min_occurs says."""
        return cls.customize(validate_freq=False)

    @classmethod
    def get_flat_type_info(cls, target: type[ComplexModelBase] | None = None) -> TypeInfo:
        """All fields, the parents' first. The argument is the documented spelling ``cls.get_flat_type_info(cls)``."""
        return flat_type_info(target or cls)

    @classmethod
    def get_simple_type_info(cls, target: Any = None, hier_delim: str = ".") -> dict[str, Any]:
        """The scalar fields at any depth by their dotted path."""
        return dict(simple_members(target or cls, hier_delim))

    @classmethod
    def get_identifiers(cls) -> Iterator[tuple[str, Any]]:
        """The (name, type) pairs of the primary key."""
        return ((name, tp) for name, tp in flat_type_info(cls).items() if attributes_of(tp).pk)

    get_primary_keys = get_identifiers

    @classmethod
    def get_subclasses(cls) -> list[type[ComplexModelBase]]:
        """All classes that extend this one, at any depth; customized variants are not among them."""
        found: list[type[ComplexModelBase]] = []
        for child in cls.__subclasses__():
            if child.__orig__ is None:
                found.append(child)
            found.extend(child.get_subclasses())
        return found

    @classmethod
    def ancestors(cls) -> list[type[ComplexModelBase]]:
        """The classes that this one extends, nearest first."""
        found: list[type[ComplexModelBase]] = []
        parent = cls.__extends__
        while isinstance(parent, type) and issubclass(parent, ComplexModelBase) and parent._type_info:
            found.append(parent)
            parent = parent.__extends__
        return found

    @classmethod
    def get_orig(cls) -> type[ComplexModelBase]:
        """The class that a customized one was made from, or itself."""
        orig = cls.__orig__
        return orig if orig is not None and issubclass(orig, ComplexModelBase) else cls

    @classmethod
    def append_field(cls, name: str, tp: Any) -> None:
        """Add a field at the end, here and in every customized variant. Build the application after."""
        cls.insert_field(len(cls._type_info), name, tp)

    @classmethod
    def insert_field(cls, index: int, name: str, tp: Any) -> None:
        """Add a field before the own field at `index`, here and in every customized variant."""
        add_field(cls, name, tp, index)
        for variant in cls._variants:
            add_field(variant, name, customize_child(variant.Attributes, name, cls._type_info[name]), index)

    @classmethod
    def produce(cls, namespace: str | None, type_name: str, members: Any) -> Any:
        """A new class with these members: a mapping or pairs of name and type."""
        body = {"__namespace__": namespace, "__type_name__": type_name, "__module__": cls.__module__}
        return ComplexModelMeta(type_name, (ComplexModel,), {**body, "_type_info": TypeInfo(members)})

    @classmethod
    def init_from(cls, other: Any, **members: Any) -> Self:
        """An instance with the members of `other` that this class has, overridden by keyword."""
        values = {name: getattr(other, name) for name in flat_type_info(cls) if hasattr(other, name)}
        return cls(**{**values, **members})

    def as_dict(self) -> dict[str, Any]:
        """The members that are not None."""
        return {name: value for name in flat_type_info(type(self)) if (value := getattr(self, name, None)) is not None}

    def __len__(self) -> int:
        return len(flat_type_info(type(self)))

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, name) for name in flat_type_info(type(self)))

    def __getitem__(self, index: int) -> Any:
        return getattr(self, list(flat_type_info(type(self)))[index])

    def __copy__(self) -> Self:
        copied: Self = restore(type(self), state_of(self))
        return copied

    def __reduce__(self) -> Any:
        return restore, (type(self).get_orig(), state_of(self))

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"{type(self).get_type_name()}({members})"

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        """This class as a field of the schema."""
        return complex_schema(cls, lowering, place)


_DOC = """A type with members, declared as class attributes, as annotations or as `_type_info`.

Members are None until they are set; the constructor takes them by keyword, or by position in field order, and raises
TypeError for one that does not exist. Single inheritance becomes XSD extension; classes with ``__mixin__ = True`` give
their fields to those that name them as a base. In a body that has both kinds, the annotated members come first.
"""

if TYPE_CHECKING:

    class ComplexModel(ComplexModelBase):
        """A type with members; checkers see a constructor that takes any of them, since `_type_info` is made at run time."""

        def __init__(self, *args: Any, **members: Any) -> None: ...

else:

    class ComplexModel(  # noqa: D101 - its docstring is _DOC
        ComplexModelBase,
        msgspec.Struct,
        metaclass=ComplexModelMeta,
        dict=True,
        eq=False,
        weakref=True,
        omit_defaults=True,
    ):
        __doc__ = _DOC

    ComplexModel.__init__ = set_members


class Array(ComplexModelBase):
    """A sequence of one type in an element of its own: ``Array(Unicode)`` is the type ``stringArray`` of ``string`` elements.

    member_name: the item's element name. wrapped=False: repeated elements with no wrapper. Values are lists.
    """

    _stream: ClassVar[bool] = False

    class Attributes(ComplexModelBase.Attributes):
        """Customizations of arrays."""

        serializer_attrs: Any = None
        serialize_as: str | None = None

    def __new__(cls, serializer: Any, member_name: str | None = None, wrapped: bool = True, **attributes: Any) -> Any:
        """The array type of an item type: a class, not an instance."""
        item = model_of(serializer)
        if not wrapped:
            return customized(item, {"max_occurs": "unbounded", **attributes})
        variant = cls.customize(**attributes)
        variant._type_info = TypeInfo({member_name or _type_name(item): item})
        return variant

    @classmethod
    def get_type_name(cls) -> str:
        """The public name, after the item's unless it was given."""
        if cls.__type_name__ is not None:
            return cls.__type_name__
        item = next(iter(cls._type_info.values()), None)
        return array_name(_type_name(item)) if item is not None else "Array"

    @classmethod
    def _resolve_self(cls, owner: Any) -> Any:
        """An array of references to the class it stands in becomes an array of that class."""
        (member, item), *_ = cls._type_info.items() or [("", None)]
        resolved = resolve_self(item, owner)
        if resolved is not item:
            cls._type_info = TypeInfo({owner.get_type_name() if member == "SelfReference" else member: resolved})
        return cls

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        """This array as a field of the schema."""
        return array_schema(cls, lowering, place)


class Iterable(Array):
    """An Array whose value may be a generator, written item by item and never logged."""

    _stream = True

    class Attributes(Array.Attributes):
        """Customizations of iterables."""

        logged = False


def _type_name(item: Any) -> str:
    """The public name of an item's type."""
    return str(item.get_type_name() if is_model(item) else getattr(item, "__name__", item))
