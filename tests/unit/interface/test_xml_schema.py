from __future__ import annotations

import datetime
import decimal
from typing import Any as AnyValue

import pytest
from lxml import etree

from spyne import (
    AnyXml,
    Application,
    Array,
    ComplexModel,
    Date,
    Decimal,
    Double,
    Enum,
    Integer,
    Service,
    Unicode,
    Uuid,
    XmlAttribute,
    XmlData,
    rpc,
)
from spyne.interface import InterfaceDocuments
from spyne.interface.xml_schema import XmlSchema, validation_schema
from spyne.schema import DeclarationError

XS = "{http://www.w3.org/2001/XMLSchema}"
ANY_TAG = f"{XS}any"


def interface_of(*types, classes=()):
    """The interface of an application with one method that takes these types."""
    names = [f"a{index}" for index in range(len(types))]

    def take(ctx, *args):
        """Nothing."""

    body = {"take": rpc(*types, _args=names)(take)}
    return Application([type("Svc", (Service,), body)], "tns", classes=classes).interface


def schemas_of(*types, classes=()):
    """Prefix to schema of that application."""
    document = XmlSchema(interface_of(*types, classes=classes))
    document.build_interface_document()
    return document.get_interface_document()


def model(name, namespace="tns", base=ComplexModel, **members):
    """A class with members."""
    return type(base)(
        name, (base,), {"__namespace__": namespace, "__module__": "somewhere", "_type_info": list(members.items())}
    )


def shown(element):
    """An element's content in short: tags and attributes, without namespaces of its own."""
    inner = "".join(shown(child) for child in element)
    attributes = "".join(f" {name}={value}" for name, value in element.attrib.items())
    return f"<{etree.QName(element).localname}{attributes}>{(element.text or '').strip()}{inner}"


RESTRICTIONS = [
    (Unicode(max_len=3), "xs:string", [("maxLength", "3")]),
    (Unicode(3, min_len=3), "xs:string", [("length", "3")]),
    (Unicode(min_len=1, max_len=3, pattern="[a-z]+", values=["a", "b"]), "xs:string",
     [("enumeration", "a"), ("enumeration", "b"), ("minLength", "1"), ("maxLength", "3"), ("pattern", "[a-z]+")]),
    (Integer(ge=1, lt=9), "xs:integer", [("minInclusive", "1"), ("maxExclusive", "9")]),
    (Integer(ge=1, gt=0, le=9, lt=9), "xs:integer", [("minInclusive", "1"), ("maxExclusive", "9")]),
    (Integer(ge=1, gt=1), "xs:integer", [("minExclusive", "1")]),
    (Decimal(5, 2), "xs:decimal", [("totalDigits", "5"), ("fractionDigits", "2")]),
    (Decimal(ge=decimal.Decimal("0.50")), "xs:decimal", [("minInclusive", "0.50")]),
    (Double(le=float("1e20")), "xs:double", [("maxInclusive", "1e+20")]),
    (Date(ge=datetime.date(2020, 1, 1)), "xs:date", [("minInclusive", "2020-01-01")]),
    (Uuid(min_occurs=1), "xs:string", [("pattern", Uuid.Attributes.pattern)]),
    (Enum("x", "y", type_name="Xy"), "xs:string", [("enumeration", "x"), ("enumeration", "y")]),
]  # fmt: skip


@pytest.mark.parametrize(("tp", "base", "facets"), RESTRICTIONS)
def test_restriction(tp, base, facets):
    """A restricted type names what it restricts and its facets in 2.14's order, one bound on each side."""
    (restriction,) = schemas_of(tp)["tns"].iter(f"{XS}restriction")
    assert restriction.get("base") == base
    assert [(etree.QName(facet).localname, facet.get("value")) for facet in restriction] == facets


DEFAULTS = [
    (Integer(default=4), "4"),
    (Unicode(default="x"), "x"),
    (Decimal(default=decimal.Decimal("1.50")), "1.50"),
    (Enum("a", "b", type_name="Ab")(default="a"), "a"),
    (Array(Unicode, default=()), None),
]


@pytest.mark.parametrize(("tp", "text"), DEFAULTS)
def test_default(tp, text):
    """A member's default is published as text, where it has a text."""
    (element,) = schemas_of(model("Holder", m=tp))["tns"].findall(f"{XS}complexType[@name='Holder']//{XS}element")
    assert element.get("default") == text


def test_wrong_default():
    """A default that is no value of its type is a mistake of the declaration, with its place."""
    with pytest.raises(DeclarationError, match=r"Holder\.m"):
        schemas_of(model("Holder", m=Integer(default="x")))


STRUCTS = [
    (model("Empty"), "<complexType name=Empty>"),
    (
        model("Text", value=XmlData(Integer), unit=XmlAttribute(Unicode, use="required")),
        "<complexType name=Text><simpleContent><extension base=xs:integer><attribute name=unit type=xs:string use=required>",
    ),
    (
        model(
            "Choice",
            a=Unicode(xml_choice_group="g"),
            b=Unicode(min_occurs=1),
            c=Unicode(xml_choice_group="g", nillable=False),
        ),
        (
            "<complexType name=Choice><sequence><element name=b type=xs:string nillable=true>"
            "<choice><element name=a type=xs:string minOccurs=0 nillable=true><element name=c type=xs:string minOccurs=0>"
        ),
    ),
    (
        model(
            "Wild", any=AnyXml(schema_tag=ANY_TAG, namespace="##other", process_contents="lax", max_occurs="unbounded")
        ),
        "<complexType name=Wild><sequence><any minOccurs=0 maxOccurs=unbounded namespace=##other processContents=lax>",
    ),
    (
        model("Noted", a=Unicode(doc="The a.")),
        (
            "<complexType name=Noted><sequence><element name=a type=xs:string minOccurs=0 nillable=true>"
            "<annotation><documentation>The a."
        ),
    ),
    (model("Hidden", a=Unicode(exc_interface=True)), "<complexType name=Hidden>"),
]


@pytest.mark.parametrize(("tp", "text"), STRUCTS)
def test_struct(tp, text):
    """A class becomes a complex type: elements, then choices, then attributes."""
    (element,) = schemas_of(tp)["tns"].findall(f"{XS}complexType[@name='{tp.get_type_name()}']")
    assert shown(element) == text


def test_text_is_inherited():
    """A class that extends one with text content adds attributes to simple content."""
    base = model("Text", value=XmlData(Integer))
    derived = model("More", base=base, unit=XmlAttribute(Unicode))
    (element,) = schemas_of(derived)["tns"].findall(f"{XS}complexType[@name='More']")
    assert shown(element) == (
        "<complexType name=More><simpleContent><extension base=tns:Text><attribute name=unit type=xs:string>"
    )


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ("some text", "<appinfo>some text"),
        ({"a": {"b": [1, 2]}, "c": None}, "<appinfo><a><b>1<b>2<c>"),
        (etree.fromstring("<q><w/></q>"), "<appinfo><q><w>"),
    ],
)
def test_appinfo(info, text):
    """What is told to applications is a text, a dict or an element."""
    noted = type(ComplexModel)(
        "Noted", (ComplexModel,), {"__namespace__": "tns", "Annotations": type("Annotations", (), {"appinfo": info})}
    )
    (element,) = schemas_of(noted)["tns"].iter(f"{XS}appinfo")
    assert shown(element) == text


def test_map():
    """A dict is a sequence of entries, as the XML codec writes it."""

    class Svc(Service):
        @rpc
        def count(ctx, words: dict[str, int]) -> None:
            """Nothing."""

    schema = validation_schema(Application([Svc], "tns").interface)
    good = "<count xmlns='tns'><words><entry><key>a</key><value>1</value></entry></words></count>"
    assert schema.validate(etree.fromstring(good))
    assert not schema.validate(etree.fromstring(good.replace(">1<", ">x<")))


def test_recursive():
    """Types that contain each other are published once each."""

    class Node(ComplexModel):
        __namespace__ = "tns"
        _type_info = [("name", Unicode)]

    Node.append_field("children", Array(Node))
    Node.append_field("parent", Node)
    names = [element.get("name") for element in schemas_of(Node)["tns"].iter(f"{XS}complexType")]
    assert sorted(names) == ["Node", "NodeArray", "take", "takeResponse"]


def test_validation_across_namespaces():
    """Documents are checked also where a type of one namespace extends or holds one of another, and the other way round."""
    base = model("Base", "urn:base", n=Integer)
    derived = model("Derived", "urn:derived", base=base, s=Unicode(max_len=2))
    alone = model("Alone", "urn:alone", x=Integer)
    schema = validation_schema(interface_of(derived, Array(base), classes=[alone]))
    text = (
        "<take xmlns='tns'><a0><n xmlns='urn:base'>1</n><s xmlns='urn:derived'>{}</s></a0>"
        "<a1><Base xmlns='urn:base'><n>2</n></Base></a1></take>"
    )
    assert schema.validate(etree.fromstring(text.format("ok")))
    assert not schema.validate(etree.fromstring(text.format("long")))
    assert schema.validate(etree.fromstring("<Alone xmlns='urn:alone'><x>1</x></Alone>"))


def test_namespaces_that_need_each_other():
    """Two namespaces may import each other."""
    inner = model("Inner", "urn:inner", texts=Array(Unicode))
    schema = validation_schema(interface_of(model("Outer", "urn:outer", inner=inner)))
    text = "<Inner xmlns='urn:inner'><texts><string xmlns='tns'>x</string></texts></Inner>"
    assert schema.validate(etree.fromstring(text))


def test_no_valid_schema():
    """A pattern that XSD does not know is refused when the validator is made, saying why."""
    with pytest.raises(DeclarationError, match=r"no valid XML Schema.*\(\?<="):
        validation_schema(interface_of(Unicode(pattern=r"(?<=a)b")))


def test_events():
    """Listeners of the document and of the application get the document."""
    interface = interface_of(Unicode)
    document = InterfaceDocuments(interface).xml_schema
    seen: list[AnyValue] = []
    document.event_manager.add_listener("xml_document_built", seen.append)
    interface.app.event_manager.add_listener("document_built", seen.append)
    document.build_interface_document()
    assert seen == [document, document]


def test_form():
    """Local elements may be unqualified, and nothing else."""
    document = XmlSchema(interface_of(Unicode), element_form_default="unqualified")
    document.build_interface_document()
    assert document.schema_dict["tns"].get("elementFormDefault") == "unqualified"
    with pytest.raises(DeclarationError, match="element_form_default"):
        XmlSchema(interface_of(Unicode), element_form_default="maybe")


def test_validation_schema_of_the_document():
    """The document compiles the validator for the form that it publishes."""
    document = XmlSchema(interface_of(Unicode), element_form_default="unqualified")
    document.build_validation_schema()
    assert document.validation_schema.validate(etree.fromstring("<t:take xmlns:t='tns'><a0>x</a0></t:take>"))
    assert not document.validation_schema.validate(etree.fromstring("<take xmlns='tns'><a0>x</a0></take>"))
