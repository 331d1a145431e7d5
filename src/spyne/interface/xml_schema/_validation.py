"""A validator over all schemas of an interface, compiled in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from spyne.const.xml import NS_XSD, XSD
from spyne.interface.xml_schema.writer import SchemaWriter
from spyne.schema.errors import DeclarationError

if TYPE_CHECKING:
    from spyne.interface._base import Interface

_SCHEME = "spyne-schema:"


class _Schemas(etree.Resolver):  # type: ignore[misc]  # lxml has no types
    """Gives libxml2 the text of the schema behind a location of ours, and of no other."""

    def __init__(self, texts: dict[str, bytes]) -> None:
        self._texts = texts

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:
        """The document, or None for a location that is not ours."""
        text = self._texts.get(system_url.rpartition(_SCHEME)[2])
        return None if text is None else self.resolve_string(text, context, base_url=system_url)


def validation_schema(interface: Interface, element_form_default: str = "qualified") -> etree.XMLSchema:
    """The schema that documents of this interface are checked against; each namespace is loaded once, imports refer to each other.

    Raises DeclarationError when a declaration makes no valid schema, such as a pattern that is no XSD regular expression.
    """
    schemas = SchemaWriter(interface, element_form_default=element_form_default).write()
    prefixes = {schema.get("targetNamespace"): prefix for prefix, schema in schemas.items()}
    for schema in schemas.values():
        for imported in schema.iter(XSD("import")):
            imported.set("schemaLocation", _SCHEME + prefixes[imported.get("namespace")])
    texts = {prefix: etree.tostring(schema) for prefix, schema in schemas.items()}
    root = etree.Element(XSD("schema"), nsmap={"xs": NS_XSD})
    for namespace, prefix in prefixes.items():
        etree.SubElement(root, XSD("import"), {"namespace": namespace or "", "schemaLocation": _SCHEME + prefix})
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    parser.resolvers.add(_Schemas(texts))
    try:
        return etree.XMLSchema(etree.fromstring(etree.tostring(root), parser))
    except etree.XMLSchemaParseError as error:
        raise DeclarationError(f"the types make no valid XML Schema: {error}") from None
