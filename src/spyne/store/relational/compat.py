"""The documented names of Spyne 2: column types for `db_type` and for tables of one's own, and helpers around the mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.codec import tree
from spyne.codec._base import Options
from spyne.model._heritage import attributes_of, flat_type_info
from spyne.model.binary import HybridFileStore
from spyne.model.store_as import json, jsonb, xml
from spyne.schema import DeclarationError, nodes
from spyne.store.relational.documents import Document, parse_html, parse_xml, write_html, write_xml
from spyne.store.relational.files import StoredFile
from spyne.store.relational.mapper import add_member, is_mapped, map_class
from spyne.store.relational.reflect import fields_of
from spyne.store.relational.types import FreeJson, FreeMarkup, Named, Text, long_text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = [
    "PGFileJson",
    "PGHtml",
    "PGJson",
    "PGJsonB",
    "PGLQuery",
    "PGLTree",
    "PGLTxtQuery",
    "PGObjectJson",
    "PGObjectXml",
    "PGXml",
    "add_column",
    "gen_spyne_info",
    "gen_sqla_info",
    "get_pk_columns",
]


def _to_json(value: Any) -> Any:
    return tree.compile_encoder(nodes.Field(type=nodes.Any(flavour="any")), Options(), tree.JSON)(value)


def PGXml() -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """XML documents as lxml elements."""
    return FreeMarkup("XML", parse_xml, write_xml)


def PGHtml() -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """HTML as lxml elements."""
    return FreeMarkup("TEXT", parse_html, write_html)


def PGJson() -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """JSON as dicts and lists."""
    return FreeJson(False, _to_json)


def PGJsonB() -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """The same in PostgreSQL's binary form."""
    return FreeJson(True, _to_json)


def PGLTree() -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """Label paths."""
    return Text(Named("LTREE"), long_text())


def PGLQuery() -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """Patterns of label paths."""
    return Text(Named("LQUERY"), long_text())


def PGLTxtQuery() -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """Searches in label paths."""
    return Text(Named("LTXTQUERY"), long_text())


def PGObjectJson(cls: Any, ignore_wrappers: bool = True, complex_as: Any = dict, dbt: str = "json") -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """Objects of a class as JSON. dbt: json or jsonb."""
    how = (jsonb if dbt == "jsonb" else json)(ignore_wrappers, complex_as)
    return Document(cls, how, cls.get_type_name())


def PGObjectXml(  # noqa: N802 - the documented name
    cls: Any, root_tag_name: str | None = None, no_namespace: bool = False, pretty_print: bool = False
) -> TypeEngine[Any]:
    """Objects of a class as XML."""
    return Document(cls, xml(root_tag_name, no_namespace, pretty_print), cls.get_type_name())


def PGFileJson(store: str, type: Any = None, dbt: str = "json") -> TypeEngine[Any]:  # noqa: N802 - the documented name
    """Files in the directory `store`."""
    return StoredFile(HybridFileStore(store, dbt, type), "PGFileJson")


def get_pk_columns(cls: Any) -> tuple[tuple[str, Any], ...]:
    """The (name, type) pairs of the primary key."""
    return tuple((name, tp) for name, tp in flat_type_info(cls).items() if attributes_of(tp).pk)


def gen_sqla_info(cls: Any, cls_bases: Any = ()) -> Any:
    """Make table and mapping of a class that has a ``__tablename__`` and is not mapped yet; its Table."""
    if not is_mapped(cls):
        tablename = getattr(cls, "__tablename__", None)
        if tablename is None:
            raise DeclarationError(f"{cls.__name__} has no __tablename__")
        map_class(cls, None, tablename)
    return cls.__table__


def gen_spyne_info(cls: Any) -> Any:
    """Give a class the members that its ``__table__`` has and it does not; its fields."""
    for name, tp in fields_of(cls.__table__, cls.__name__).items():
        if name not in flat_type_info(cls):
            cls._type_info[name] = tp
    return cls._type_info


def add_column(cls: Any, subname: str, subcls: Any) -> None:
    """Give a mapped class one more member with a column; ``cls.append_field`` does the same."""
    if subname in flat_type_info(cls) and is_mapped(cls):
        if subname not in cls.__mapper__.attrs:
            add_member(cls, subname)
        return
    cls.append_field(subname, subcls)
