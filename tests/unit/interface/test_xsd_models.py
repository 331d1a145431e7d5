"""Content models of types: xs:all, xs:choice, and attributes of other namespaces, published, validated, read and written."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from lxml import etree
from tests.protocol.test_xml_options import post

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, XmlAttribute, rpc
from spyne.const.xml import NS_XML, NS_XSD
from spyne.interface.wsdl import Wsdl11
from spyne.interface.xml_schema import XmlSchema
from spyne.model.primitive import AnyXml
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication

TNS = "urn:models"
XS = {"xs": NS_XSD}


def app_of(tp: Any, protocol: Any = XmlDocument, **options: Any) -> Application:
    """An application that echoes the type."""

    class Echo(Service):
        @rpc(tp, _returns=tp)
        def echo(ctx, value):
            return value

    return Application([Echo], TNS, in_protocol=protocol(**options), out_protocol=protocol())


def schema_of(app: Application, namespace: str = TNS) -> Any:
    document = XmlSchema(app.interface)
    document.build_interface_document()
    return next(each for each in document.get_interface_document().values() if each.get("targetNamespace") == namespace)


def echo(tp: Any, contents: str, validator: Any, attributes: str = "") -> tuple[int, bytes]:
    app = WsgiApplication(app_of(tp, validator=validator))
    text = f'<echo xmlns="{TNS}"><value {attributes}>{contents}</value></echo>'
    status, _, body = post(app, "xml", text)
    return status, body


# --- xs:all --------------------------------------------------------------------------------------------------------------------


class Free(ComplexModel):
    """Members in any order."""

    __namespace__ = TNS
    a = Integer
    b = Unicode(min_occurs=1)
    c = Array(Integer)
    mark = XmlAttribute(Unicode)

    class Attributes(ComplexModel.Attributes):
        xsd_model = "all"


def test_all_is_published():
    """The type has an xs:all with its elements, and its attributes beside it."""
    schema = schema_of(app_of(Free))
    (model,) = schema.xpath("xs:complexType[@name='Free']/xs:all", namespaces=XS)
    assert [(each.get("name"), each.get("minOccurs"), each.get("maxOccurs")) for each in model] == [
        ("a", "0", None),
        ("b", None, None),
        ("c", "0", None),
    ]
    assert schema.xpath("xs:complexType[@name='Free']/xs:attribute/@name", namespaces=XS) == ["mark"]


@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_all_is_read_in_any_order(validator):
    """Every order of the members is taken by every validator and means the same."""
    parts = ("<a>1</a>", "<b>x</b>", "<c><integer>2</integer></c>")
    answers = {echo(Free, "".join(order), validator) for order in permutations(parts)}
    assert len(answers) == 1
    ((status, body),) = answers
    assert status == 200
    assert [each.tag.rpartition("}")[2] for each in etree.fromstring(body)[0]] == ["a", "b", "c"]


@pytest.mark.parametrize("validator", ["soft", "lxml"])
@pytest.mark.parametrize("contents", ["<a>1</a>", "<b>x</b><b>y</b>"])
def test_all_counts(validator, contents):
    """A required member must be there, and none twice."""
    assert echo(Free, contents, validator)[0] == 400


def declare(**members: Any) -> Any:
    """A class with these members and xsd_model='all'."""
    body = {
        "__namespace__": TNS,
        "__module__": __name__,
        "Attributes": type("Attributes", (ComplexModel.Attributes,), {"xsd_model": "all"}),
        **members,
    }
    return type(ComplexModel)("Declared", (ComplexModel,), body)


def declare_child(base_model: str, child_model: str) -> Any:
    """A class that extends another."""
    base = declare(a=Integer) if base_model == "all" else declare_plain()
    attributes = type("Attributes", (ComplexModel.Attributes,), {"xsd_model": child_model})
    body = {"__namespace__": TNS, "__module__": __name__, "d": Integer, "Attributes": attributes}
    return type(ComplexModel)("Child", (base,), body)


def declare_plain() -> Any:
    """A class with one member."""
    return type(ComplexModel)("Plain", (ComplexModel,), {"__namespace__": TNS, "__module__": __name__, "a": Integer})


WRONG = {
    "repeated": (lambda: declare(a=Integer(max_occurs=2)), "a: xsd_model='all' allows no repeated member; write Array"),
    "unbounded": (lambda: declare(a=Integer(max_occurs="unbounded")), "no repeated member"),
    "twice": (lambda: declare(a=Array(Integer, min_occurs=2)), "min_occurs=0 or 1"),
    "choice": (lambda: declare(a=Integer(xml_choice_group="g")), "no xml_choice_group"),
    "any": (lambda: declare(a=AnyXml(schema_tag=f"{{{NS_XSD}}}any")), "no xs:any"),
    "extended": (lambda: declare_child("all", "sequence"), "Child: extends Declared"),
    "extends": (lambda: declare_child("sequence", "all"), "Child: extends Plain"),
    "unknown": (lambda: declare_child("sequence", "any"), "xsd_model is 'sequence' or 'all', not 'any'"),
    "customized": (
        lambda: declare_plain().customize(xsd_model="all"),
        "one xsd_model; set it in the class's Attributes",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_all_has_limits(case):
    """What XSD has no xs:all for is refused when the application is built, with the fix."""
    make, message = WRONG[case]
    with pytest.raises(DeclarationError, match=message):
        app_of(make())


def test_all_in_a_document_of_another_protocol():
    """An application without XML meets the limits where its schema is made."""
    app = app_of(declare(a=Integer(max_occurs=2)), JsonDocument)
    with pytest.raises(DeclarationError, match="no repeated member"):
        schema_of(app)


def test_all_may_be_extended_by_attributes():
    """A subclass without elements of its own is published as an extension, and validates."""

    class Marked(Free):
        __namespace__ = TNS
        second = XmlAttribute(Unicode)

    app_of(Marked, validator="lxml")
    assert echo(Marked, "<b>x</b><a>1</a>", "lxml", 'second="s"')[0] == 200


# --- xs:choice -----------------------------------------------------------------------------------------------------------------


class Payment(ComplexModel):
    """One of two ways to pay, and one of two or no gift."""

    __namespace__ = TNS
    total = Integer
    card = Unicode(xml_choice_group="way", min_occurs=1)
    cash = Unicode(xml_choice_group="way", min_occurs=1)
    ribbon = Unicode(xml_choice_group="gift")
    box = Unicode(xml_choice_group="gift")


CHOICES = [
    ("<card>1</card>", ""),
    ("<total>1</total><cash>1</cash><box>b</box>", ""),
    ("<card>1</card><cash>1</cash>", "value/cash: is one too many: only one may be given of card, cash"),
    ("<total>1</total>", "value: one of card, cash is required"),
    ("<card>1</card><box>1</box><ribbon>1</ribbon>", "only one may be given of ribbon, box"),
    ("<card>1</card><card>1</card>", "value/card: occurs 2 time(s), max_occurs=1"),
]


@pytest.mark.parametrize(("contents", "rule"), CHOICES)
def test_choice(contents, rule):
    """One member of a group may be given, and must where all of it are required; the error lists the group."""
    assert echo(Payment, contents, None)[0] == 200
    status, body = echo(Payment, contents, "soft")
    assert status == (400 if rule else 200)
    if rule:
        assert rule in etree.fromstring(body).findtext("faultstring")
    assert echo(Payment, contents, "lxml")[0] == (400 if rule else 200)


def test_choice_is_written_as_given():
    """Two members of a group that user code set are both written."""

    class Both(Service):
        @rpc(_returns=Payment)
        def both(ctx):
            return Payment(card="1", cash="2")

    app = Application([Both], TNS, in_protocol=Soap11(), out_protocol=Soap11())
    _, _, body = post(WsgiApplication(app), "soap", f'<both xmlns="{TNS}"/>')
    assert b"card>1<" in body
    assert b"cash>2<" in body


# --- attributes of other namespaces --------------------------------------------------------------------------------------------


class Linked(ComplexModel):
    """Attributes in three namespaces and in none."""

    __namespace__ = TNS
    text = Unicode
    href = XmlAttribute(Unicode(max_len=9), ns="urn:link", use="required")
    lang = XmlAttribute(Unicode, ns=NS_XML)
    own = XmlAttribute(Integer, ns=TNS)
    plain = XmlAttribute(Integer)


LINKED = f'xmlns:l="urn:link" xmlns:m="{TNS}" l:href="x" xml:lang="tr" m:own="1" plain="2"'


@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_qualified_attributes(validator):
    """They are read, checked and written with their namespaces."""
    status, body = echo(Linked, "<text>t</text>", validator, LINKED)
    assert status == 200, body
    assert dict(etree.fromstring(body)[0].attrib) == {
        "{urn:link}href": "x",
        f"{{{NS_XML}}}lang": "tr",
        f"{{{TNS}}}own": "1",
        "plain": "2",
    }
    assert b"xmlns:xml=" not in body
    if validator is not None:
        assert echo(Linked, "", validator, 'xmlns:l="urn:link" l:href="0123456789"')[0] == 400
        assert echo(Linked, "", validator)[0] == 400


@pytest.mark.parametrize("validator", [None, "soft"])
def test_qualified_attributes_without_their_namespace(validator):
    """Clients of the schema that Spyne 2 published send them without a namespace."""
    status, body = echo(Linked, "", validator, 'href="x" lang="tr"')
    assert status == 200
    assert etree.fromstring(body)[0].get("{urn:link}href") == "x"


def test_qualified_attributes_are_published():
    """A type refers to a declaration in the attribute's own namespace, in the WSDL too."""
    app = app_of(Linked, Soap11)
    document = Wsdl11(app.interface)
    document.build_interface_document("http://localhost/")
    root = etree.fromstring(document.get_interface_document())
    refs = root.xpath("//xs:complexType[@name='Linked']/xs:attribute[@ref]", namespaces=XS)
    for ref, name in zip(refs, (("urn:link", "href"), (NS_XML, "lang"), (TNS, "own")), strict=True):
        prefix, _, local = ref.get("ref").partition(":")
        namespace = NS_XML if prefix == "xml" else ref.nsmap[prefix]
        assert (namespace, local) == name
        assert root.xpath(f"//xs:schema[@targetNamespace='{name[0]}']/xs:attribute[@name='{name[1]}']", namespaces=XS)
    assert refs[0].get("use") == "required"


def test_one_attribute_has_one_type():
    """One qualified name with two types is refused, since a schema declares it once."""

    class Other(ComplexModel):
        __namespace__ = TNS
        linked = Linked
        href = XmlAttribute(Integer, ns="urn:link")

    with pytest.raises(DeclarationError, match=r"attribute \{urn:link\}href is declared with two types"):
        schema_of(app_of(Other))
