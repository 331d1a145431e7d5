"""XmlSchema: the schemas of an application as lxml elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.interface._base import Interface, InterfaceDocumentBase
from spyne.interface.xml_schema._validation import validation_schema
from spyne.interface.xml_schema.writer import SchemaWriter
from spyne.schema.errors import DeclarationError

if TYPE_CHECKING:
    from lxml import etree

__all__ = ["XmlSchema"]

FORMS = ("qualified", "unqualified")


class XmlSchema(InterfaceDocumentBase):
    """One xs:schema per namespace.

    element_form_default: "qualified" or "unqualified" local elements. schema_dict: prefix to element once built.
    validation_schema: an lxml.etree.XMLSchema once `build_validation_schema` was called. Fires ``document_built`` and
    ``xml_document_built``.
    """

    type = "xml_schema"

    def __init__(self, interface: Interface, element_form_default: str = "qualified") -> None:
        if element_form_default not in FORMS:
            raise DeclarationError(f"element_form_default={element_form_default!r}: must be {' or '.join(FORMS)}")
        super().__init__(interface)
        self.element_form_default = element_form_default
        self.schema_dict: dict[str, etree._Element] = {}
        self.validation_schema: etree.XMLSchema | None = None

    def build_interface_document(self, url: str | None = None) -> Any:
        """Build the schemas and keep them."""
        self._build_schemas(None)

    def get_interface_document(self) -> Any:
        """The schemas that were built last, prefix to element."""
        return self.schema_dict

    def build_validation_schema(self) -> None:
        """Compile `validation_schema`. Raises DeclarationError for types that make no valid schema."""
        self.validation_schema = validation_schema(self.interface, self.element_form_default)

    def _build_schemas(self, parent: etree._Element | None) -> None:
        writer = SchemaWriter(self.interface, element_form_default=self.element_form_default, parent=parent)
        self.schema_dict = writer.write()
        self.fire("document_built")
        self.fire("xml_document_built")
