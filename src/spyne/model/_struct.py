"""How a class body becomes a ComplexModel: its fields are collected, and msgspec makes a Struct of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

import msgspec

from spyne.model._base import inherit
from spyne.model._fields import Annotation, TypeInfo, XmlModifier, collect, copied, is_declaration, model_of
from spyne.model._heritage import attributes_of, declared_type, flat_type_info, is_model, parent_model
from spyne.schema import MISSING, DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_STRUCT_META: Any = type(msgspec.Struct)
_NOT_MIXED = frozenset({"_type_info", "_variants", "Attributes", "Annotations"})


class ComplexModelMeta(_STRUCT_META):  # type: ignore[misc]
    """Collects the fields of a class body and makes the class a msgspec.Struct of them, every member None by default."""

    _root: ClassVar[Any] = None

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        if not any(isinstance(base, ComplexModelMeta) for base in bases):
            ComplexModelMeta._root = super().__new__(mcs, name, bases, namespace, **options)
            return ComplexModelMeta._root
        if namespace.get("__orig__") is not None:
            return _make(mcs, name, bases, namespace, namespace["_type_info"], {}, options)
        bases, mixed = split_mixins(name, bases, ComplexModelMeta._root)
        fields = TypeInfo({**mixed.pop("_type_info"), **collect(name, namespace, _annotations(namespace))})
        inherited = {field for base in bases if isinstance(base, ComplexModelMeta) for field in flat_type_info(base)}
        own = mcs._slots({field: tp for field, tp in fields.items() if field not in inherited}, namespace)
        cls = _make(mcs, name, bases, {**mixed, **namespace}, fields, own, options)
        cls.__orig__ = None
        cls.__extends__ = parent_model(cls)
        if "__type_name__" not in namespace:
            cls.__type_name__ = None
        _complete(cls)
        return cls

    @staticmethod
    def _slots(fields: Mapping[str, Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
        """The members that are the Struct's own, each with its initial value."""
        return {field: initial(tp, namespace.get(field)) for field, tp in fields.items()}


class InitModelMeta(ComplexModelMeta):
    """The metaclass of classes with an ``__init__`` of their own, with checked assignments, or with fields added later."""

    def __call__(cls, *args: Any, **members: Any) -> Any:  # noqa: N805 - a metaclass's instances are classes
        instance = super().__call__()
        instance.__init__(*args, **members)
        return instance


def _make(
    metaclass: type[ComplexModelMeta],
    name: str,
    bases: tuple[type, ...],
    namespace: Mapping[str, Any],
    fields: TypeInfo,
    own: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Any:
    """The class with the Struct members `own`; a user's ``__init__`` is put on afterwards, msgspec would refuse it."""
    body = {key: value for key, value in namespace.items() if key not in fields}
    init = body.pop("__init__", None)
    body |= {"_type_info": fields, "_variants": WeakSet(), **own, "__annotations__": dict.fromkeys(own, Any)}
    checked = checks(fields)
    if checked:
        body["__setattr__"] = checking_setattr(checked)
    if (init is not None or checked) and not issubclass(metaclass, InitModelMeta):
        metaclass = InitModelMeta
    cls: Any = _STRUCT_META.__new__(metaclass, name, bases, body, **options)
    if init is not None:
        cls.__init__ = init
    inherit(cls)
    return cls


def bare(cls: Any) -> Any:
    """A new instance with its defaults, made without calling ``__init__``."""
    return _STRUCT_META.__call__(cls)


def restore(cls: Any, state: Mapping[str, Any]) -> Any:
    """An instance with these members and attributes, as they are: for copy and pickle."""
    instance = bare(cls)
    for name, value in state.items():
        msgspec.Struct.__setattr__(instance, name, value)
    return instance


def state_of(instance: Any) -> dict[str, Any]:
    """All members and further attributes of an instance."""
    members = {name: getattr(instance, name) for name in instance.__struct_fields__}
    return {**members, **vars(instance)}


def set_members(self: Any, *args: Any, **members: Any) -> None:
    """``ComplexModel.__init__``, for classes that msgspec does not construct by itself."""
    fields = flat_type_info(type(self))
    if len(args) > len(fields):
        raise TypeError(f"{type(self).__name__} takes at most {len(fields)} positional argument(s), got {len(args)}")
    given = dict(zip(fields, args, strict=False))
    for name in members:
        if name not in fields:
            raise TypeError(f"Unexpected keyword argument '{name}'")
        if name in given:
            raise TypeError(f"Argument '{name}' given by name and position")
    for name, value in {**given, **members}.items():
        setattr(self, name, value)


def initial(tp: Any, given: Any) -> Any:
    """The class attribute that gives a member its initial value: what the class body says, or the type's default."""
    factory, value = None, given
    attributes = attributes_of(tp)
    if isinstance(tp, Annotation):
        factory, value = tp.default_factory, tp.default
    elif given is None or is_declaration(given) or isinstance(given, XmlModifier):
        factory, value = attributes.default_factory, attributes.default
    elif copied(given):
        factory = copied(given)
    if factory is not None:
        return msgspec.field(default_factory=factory)
    if value is MISSING or value is None:
        return None
    return msgspec.field(default=value)


def _annotations(namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = namespace.get("__annotations__")
    if found is None and (annotate := namespace.get("__annotate__") or namespace.get("__annotate_func__")):
        found = annotate(1)
    return found or {}


def split_mixins(name: str, bases: tuple[type, ...], root: type) -> tuple[tuple[type, ...], dict[str, Any]]:
    """The bases without mixins, and what the mixins give to the class body, their fields under `_type_info`.

    Raises DeclarationError for two parents with members, and for a customized parent.
    """
    fields = TypeInfo()
    mixed: dict[str, Any] = {}
    rest: list[type] = []
    for base in bases:
        if isinstance(base, ComplexModelMeta) and base.__mixin__:
            members = flat_type_info(base)
            fields.update(members)
            mixed |= {key: value for key, value in vars(base).items() if _mixes(key) and key not in members}
        else:
            rest.append(base)
    models = [base for base in rest if isinstance(base, ComplexModelMeta)]
    if len(models) > 1:
        names = " and ".join(base.__name__ for base in models)
        raise DeclarationError(
            f"{name} extends {names}: XSD knows single inheritance only; set __mixin__ = True on all but one"
        )
    for base in models:
        if base.__orig__ is not None:
            raise DeclarationError(f"{name} extends a customized {base.__name__}; extend the original class instead")
    if not models:
        rest.append(root)
    return tuple(rest), {**mixed, "_type_info": fields}


def _mixes(name: str) -> bool:
    return not name.startswith("__") and name not in _NOT_MIXED


def _complete(cls: Any) -> None:
    """Put the class in place of the references to itself."""
    for name, tp in cls._type_info.items():
        cls._type_info[name] = resolve_self(tp, cls)
    for variant in cls._variants:  # made on the way, from fields that were not complete yet
        variant._type_info.update(cls._type_info)


def resolve_self(tp: Any, cls: Any) -> Any:
    """The type with `cls` in place of SelfReference; types that can hold one have a hook for it."""
    hook = getattr(tp, "_resolve_self", None)
    return tp if hook is None else hook(cls)


def add_field(cls: Any, name: str, tp: Any, index: int) -> None:
    """Add a field to a finished class; its values live in the instances' dict, also in those of subclasses."""
    cls._type_info.insert(index, name, resolve_self(model_of(tp), cls))
    attributes = attributes_of(tp)
    setattr(cls, name, attributes.default)
    _initialize_in_python(cls)


def _initialize_in_python(cls: Any) -> None:
    if not isinstance(cls, InitModelMeta):
        cls.__class__ = InitModelMeta
    for child in cls.__subclasses__():
        _initialize_in_python(child)


# --- validate_on_assignment ---


def checks(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The classes that the values of checked fields must be of."""
    return {
        name: accepted
        for name, tp in fields.items()
        if attributes_of(tp).validate_on_assignment and (accepted := accepts(tp))
    }


def accepts(tp: Any) -> Any:
    """The class or classes of a type's Python values, None where there is no telling."""
    inner = declared_type(tp)
    if not is_model(inner):
        return inner if isinstance(inner, type) else None
    if inner.Attributes.max_occurs > 1:
        return list | tuple
    if hasattr(inner, "_type_info"):
        return inner.get_orig() if isinstance(inner, ComplexModelMeta) else None
    value = getattr(inner, "_accepts", ()) or inner.Value
    return None if value is type(None) else value


def checking_setattr(checked: Mapping[str, Any]) -> Any:
    """``__setattr__`` that refuses a value of another class with ValueError; None is always taken."""

    def set_checked(self: Any, name: str, value: Any) -> None:
        accepted = checked.get(name)
        if accepted is not None and value is not None and not isinstance(value, accepted):
            raise ValueError(f"{type(self).__name__}.{name} = {value!r}: should be an instance of {accepted}")
        super(ComplexModelMeta._root, self).__setattr__(name, value)

    return set_checked
