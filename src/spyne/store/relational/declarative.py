"""SQLAlchemy's mapped classes as types: what their mappers say, read as the members of a record.

Columns become members with the limits that their types have, relations become objects and arrays. Two things are said where SQLAlchemy
keeps a user's own data, in ``info`` of a column or a relation: ``info={"spyne": T}`` is what it travels as, ``info={"spyne": None}`` keeps
it from travelling. Of a class or a base of it, ``__spyne_unloaded__`` says what becomes of relations that no query has loaded: "absent", "error"
(they are refused at start unless they are mapped to be loaded always), or "load", one by one while an answer is written.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Optional, Union, get_args, get_origin, get_type_hints

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import ColumnProperty, Mapped
from sqlalchemy.schema import Column

from spyne.schema._place import Place, mistake, show
from spyne.schema._readers import Member, Record
from spyne.schema.nodes import MISSING, unset
from spyne.store.relational._column_types import Said, type_of_column
from spyne.store.relational._unloaded import is_always_loaded, policy_of
from spyne.store.relational._view import is_read_only

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper, RelationshipProperty

__all__ = ["is_shown", "read_mapped"]

INFO = "spyne"
"""The key in ``info``."""

_ELSEWHERE = frozenset({"dynamic", "write_only"})
"""Relations that are queries of their own: no value of them is ever there."""


def read_mapped(cls: Any, place: Place) -> Record:
    """Read a mapped class. Raises DeclarationError, with the place, for mappings that do not work and columns without a type.

    Members are in the order of the columns, then of the relations; a parent's come first. What is not loaded is not read: such a relation or
    deferred column is absent.
    """
    mapper: Mapper[Any] = cls.__mapper__
    try:
        mapper.registry.configure(cascade=True)
    except SQLAlchemyError as error:
        raise mistake(place, f"the mapping of {show(cls)} does not work: {error}", "repair the mapping") from error
    members = tuple(_members(mapper, place))
    parent = None if mapper.inherits is None or mapper.concrete else mapper.inherits.class_
    return Record(
        members=members,
        make=_maker(mapper, members),
        view=_viewer(mapper, members),
        parents=() if parent is None else (parent,),
    )


def is_shown(prop: Any) -> bool:
    """Whether a column or relation of a mapper travels."""
    return _override(prop) is not None


def _override(prop: Any) -> Any:
    """What ``info`` says of a property: a type, None for one that does not travel, MISSING where it says nothing."""
    infos = [prop.info]
    if isinstance(prop, ColumnProperty):
        infos.append(getattr(prop.columns[0], "info", {}))
    return next((info[INFO] for info in infos if INFO in info), MISSING)


# --- members ---


def _members(mapper: Mapper[Any], place: Place) -> Iterator[Member]:
    known: set[str] = set()
    if mapper.inherits is not None and not mapper.concrete:
        for member in _members(mapper.inherits, place):
            known.add(member.name)
            yield member
    said, filled = _annotations(mapper.class_), _filled_columns(mapper)
    for prop in mapper.column_attrs:
        if prop.key not in known and is_shown(prop):
            yield _column_member(
                mapper, prop, said.get(prop.key), filled, Place(place.owner, place.namespace, prop.key)
            )
    for relation in mapper.relationships:
        if relation.key not in known and is_shown(relation) and relation.lazy not in _ELSEWHERE:
            yield _relation_member(mapper, relation, Place(place.owner, place.namespace, relation.key))


def _annotations(cls: type) -> dict[str, Said]:
    """What stands inside ``Mapped[…]``, by attribute; nothing where the annotations cannot be evaluated."""
    try:
        hints = get_type_hints(cls, include_extras=True)
    except Exception:  # the mapper knows the types; annotations only add to that
        return {}
    return {name: _said(get_args(tp)[0]) for name, tp in hints.items() if get_origin(tp) is Mapped}


def _said(tp: Any) -> Said:
    metadata: tuple[Any, ...] = ()
    while True:
        if get_origin(tp) is Annotated:
            tp, *inner = get_args(tp)
            metadata = (*inner, *metadata)
        elif get_origin(tp) in (Union, UnionType):
            rest = [arg for arg in get_args(tp) if arg is not NoneType]
            if len(rest) != 1:
                return Said(tp, metadata)
            (tp,) = rest
        else:
            return Said(tp, metadata)


def _filled_columns(mapper: Mapper[Any]) -> frozenset[Any]:
    """The columns that get their values through relations, of this class or of another one to it."""
    return frozenset(
        target
        for each in mapper.registry.mappers
        for relation in each.relationships
        for _, target in relation.synchronize_pairs
    )


def _column_member(mapper: Mapper[Any], prop: Any, said: Said | None, filled: frozenset[Any], place: Place) -> Member:
    column = prop.columns[0]
    own = isinstance(column, Column)
    override = _override(prop)
    tp = type_of_column(column.type, said, place) if override is MISSING else override
    if prop.doc:
        tp = Annotated[tp, prop.doc]
    if not own or column.nullable:
        tp = Optional[tp]  # noqa: UP045 - the operator is not for every kind of type
    given = own and not (_fills_itself(mapper, column) or prop.deferred or column in filled)
    if prop.deferred:
        _refuse_unloaded(mapper, place, "deferred", "deferred=False")
    return Member(
        name=prop.key,
        tp=tp,
        wire_name=prop.key,
        default_factory=None if given and not column.nullable else unset,
        required=given,
    )


def _fills_itself(mapper: Mapper[Any], column: Column[Any]) -> bool:
    """Whether a row can be made without a value for the column."""
    return (
        column.default is not None
        or column.server_default is not None
        or column.computed is not None
        or column.identity is not None
        or column is column.table._autoincrement_column
        or column is mapper.polymorphic_on
        or column is mapper.version_id_col
    )


def _relation_member(mapper: Mapper[Any], relation: RelationshipProperty[Any], place: Place) -> Member:
    override = _override(relation)
    tp: Any = override
    if not is_always_loaded(relation):
        _refuse_unloaded(mapper, place, f"lazy={relation.lazy!r}", "lazy='selectin'")
    if override is MISSING:
        tp = relation.mapper.class_
        if relation.uselist:
            tp = _container(relation, place)[tp]
    if not relation.uselist:
        tp = Optional[tp]  # noqa: UP045
    if relation.doc:
        tp = Annotated[tp, relation.doc]
    return Member(name=relation.key, tp=tp, wire_name=relation.key, default_factory=unset, required=False)


def _container(relation: RelationshipProperty[Any], place: Place) -> Any:
    made = (relation.collection_class or list)()
    if isinstance(made, Mapping):
        problem = "a relation whose collection is a dict has no form"
        raise mistake(place, problem, "make it a list or a set, or keep it from travelling with info={'spyne': None}")
    return set if isinstance(made, set) else list


def _refuse_unloaded(mapper: Mapper[Any], place: Place, how: str, fix: str) -> None:
    """Where the class says so, refuse what is only there when a query asks for it."""
    if policy_of(mapper.class_) == "error":
        problem = f"it would be absent wherever a query did not load it ({how})"
        raise mistake(place, problem, f"map it with {fix}, or keep it from travelling with info={{'spyne': None}}")


# --- values ---


def _viewer(mapper: Mapper[Any], members: tuple[Member, ...]) -> Callable[[Any], Mapping[str, Any]]:
    """A function from an object to its members that are loaded; columns that have expired are read again."""
    if policy_of(mapper.class_) == "load":
        names = tuple(member.name for member in members)
        return lambda value: {name: getattr(value, name) for name in names}
    columns = frozenset(
        member.name
        for member in members
        if member.name in mapper.column_attrs and not _is_deferred(mapper, member.name)
    )

    def view(value: Any) -> Mapping[str, Any]:
        state: dict[str, Any] = value.__dict__
        if columns <= state.keys():
            return state
        missing = {name: getattr(value, name) for name in columns if name not in state}
        return {**value.__dict__, **missing}

    return view


def _is_deferred(mapper: Mapper[Any], name: str) -> bool:
    return bool(mapper.column_attrs[name].deferred)


def _maker(mapper: Mapper[Any], members: tuple[Member, ...]) -> Callable[..., Any]:
    """A function that makes an object of members by name; those that are `unset`, or that SQLAlchemy fills alone, are left out."""
    cls = mapper.class_
    ignored = frozenset(member.name for member in members if is_read_only(mapper, member.name))
    lists = frozenset(relation.key for relation in mapper.relationships if relation.uselist)
    parameters = inspect.signature(cls).parameters.values()
    open_end = any(each.kind is each.VAR_KEYWORD for each in parameters)
    taken = {each.name: each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    mandatory = tuple(name for name, each in taken.items() if each.default is each.empty)

    def make(**values: Any) -> Any:
        given = {
            name: value
            for name, value in values.items()
            if value is not MISSING and name not in ignored and not (value is None and name in lists)
        }
        if open_end and not mandatory:
            return cls(**given)
        arguments = {name: given.pop(name) for name in taken if name in given}
        for name in mandatory:
            if name not in arguments:
                arguments[name] = [] if name in lists else None
        made = cls(**arguments)
        for name, value in given.items():
            setattr(made, name, value)
        return made

    return make
