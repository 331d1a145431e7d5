"""XML Schema of an application: the documents, and the validator made of them."""

from __future__ import annotations

from spyne.interface.xml_schema._document import XmlSchema
from spyne.interface.xml_schema._validation import validation_schema
from spyne.interface.xml_schema.writer import SchemaWriter

__all__ = ["SchemaWriter", "XmlSchema", "validation_schema"]
