"""Objects as XML and back without a service, and the XML Schema of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from lxml import etree

from spyne.codec import xml_encode, xml_fast
from spyne.codec._base import Options
from spyne.const.xml import NS_XSD, NS_XSI
from spyne.interface._base import Interface
from spyne.interface.xml_schema import XmlSchema
from spyne.interface.xml_schema import validation_schema as _validation_schema
from spyne.model.primitive import NATIVE_MAP
from spyne.protocol._xml_out import declare, prefixes_of
from spyne.schema import Field, Lowering, Place, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "get_object_as_xml",
    "get_object_as_xml_polymorphic",
    "get_schema_documents",
    "get_validation_schema",
    "get_xml_as_object",
    "get_xml_as_object_polymorphic",
]


def get_object_as_xml(inst: Any, cls: Any = None, root_tag_name: str | None = None, no_namespace: bool = False) -> Any:
    """The object as an lxml element named after its type, or `root_tag_name`.

    cls: the type to write it as, its own class unless given. no_namespace: leave all namespaces out.
    Raises EncodeError for what the type cannot carry, DeclarationError for a class that is no type.
    """
    return _written(inst, cls or type(inst), root_tag_name, no_namespace, Options())


def get_object_as_xml_polymorphic(
    inst: Any, cls: Any = None, root_tag_name: str | None = None, no_namespace: bool = False
) -> Any:
    """Like `get_object_as_xml`; the object and its members are written as what they are, with xsi:type where it matters."""
    name = root_tag_name or (type(inst).get_type_name() if hasattr(type(inst), "get_type_name") else None)
    return _written(inst, cls or type(inst), name, no_namespace, Options(polymorphic=True))


def get_xml_as_object(elt: Any, cls: Any) -> Any:
    """The object of type `cls` that an element says; the element's own name does not matter.

    Raises DecodeError for values that do not fit.
    """
    return _decoder(cls, Options(parse_xsi_type=False))(elt)


def get_xml_as_object_polymorphic(elt: Any, cls: Any) -> Any:
    """Like `get_xml_as_object`; xsi:type is honoured where it names a class that extends the declared one."""
    return _decoder(cls, Options(parse_xsi_type=True))(elt)


def get_schema_documents(models: Sequence[Any], default_namespace: str | None = None) -> dict[str, Any]:
    """Prefix to ``xs:schema`` element of the namespaces that the classes are in; ``tns`` is the default namespace, that of the
    first class unless given.
    """
    schema = XmlSchema(_interface(models, default_namespace))
    schema.build_interface_document()
    documents: dict[str, Any] = schema.get_interface_document()
    return documents


def get_validation_schema(models: Sequence[Any], default_namespace: str | None = None) -> Any:
    """An lxml.etree.XMLSchema for elements of the classes."""
    return _validation_schema(_interface(models, default_namespace))


def _interface(models: Sequence[Any], default_namespace: str | None) -> Interface:
    namespace = default_namespace or models[0].get_namespace() or models[0].__module__
    return Interface(services=(), tns=namespace, classes=tuple(models))


def _field(cls: Any, lowering: Lowering) -> Field:
    return msgspec.structs.replace(lowering.field(cls, Place()), min_occurs=0, max_occurs=1)


def _decoder(cls: Any, options: Options) -> Any:
    return xml_fast.compile(_field(cls, Lowering(natives=NATIVE_MAP)), options)


def _written(inst: Any, cls: Any, name: str | None, no_namespace: bool, options: Options) -> Any:
    interface = Interface(services=(), tns="", classes=())
    field = _field(cls, interface.lowering)
    node = resolve(field.type)
    namespace = "" if node.namespace == NS_XSD else node.namespace
    prefixes = {space: prefix for space, prefix in prefixes_of(interface, (field,), namespace).items() if space}
    element = xml_encode.Element(namespace=namespace, name=name or node.name)
    text = xml_encode.compile_encoder(field, element, options, prefixes)(inst)
    root = etree.fromstring(declare(text, prefixes))
    return _without_namespaces(root) if no_namespace else root


def _without_namespaces(root: Any) -> Any:
    for element in root.iter():
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(
        root, keep_ns_prefixes=["xsi"] if root.find(f".//*[@{{{NS_XSI}}}nil]") is not None else None
    )
    return root
