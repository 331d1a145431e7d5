"""How a member with members or items of its own is kept in a database: the values of the `store_as` customization.

The names are the documented ones; `json`, `xml` and `msgpack` are not the modules of these names.
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from spyne.schema import DeclarationError

__all__ = ["StoreAs", "json", "jsonb", "msgpack", "store_as", "table", "xml"]


class StoreAs(msgspec.Struct, frozen=True, eq=False):
    """What the five ways have in common: `kind` is the short spelling of each, as in ``store_as="json"``."""

    kind: ClassVar[str] = ""


class table(StoreAs, frozen=True, eq=False, kw_only=True):  # noqa: N801 - the documented name
    """Rows of a table of their own.

    multi: many-to-many, through a table of this name, or of one that is made up for True. left, right: the names of the columns that point
    to the owner's and to the member's row; of a single object only `left` exists, of several without `multi` only `right`.
    backref, back_populates, cascade, lazy, order_by, single_parent: as in SQLAlchemy's `relationship`; order_by may name a member.
    fk_left_*, fk_right_*: what the foreign keys of these columns say: deferrable, initially, ondelete, onupdate.
    explicit_join, id_backref: accepted without effect; joins are always explicit, and columns of relations are attributes by their names.
    """

    kind: ClassVar[str] = "table"
    multi: bool | str = False
    left: str | None = None
    right: str | None = None
    backref: Any = None
    id_backref: Any = None
    cascade: Any = False
    lazy: Any = "select"
    back_populates: str | None = None
    fk_left_deferrable: bool | None = None
    fk_left_initially: str | None = None
    fk_right_deferrable: bool | None = None
    fk_right_initially: str | None = None
    fk_left_ondelete: str | None = None
    fk_left_onupdate: str | None = None
    fk_right_ondelete: str | None = None
    fk_right_onupdate: str | None = None
    explicit_join: bool = False
    order_by: Any = False
    single_parent: bool | None = None


class json(StoreAs, frozen=True, eq=False):  # noqa: N801 - the documented name
    """A JSON document in a column; ignore_wrappers and complex_as shape it as they do in `JsonDocument`."""

    kind: ClassVar[str] = "json"
    ignore_wrappers: bool = True
    complex_as: Any = dict


class jsonb(json, frozen=True, eq=False):  # noqa: N801 - the documented name
    """The same in PostgreSQL's binary form."""

    kind: ClassVar[str] = "jsonb"


class xml(StoreAs, frozen=True, eq=False):  # noqa: N801 - the documented name
    """An XML document in a column. root_tag: its root's name, otherwise the type's. no_ns: leave namespaces out."""

    kind: ClassVar[str] = "xml"
    root_tag: str | None = None
    no_ns: bool = False
    pretty_print: bool = False


class msgpack(StoreAs, frozen=True, eq=False):  # noqa: N801 - the documented name
    """A MessagePack document in a column of bytes."""

    kind: ClassVar[Literal["msgpack"]] = "msgpack"


_BY_KIND: dict[str, type[StoreAs]] = {cls.kind: cls for cls in (table, json, jsonb, xml, msgpack)}


def store_as(given: Any, where: str) -> StoreAs | None:
    """The options behind a `store_as` customization: one of the classes, an instance, or a short name; None for None.

    Raises DeclarationError for anything else.
    """
    if given is None or isinstance(given, StoreAs):
        return given
    if isinstance(given, type) and issubclass(given, StoreAs):
        return given()
    found = _BY_KIND.get(given) if isinstance(given, str) else None
    if found is None:
        raise DeclarationError(f"{where}: store_as={given!r} is unknown; it is one of {', '.join(_BY_KIND)}")
    return found()
