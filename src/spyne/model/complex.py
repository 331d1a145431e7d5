"""Types with members: ComplexModel, and the XML placements of its members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakSet

import msgspec

from spyne.model._base import ModelBase, inherit
from spyne.model._fields import Annotation, TypeInfo, XmlModifier, collect, is_declaration, model_of
from spyne.model._lower import array_schema, complex_schema
from spyne.schema import MISSING, DeclarationError, Field, Lowering, Place

__all__ = [
    "Array",
    "ComplexModel",
    "ComplexModelBase",
    "ComplexModelMeta",
    "Iterable",
    "SelfReference",
    "TypeInfo",
    "XmlAttribute",
    "XmlData",
    "XmlModifier",
]


class XmlAttribute(XmlModifier):
    """A member written as an XML attribute; `use` is "required" or "optional", `ns` qualifies the attribute."""

    def __init__(self, type: Any, use: str | None = None, ns: str | None = None) -> None:  # noqa: A002
        super().__init__(type, ns)
        self._use = use

    def __spyne_annotation__(self, field: Field) -> Field:
        """The field as an attribute, for ``Annotated[str, XmlAttribute(str)]``."""
        return msgspec.structs.replace(field, hints={**field.hints, **self.hints()})

    def hints(self) -> dict[str, Any]:
        """What the XML codec and the schema writer read."""
        return {"xml_place": "attribute", "xml_use": self._use, "xml_namespace": self._ns}


class XmlData(XmlModifier):
    """A member written as the text of its parent's element (XSD simpleContent)."""

    def __spyne_annotation__(self, field: Field) -> Field:
        """The field as text, for ``Annotated[str, XmlData(str)]``."""
        return msgspec.structs.replace(field, hints={**field.hints, **self.hints()})

    def hints(self) -> dict[str, Any]:
        """What the XML codec and the schema writer read."""
        return {"xml_place": "text"}


class SelfReference:
    """Stands for the class being declared, as the type of one of its own fields."""

    customize_args: ClassVar[Mapping[str, Any]] = {}

    def __new__(cls, **attributes: Any) -> Any:
        return type("SelfReference", (SelfReference,), {"customize_args": attributes})

    @classmethod
    def customize(cls, **attributes: Any) -> Any:
        """The reference with other attributes, applied when the class is complete."""
        return type("SelfReference", (SelfReference,), {"customize_args": {**cls.customize_args, **attributes}})

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        raise DeclarationError(f"{place}: SelfReference is only for members of a ComplexModel")


class ComplexModelBase(ModelBase):
    """What every type with members can do; `ComplexModel` is the one to subclass."""

    _type_info: ClassVar[Any] = TypeInfo()
    _variants: ClassVar[WeakSet[type[ComplexModelBase]]] = WeakSet()
    __mixin__: ClassVar[bool] = False

    class Attributes(ModelBase.Attributes):
        """Customizations of types with members."""

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
        namespace = super()._variant_namespace(attributes)
        parent = cls.__extends__ if cls.__orig__ is not None else parent_model(cls)
        namespace["__extends__"] = parent
        namespace["_type_info"] = _customize_children(cls, namespace["Attributes"])
        return namespace

    @classmethod
    def customize(cls, **attributes: Any) -> type[Self]:
        variant = super().customize(**attributes)
        cls.get_orig()._variants.add(variant)
        return variant

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
        return dict(_simple_members(target or cls, hier_delim, "", ()))

    @classmethod
    def get_identifiers(cls) -> Iterator[tuple[str, Any]]:
        """The (name, type) pairs of the primary key."""
        return ((name, tp) for name, tp in flat_type_info(cls).items() if _attributes(tp).pk)

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
        while isinstance(parent, type) and issubclass(parent, ComplexModelBase) and parent._type_info is not _NO_FIELDS:
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
        for target in (cls, *cls._variants):
            add_field(target, name, tp, len(target._type_info))

    @classmethod
    def insert_field(cls, index: int, name: str, tp: Any) -> None:
        """Add a field before the own field at `index`, here and in every customized variant."""
        for target in (cls, *cls._variants):
            add_field(target, name, tp, index)

    @classmethod
    def produce(cls, namespace: str | None, type_name: str, members: Any) -> Any:
        """A new class with these members: a mapping or pairs of name and type."""
        body = {"__namespace__": namespace, "__type_name__": type_name, "_type_info": TypeInfo(members), "__module__": cls.__module__}
        made: Any = type(ComplexModel)
        return made(type_name, (ComplexModel,), body)

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

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={value!r}" for name, value in self.as_dict().items())
        return f"{type(self).get_type_name()}({members})"

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        return complex_schema(cls, lowering, place)


_NO_FIELDS = ComplexModelBase._type_info
_STRUCT_META: Any = type(msgspec.Struct)


class ComplexModelMeta(_STRUCT_META):  # type: ignore[misc]
    """Collects the fields of a class body and makes the class a msgspec.Struct of them, every member None by default."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        if not any(isinstance(base, ComplexModelMeta) for base in bases):
            return super().__new__(mcs, name, bases, namespace, **options)
        customized = namespace.get("__orig__") is not None
        bases, inherited = (bases, {}) if customized else split_mixins(name, bases)
        body = {**inherited, **namespace}
        annotations = {} if customized else _annotations(namespace)
        fields = namespace["_type_info"] if customized else TypeInfo({**inherited.get("_type_info", {}), **collect(name, namespace, annotations)})
        for field in fields:
            body.pop(field, None)
        own = {} if customized else {field: tp for field, tp in fields.items() if not any(hasattr(b, field) for b in bases if isinstance(b, ComplexModelMeta) and field in flat_type_info(b))}
        defaults = {field: _struct_default(tp, namespace.get(field)) for field, tp in own.items()}
        body |= {"_type_info": fields, "_variants": WeakSet(), **defaults}
        body["__annotations__"] = dict.fromkeys(own, Any)
        init = body.pop("__init__", None)
        cls = super().__new__(InitModelMeta if init is not None else mcs, name, bases, body, **options)
        if init is not None:
            cls.__init__ = init
        inherit(cls)
        if not customized:
            cls.__orig__ = None
            cls.__extends__ = parent_model(cls)
            if "__type_name__" not in namespace:
                cls.__type_name__ = None
            _complete(cls)
        return cls


class InitModelMeta(ComplexModelMeta):
    """The metaclass of classes with an ``__init__`` of their own, or with fields added after the class was made."""

    def __call__(cls, *args: Any, **members: Any) -> Any:
        instance = super().__call__()
        instance.__init__(*args, **members)
        return instance


_DOC = """A type with members, declared as class attributes, as annotations or as `_type_info`.

Members are None until they are set; the constructor takes them by keyword, or by position in field order, and raises
TypeError for one that does not exist. Single inheritance becomes XSD extension; classes with ``__mixin__ = True`` give
their fields to those that name them as a base.
"""

if TYPE_CHECKING:

    class ComplexModel(ComplexModelBase):
        """A type with members; checkers see a constructor that takes any of them, since `_type_info` is made at run time."""

        def __init__(self, *args: Any, **members: Any) -> None: ...

else:

    class ComplexModel(
        ComplexModelBase, msgspec.Struct, metaclass=ComplexModelMeta, dict=True, eq=False, weakref=True, omit_defaults=True
    ):
        __doc__ = _DOC


def _set_members(self: Any, *args: Any, **members: Any) -> None:
    fields = flat_type_info(type(self))
    for name, value in (*zip(fields, args, strict=False), *members.items()):
        if name not in fields:
            raise TypeError(f"Unexpected keyword argument '{name}'")
        setattr(self, name, value)


if not TYPE_CHECKING:
    ComplexModel.__init__ = _set_members


def _struct_default(tp: Any, given: Any) -> Any:
    """The class attribute that gives a member its initial value."""
    if given is not None and not is_declaration(given) and not isinstance(given, XmlModifier):
        return given if not isinstance(given, list | dict | set) else msgspec.field(default_factory=lambda: type(given)(given))
    attributes = _attributes(tp)
    if attributes.default_factory is not None:
        return msgspec.field(default_factory=attributes.default_factory)
    if attributes.default is not None:
        return msgspec.field(default_factory=lambda: attributes.default)
    if isinstance(tp, Annotation) and tp.default is not MISSING:
        return tp.default if not isinstance(tp.default, list | dict | set) else msgspec.field(default_factory=lambda: type(tp.default)(tp.default))
    return None


def _attributes(tp: Any) -> Any:
    inner = tp.type if isinstance(tp, XmlModifier) else tp
    return inner.Attributes if isinstance(inner, type) and issubclass(inner, ModelBase) else ModelBase.Attributes


def _annotations(namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = namespace.get("__annotations__")
    if found is None and (annotate := namespace.get("__annotate__") or namespace.get("__annotate_func__")):
        found = annotate(1)
    return found or {}


def split_mixins(name: str, bases: tuple[type, ...]) -> tuple[tuple[type, ...], dict[str, Any]]:
    """The bases without mixins, and what the mixins give to the class body, their fields under `_type_info`.

    Raises DeclarationError for two parents with members.
    """
    given: dict[str, Any] = {"_type_info": {}}
    rest: list[type] = []
    for base in bases:
        if isinstance(base, ComplexModelMeta) and base.__mixin__:
            fields = flat_type_info(base)
            given["_type_info"].update(fields)
            given.update({k: v for k, v in vars(base).items() if not k.startswith("__") and k not in fields and k not in _PRIVATE})
        else:
            rest.append(base)
    models = [base for base in rest if isinstance(base, ComplexModelMeta)]
    if len(models) > 1:
        names = " and ".join(base.__name__ for base in models)
        raise DeclarationError(f"{name} extends {names}: XSD knows single inheritance only; set __mixin__ = True on all but one")
    for base in models:
        if base.__orig__ is not None:
            raise DeclarationError(f"{name} extends a customized {base.__name__}; extend the original class instead")
    if not models:
        rest.append(ComplexModel)
    return tuple(rest), (given if given["_type_info"] or len(given) > 1 else {})


_PRIVATE = frozenset({"_type_info", "_variants", "Attributes", "Annotations"})


def parent_model(cls: Any) -> Any:
    """The class that `cls` extends with members of its own, None where there is none."""
    for base in cls.__mro__[1:]:
        if isinstance(base, type) and issubclass(base, ComplexModelBase) and base.__orig__ is None and vars(base).get("_type_info"):
            return base
        if base is ComplexModelBase:
            return None
    return None


def flat_type_info(cls: Any) -> TypeInfo:
    """All fields of a class, the parents' first."""
    parent = cls.__extends__
    if not (isinstance(parent, type) and issubclass(parent, ComplexModelBase)):
        own: TypeInfo = cls._type_info
        return own
    return TypeInfo({**flat_type_info(parent), **cls._type_info})


def _complete(cls: Any) -> None:
    """Put the class in place of the references to itself."""
    for name, tp in cls._type_info.items():
        cls._type_info[name] = _replace_self(tp, cls)


def _replace_self(tp: Any, cls: Any) -> Any:
    if isinstance(tp, type) and issubclass(tp, SelfReference):
        return cls.customize(**tp.customize_args) if tp.customize_args else cls
    if isinstance(tp, type) and issubclass(tp, Array):
        member, item = next(iter(tp._type_info.items()))
        replaced = _replace_self(item, cls)
        if replaced is not item:
            tp._type_info.clear()
            tp._type_info[cls.get_type_name() if member == "SelfReference" else member] = replaced
            if tp.__type_name__ in (None, "SelfReferenceArray"):
                tp.__type_name__ = f"{cls.get_type_name()}Array"
    return tp


def add_field(cls: Any, name: str, tp: Any, index: int) -> None:
    """Add a field to a finished class; its values live in the instance dict."""
    cls._type_info.insert(index, name, model_of(tp))
    if isinstance(cls, ComplexModelMeta):
        if not isinstance(cls, InitModelMeta):
            cls.__class__ = InitModelMeta
        default = _attributes(tp).default
        setattr(cls, name, default)


def _customize_children(cls: Any, attributes: Any) -> TypeInfo:
    """The fields with `child_attrs`, `child_attrs_all` and `child_attrs_noexc` applied.

    Raises DeclarationError for a name that is not a field.
    """
    every = attributes.child_attrs_all or {}
    named = attributes.child_attrs or attributes.child_attrs_noexc or {}
    if not every and not named:
        return TypeInfo(cls._type_info)
    flat = flat_type_info(cls)
    for name in named:
        if name not in flat:
            raise DeclarationError(f"{cls.__name__} has no field {name!r}; child_attrs may name: {', '.join(flat)}")
    result = TypeInfo(flat if any(name not in cls._type_info for name in named) or every else cls._type_info)
    for name, tp in result.items():
        changes = {**every, **named.get(name, {})}
        if attributes.child_attrs_noexc is not None and name not in attributes.child_attrs_noexc:
            changes = {**changes, "exc": True}
        if changes and isinstance(tp, type) and issubclass(tp, ModelBase):
            result[name] = tp.customize(**changes)
    return result


def _simple_members(cls: Any, delim: str, prefix: str, seen: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for name, tp in flat_type_info(cls).items():
        inner = tp.type if isinstance(tp, XmlModifier) else tp
        path = f"{prefix}{_attributes(tp).sub_name or name}"
        if isinstance(inner, type) and issubclass(inner, ComplexModelBase):
            if inner.get_orig() not in seen:
                yield from _simple_members(inner, delim, path + delim, (*seen, inner.get_orig()))
        else:
            yield path, inner


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
        item = model_of(serializer)
        if not wrapped:
            attributes.setdefault("max_occurs", "unbounded")
            return item.customize(**attributes)
        name = member_name or _member_name(item)
        variant = cls.customize(**{"serializer_attrs": None, **attributes})
        variant._type_info = TypeInfo({name: item})
        if variant.__type_name__ is None:
            variant.__type_name__ = None
        return variant

    @classmethod
    def get_type_name(cls) -> str:
        if cls.__type_name__ is not None:
            return cls.__type_name__
        item = next(iter(cls._type_info.values()), None)
        return f"{_type_name(item)}Array" if item is not None else "Array"

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        return array_schema(cls, lowering, place)


class Iterable(Array):
    """An Array whose value may be a generator, written item by item and never logged."""

    _stream = True

    class Attributes(Array.Attributes):
        """Customizations of iterables."""

        logged = False


def _type_name(item: Any) -> str:
    return item.get_type_name() if isinstance(item, type) and issubclass(item, ModelBase) else getattr(item, "__name__", str(item))


def _member_name(item: Any) -> str:
    return "SelfReference" if isinstance(item, type) and issubclass(item, SelfReference) else _type_name(item)
