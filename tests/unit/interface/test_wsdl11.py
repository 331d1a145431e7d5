from __future__ import annotations

import pytest
from lxml import etree

from spyne import Application, ComplexModel, Service, Unicode, rpc
from spyne.interface import InterfaceDocuments
from spyne.interface.wsdl import Wsdl11
from spyne.protocol import ProtocolBase
from spyne.schema import DeclarationError

NAMES = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "http": "http://schemas.xmlsoap.org/wsdl/http/",
}


class Header(ComplexModel):
    """In a namespace of its own."""

    __namespace__ = "urn:header"
    user = Unicode


class First(Service):
    """One method."""

    @rpc(Unicode, _returns=Unicode, _in_header=(Header,))
    def one(ctx, value):
        """Says one."""


class Second(Service):
    """Another one."""

    @rpc(_returns=Unicode)
    def two(ctx):
        """Says two."""


def protocol(*tags):
    """A protocol with those tags."""
    return type("Tagged", (ProtocolBase,), {"type": frozenset(tags)})()


def application(*services, tags=("soap", "soap11"), **options):
    """An application whose incoming protocol has those tags."""
    return Application(services or (First,), "tns", name="App", in_protocol=protocol(*tags), **options)


def wsdl(app=None, **options):
    """A document."""
    return Wsdl11((app or application()).interface, **options)


def read(document, url="http://host/"):
    """The document as elements."""
    return etree.fromstring(document.document_for(url))


def locations(data):
    """The addresses in a document."""
    return etree.fromstring(data).xpath("//wsdl:port/*/@location", namespaces=NAMES)


def test_build_and_get():
    """The document is there once it was built, and from then on has that address for everybody."""
    document = wsdl()
    assert document.get_interface_document() is None
    document.build_interface_document("http://fixed/")
    data = document.get_interface_document()
    assert data.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<wsdl:definitions ")
    assert locations(data) == ["http://fixed/"]
    assert document.document_for("http://other/") is data


def test_each_address():
    """Everybody gets the address he asked, escaped, out of one build; the first one does not stick."""
    document = wsdl(application(First, Second))
    built = []
    document.event_manager.add_listener("wsdl_document_built", built.append)
    for url in ("http://a/", 'http://b/?x=1&y="<', "http://a/"):
        assert locations(document.document_for(url)) == [url, url]
    assert document.document_for("http://a/") is document.document_for("http://a/")
    assert built == [document]
    assert document.get_interface_document() is None


def test_addresses_are_bounded():
    """Asking with ever other host names does not fill the memory."""
    document = wsdl()
    for index in range(100):
        document.document_for(f"http://host{index}/")
    assert len(document._by_address) == 16


def test_public_url():
    """The address that the application is known by goes before the one that the request came to."""
    document = wsdl(application(public_url="https://public/"))
    assert locations(document.document_for("http://inner/")) == ["https://public/"]
    document.build_interface_document()
    assert locations(document.get_interface_document()) == ["https://public/"]


def test_listeners_may_change_it():
    """What a listener does to the tree is in what clients get; events come in 2.14's order."""
    document, app = None, application()
    document = wsdl(app)
    seen = []
    for name in ("document_built", "xml_document_built", "wsdl_document_built"):
        document.event_manager.add_listener(name, lambda it, name=name: seen.append(name))
    document.event_manager.add_listener("wsdl_document_built", lambda it: it.root_elt.set("name", "Changed"))
    assert read(document).get("name") == "Changed"
    assert seen == ["document_built", "xml_document_built", "document_built", "wsdl_document_built"]


@pytest.mark.parametrize(
    ("tags", "prefix"),
    [
        (("soap", "soap11"), "soap"),
        (("soap", "soap12"), "soap12"),
        (("json",), "soap"),
        ((), "soap"),
        (("http",), "http"),
    ],
)
def test_binding(tags, prefix):
    """What the incoming protocol says of itself decides on the binding."""
    root = read(wsdl(application(tags=tags)))
    for path in ("wsdl:binding", "wsdl:binding/wsdl:operation"):
        last = path.rpartition(":")[2]
        assert root.xpath(f"{path}/{prefix}:{last}", namespaces=NAMES)
    assert root.xpath(f"wsdl:service/wsdl:port/{prefix}:address", namespaces=NAMES)


def test_header_message():
    """The binding refers to the header's message where it is declared, in the target namespace."""
    root = read(wsdl())
    (header,) = root.xpath("//soap:header", namespaces=NAMES)
    assert (header.get("message"), header.get("part")) == ("tns:Header", "Header")
    (part,) = root.xpath("wsdl:message[@name='Header']/wsdl:part", namespaces=NAMES)
    assert part.get("element") == "s0:Header"


def test_part_name():
    """Body parts are named after their elements, or as clients made with .NET want, or as a method says."""

    class Named(Service):
        @rpc(_wsdl_part_name="mine")
        def three(ctx):
            """Nothing."""

    names = "//wsdl:part/@name"
    app = application(Second, Named)
    assert read(wsdl(app)).xpath(names, namespaces=NAMES) == ["two", "twoResponse", "mine", "mine"]
    asked = read(wsdl(app, part_name="parameters"))
    assert asked.xpath(names, namespaces=NAMES) == ["parameters", "parameters", "mine", "mine"]


def test_port_names():
    """Ports are named after the application, as clients know them, or each by a name of its own."""
    app = application(First, Second)
    names = "//wsdl:port/@name"
    assert read(wsdl(app)).xpath(names, namespaces=NAMES) == ["App", "App"]
    assert read(wsdl(app, unique_port_names=True)).xpath(names, namespaces=NAMES) == ["App", "App_Second"]


def test_unknown_port_type():
    """A method that wants a port type which its service does not name is a mistake of the declaration."""

    class Ports(Service):
        __port_types__ = ("Known",)

        @rpc(_port_type="Other")
        def method(ctx):
            """Nothing."""

    with pytest.raises(DeclarationError, match="Other"):
        read(wsdl(application(Ports)))


def test_message_names():
    """Two messages of one name in different namespaces get different names; their elements keep theirs."""

    class Twins(Service):
        @rpc(_in_message_name="{urn:a}Same")
        def a(ctx):
            """Nothing."""

        @rpc(_in_message_name="{urn:b}Same")
        def b(ctx):
            """Nothing."""

    root = read(wsdl(application(Twins)))
    assert root.xpath("//wsdl:portType//wsdl:input/@message", namespaces=NAMES) == ["tns:Same", "tns:Same2"]
    assert root.xpath("//wsdl:part[starts-with(@name,'Same')]/@element", namespaces=NAMES) == ["s0:Same", "s1:Same"]


def test_stylesheet():
    """A stylesheet is named before the document, once."""
    document = wsdl(xsl_href="a&b.xsl")
    for _ in range(2):
        document.build_interface_document("http://host/")
        assert document.get_interface_document().count(b'<?xml-stylesheet type="text/xsl" href="a&amp;b.xsl"?>') == 1


def test_container():
    """An application makes its documents once, with the container it was given."""

    class Documents(InterfaceDocuments):
        def __init__(self, interface):
            super().__init__(interface)
            self.wsdl11 = Wsdl11(interface, element_form_default="unqualified")

    docs = application(documents_container=Documents).interface.docs
    assert docs.wsdl11.element_form_default == "unqualified"
    assert docs.xml_schema is docs.xml_schema
    plain = application().interface
    assert plain.docs is plain.docs
    assert plain.docs.wsdl11 is plain.docs.wsdl11
