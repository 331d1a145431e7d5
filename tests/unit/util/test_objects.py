"""spyne.util.xml, spyne.util.dictdoc and spyne.util.simple: objects without a service, a service in one call."""

import pytest
from lxml import etree

from spyne import Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.codec._base import DecodeError
from spyne.util import dictdoc, simple, xml


class Animal(ComplexModel):
    __namespace__ = "urn:zoo"
    name = Unicode
    age = Integer
    sizes = Array(Integer)


class Bird(Animal):
    __namespace__ = "urn:zoo"
    song = Unicode


DAVE = Animal(name="Dave", age=3, sizes=[1, 2])
ELEMENT = (
    '<z:{0} xmlns:z="urn:zoo"><z:name>Dave</z:name><z:age>3</z:age>'
    "<z:sizes><integer>1</integer><integer>2</integer></z:sizes></z:{0}>"
)
PLAIN = "<Animal><name>Dave</name><age>3</age><sizes><integer>1</integer><integer>2</integer></sizes></Animal>"


def canonical(element):
    """An element without the accidents of prefixes."""
    text = element if isinstance(element, str) else etree.tostring(element, encoding="unicode")
    return etree.canonicalize(text, rewrite_prefixes=True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ELEMENT.format("Animal")),
        ({"root_tag_name": "pet"}, ELEMENT.format("pet")),
        ({"no_namespace": True}, PLAIN),
    ],
)
def test_object_as_xml(options, expected):
    """An object becomes an element of its type's name and namespace, unless told otherwise."""
    assert canonical(xml.get_object_as_xml(DAVE, **options)) == canonical(expected)


def test_xml_as_object():
    """An element becomes an object of the class, and what does not fit is refused with its place."""
    read = xml.get_xml_as_object(xml.get_object_as_xml(DAVE), Animal)

    assert read.as_dict() == DAVE.as_dict()
    with pytest.raises(DecodeError) as caught:
        xml.get_xml_as_object(etree.fromstring("<a><age>x</age></a>"), Animal)
    assert caught.value.where() == "age"


def test_polymorphic_xml():
    """A subclass is written as what it is and read back as such."""
    element = xml.get_object_as_xml_polymorphic(Bird(name="Ana", song="la"), Animal)

    read = xml.get_xml_as_object_polymorphic(element, Animal)

    assert (type(read), read.song) == (Bird, "la")


def test_schema_of_classes():
    """Classes have schema documents, and a schema that accepts what is written of them."""
    documents = xml.get_schema_documents([Animal])
    schema = xml.get_validation_schema([Animal])

    assert documents["tns"].get("targetNamespace") == "urn:zoo"
    assert schema.validate(xml.get_object_as_xml(Animal(name="Dave")))
    assert not schema.validate(etree.fromstring('<Animal xmlns="urn:zoo"><age>x</age></Animal>'))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"complex_as": dict}, b'{"name":"Dave","age":3,"sizes":[1,2]}'),
        ({}, b'["Dave",3,[1,2]]'),
    ],
)
def test_object_as_json(options, expected):
    """An object becomes a JSON list of its members, or an object."""
    assert dictdoc.get_object_as_json(DAVE, **options) == expected


def test_json_as_object():
    """JSON becomes an object of the class, and what does not fit is refused with its place."""
    assert dictdoc.json_loads('{"name": "Dave", "age": 3}', Animal).age == 3
    assert dictdoc.get_dict_as_object(dictdoc.get_object_as_dict(DAVE), Animal).as_dict() == DAVE.as_dict()
    with pytest.raises(DecodeError) as caught:
        dictdoc.json_loads('{"age": "x"}', Animal)
    assert caught.value.where() == "age"


def test_simple_dict():
    """Members at any depth are named by their path."""

    class Cage(ComplexModel):
        number = Integer
        animal = Animal

    assert dictdoc.get_object_as_simple_dict(Cage(number=1, animal=Animal(name="Dave"))) == {
        "number": 1,
        "animal.name": "Dave",
    }


def test_service_in_one_call():
    """wsgi_soap11_application makes a WSGI application of services."""

    class Zoo(Service):
        @rpc(_returns=Animal)
        def feed(ctx):
            return DAVE

    server = simple.wsgi_soap11_application([Zoo], "urn:zoo")

    assert list(server.app.interface.service_method_map) == ["{urn:zoo}feed"]
