"""From one member of a class to its column, with what its customizations say of keys, defaults and NULL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey

from spyne.model.binary import HybridFileStore
from spyne.model.store_as import store_as
from spyne.schema import DeclarationError
from spyne.store.relational._member_types import type_of_member

if TYPE_CHECKING:
    from spyne.store.relational._use import Use

__all__ = ["column_of"]


def column_of(use: Use, metadata: sa.MetaData) -> Column[Any] | None:
    """The column of a member, None for one that has none: an object without `store_as`, or one of a table of its own.

    Raises DeclarationError for a type that no column holds and for customizations that contradict each other.
    """
    attributes = use.attributes
    how = attributes.store_as if attributes.store_as in (bool, int) else _how(use)
    if attributes.exc_db or (how is not None and getattr(how, "kind", "") == "table"):
        return None
    column_type = attributes.db_type or type_of_member(use, how, metadata)
    if column_type is None:
        return None
    args, options = _given(attributes.sqla_column_args, use)
    options = {"nullable": use.nullable, **_options(use), **options}
    name = options.pop("name", None) or use.name
    keys = [_foreign_key(use)] if attributes.fk is not None else []
    return Column(name, column_type, *keys, *args, **options)


def _how(use: Use) -> Any:
    given = use.attributes.store_as
    return given if isinstance(given, HybridFileStore) else store_as(given, use.where)


def _given(given: Any, use: Use) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """`sqla_column_args`: a dict of keywords, or positional arguments with such a dict at their end."""
    if given is None:
        return (), {}
    if isinstance(given, dict):
        return (), dict(given)
    if isinstance(given, list | tuple):
        args = tuple(given)
        return (args[:-1], dict(args[-1])) if args and isinstance(args[-1], dict) else (args, {})
    raise DeclarationError(f"{use.where}: sqla_column_args is a dict of keywords of Column, not {given!r}")


def _options(use: Use) -> dict[str, Any]:
    """What the customizations say to `Column`."""
    attributes = use.attributes
    found: dict[str, Any] = {}
    if attributes.pk:
        found["primary_key"] = True
    for name in ("autoincrement", "onupdate", "server_default"):
        if getattr(attributes, name) is not None:
            found[name] = getattr(attributes, name)
    if attributes.db_default is not None:
        found["default"] = attributes.db_default
    if found.get("server_default") is not None and isinstance(found["server_default"], bool | int | float):
        found["server_default"] = sa.text(str(found["server_default"]).lower())
    return found


def _foreign_key(use: Use) -> ForeignKey:
    fk = use.attributes.fk
    if isinstance(fk, ForeignKey):
        return fk
    if isinstance(fk, str):
        if "." not in fk:
            raise DeclarationError(f"{use.where}: fk={fk!r} names no column; write '<table>.<column>'")
        return ForeignKey(fk)
    if isinstance(fk, Column) or hasattr(fk, "property"):
        return ForeignKey(fk if isinstance(fk, Column) else fk.property.columns[0])
    raise DeclarationError(f"{use.where}: fk={fk!r} is neither '<table>.<column>', nor a column, nor a ForeignKey")
