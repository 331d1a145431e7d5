"""The bindings of a WSDL document: one for each version of SOAP that is served, in one style."""

from __future__ import annotations

from io import BytesIO

import pytest
from lxml import etree

from spyne import Application, Fault, Service, Unicode, rpc
from spyne.interface.wsdl import Wsdl11
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument

NAMES = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap11": "http://schemas.xmlsoap.org/wsdl/soap/",
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
}


class Broken(Fault):
    __namespace__ = "urn:t"


class First(Service):
    @rpc(Unicode, _returns=Unicode, _throws=Broken)
    def one(ctx, value):
        return value

    @rpc(Unicode, _one_way=True, _throws=Broken)
    def tell(ctx, value):
        pass


class Second(Service):
    @rpc
    def two(ctx):
        pass


class Ported(Service):
    __port_types__ = ("Main", "MainSoap12")

    @rpc(_port_type="Main")
    def main(ctx):
        pass

    @rpc(_port_type="MainSoap12")
    def other(ctx):
        pass


def read(services, *protocols, **options):
    """The document of an application that reads these protocols."""
    app = Application(services, "urn:t", name="App", in_protocol=list(protocols))
    return etree.fromstring(Wsdl11(app.interface, **options).document_for("http://host/"))


def find(root, path):
    """What an XPath finds."""
    return root.xpath(path, namespaces=NAMES)


def bindings(root):
    """Binding to port type and the version of SOAP."""
    return {
        each.get("name"): (
            each.get("type"),
            [etree.QName(each[0]).namespace == NAMES["soap12"], etree.QName(each[0]).localname],
        )
        for each in find(root, "//wsdl:binding")
    }


OLD, NEW = [False, "binding"], [True, "binding"]
SERVED = {
    "1.1": ([Soap11], {"App": ("tns:App", OLD)}),
    "1.2": ([Soap12], {"App": ("tns:App", NEW)}),
    "both": ([Soap11, Soap12], {"App": ("tns:App", OLD), "AppSoap12": ("tns:App", NEW)}),
    "both, the newer first": ([Soap12, Soap11], {"App": ("tns:App", OLD), "AppSoap12": ("tns:App", NEW)}),
    "beside JSON": ([JsonDocument, Soap12], {"App": ("tns:App", NEW)}),
    "both beside JSON": ([JsonDocument, Soap12, Soap11], {"App": ("tns:App", OLD), "AppSoap12": ("tns:App", NEW)}),
    "no SOAP": ([JsonDocument, XmlDocument], {"App": ("tns:App", OLD)}),
}


@pytest.mark.parametrize(("protocols", "expected"), SERVED.values(), ids=SERVED)
def test_a_binding_for_each_version(protocols, expected):
    """The port type is there once; SOAP 1.1 has the names of 2.14, and 1.2 has them where it is alone."""
    root = read([First], *(protocol() for protocol in protocols))
    assert bindings(root) == expected
    assert len(find(root, "//wsdl:portType")) == 1
    ports = {each.get("name"): each.get("binding") for each in find(root, "//wsdl:port")}
    assert ports == {name: f"tns:{name}" for name in expected}
    for name in expected:
        (port,) = find(root, f"//wsdl:port[@name='{name}']")
        prefix = "soap12" if expected[name][1] is NEW else "soap11"
        assert find(port, f"{prefix}:address/@location") == ["http://host/"]


def test_every_operation_in_each():
    """Each binding has all operations with their actions, bodies and faults, in its own namespace."""
    root = read([First], Soap11(), Soap12())
    for binding, prefix in (("App", "soap11"), ("AppSoap12", "soap12")):
        base = f"//wsdl:binding[@name='{binding}']/wsdl:operation"
        assert find(root, f"{base}/@name") == ["one", "tell"]
        assert find(root, f"{base}/{prefix}:operation/@soapAction") == ["one", "tell"]
        assert find(root, f"{base}/wsdl:input/{prefix}:body/@use") == ["literal"] * 2
        assert find(root, f"{base}/wsdl:output/{prefix}:body/@use") == ["literal"]
        assert find(root, f"{base}/wsdl:fault/{prefix}:fault/@name") == ["Broken"]


def test_one_way_operations():
    """They have an input and nothing else (WSDL 1.1 §2.4.1)."""
    root = read([First], Soap11())
    for each in find(root, "//wsdl:operation[@name='tell']"):
        assert [etree.QName(child).localname for child in each if etree.QName(child).namespace == NAMES["wsdl"]] == [
            "input"
        ]
    assert find(root, "//wsdl:message/@name") == ["one", "oneResponse", "Broken", "tell"]


def test_ports_of_several_services():
    """Each service has both ports; unique names are made where they are asked for."""
    root = read([First, Second], Soap11(), Soap12())
    assert find(root, "//wsdl:port/@name") == ["App", "AppSoap12"] * 2
    root = read([First, Second], Soap11(), Soap12(), unique_port_names=True)
    assert find(root, "//wsdl:port/@name") == ["App", "AppSoap12", "App_Second", "AppSoap12_Second"]


def test_names_that_are_taken():
    """A binding steps aside for a port type that has its name."""
    root = read([Ported], Soap11(), Soap12())
    assert sorted(bindings(root)) == ["Main", "MainSoap12", "MainSoap12Soap12", "MainSoap12_"]
    assert bindings(root)["MainSoap12_"] == ("tns:Main", NEW)


@pytest.mark.parametrize("style", ["document", "rpc"])
def test_zeep_reads_it(style):
    """Strictly, with the signatures of every operation in every port."""
    zeep = pytest.importorskip("zeep")
    app = Application([First, Second], "urn:t", in_protocol=[Soap11(style=style), Soap12(style=style)])
    app.transport = "http://schemas.xmlsoap.org/soap/http"
    document = Wsdl11(app.interface).document_for("http://host/")
    client = zeep.Client(BytesIO(document), settings=zeep.Settings(strict=True))
    for service in client.wsdl.services.values():
        assert len(service.ports) == 2
        for port in service.ports.values():
            assert {*port.binding.all()} == {"one", "tell", "two"}


@pytest.mark.filterwarnings("default::DeprecationWarning")
@pytest.mark.parametrize("style", ["document", "rpc"])
def test_suds_reads_it(style):
    """Suds finds every method."""
    suds = pytest.importorskip("suds.client")
    from suds.store import DocumentStore

    app = Application([First, Second], "urn:t", in_protocol=[Soap11(style=style), Soap12(style=style)])
    app.transport = "http://schemas.xmlsoap.org/soap/http"
    document = Wsdl11(app.interface).document_for("http://host/")
    client = suds.Client("suds://service.wsdl", documentStore=DocumentStore({"service.wsdl": document}), cache=None)
    found = {method for definition in client.sd for _port, methods in definition.ports for method, _ in methods}
    assert found == {"one", "tell", "two"}
