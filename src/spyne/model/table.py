"""The door to models that are rows of a table; needs the extra ``spyne[sqlalchemy]``."""

from __future__ import annotations

from typing import Any

__all__ = ["TTableModel", "TTableModelBase"]


def TTableModel(metadata: Any = None, base: Any = None, metaclass: Any = None) -> Any:  # noqa: N802 - the documented name
    """A class whose subclasses with a ``__tablename__`` are tables of `metadata`, see `spyne.store.relational.TTableModel`."""
    from spyne.store import relational

    return relational.TTableModel(metadata, base, metaclass)


def TTableModelBase() -> Any:  # noqa: N802 - the documented name
    """The base of the classes that `TTableModel` makes, without tables of its own."""
    from spyne.store.relational import TableModelBase

    return TableModelBase
