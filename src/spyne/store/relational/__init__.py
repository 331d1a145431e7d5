"""Models in databases, on SQLAlchemy 2.1: tables, mappings and column types made of what the schema says.

Needs the extra: ``pip install spyne[sqlalchemy]``.
"""

from __future__ import annotations

try:
    import sqlalchemy
except ImportError as _error:
    raise ImportError("models in databases need SQLAlchemy: pip install spyne[sqlalchemy]") from _error

if tuple(map(int, sqlalchemy.__version__.split(".")[:2])) < (2, 1):
    raise ImportError(f"SQLAlchemy {sqlalchemy.__version__} is too old, 2.1 is needed: pip install spyne[sqlalchemy]")

from spyne.store.relational.compat import (
    PGFileJson,
    PGHtml,
    PGJson,
    PGJsonB,
    PGLQuery,
    PGLTree,
    PGLTxtQuery,
    PGObjectJson,
    PGObjectXml,
    PGXml,
    add_column,
    gen_spyne_info,
    gen_sqla_info,
    get_pk_columns,
)
from spyne.store.relational.errors import DatabaseFaults, TryAgainError
from spyne.store.relational.model import TableModelBase, TableModelMeta, TTableModel
from spyne.store.relational.session import SessionPerCall, session_of
from spyne.store.relational.types import PGGeometry

__all__ = [
    "DatabaseFaults",
    "PGFileJson",
    "PGGeometry",
    "PGHtml",
    "PGJson",
    "PGJsonB",
    "PGLQuery",
    "PGLTree",
    "PGLTxtQuery",
    "PGObjectJson",
    "PGObjectXml",
    "PGXml",
    "SessionPerCall",
    "TTableModel",
    "TableModelBase",
    "TableModelMeta",
    "TryAgainError",
    "add_column",
    "gen_spyne_info",
    "gen_sqla_info",
    "get_pk_columns",
    "session_of",
]
