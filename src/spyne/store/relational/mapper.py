"""From a class with a ``__tablename__`` to its table and its mapping, and what is added to both later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, MetaData, Table
from sqlalchemy.exc import SQLAlchemyError

from spyne.model._heritage import attributes_of, flat_type_info
from spyne.schema import DeclarationError
from spyne.store.relational._registry import registry_of
from spyne.store.relational._rules import checks_of, indexes_of
from spyne.store.relational._use import Use, use_of
from spyne.store.relational._view import attach
from spyne.store.relational.columns import column_of
from spyne.store.relational.files import watch
from spyne.store.relational.relations import Relation, relation_of, table_options

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper

__all__ = ["add_member", "is_mapped", "map_class", "mapped_parent"]


def is_mapped(cls: Any) -> bool:
    """Whether a class has a mapping of its own, not one of a class above."""
    return "__mapper__" in vars(cls)


def mapped_parent(cls: Any) -> Any:
    """The nearest class above with a mapping, None where there is none."""
    return next((base for base in cls.__mro__[1:] if is_mapped(base)), None)


def map_class(cls: Any, table: Table | None, tablename: str | None) -> None:
    """Make the table, unless it is given or the parent's is used, and the mapping.

    Raises DeclarationError, naming class and member, for declarations that make none.
    """
    parent = mapped_parent(cls)
    metadata = _metadata(cls, parent, table)
    fields = flat_type_info(cls) if parent is None else cls._type_info
    uses = [use_of(cls.__name__, name, tp) for name, tp in fields.items()]
    is_new = False
    if table is not None:
        _adopt_columns(uses, table)
        properties = {use.name: table.c[_column_name(use)] for use in uses if _column_name(use) in table.c}
    elif parent is not None and tablename in (None, parent.__table__.name):
        table = parent.__table__
        properties = _more_columns(uses, parent.__table__, nullable=True)
    else:
        if not isinstance(tablename, str):
            raise DeclarationError(f"{cls.__name__}.__tablename__ = {tablename!r}: it must be a str")
        table, properties = _new_table(cls, tablename, metadata, uses, parent)
        is_new = True
    assert table is not None
    try:
        _map(cls, table, properties, uses, parent)
    except (SQLAlchemyError, TypeError) as error:  # the latter for an argument that a mapper has not
        raise DeclarationError(f"{cls.__name__}: {error}") from error
    finally:
        if is_new and not is_mapped(cls):
            metadata.remove(table)  # so that the class can be declared again


def _metadata(cls: Any, parent: Any, table: Table | None) -> MetaData:
    found = table.metadata if table is not None else cls.Attributes.sqla_metadata
    if not isinstance(found, MetaData):
        raise DeclarationError(
            f"{cls.__name__}: there is no MetaData for its table; make its base with TTableModel(MetaData())"
        )
    return parent.__table__.metadata if parent is not None else found


def _column_name(use: Use) -> str:
    given = use.attributes.sqla_column_args
    options = given if isinstance(given, dict) else given[-1] if isinstance(given, list | tuple) and given else None
    return options.get("name", use.name) if isinstance(options, dict) else use.name


# --- tables ---


def _new_table(
    cls: Any, name: str, metadata: MetaData, uses: list[Use], parent: Any
) -> tuple[Table, dict[str, Column[Any]]]:
    args, options = _table_args(cls)
    schema = options.get("schema", metadata.schema)
    full = name if schema is None else f"{schema}.{name}"
    if full in metadata.tables and not options.get("extend_existing"):
        raise DeclarationError(
            f"{cls.__name__}: there is a table {full!r} already; give this one another __tablename__, or use it: __table__ = …"
        )
    properties: dict[str, Column[Any]] = {}
    if parent is not None:
        properties |= _inherited_key(uses, parent)
    for use in uses:
        column = _column(use, metadata)
        if column is not None:
            properties[use.name] = column
    if not properties:
        raise DeclarationError(f"{cls.__name__}: no member of it is a column")
    if not any(column.primary_key for column in properties.values()) and not _has_key_constraint(args):
        raise DeclarationError(f"{cls.__name__}: the table {name!r} needs a primary key; add pk=True to a member")
    table = Table(name, metadata, *properties.values(), *args, **options)
    _constrain(uses, properties, table)
    return table, properties


def _has_key_constraint(args: tuple[Any, ...]) -> bool:
    return any(isinstance(each, sa.PrimaryKeyConstraint) for each in args)


def _column(use: Use, metadata: MetaData) -> Column[Any] | None:
    return None if use.attributes.exc_db or table_options(use) is not None else column_of(use, metadata)


def _inherited_key(uses: list[Use], parent: Any) -> dict[str, Column[Any]]:
    """The parent's key as a table of its own repeats it (joined inheritance), unless the class declares it."""
    declared = {use.name for use in uses}
    mapper: Mapper[Any] = parent.__mapper__
    keys = [(mapper.get_property_by_column(key).key, key) for key in parent.__table__.primary_key.columns]
    if any(use.attributes.pk for use in uses):
        return {}
    return {
        name: Column(key.name, key.type, ForeignKey(key), primary_key=True)
        for name, key in keys
        if name not in declared
    }


def _table_args(cls: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """``__table_args__``: a dict of keywords, or constraints with such a dict at their end."""
    given = vars(cls).get("__table_args__")
    if given is None:
        given = cls.Attributes.sqla_table_args
    if given is None:
        return (), {}
    if isinstance(given, Mapping):
        return (), dict(given)
    if not isinstance(given, list | tuple):
        problem = f"{cls.__name__}.__table_args__ = {given!r}"
        raise DeclarationError(
            f"{problem}: it is a tuple of constraints and indexes, or a dict; is there a comma missing?"
        )
    args = tuple(given)
    if args and isinstance(args[-1], Mapping):
        return args[:-1], dict(args[-1])
    return args, {}


def _more_columns(uses: list[Use], table: Table, *, nullable: bool) -> dict[str, Any]:
    """Columns for members that a subclass adds to its parent's table; rows of the parent have none, so they take NULL."""
    properties: dict[str, Column[Any]] = {}
    for use in uses:
        column = _column(use, table.metadata)
        if column is None:
            continue
        known = table.c.get(column.name)
        if known is None:
            column.nullable = nullable or column.nullable
            table.append_column(column)
            known = column
        properties[use.name] = known
    _constrain(uses, properties, table)
    return properties


def _adopt_columns(uses: list[Use], table: Table) -> None:
    """Check that the members of a class with a ready table are in it."""
    for use in uses:
        wanted = not use.attributes.exc_db and table_options(use) is None and _column(use, table.metadata) is not None
        if wanted and _column_name(use) not in table.c:
            raise DeclarationError(
                f"{use.where}: the table {table.name!r} has no column {_column_name(use)!r}; add exc_db=True"
            )


def _constrain(uses: list[Use], properties: Mapping[str, Column[Any]], table: Table) -> None:
    """Add checks and indexes; indexes of one name are one index."""
    indexes: dict[str, list[Index]] = {}
    for use in uses:
        column = properties.get(use.name)
        if column is None or column.table is not table:
            continue
        for check in checks_of(use, column, table.name):
            table.append_constraint(check)
        for index in indexes_of(use, column, table.name):
            indexes.setdefault(str(index.name), []).append(index)
    for name, found in indexes.items():
        if len(found) > 1:
            for index in found:
                table.indexes.discard(index)
            columns = dict.fromkeys(column for index in found for column in index.columns)
            first = found[0]
            Index(name, *columns, unique=first.unique, **first.dialect_kwargs)


# --- the mapping ---


def _map(cls: Any, table: Table, properties: dict[str, Any], uses: list[Use], parent: Any) -> None:
    hidden = {name for name, column in properties.items() if _excluded(uses, name)}
    relations = _relations(cls, table, uses)
    for relation in relations.values():
        properties |= relation.own
        if relation.target is cls:
            properties |= relation.other
    mapped: dict[str, Any] = {name: column for name, column in properties.items() if name not in hidden}
    for relation in relations.values():
        mapped |= relation.properties
    mapped |= {use.name: use.attributes.mapper_property for use in uses if use.attributes.mapper_property is not None}
    options = _mapper_args(cls, properties)
    above = () if parent is None else parent.__mapper__.exclude_properties or ()
    excluded = {properties[name].name for name in hidden}.union(above, options.pop("exclude_properties", None) or ())
    if excluded:
        options["exclude_properties"] = excluded
    own = None if parent is not None and table is parent.__table__ else table
    if parent is not None:
        options["inherits"] = parent
        mapped |= {} if own is None else _joined(mapped, parent)
    mapper = registry_of(table.metadata).map_imperatively(cls, own, properties=mapped, **options)
    cls.__mapper__ = mapper
    cls.__table__ = table
    _finish(cls, uses, relations)


def _joined(mapped: Mapping[str, Any], parent: Any) -> dict[str, Any]:
    """One attribute for the columns of both tables that go by one name (joined inheritance)."""
    above = {
        name: parent.__mapper__.get_property(name, _configure_mappers=False)
        for name in mapped
        if parent.__mapper__.has_property(name)
    }
    return {name: [mapped[name], *prop.columns] for name, prop in above.items() if hasattr(prop, "columns")}


def _excluded(uses: list[Use], name: str) -> bool:
    return any(use.attributes.exc_mapper for use in uses if use.name == name)


def _relations(cls: Any, table: Table, uses: list[Use]) -> dict[str, Relation]:
    found: dict[str, Relation] = {}
    for use in uses:
        how = None if use.attributes.exc_db else table_options(use)
        if how is not None and use.attributes.mapper_property is None:
            relation = found[use.name] = relation_of(cls, use, how, table)
            if relation.target is not cls:
                _extend(relation.target.__mapper__, relation.other)
    return found


def _extend(mapper: Mapper[Any], columns: Mapping[str, Column[Any]]) -> None:
    """Give another class the columns that it gets, before SQLAlchemy sees the relation that needs them."""
    for key, column in columns.items():
        if not mapper.has_property(key):
            mapper.add_property(key, column)


def _mapper_args(cls: Any, properties: Mapping[str, Any]) -> dict[str, Any]:
    """``__mapper_args__``, with columns in place of the names of members."""
    given = vars(cls).get("__mapper_args__") or cls.Attributes.sqla_mapper_args or {}
    options = dict(given)
    for name in ("polymorphic_on", "version_id_col"):
        value = options.get(name)
        if isinstance(value, str):
            options[name] = properties.get(value, value)
    return options


def _finish(cls: Any, uses: list[Use], relations: Mapping[str, Relation]) -> None:
    """Give the class its list attributes, defaults and ways to be read and made."""
    attributes = cls.Attributes
    attributes.sqla_table, attributes.sqla_mapper = cls.__table__, cls.__mapper__
    attributes.table_name = cls.__table__.name
    for relation in relations.values():
        for proxy, value in relation.proxies.items():
            setattr(cls, proxy, value)
    for use in uses:
        known = cls.__mapper__.has_property(use.name) or use.name in relations
        if not known:
            setattr(cls, use.name, attributes_of(use.tp).default)
    attach(cls)
    watch(cls)


def add_member(cls: Any, name: str) -> None:
    """Map a member that was added to a class that is mapped already: its column, or its relation."""
    use = use_of(cls.__name__, name, cls._type_info[name])
    table: Table = cls.__table__
    relations = _relations(cls, table, [use])
    if name in relations:
        relation = relations[name]
        own = {**relation.own, **(relation.other if relation.target is cls else {})}
        for key, prop in {**own, **relation.properties}.items():
            cls.__mapper__.add_property(key, prop)
    elif use.attributes.mapper_property is not None:
        cls.__mapper__.add_property(name, use.attributes.mapper_property)
    else:
        for key, column in _more_columns([use], table, nullable=False).items():
            if not use.attributes.exc_mapper:
                cls.__mapper__.add_property(key, column)
    _finish(cls, [use], relations)
