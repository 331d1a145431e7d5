"""What reading and writing XML agree on: names, namespaces and places of a struct's members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import is_excluded
from spyne.codec._defaults import check_defaults
from spyne.const.xml import NS_XSI
from spyne.schema.errors import DeclarationError
from spyne.schema.nodes import MISSING, Array, Field, Scalar, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spyne.codec._base import Options

XSI_NIL = f"{{{NS_XSI}}}nil"
XSI_TYPE = f"{{{NS_XSI}}}type"
ENTRY = "entry"


class Element(msgspec.Struct, frozen=True):
    """The qualified name of a root element."""

    namespace: str
    name: str

    @property
    def tag(self) -> str:
        """The name in Clark's notation."""
        return clark(self.namespace, self.name)


class Member(msgspec.Struct, frozen=True):
    """One member of a struct as XML sees it: its position in `Struct.fields`, its qualified name and where it stands.

    also: another name by which it is read: a qualified attribute without its namespace, as Spyne 2 published it.
    """

    index: int
    field: Field
    namespace: str
    place: str
    also: str | None = None

    @property
    def name(self) -> str:
        """The local name."""
        return self.field.wire_name or self.field.name

    @property
    def tag(self) -> str:
        """The name in Clark's notation."""
        return clark(self.namespace, self.name)


def clark(namespace: str, name: str) -> str:
    """``{namespace}name``, or the bare name where there is no namespace."""
    return f"{{{namespace}}}{name}" if namespace else name


def local(tag: str) -> str:
    """The local part of a name in Clark's notation."""
    return tag.rpartition("}")[2]


def members(struct: Struct, options: Options) -> tuple[Member, ...]:
    """The members that this protocol carries.

    Elements are in the namespace of the struct that declares them, attributes in none, unless "xml_namespace" says otherwise.
    """
    check_defaults(struct)
    check_all(struct)
    spaces = _namespaces(struct)
    found = []
    for index, field in enumerate(struct.fields):
        if is_excluded(field, options):
            continue
        place = field.hints.get("xml_place", "element")
        inherited = spaces[field.name] if place == "element" else ""
        member = Member(index, field, field.hints.get("xml_namespace") or inherited, place)
        _check(struct, member)
        found.append(member)
    taken = {member.tag for member in found if member.place == "attribute"}
    return tuple(
        msgspec.structs.replace(member, also=member.name)
        if member.place == "attribute" and member.namespace and member.name not in taken
        else member
        for member in found
    )


def is_all(struct: Struct) -> bool:
    """Whether the elements of the type may come in any order by its schema too: ``Attributes.xsd_model = "all"``."""
    model = getattr(struct.hints.get("attributes"), "xsd_model", "sequence")
    if model not in ("sequence", "all"):
        raise DeclarationError(f"{struct.name}: xsd_model is 'sequence' or 'all', not {model!r}")
    return bool(model == "all")


def check_all(struct: Struct) -> None:
    """Raise DeclarationError for a type whose elements cannot be published as an xs:all (XSD 1.0 part 1 §3.8.6).

    Its members occur at most once each, outside of choices, and nothing that has elements extends it or is extended by it.
    """
    own, base = _elements(struct.own_fields), struct.base
    if isinstance(base, Struct) and own and (is_all(base) or is_all(struct)) and _elements(base.fields):
        raise DeclarationError(
            f"{struct.name}: extends {base.name}, and XSD has no extension with xsd_model='all'; "
            "declare the members in one class, or leave xsd_model out of both"
        )
    if not is_all(struct):
        return
    for field in own:
        where = f"{struct.name}.{field.name}: xsd_model='all' allows"
        if field.repeated:
            raise DeclarationError(f"{where} no repeated member; write Array(…), or leave xsd_model out")
        if field.min_occurs > 1:
            raise DeclarationError(f"{where} min_occurs=0 or 1; change it, or leave xsd_model out")
        if field.hints.get("xml_choice"):
            raise DeclarationError(f"{where} no xml_choice_group; leave one of them out")
        if field.hints.get("attributes") is not None and field.hints["attributes"].schema_tag.endswith("}any"):
            raise DeclarationError(f"{where} no xs:any; leave one of them out")


def _elements(fields: tuple[Field, ...]) -> list[Field]:
    return [field for field in fields if field.hints.get("xml_place", "element") == "element"]


def _namespaces(struct: Struct) -> dict[str, str]:
    base = struct.base
    inherited = _namespaces(base) if isinstance(base, Struct) else {}
    return {field.name: inherited.get(field.name, struct.namespace) for field in struct.fields}


def _check(struct: Struct, member: Member) -> None:
    if member.place != "element" and not isinstance(resolve(member.field.type), Scalar):
        kind = "an attribute" if member.place == "attribute" else "the text of an element"
        raise DeclarationError(
            f"{struct.name}.{member.field.name}: {kind} holds one simple value; declare a simple type"
        )


def item_name(node: Array) -> tuple[str, str]:
    """The namespace and name of an array's item elements."""
    return node.item.hints.get("xml_namespace") or node.namespace, node.item.wire_name or node.item.name or "item"


def type_names(struct: Struct) -> Mapping[tuple[str, str], Struct]:
    """The structs that xsi:type may name in place of `struct`, itself included."""
    return {(struct.namespace, struct.name): struct, **struct.subtypes()}


def default_of(field: Field) -> Callable[[], Any]:
    """A function without arguments for the value of an absent member."""
    if field.default_factory is not None:
        return field.default_factory
    default = field.default if has_default(field) else None
    if isinstance(default, (list, dict, set)):
        copy: Callable[[], Any] = default.copy
        return copy
    return lambda: default


def has_default(field: Field) -> bool:
    """Whether a value other than None was declared for an absent member."""
    return field.default is not MISSING and field.default is not None
