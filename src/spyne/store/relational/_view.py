"""How mapped objects are read when they are written out, and made of what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column
from sqlalchemy.exc import SQLAlchemyError

from spyne.model._heritage import attributes_of, flat_type_info
from spyne.schema import MISSING, DeclarationError
from spyne.store.relational._unloaded import policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["attach", "defaults_of", "is_read_only", "loaded", "prepare"]


def attach(cls: Any) -> None:
    """Put the functions onto the class that lowering asks for; they are made when all classes are there, at the first use."""
    made: dict[str, Any] = {}

    def view(value: Any) -> Any:
        if "view" not in made:
            made["view"] = _viewer(cls)
        return made["view"](value)

    def make(**values: Any) -> Any:
        if "make" not in made:
            made["make"] = _maker(cls)
        return made["make"](**values)

    cls._view = staticmethod(view)
    cls._make = staticmethod(make)
    cls._shape = None


def prepare(cls: Any) -> None:
    """Let SQLAlchemy complete the mappings that the class knows, and make its functions.

    Raises DeclarationError for relations that do not fit together.
    """
    try:
        cls.__mapper__.registry.configure(cascade=True)
    except SQLAlchemyError as error:
        raise DeclarationError(f"{cls.__name__}: its mapping does not work: {error}") from error
    cls._view = staticmethod(_viewer(cls))
    cls._make = staticmethod(_maker(cls))


def loaded(instance: Any) -> Mapping[str, Any]:
    """The members of an object that are there, by name; nothing is read from the database for it but expired columns."""
    found: Mapping[str, Any] = type(instance)._view(instance)
    return {name: found[name] for name in flat_type_info(type(instance)) if name in found}


def _viewer(cls: Any) -> Callable[[Any], Mapping[str, Any]]:
    mapper = cls.__mapper__
    fields = flat_type_info(cls)
    columns = frozenset(
        name for name in fields if name in mapper.column_attrs and not mapper.column_attrs[name].deferred
    )
    lists = {name: (proxy.target_collection, proxy.value_attr) for name, proxy in _proxies(cls, fields).items()}
    plain = {
        name: default
        for name in fields
        if name not in mapper.attrs and name not in lists and (default := getattr(cls, name, None)) is not None
    }
    if policy_of(cls) == "load":
        names = tuple(fields)
        return lambda value: {name: getattr(value, name) for name in names}

    def view(value: Any) -> Mapping[str, Any]:
        state: dict[str, Any] = value.__dict__
        if not columns <= state.keys():
            for name in columns - state.keys():
                getattr(value, name)
            state = {**value.__dict__, **{name: value.__dict__.get(name) for name in columns}}
        if plain:
            state = {**plain, **state}
        for name, (rows, member) in lists.items():
            if rows in state:
                state = {**state, name: [getattr(row, member) for row in state[rows]]}
        return state

    return view


def _proxies(cls: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The list attributes, with those of the classes above."""
    found = cls.__mapper__.all_orm_descriptors
    return {name: found[name] for name in fields if name in found and hasattr(found[name], "target_collection")}


def defaults_of(cls: Any) -> dict[str, Callable[[], Any]]:
    """What makes the initial values of members that have one."""
    found: dict[str, Callable[[], Any]] = {}
    for name, tp in flat_type_info(cls).items():
        default, factory = _default(tp)
        if factory is not None:
            found[name] = factory
        elif default is not None and default is not MISSING:
            found[name] = _constant(default)
    return found


def _default(tp: Any) -> tuple[Any, Any]:
    """The default of a type, or of an annotation."""
    if hasattr(tp, "default_factory") and hasattr(tp, "default"):
        return tp.default, tp.default_factory
    return attributes_of(tp).default, attributes_of(tp).default_factory


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _maker(cls: Any) -> Callable[..., Any]:
    lists = frozenset(relation.key for relation in cls.__mapper__.relationships if relation.uselist)
    fields = flat_type_info(cls)
    many = lists | _proxies(cls, fields).keys()
    ignored = frozenset(name for name in fields if name in cls.__mapper__.attrs and is_read_only(cls.__mapper__, name))

    def make(**values: Any) -> Any:
        return cls(
            **{
                name: value
                for name, value in values.items()
                if value is not MISSING and name not in ignored and (value is not None or name not in many)
            }
        )

    return make


def is_read_only(mapper: Any, name: str) -> bool:
    """Whether a value from outside has no place: expressions, what a view shows, the mark of the class."""
    if name in mapper.relationships:
        return bool(mapper.relationships[name].viewonly)
    if name not in mapper.column_attrs:
        return False
    column = mapper.column_attrs[name].columns[0]
    return not isinstance(column, Column) or column.computed is not None or column is mapper.polymorphic_on
