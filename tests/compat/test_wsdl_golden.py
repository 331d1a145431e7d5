"""The WSDL of every golden service against what Spyne 2.14 published (tests/golden/README.md), and whether clients can read it."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import subprocess
import sys
from inspect import cleandoc
from pathlib import Path

import pytest
from lxml import etree

from spyne.interface.xml_schema import validation_schema

GOLDEN = Path(__file__).parent.parent / "golden"
MODULES = sorted(path.stem for path in (GOLDEN / "services").glob("*.py"))
URL = "http://localhost:8000/"
XSD = "http://www.w3.org/2001/XMLSchema"
PREFIXES = {
    "xs": XSD,
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
}
QNAMES = {"type", "base", "element", "message", "binding", "ref"}  # attributes that hold qualified names


# --- what differs on purpose: docs/why/differences-from-2.14.md says the same in prose -------------------------------------------


class Amendment:
    """One intended difference: how to change 2.14's document, or both, so that they agree; it must find something to change."""

    def __init__(self, reason, change, *, both=False):
        self.reason = reason
        self.change = change
        self.both = both


def find(root, path):
    """The elements at an XPath."""
    return root.xpath(path, namespaces=PREFIXES)


def drop(path):
    """Take the elements away."""

    def change(root):
        found = find(root, path)
        for element in found:
            element.getparent().remove(element)
        return found

    return change


def put(path, attribute, value):
    """Give the elements another attribute; value is a text or a function of the element."""

    def change(root):
        found = find(root, path)
        for element in found:
            element.set(attribute, value(element) if callable(value) else value)
        return found

    return change


def move(path, to):
    """Put the elements under another one."""

    def change(root):
        found = find(root, path)
        (parent,) = find(root, to)
        parent.extend(found)
        return found

    return change


def add(path, text):
    """Add an element given as XML, in which the document's prefixes are known."""

    def change(root):
        found = find(root, path)
        declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in root.nsmap.items())
        for element in found:
            element.extend(etree.fromstring(f"<x {declared}>{text}</x>"))
        return found

    return change


def each(*changes):
    """Several changes; each must find something."""

    def change(root):
        found = [one(root) for one in changes]
        return all(found)

    return change


def schema(namespace):
    """The XPath of a namespace's schema."""
    return f"//xs:schema[@targetNamespace='{namespace}']"


def simple(name, facets, base="xs:string"):
    """A simple type as XML."""
    return f'<xs:simpleType name="{name}"><xs:restriction base="{base}">{facets}</xs:restriction></xs:simpleType>'


IN_TNS = Amendment(
    "messages are declared in the target namespace, so they are referred to there; zeep, wsimport and others refuse 2.14's",
    put(
        "//soap:header[not(starts-with(@message,'tns:'))]",
        "message",
        lambda e: "tns:" + e.get("message").partition(":")[2],
    ),
)
UNUSED_TYPES = Amendment(
    "types called …ParentType that nothing refers to", drop("//xs:simpleType[contains(@name,'ParentType')]")
)
UNUSED_IMPORTS = Amendment(
    "imports of the target namespace that nothing needs, wherever a class has attributes",
    lambda root: drop(f"//xs:schema/xs:import[@namespace='{root.get('targetNamespace')}']")(root),
)
PATTERNS = Amendment(
    "patterns that are regular expressions of XSD and match in linear time, in place of Python's",
    drop("//xs:simpleType[starts-with(@name,'addr_ip') or @name='mediaTypeString' or @name='point3d']//xs:pattern"),
    both=True,
)
GEOMETRIES = ("Point", "Line", "Polygon", "MultiPoint", "MultiLine", "MultiPolygon")
OWN_NAME = {"MultiPoint": "multiPoint", "MultiLine": "multiLine", "MultiPolygon": "multipolygon"}


def unindent(root):
    """Take the source's indentation out of the documentation."""
    found = [each for each in find(root, "//wsdl:documentation") if each.text != cleandoc(each.text)]
    for each in found:
        each.text = cleandoc(each.text)
    return found


AMENDMENTS = {
    "documented": [Amendment("Python 3.13 unindents docstrings, so every version does", unindent)],
    "anys": [Amendment("XSD has no xs:Any", put("//xs:element[@type='xs:Any']", "type", "xs:anyType"))],
    "app_events": [IN_TNS],
    "attributes": [UNUSED_IMPORTS],
    "bare": [
        Amendment(
            "anonymous types of bare messages are named after the message alone, in the target namespace",
            each(
                drop("//xs:simpleType[contains(@name,'ParentType')]"),
                put("//xs:simpleType[@name='customized_customized_arg0Type']", "name", "customized_customizedType"),
                put("//xs:element[@name='customized']", "type", "tns:customized_customizedType"),
                put(
                    "//xs:element[@name='customizedResponse']", "type", "tns:customizedResponse_customizedResponseType"
                ),
                put("//xs:simpleType[@name='customizedResponse']", "name", "customizedResponse_customizedResponseType"),
                move("//xs:simpleType[@name='customizedResponse_customizedResponseType']", schema("golden.bare")),
                drop(schema("spyne.model.primitive.string")),
                drop("//xs:import[@namespace='spyne.model.primitive.string']"),
            ),
        )
    ],
    "customized_args": [UNUSED_TYPES],
    "customized_fields": [UNUSED_TYPES],
    "facets": [UNUSED_TYPES, PATTERNS],
    "header_single": [IN_TNS],
    "headers": [IN_TNS],
    "identifiers": [PATTERNS],
    "inheritance_ns": [
        Amendment(
            "the schema of a base type comes before those of the types that extend it",
            lambda root: [
                find(root, schema("urn:golden:wheels"))[0].addprevious(find(root, schema("urn:golden:base"))[0])
            ],
        )
    ],
    "mandatory": [
        Amendment(
            "the anonymous type of a member is named after the class it is in, also where a variant of the class exists",
            each(
                drop("//xs:simpleType[contains(@name,'ParentType')]"),
                put("//xs:simpleType[@name='MandatoryPerson_nickType']/xs:restriction", "base", "xs:string"),
                put("//xs:complexType[@name='Person']//xs:element[@name='nick']", "type", "s1:Person_nickType"),
                add(
                    schema("services.mandatory"),
                    simple("Person_nickType", '<xs:minLength value="1"/><xs:maxLength value="5"/>'),
                ),
            ),
        )
    ],
    "message_names": [
        Amendment(
            "a message in another namespace has its element there only, and is referred to where it is declared",
            each(
                drop(f"{schema('golden.message_names')}/xs:element[@name='Placed']"),
                drop("//xs:import[@namespace='urn:golden:out']"),
                put("//wsdl:output[@message='s0:Placed']", "message", "tns:Placed"),
            ),
        )
    ],
    "mixins": [
        Amendment(
            "the anonymous type of a mixin's member is named after each class that mixes it in",
            each(
                put("//xs:complexType[@name='Child']//xs:element[@name='by']", "type", "s0:Child_byType"),
                add(schema("services.mixins"), simple("Child_byType", '<xs:maxLength value="8"/>')),
            ),
        )
    ],
    "named_types": [
        Amendment(
            "items of an array have the named type itself, not a nameless copy of it",
            each(
                put("//xs:element[@name='CodeType']", "type", "s1:CodeType"),
                put("//xs:complexType//xs:element[@name='Level']", "type", "s0:Level"),
                drop("//xs:simpleType[contains(@name,'Array_')]"),
            ),
        ),
        Amendment(
            "the namespace given to a simple type is where it is",
            each(
                lambda root: [
                    find(root, schema("services.named_types"))[0].addprevious(
                        etree.Element(
                            f"{{{XSD}}}schema",
                            {"targetNamespace": "urn:golden:types", "elementFormDefault": "qualified"},
                        )
                    )
                ],
                move("//xs:simpleType[@name='QtyType']", schema("urn:golden:types")),
                put("//xs:element[@name='qty']", "type", "{urn:golden:types}QtyType"),
                add(
                    f"{schema('golden.named_types')}|{schema('services.named_types')}",
                    '<xs:import namespace="urn:golden:types"/>',
                ),
            ),
        ),
    ],
    "port_types": [
        Amendment(
            "each port type has the operations of its own binding, in place of all being in the last",
            move("//wsdl:portType[@name='Writers']/wsdl:operation[@name='read']", "//wsdl:portType[@name='Readers']"),
        )
    ],
    "spatial": [
        Amendment(
            "geometries without a number of dimensions are named types over xs:string; XSD has no xs:Point",
            each(
                put(
                    "//xs:element[" + " or ".join(f"@type='xs:{name}'" for name in GEOMETRIES) + "]",
                    "type",
                    lambda e: "s0:" + OWN_NAME.get(e.get("type")[3:], e.get("type")[3:].lower()),
                ),
                add(
                    schema("http://spyne.io/schema"),
                    "".join(simple(OWN_NAME.get(name, name.lower()), "") for name in GEOMETRIES),
                ),
            ),
        ),
        PATTERNS,
    ],
    "sub_names": [
        UNUSED_IMPORTS,
        Amendment(
            "attributes are published by the name they travel by",
            put("//xs:attribute[@name='attr']", "name", "the-attr"),
        ),
    ],
    "values_out": [
        Amendment(
            "items of an array have the named type itself, not a nameless copy of it",
            each(
                put("//xs:element[@type='s0:UuidList_vType']", "type", "s0:uuid"),
                drop("//xs:simpleType[@name='UuidList_vType']"),
            ),
        )
    ],
}
OTHER_PREFIXES = {"bare", "named_types"}  # their namespaces are not the same ones


# --- reading and comparing ---------------------------------------------------------------------------------------------------------


def load(name):
    """A golden service module, executed under the name that its classes' namespaces come from."""
    spec = importlib.util.spec_from_file_location(f"services.{name}", GOLDEN / "services" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def application(name):
    """The application of a golden service, as if behind HTTP."""
    app = load(name).build()
    app.transport = "http://schemas.xmlsoap.org/soap/http"
    return app


def wsdl(name):
    """Our document of a golden service."""
    return application(name).interface.docs.wsdl11.document_for(URL)


def parse(data):
    """A document without the white space between elements."""
    return etree.fromstring(data, etree.XMLParser(remove_blank_text=True, remove_comments=True))


def resolved(element, value):
    """A qualified name with its namespace in place of the prefix."""
    prefix, colon, name = value.partition(":")
    if not colon or value.startswith("{"):
        return value
    return f"{{{element.nsmap[prefix]}}}{name}"


def lines(element, depth=0):
    """The document as text with prefixes resolved and attributes sorted; the order of children counts, but for a schema's."""
    attributes = " ".join(
        f"{name}={resolved(element, value) if name in QNAMES else value!r}"
        for name, value in sorted(element.attrib.items())
    )
    children = [lines(child, depth + 1) for child in element]
    if element.tag == f"{{{XSD}}}schema":
        children.sort()
    text = (element.text or "") if (element.text or "").strip() else ""
    first = f"{'  ' * depth}{element.tag} {attributes} {text!r}"
    return [first, *(line for child in children for line in child)]


@pytest.mark.parametrize("name", MODULES)
def test_same_as_before(name):
    """Our WSDL is 2.14's, by namespaces and not prefixes, but for the differences that are in the table, each of which is there."""
    ours, golden = parse(wsdl(name)), parse((GOLDEN / "wsdl" / f"{name}.wsdl").read_bytes())
    for amendment in AMENDMENTS.get(name, ()):
        assert amendment.change(golden), f"no longer different: {amendment.reason}"
        if amendment.both:
            assert amendment.change(ours)
    assert lines(ours) == lines(golden)


@pytest.mark.parametrize("name", [name for name in MODULES if name not in OTHER_PREFIXES])
def test_same_prefixes(name):
    """The prefixes on the root, which some clients' XPath relies on, are 2.14's, in the same order."""
    golden = etree.parse(GOLDEN / "wsdl" / f"{name}.wsdl").getroot()
    assert list(parse(wsdl(name)).nsmap.items()) == list(golden.nsmap.items())


@pytest.mark.parametrize("name", MODULES)
def test_zeep_reads_it(name):
    """Zeep parses the document strictly, and knows the signature of every operation."""
    zeep = pytest.importorskip("zeep")
    client = zeep.Client(io.BytesIO(wsdl(name)), settings=zeep.Settings(strict=True))
    for service in client.wsdl.services.values():
        for port in service.ports.values():
            for operation in port.binding.all().values():
                assert operation.input.signature() is not None
                assert operation.output.signature() is not None


@pytest.mark.filterwarnings("default::DeprecationWarning")
@pytest.mark.parametrize("name", MODULES)
def test_suds_reads_it(name):
    """Suds parses the document and finds every method."""
    suds = pytest.importorskip("suds.client")
    from suds.store import DocumentStore

    document = wsdl(name)
    client = suds.Client("suds://service.wsdl", documentStore=DocumentStore({"service.wsdl": document}), cache=None)
    found = {method for definition in client.sd for _port, methods in definition.ports for method, _ in methods}
    assert found == set(parse(document).xpath("//wsdl:binding/wsdl:operation/@name", namespaces=PREFIXES))


@pytest.mark.parametrize("name", MODULES)
def test_schemas_are_valid(name):
    """libxml2 and the xmlschema package accept the types, across namespaces."""
    xmlschema = pytest.importorskip("xmlschema")
    app = application(name)
    validation_schema(app.interface)
    app.interface.docs.xml_schema.build_interface_document()
    schemas = app.interface.docs.xml_schema.get_interface_document()
    xmlschema.XMLSchema10([etree.tostring(schemas[prefix]).decode() for prefix in schemas])


PRINT_DIGESTS = """
import hashlib, importlib.util, sys
spec = importlib.util.spec_from_file_location("golden", sys.argv[1])
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)
print(golden.digest())
"""


def digest():
    """One number for all documents, byte by byte."""
    whole = hashlib.sha256()
    for name in MODULES:
        whole.update(wsdl(name))
    return whole.hexdigest()


def test_same_bytes_everywhere():
    """Neither the hash seed nor a second build changes a byte."""
    printed = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        run = subprocess.run(
            [sys.executable, "-c", PRINT_DIGESTS, __file__], env=environment, capture_output=True, text=True, check=True
        )
        printed.add(run.stdout.strip())
    assert printed == {digest()}
