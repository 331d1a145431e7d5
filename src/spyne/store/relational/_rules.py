"""What the database is told of a member's values beside their type: checks and indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, Index

from spyne.schema import DeclarationError, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spyne.store.relational._use import Use

__all__ = ["checks_of", "indexes_of"]

_BOUNDS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))


def checks_of(use: Use, column: Column[Any], table: str) -> Iterator[CheckConstraint]:
    """What the type says of values, said to the database too: bounds of numbers, least lengths, allowed values.

    Only what was customized; a key's numbers are the database's own affair. `sqla_column_args` or `db_type` take it away.
    """
    node = nodes.resolve(use.field.type)
    attributes = use.attributes
    plain = isinstance(node, nodes.Scalar) and not isinstance(node, nodes.Enum) and not use.field.repeated
    if not plain or attributes.pk or attributes.db_type is not None or attributes.store_as is not None:
        return
    assert isinstance(node, nodes.Scalar)
    if node.namespace:  # a type with a name of its own: its limits are what its column is chosen for
        return
    facets = node.facets
    known = node.base.facets if isinstance(node.base, nodes.Scalar) else nodes.NO_FACETS
    rules: list[Any] = []
    if isinstance(node, nodes.Int | nodes.Decimal | nodes.Float):
        for name, sign in _BOUNDS:
            bound = getattr(facets, name)
            if bound is not None and bound != getattr(known, name):
                rules.append(column.op(sign, is_comparison=True)(sa.literal_column(f"{bound}")))
    if isinstance(node, nodes.Str) and facets.min_len and facets.min_len != known.min_len:
        rules.append(sa.func.length(column) >= sa.literal_column(str(facets.min_len)))
    values = [value for value in facets.values if value is not None]
    if isinstance(node, nodes.Str | nodes.Int) and values and facets.values != known.values:
        kind = sa.String() if isinstance(node, nodes.Str) else sa.BigInteger()  # each database has its own way to quote
        rules.append(column.in_([sa.literal(value, kind) for value in values]))
    if rules:
        yield CheckConstraint(sa.and_(*rules), name=f"{table}_{column.name}_check")


def indexes_of(use: Use, column: Column[Any], table: str) -> Iterator[Index]:
    """The indexes of one column, named after the table and the member. Raises DeclarationError for an unknown form of `index`.

    index: True, a method's name, or (name, method). unique: True, or the index's name.
    """
    attributes = use.attributes
    unique, index = attributes.unique, attributes.index
    if unique:
        name = unique if isinstance(unique, str) else f"{table}_{use.name}_unique"
        yield Index(name, column, unique=True)
    if not index:
        return
    options: dict[str, Any] = {}
    name = f"{table}_{use.name}"
    if isinstance(index, list | tuple) and len(index) == 2 and all(isinstance(part, str) for part in index):
        name, options["postgresql_using"] = index
    elif isinstance(index, str):
        options["postgresql_using"] = index
    elif index is not True:
        raise DeclarationError(f"{use.where}: index={index!r} is True, a method such as 'gin', or ('name', 'method')")
    if options.get("postgresql_using") == "unique":
        raise DeclarationError(f"{use.where}: index='unique' is no method; write unique=True")
    yield Index(name, column, **options)
