"""TTableModel: classes that travel as ComplexModels do and are rows of tables.

An instance is a Struct without members of its own: its values are in its ``__dict__``, where SQLAlchemy keeps and watches them
(docs/why/decisions/0013-mapped-models.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from sqlalchemy import MetaData, Table

from spyne.model._heritage import attributes_of, flat_type_info
from spyne.model._struct import InitModelMeta
from spyne.model._variants import customize_child
from spyne.model.complex import ComplexModel
from spyne.schema import DeclarationError, Field, Lowering, Place
from spyne.store.relational._unloaded import is_always_loaded, policy_of
from spyne.store.relational._view import defaults_of, loaded, prepare
from spyne.store.relational.mapper import add_member, is_mapped, map_class, mapped_parent
from spyne.store.relational.reflect import fields_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TTableModel", "TableModelBase", "TableModelMeta"]


class TableModelMeta(InitModelMeta):
    """Maps every class that has a ``__tablename__`` or a ``__table__``, or whose parent is mapped."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        table = namespace.get("__table__")
        if table is not None and namespace.get("__orig__") is None:
            namespace = _with_columns(name, table, namespace)
        cls = super().__new__(mcs, name, _behind_mixins(bases), namespace, **options)
        if cls.__orig__ is None and not vars(cls).get("__mixin__"):
            tablename = namespace.get("__tablename__")
            if table is not None or tablename is not None or mapped_parent(cls) is not None:
                map_class(cls, table, tablename)
        return cls

    @staticmethod
    def _slots(fields: Mapping[str, Any], namespace: Mapping[str, Any]) -> dict[str, Any]:
        """None: values live where SQLAlchemy sees them."""
        return {}

    def __call__(cls, *args: Any, **members: Any) -> Any:
        """An instance of the class, of the original one if this is customized: that one is the mapped class."""
        orig: Any = cls.get_orig()
        # msgspec does not show the collector an instance without members that is made the usual way.
        instance = orig.__new__(orig)
        instance.__init__(*args, **members)
        return instance


def _with_columns(name: str, table: Any, namespace: dict[str, Any]) -> dict[str, Any]:
    """The class body with a type for every column of a ready table that it says nothing of."""
    if not isinstance(table, Table):
        raise DeclarationError(f"{name}.__table__ is a {type(table).__name__}; it must be a Table")
    found = fields_of(table, name)
    explicit = namespace.get("_type_info")
    if explicit is not None:
        return {**namespace, "_type_info": {**found, **dict(explicit)}}
    return {**found, **namespace}


def _behind_mixins(bases: tuple[type, ...]) -> tuple[type, ...]:
    """The bases, with the table model behind mixins where no other is there: a mixin itself is no parent."""
    models = [base for base in bases if isinstance(base, TableModelMeta)]
    if not models or not all(base.__mixin__ for base in models):
        return bases
    behind = next(base for base in models[0].__mro__[1:] if isinstance(base, TableModelMeta) and not base.__mixin__)
    return (*bases, behind)


class TableModelBase(ComplexModel, metaclass=TableModelMeta):
    """What classes with tables can do; `TTableModel` makes bases for them.

    ``__tablename__``, ``__table_args__``, ``__mapper_args__`` and ``__table__`` are as in SQLAlchemy's declarative classes. A class attribute
    of the name of a member is SQLAlchemy's: ``select(User).where(User.name == "Dave")``. ``__spyne_unloaded__`` says what becomes of
    relations that are not loaded when an object is written: "absent", "error" for refusing at start those that are not always loaded, or
    "load" for reading them from the database one by one.
    """

    __mixin__: ClassVar[bool] = False
    _shape: ClassVar[Any] = None
    __spyne_unloaded__: ClassVar[str] = "absent"

    def __init__(self, *args: Any, **members: Any) -> None:
        cls: Any = type(self)
        names, defaults = cls._shape or _shape_of(cls)
        if args:
            if len(args) > len(names):
                raise TypeError(f"{cls.__name__} takes at most {len(names)} positional argument(s), got {len(args)}")
            given = dict(zip(names, args, strict=False))
            for name in given.keys() & members.keys():
                raise TypeError(f"Argument '{name}' given by name and position")
            members = {**given, **members}
        if not members.keys() <= names:
            _check_names(cls, members.keys() - names)
        for name, make in defaults:
            if name not in members:
                setattr(self, name, make())
        for name, value in members.items():
            setattr(self, name, value)

    @classmethod
    def insert_field(cls, index: int, name: str, tp: Any) -> None:
        """Add a field before the own field at `index`, here and in every customized variant; a mapped class gets the column or relation."""
        from spyne.model._fields import model_of
        from spyne.model._struct import resolve_self

        own: Any = cls
        own._type_info.insert(index, name, resolve_self(model_of(tp), cls))
        for variant in own._variants:
            variant._type_info.insert(index, name, customize_child(variant.Attributes, name, own._type_info[name]))
        _forget(cls)
        if is_mapped(cls):
            add_member(cls, name)
        else:
            setattr(cls, name, attributes_of(tp).default)

    def as_dict(self) -> dict[str, Any]:
        """The members that are loaded and not None."""
        return {name: value for name, value in _held(self).items() if value is not None}

    def __copy__(self) -> Self:
        """An object with the same members that no session knows."""
        return type(self)(**_held(self))

    def __reduce__(self) -> Any:
        return _blank, (type(self).get_orig(),), dict(vars(self))

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={_brief(value)}" for name, value in self.as_dict().items())
        return f"{type(self).get_type_name()}({members})"

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        """This class as a field of the schema. Raises DeclarationError for relations that ``__spyne_unloaded__ = "error"`` refuses."""
        policy = policy_of(cls)
        if is_mapped(cls.get_orig()):
            prepare(cls.get_orig())
        if policy == "error":
            _refuse_lazy(cls.get_orig())
        return super().__spyne_schema__(lowering, place)


def _forget(cls: Any) -> None:
    """The members of a class and of those below it have changed."""
    cls._shape = None
    for child in cls.__subclasses__():
        _forget(child)


def _shape_of(cls: Any) -> tuple[Any, Any]:
    """The names of the members in order, and what makes initial values; kept by the class once it is mapped."""
    found = flat_type_info(cls).keys(), tuple(defaults_of(cls).items())
    if is_mapped(cls):
        cls._shape = found
    return found


def _check_names(cls: Any, names: Any) -> None:
    """Further arguments may be what the mapping adds: columns of relations, back references."""
    for name in names:
        if not (is_mapped(cls) and name in cls.__mapper__.all_orm_descriptors):
            raise TypeError(f"Unexpected keyword argument '{name}'")


def _refuse_lazy(cls: Any) -> None:
    for name, tp in flat_type_info(cls).items():
        relation = cls.__mapper__.relationships.get(name) or cls.__mapper__.relationships.get(f"_{name}")
        if relation is not None and not is_always_loaded(relation) and not attributes_of(tp).exc:
            raise DeclarationError(
                f"{cls.__name__}.{name} would be absent wherever a query did not load it (lazy={relation.lazy!r}); "
                "declare it with table(lazy='selectin'), or leave it out with exc=True"
            )


def _held(instance: Any) -> dict[str, Any]:
    """The loaded members of a mapped object, or the members of another one."""
    if hasattr(type(instance), "_view"):
        return dict(loaded(instance))
    return {name: getattr(instance, name, None) for name in flat_type_info(type(instance))}


def _blank(cls: Any) -> Any:
    """An instance without members, for pickle."""
    return cls.__new__(cls)


def _brief(value: Any) -> str:
    """A value for `repr`: other objects by class and key, since objects know each other both ways."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_brief, value))}]"
    if isinstance(value, TableModelBase):
        keys = {name: vars(value).get(name) for name, _ in type(value).get_identifiers()}
        return f"{type(value).get_type_name()}({', '.join(f'{name}={key!r}' for name, key in keys.items())})"
    return repr(value)


def TTableModel(metadata: MetaData | None = None, base: Any = None, metaclass: Any = None) -> Any:  # noqa: N802 - the documented name
    """A base for classes that are tables of `metadata`, a new MetaData unless given; it is in ``Attributes.sqla_metadata``.

    base: a class whose members all of them have. metaclass: one that extends `TableModelMeta`.
    Raises DeclarationError for a base or metaclass that does not fit.
    """
    made = metaclass or TableModelMeta
    if not issubclass(made, TableModelMeta):
        raise DeclarationError(f"TTableModel(metaclass={made.__name__}): it must extend TableModelMeta")
    bases: tuple[Any, ...] = (TableModelBase,)
    if base is not None:
        bases = (base,) if issubclass(base, TableModelBase) else (TableModelBase, _mixin_of(base))
    attributes = type("Attributes", (), {"sqla_metadata": MetaData() if metadata is None else metadata})
    return made("TableModel", bases, {"__module__": __name__, "Attributes": attributes})


def _mixin_of(base: Any) -> Any:
    """The members of a plain class, to be given to others."""
    if not (isinstance(base, type) and issubclass(base, ComplexModel)):
        raise DeclarationError(f"TTableModel(base={base!r}): it must be a ComplexModel")
    if getattr(base, "__mixin__", False):
        return base
    made: Any = type(base)
    return made(base.__name__, (base,), {"__mixin__": True, "__module__": base.__module__})
