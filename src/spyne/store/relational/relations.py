"""Members that are rows of tables: what ``store_as="table"`` and `table` make of them, as columns, tables and relations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.orm import relationship

from spyne.model.store_as import StoreAs, store_as, table
from spyne.schema import DeclarationError
from spyne.store.relational._registry import registry_of
from spyne.store.relational._rules import indexes_of
from spyne.store.relational._use import Use, is_repeated, use_of
from spyne.store.relational.columns import column_of

__all__ = ["Relation", "relation_of", "table_options"]


class Relation(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one member adds to a mapping.

    properties: mapped attributes by name. proxies: class attributes that show the values of rows as a list of such, by name.
    own: columns of the owner's table by attribute. other: those of the member's table.
    """

    properties: Mapping[str, Any]
    proxies: Mapping[str, Any] = {}
    own: Mapping[str, Column[Any]] = {}
    other: Mapping[str, Column[Any]] = {}
    target: Any = None


def table_options(use: Use) -> table | None:
    """The options of a member that is a relation, None for other members."""
    given = use.attributes.store_as
    if not isinstance(given, str | StoreAs) and not (isinstance(given, type) and issubclass(given, StoreAs)):
        return None
    found = store_as(given, use.where)
    return found if isinstance(found, table) else None


def relation_of(cls: Any, use: Use, how: table, owner: Table) -> Relation:
    """The relation of one member of a class whose table is `owner`.

    Raises DeclarationError for a member without a table and for options that mean nothing in such a relation.
    """
    item = _item(use)
    target = item.get_orig() if hasattr(item, "get_orig") else None
    if target is None:
        return _values(use, how, owner, item)
    if target is not cls and getattr(target, "__table__", None) is None:
        name = target.__name__
        raise DeclarationError(
            f"{use.where}: {name} has no table; declare it with TTableModel and a __tablename__, or use store_as='json'"
        )
    other = owner if target is cls else target.__table__
    if how.multi:
        if not is_repeated(use):
            raise DeclarationError(f"{use.where}: multi is for several objects; use Array({target.__name__})")
        return _many_to_many(use, how, owner, target, other)
    if is_repeated(use):
        return _one_to_many(use, how, owner, target, other)
    return _to_one(use, how, owner, target, other)


def _item(use: Use) -> Any:
    """The type of the items, or of the object itself."""
    info = getattr(use.tp, "_type_info", None)
    wrapped = info is not None and is_repeated(use) and not use.field.repeated
    return next(iter(info.values())) if wrapped and info is not None else use.tp


def _key(where: str, owner: Table) -> Column[Any]:
    """The one column of a table's primary key."""
    columns = list(owner.primary_key.columns)
    if len(columns) != 1:
        raise DeclarationError(
            f"{where}: a relation needs a primary key of one column, and {owner.name} has {len(columns)}; "
            "give the relation itself: mapper_property=relationship(…)"
        )
    return columns[0]


def _refused(use: Use, how: table, name: str, fix: str) -> None:
    if getattr(how, name) is not None:
        raise DeclarationError(f"{use.where}: {name} means nothing in this relation; {fix}")


def _reference(key: Column[Any], how: table, side: str, owner: str, name: str) -> ForeignKey:
    """What a column that points to a primary key says."""
    says = {what: getattr(how, f"fk_{side}_{what}") for what in ("deferrable", "initially", "ondelete", "onupdate")}
    return ForeignKey(key, name=f"{owner}_{name}_fkey", **says)


def _options(use: Use, how: table, target: Any) -> dict[str, Any]:
    """What goes to `relationship` as it is."""
    found: dict[str, Any] = {"lazy": how.lazy}
    for name in ("backref", "back_populates", "single_parent"):
        if getattr(how, name) is not None:
            found[name] = getattr(how, name)
    if how.cascade:
        found["cascade"] = how.cascade
    if how.order_by is not False and how.order_by is not None:
        found["order_by"] = lambda: _order(how.order_by, target, use.where)
    return found


def _order(given: Any, target: Any, where: str) -> Any:
    """Columns in place of the names of members. Raises DeclarationError for a name that is none."""
    if isinstance(given, list | tuple):
        return [_order(each, target, where) for each in given]
    if not isinstance(given, str):
        return given
    name, _, direction = given.partition(" ")
    column = getattr(target, name, None)
    if column is None:
        column = sa.inspect(target).local_table.c.get(name)
    if column is None:
        raise DeclarationError(f"{where}: order_by={given!r}: {target.__name__} has no member or column {name!r}")
    return column.desc() if direction.strip().lower() == "desc" else column


def _to_one(use: Use, how: table, owner: Table, target: Any, other: Table) -> Relation:
    _refused(use, how, "right", "use left to name the column")
    key = _key(use.where, other)
    name = how.left or f"{use.name}_{key.name}"
    column = owner.c.get(name)
    own: dict[str, Column[Any]] = {}
    if column is None:
        column = Column(name, key.type, _reference(key, how, "left", owner.name, name), nullable=use.nullable)
        owner.append_column(column)
        own[name] = column
        list(indexes_of(use, column, owner.name))  # an index joins the table of its column by itself
    elif not column.foreign_keys:
        column.append_foreign_key(_reference(key, how, "left", owner.name, name))
    made = relationship(
        target,
        uselist=False,
        foreign_keys=[column],
        primaryjoin=column == key,
        remote_side=[key],
        **_options(use, how, target),
    )
    return Relation(properties={use.name: made}, own=own, target=target)


def _one_to_many(use: Use, how: table, owner: Table, target: Any, other: Table) -> Relation:
    _refused(use, how, "left", f"use right to name the column of {target.__name__} that points here")
    key = _key(use.where, owner)
    name = how.right or f"{owner.name}_{key.name}"
    column = other.c.get(name)
    added: dict[str, Column[Any]] = {}
    if column is None:
        column = Column(name, key.type, _reference(key, how, "right", other.name, name))
        other.append_column(column)
        added[name] = column
    elif not column.foreign_keys:
        column.append_foreign_key(_reference(key, how, "right", other.name, name))
    made = relationship(
        target,
        uselist=True,
        foreign_keys=[column],
        primaryjoin=key == column,
        remote_side=[column],
        **_options(use, how, target),
    )
    return Relation(properties={use.name: made}, other=added, target=target)


def _many_to_many(use: Use, how: table, owner: Table, target: Any, other: Table) -> Relation:
    here, there = _key(use.where, owner), _key(use.where, other)
    left, right = how.left or f"{owner.name}_{here.name}", how.right or f"{use.name}_{there.name}"
    name = how.multi if isinstance(how.multi, str) else f"{owner.name}_{use.name}"
    if left == right:
        raise DeclarationError(f"{use.where}: both columns of {name} are called {left}; name them with left and right")
    between = _known_table(owner, name)
    if between is None:
        between = Table(
            name,
            owner.metadata,
            Column(left, here.type, _reference(here, how, "left", name, left), primary_key=True),
            Column(right, there.type, _reference(there, how, "right", name, right), primary_key=True),
            schema=owner.schema,
        )
    for column in (left, right):
        if column not in between.c:
            known = " and ".join(between.c.keys())
            raise DeclarationError(
                f"{use.where}: {name} has the columns {known}, not {column}; name them with left and right"
            )
    made = relationship(
        target,
        uselist=True,
        secondary=between,
        primaryjoin=here == between.c[left],
        secondaryjoin=there == between.c[right],
        **_options(use, how, target),
    )
    return Relation(properties={use.name: made}, target=target)


def _known_table(owner: Table, name: str) -> Table | None:
    full = name if owner.schema is None else f"{owner.schema}.{name}"
    return owner.metadata.tables.get(full)


# --- lists of plain values ---


def _values(use: Use, how: table, owner: Table, item: Any) -> Relation:
    """Values in rows of a table of their own, shown as a list; their order is the one they were given in."""
    if not is_repeated(use):
        raise DeclarationError(
            f"{use.where}: store_as='table' is for objects and arrays; a single value is a column as it is"
        )
    key = _key(use.where, owner)
    value = _once(use_of(use.owner, how.right or use.name, item))
    column = column_of(value, owner.metadata)
    if column is None:
        raise DeclarationError(f"{use.where}: arrays in arrays have no table; use store_as='json'")
    name = how.multi if isinstance(how.multi, str) else f"{owner.name}_{use.name}"
    left = how.left or f"{owner.name}_{key.name}"
    rows = Table(
        name,
        owner.metadata,
        Column("id", sa.Integer(), primary_key=True),
        Column(left, key.type, _reference(key, how, "left", name, left), nullable=value.nullable),
        column,
        *indexes_of(value, column, name),
        schema=owner.schema,
    )
    row = _row_class(use, value.name)
    registry_of(owner.metadata).map_imperatively(
        row, rows, properties={value.name: column} if column.key != value.name else {}
    )
    hidden = f"_{use.name}"
    made = relationship(
        row,
        uselist=True,
        foreign_keys=[rows.c[left]],
        primaryjoin=key == rows.c[left],
        **{"cascade": "all, delete-orphan", "order_by": rows.c.id, **_options(use, how, row)},
    )
    return Relation(
        properties={hidden: made}, proxies={use.name: association_proxy(hidden, value.name, creator=row)}, target=row
    )


def _once(use: Use) -> Use:
    """The member as one value, where it was declared as several without a wrapper."""
    if not use.field.repeated:
        return use
    tp = use.tp.customize(max_occurs=1, store_as=None)
    return use_of(use.owner, use.name, tp)


def _row_class(use: Use, member: str) -> Any:
    def __init__(self: Any, value: Any = None) -> None:  # noqa: N807 - it becomes the constructor
        setattr(self, member, value)

    return type(f"{use.owner}_{use.name}_row", (), {"__init__": __init__, "__module__": __name__})
