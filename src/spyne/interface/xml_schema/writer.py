"""From nodes to xs:schema elements, one per namespace (XSD 1.0 part 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from spyne.codec._xml_names import check_all, is_all
from spyne.const.xml import XSD
from spyne.interface._order import parts
from spyne.interface.xml_schema._annotation import annotate
from spyne.interface.xml_schema._simple import base_of, default_text, facets_of
from spyne.schema.errors import DeclarationError
from spyne.schema.nodes import XSD_NAMESPACE, Array, Enum, Field, Map, Node, Scalar, Struct, resolve
from spyne.schema.nodes import Any as AnyNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spyne.interface._base import Interface, Message

__all__ = ["SchemaWriter"]

_ENTRY = "entry"
_Key = tuple[str, str]


class SchemaWriter:
    """Writes all types of an interface once; `write` returns the schemas by prefix.

    Each xs:schema becomes a child of `parent`, or stands alone. The target namespace comes first, then the others in the order
    of their types; inside a schema imports, types, elements.
    """

    def __init__(
        self, interface: Interface, *, element_form_default: str = "qualified", parent: etree._Element | None = None
    ) -> None:
        self._interface = interface
        self._form = element_form_default
        self._parent = parent
        self._schemas: dict[str, etree._Element] = {}
        self._imports: dict[str, set[str]] = {}
        self._elements: set[tuple[str, str]] = set()
        self._attributes: dict[tuple[str, str], Field] = {}

    def write(self) -> dict[str, etree._Element]:
        """The schemas, prefix to element."""
        types = self._interface.published_types
        self._begin(self._interface.tns)
        attribute_types = _attribute_types(types)
        for node in sorted(types, key=lambda node: _key(node) in attribute_types):
            self._begin(node.namespace)
        for node in types:
            self._type(node)
        self._add_elements(types)
        for namespace, needed in self._imports.items():
            schema = self._schemas[namespace]
            for index, other in enumerate(sorted(needed)):
                schema.insert(index, etree.Element(XSD("import"), {"namespace": other}))
        return {self._prefix(namespace): schema for namespace, schema in self._schemas.items()}

    # --- names -----------------------------------------------------------------------------------------------------------------

    def _prefix(self, namespace: str) -> str:
        return self._interface.get_namespace_prefix(namespace)

    def _begin(self, namespace: str) -> etree._Element:
        """The schema of a namespace."""
        schema = self._schemas.get(namespace)
        if schema is None:
            attributes = {"targetNamespace": namespace, "elementFormDefault": self._form}
            if self._parent is None:
                schema = etree.Element(XSD("schema"), attributes, nsmap=dict(self._interface.document_nsmap))
            else:
                schema = etree.SubElement(self._parent, XSD("schema"), attributes)
            self._schemas[namespace] = schema
            self._imports[namespace] = set()
        return schema

    def _name(self, where: str, namespace: str, name: str) -> str:
        """A qualified name used in the schema of `where`, which imports what it needs."""
        if namespace not in (where, XSD_NAMESPACE):
            self._imports[where].add(namespace)
        return f"{self._prefix(namespace)}:{name}"

    def _type_name(self, where: str, node: Node) -> str:
        node = resolve(node)
        return self._name(where, node.namespace or XSD_NAMESPACE, node.name or "anyType")

    # --- types -----------------------------------------------------------------------------------------------------------------

    def _type(self, node: Node) -> None:
        schema = self._begin(node.namespace)
        if isinstance(node, Scalar):
            self._simple(schema, node)
            return
        element = etree.SubElement(schema, XSD("complexType"), {"name": node.name})
        annotate(element, node.doc, node.hints.get("appinfo"))
        if isinstance(node, Struct):
            self._struct(element, node)
        elif isinstance(node, Array):
            sequence = etree.SubElement(element, XSD("sequence"))
            self._member(sequence, node.namespace, node.name, node.item)
        elif isinstance(node, Map):
            self._map(element, node)

    def _simple(self, schema: etree._Element, node: Scalar) -> None:
        element = etree.SubElement(schema, XSD("simpleType"), {"name": node.name})
        base = self._name(node.namespace, *base_of(node))
        restriction = etree.SubElement(element, XSD("restriction"), {"base": base})
        for facet, text in facets_of(node):
            etree.SubElement(restriction, XSD(facet), {"value": text})

    def _struct(self, element: etree._Element, node: Struct) -> None:
        """Own members only where a type extends another; text content makes it a simple one with attributes."""
        own = [field for field in node.own_fields if not _hidden(field)]
        elements = [field for field in own if field.hints.get("xml_place", "element") == "element"]
        attributes = [field for field in own if field.hints.get("xml_place") == "attribute"]
        content = next((field for field in own if field.hints.get("xml_place") == "text"), None)
        base = node.base if isinstance(node.base, Struct) else None
        if content is not None or (base is not None and _has_text(base)):
            holder = etree.SubElement(element, XSD("simpleContent"))
            extended = base if content is None and base is not None else content.type if content is not None else node
            element = etree.SubElement(holder, XSD("extension"), {"base": self._type_name(node.namespace, extended)})
            elements = []
        elif base is not None:
            holder = etree.SubElement(element, XSD("complexContent"))
            element = etree.SubElement(holder, XSD("extension"), {"base": self._type_name(node.namespace, base)})
        self._sequence(element, node, elements)
        for field in attributes:
            self._attribute(element, node, field)

    def _sequence(self, element: etree._Element, node: Struct, fields: list[Field]) -> None:
        """Plain members in order, then one xs:choice per group; or all of them in an xs:all."""
        if not fields:
            return
        check_all(node)
        sequence = etree.SubElement(element, XSD("all" if is_all(node) else "sequence"))
        groups: dict[str, list[Field]] = {}
        for field in fields:
            group = field.hints.get("xml_choice")
            if group:
                groups.setdefault(str(group), []).append(field)
            else:
                self._member(sequence, node.namespace, node.name, field)
        for members in groups.values():
            choice = etree.SubElement(sequence, XSD("choice"))
            for field in members:
                self._member(choice, node.namespace, node.name, field)

    def _member(self, parent: etree._Element, namespace: str, owner: str, field: Field) -> None:
        node = resolve(field.type)
        tag = getattr(field.hints.get("attributes"), "schema_tag", "")
        if isinstance(node, AnyNode) and tag == XSD("any"):
            self._wildcard(parent, node, field)
            return
        attributes = {"name": field.wire_name or field.name or "item", "type": self._type_name(namespace, node)}
        attributes |= _occurrence(field)
        default = default_text(owner, field)
        if default is not None:
            attributes["default"] = default
        if field.nillable:
            attributes["nillable"] = "true"
        element = etree.SubElement(parent, XSD("element"), attributes)
        annotate(element, _member_doc(field, node))

    def _wildcard(self, parent: etree._Element, node: Node, field: Field) -> None:
        names = (("namespace", "namespace"), ("processContents", "process_contents"))
        attributes = {name: str(node.hints[hint]) for name, hint in names if node.hints.get(hint)}
        etree.SubElement(parent, XSD("any"), {**_occurrence(field), **attributes})

    def _attribute(self, element: etree._Element, node: Struct, field: Field) -> None:
        space = str(field.hints.get("xml_namespace") or "")
        name = field.wire_name or field.name
        if space:
            self._global_attribute(space, name, field)
            attributes = {"ref": self._name(node.namespace, space, name)}
        else:
            attributes = {"name": name, "type": self._type_name(node.namespace, field.type)}
        if field.hints.get("xml_use"):
            attributes["use"] = str(field.hints["xml_use"])
        default = default_text(node.name, field)
        if default is not None and attributes.get("use") != "required":
            attributes["default"] = default
        scope = {self._prefix(space): space} if space else None
        attribute = etree.SubElement(element, XSD("attribute"), attributes, nsmap=scope)
        annotate(attribute, str(field.hints.get("field_doc") or ""))

    def _global_attribute(self, namespace: str, name: str, field: Field) -> None:
        """The declaration that a qualified attribute refers to (XSD 1.0 part 1 §3.2.2), once in its namespace's schema.

        Raises DeclarationError where two members share the name and not the type.
        """
        schema = self._begin(namespace)
        known = self._attributes.setdefault((namespace, name), field)
        if _key(known.type) != _key(field.type):
            raise DeclarationError(
                f"the attribute {{{namespace}}}{name} is declared with two types; give both one type, with a type_name"
            )
        if known is field:
            space = resolve(field.type).namespace or XSD_NAMESPACE
            scope = {self._prefix(space): space}
            declared = {"name": name, "type": self._type_name(namespace, field.type)}
            etree.SubElement(schema, XSD("attribute"), declared, nsmap=scope)

    def _map(self, element: etree._Element, node: Map) -> None:
        """Entries with a key and a value each."""
        sequence = etree.SubElement(element, XSD("sequence"))
        entry = etree.SubElement(sequence, XSD("element"), {"name": _ENTRY, "minOccurs": "0", "maxOccurs": "unbounded"})
        inner = etree.SubElement(etree.SubElement(entry, XSD("complexType")), XSD("sequence"))
        for field in (node.key, node.value):
            self._member(inner, node.namespace, node.name, field)

    # --- elements --------------------------------------------------------------------------------------------------------------

    def _add_elements(self, types: Iterable[Node]) -> None:
        """A global element for each type with members, then for each message and header that has none by now.

        A type that is only the body of a bare message has none of its own.
        """
        bare = self._only_bare(types)
        for node in types:
            if not isinstance(node, Scalar) and _key(node) not in bare:
                self._element(node.namespace, node.name, node)
        for message, header in self._messages():
            node = resolve(header.type) if header is not None else resolve(message.field.type)
            if header is not None:
                self._name(message.namespace, node.namespace, header.name)
                self._element(node.namespace, header.name, node)
            else:
                self._element(message.namespace, message.name, node)

    def _element(self, namespace: str, name: str, node: Node) -> None:
        if (namespace, name) not in self._elements:
            self._elements.add((namespace, name))
            schema = self._begin(namespace)
            etree.SubElement(schema, XSD("element"), {"name": name, "type": self._type_name(namespace, node)})

    def _messages(self) -> Iterator[tuple[Message, Field | None]]:
        """Each message, followed by its headers."""
        for call in self._interface.calls.values():
            for message in (call.request, call.response):
                yield message, None
                yield from ((message, header) for header in message.headers)

    def _only_bare(self, types: Iterable[Node]) -> set[_Key]:
        """The types that nothing but bare messages uses."""
        messages = list(self._messages())
        bare = {_key(m.field.type) for m, header in messages if header is None and not m.wrapped}
        used = {_key(part) for node in types for part in parts(node)}
        used |= {_key(header.type) for _, header in messages if header is not None}
        used |= {_key(m.field.type) for m, header in messages if header is None and m.wrapped}
        return bare - used


def _key(node: Node) -> _Key:
    node = resolve(node)
    return node.namespace, node.name


def _hidden(field: Field) -> bool:
    return bool(field.hints.get("excluded_from_interface"))


def _has_text(node: Node) -> bool:
    return isinstance(node, Struct) and any(field.hints.get("xml_place") == "text" for field in node.fields)


def _occurrence(field: Field) -> dict[str, str]:
    found = {}
    if field.min_occurs != 1:
        found["minOccurs"] = str(field.min_occurs)
    if field.max_occurs != 1:
        found["maxOccurs"] = "unbounded" if field.max_occurs is None else str(field.max_occurs)
    return found


def _member_doc(field: Field, node: Node) -> str:
    """What is said of the member, or else of its type."""
    own: Any = field.hints.get("field_doc") or field.hints.get("doc")
    return str(own or ("" if isinstance(node, Enum) else node.doc))


def _attribute_types(types: Iterable[Node]) -> set[_Key]:
    """The simple types that only attributes and text content have."""
    places: dict[bool, set[_Key]] = {True: set(), False: set()}
    for node in types:
        for field in node.fields if isinstance(node, Struct) else ():
            places[field.hints.get("xml_place", "element") != "element"].add(_key(field.type))
    return places[True] - places[False]
