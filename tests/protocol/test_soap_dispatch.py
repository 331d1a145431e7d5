"""Which method a SOAP request is for: the Body, SOAPAction where that is not enough, and one-way calls."""

from __future__ import annotations

import pytest
from lxml import etree
from tests.protocol.soaps import CONTENT_TYPE, TNS, VERSIONS, endpoint, envelope, post

from spyne import (
    Application,
    ComplexModel,
    Fault,
    Integer,
    NullServer,
    Service,
    Unicode,
    rpc,
)
from spyne.client import ResponseError
from spyne.client.http import HttpClient
from spyne.error import MethodAlreadyExistsError
from spyne.interface.wsdl import Wsdl11
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.soap._base import action_parameter
from spyne.protocol.xml import XmlDocument
from spyne.server.wsgi import WsgiApplication


class Order(ComplexModel):
    __namespace__ = TNS
    number = Integer


CALLS = []


class Shop(Service):
    @rpc(Order, _returns=Unicode, _body_style="bare", _in_message_name="Order")
    def place(ctx, order):
        return f"placed {order.number}"

    @rpc(Order, _returns=Unicode, _body_style="bare", _in_message_name="Order")
    def cancel(ctx, order):
        return f"cancelled {order.number}"

    @rpc(_returns=Unicode, _body_style="bare")
    def status(ctx):
        return "open"

    @rpc(Unicode, _returns=Unicode, _body_style="bare")
    def find(ctx, text):
        return text

    @rpc(_returns=Unicode)
    def wrapped(ctx):
        return "wrapped"

    @rpc(Unicode, _returns=Unicode)
    def größe(ctx, text):
        return text

    @rpc(Unicode, _one_way=True)
    def notify(ctx, text):
        CALLS.append(text)
        if text == "fail":
            raise Fault("Client.Some", "not that")
        if text == "crash":
            raise RuntimeError("a secret")


@pytest.fixture(autouse=True)
def _fresh():
    CALLS.clear()


def named(version, action):
    """The headers that name an action; None: none."""
    if action is None:
        return {}
    if version == "1.1":
        return {"HTTP_SOAPACTION": action}
    return {"CONTENT_TYPE": f"{CONTENT_TYPE['1.2']}; action={action}"}


ORDER = "<t:Order><t:number>7</t:number></t:Order>"
SHARED = {
    '"place"': "placed 7",
    "cancel": "cancelled 7",
    '"cancel"': "cancelled 7",
    '"find"': None,
    '""': None,
    '"Order"': None,
    '"__init__"': None,
    None: None,
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("action", SHARED)
def test_bare_methods_that_share_an_element(version, action):
    """The action says which of them is meant; without it the fault lists them."""
    answer = post(endpoint([Shop]), version, envelope(version, ORDER), **named(version, action))
    if SHARED[action] is not None:
        assert answer.body.text == SHARED[action]
    else:
        assert answer.code == "Client.SoapError"
        assert "place, cancel" in answer.text


EMPTY = {
    '"status"': "open",
    "status": "open",
    '"wrapped"': None,
    '"find"': None,
    '"nope"': None,
    '""': None,
    None: None,
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("action", EMPTY)
@pytest.mark.parametrize("content", ["", " \n", "<!-- nothing -->"])
def test_an_empty_body(version, action, content):
    """It calls a bare method without argument, if the action names one."""
    answer = post(endpoint([Shop]), version, envelope(version, content), **named(version, action))
    if EMPTY[action] is not None:
        assert (answer.status, answer.body.text) == (200, EMPTY[action])
    else:
        assert (answer.code, answer.text) == ("Client.SoapError", "Soap body is empty!")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_comment_before_the_call(version):
    """What is no element calls nothing."""
    answer = post(endpoint([Shop]), version, envelope(version, "<!-- x --> <t:wrapped/>"))
    assert answer.body.findtext(f"{{{TNS}}}wrappedResult") == "wrapped"


ACTIONS = {
    # SOAPAction: whether it fits the operation größe
    '"größe"'.encode().decode("latin-1"): False,
    '"gr%C3%B6%C3%9Fe"': True,
    "gr%C3%B6%C3%9Fe": True,
    '""': True,
    "": True,
    None: True,
    '"wrapped"': False,
    '"urn:soaps#gr%C3%B6%C3%9Fe"': False,
    '"%"': False,
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("check", [False, True])
def test_actions_that_contradict_the_body(version, action, check):
    """C31: the Body decides; with check_action another operation in SOAPAction is refused."""
    wsgi = endpoint([Shop], check_action=check)
    answer = post(wsgi, version, envelope(version, "<t:größe><t:text>x</t:text></t:größe>"), **named(version, action))
    if ACTIONS[action] or not check:
        assert answer.body.findtext(f"{{{TNS}}}größeResult") == "x"
    else:
        assert answer.code == "Client.ActionMismatch"
        assert "'größe'" in answer.text


@pytest.mark.parametrize(
    ("content_type", "action"),
    [
        ('application/soap+xml;action="place"', "place"),
        ("application/soap+xml; charset=utf-8; ACTION=place", "place"),
        ('application/soap+xml; action = "pl\\a\\"ce" ; charset=utf-8', 'pla"ce'),
        ("application/soap+xml; reaction=place", None),
        ("application/soap+xml", None),
        ("", None),
        (None, None),
    ],
)
def test_the_action_parameter(content_type, action):
    """RFC 3902: in quotes or not, in any case and order."""
    assert action_parameter(content_type) == action


@pytest.mark.parametrize("version", VERSIONS)
def test_operations_in_rpc_style(version):
    """The wrapper says which operation is meant, where messages share an element too."""
    wsgi = endpoint([Shop], style="rpc")
    for name, told in (("place", "placed 7"), ("cancel", "cancelled 7")):
        part = f'<order><o:number xmlns:o="{TNS}">7</o:number></order>'
        answer = post(wsgi, version, envelope(version, f"<t:{name}>{part}</t:{name}>"))
        assert answer.body[0].text == told


def test_a_real_client(serve):
    """SOAPAction, or the action parameter, of our own client finds the method, whatever its name."""
    for protocol in (Soap11, Soap12):
        app = Application([Shop], TNS, in_protocol=protocol(check_action=True), out_protocol=protocol())
        client = HttpClient(serve(WsgiApplication(app)), app)
        assert client.service.place(Order(number=1)) == "placed 1"
        assert client.service.cancel(Order(number=1)) == "cancelled 1"
        assert client.service.größe("x") == "x"
        assert client.service.status() == "open"


class Other(ComplexModel):
    __namespace__ = TNS
    text = Unicode


def service(*declarations):
    """A service of functions that take `Order` elements: (name, type, keywords)."""

    def make(name, tp, keywords):
        def function(ctx, value):
            pass

        function.__name__ = name
        return rpc(tp, **{"_body_style": "bare", "_in_message_name": "Order", **keywords})(function)

    return type("Made", (Service,), {name: make(name, tp, keywords) for name, tp, keywords in declarations})


REFUSED = {
    "wrapped": ([("a", Unicode, {"_body_style": "wrapped"}), ("b", Unicode, {"_body_style": "wrapped"})], [Soap11]),
    "one of them wrapped": ([("a", Order, {}), ("b", Unicode, {"_body_style": "wrapped"})], [Soap11]),
    "other types": ([("a", Order, {}), ("b", Other, {})], [Soap11]),
    "JSON": ([("a", Order, {}), ("b", Order, {})], [JsonDocument]),
    "XML": ([("a", Order, {}), ("b", Order, {})], [XmlDocument]),
    "JSON beside SOAP": ([("a", Order, {}), ("b", Order, {})], [Soap11, JsonDocument]),
}


@pytest.mark.parametrize(("declarations", "protocols"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_told_apart(declarations, protocols):
    """Methods share an element only where every protocol knows which one is meant."""
    with pytest.raises(MethodAlreadyExistsError, match="Order"):
        Application([service(*declarations)], TNS, in_protocol=[protocol() for protocol in protocols])


def test_two_operations_of_one_name():
    """The name is all that tells them apart."""
    first, second = service(("a", Order, {})), service(("a", Order, {}))
    with pytest.raises(MethodAlreadyExistsError):
        Application([first, second], TNS, in_protocol=Soap11())


def test_in_process():
    """Each method by its name, without an envelope."""
    server = NullServer(Application([Shop], TNS, in_protocol=Soap11(), out_protocol=Soap11()))
    assert server.service.place(Order(number=2)) == "placed 2"
    assert server.service.cancel(Order(number=2)) == "cancelled 2"


# --- one-way ---


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("text", "status"), [("ok", 202), ("fail", None), ("crash", 500)])
def test_one_way(version, text, status):
    """WS-I Basic Profile 1.1 R2714: a status and no envelope, also where the method fails."""
    answer = post(endpoint([Shop]), version, envelope(version, f"<t:notify><t:text>{text}</t:text></t:notify>"))
    assert (answer.status, answer.data) == (status or {"1.1": 500, "1.2": 400}[version], b"")
    assert [text] == CALLS


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("<t:notify><t:text><t:a/></t:text></t:notify>", ""),
        ("<t:notify/>", '<x:H xmlns:x="urn:x" e:mustUnderstand="1"/>'),
    ],
)
def test_refused_one_way_calls(version, content, header):
    """A request that never reaches the method is answered by a fault."""
    answer = post(endpoint([Shop]), version, envelope(version, content, header))
    assert answer.code in ("Client.ValidationError", "MustUnderstand")
    assert answer.status >= 400
    assert CALLS == []


@pytest.mark.parametrize("protocol", [Soap11, Soap12])
def test_one_way_clients(serve, protocol):
    """A client hears nothing when all is well, and of the status when not."""
    app = Application([Shop], TNS, in_protocol=protocol(), out_protocol=protocol())
    client = HttpClient(serve(WsgiApplication(app)), app)
    assert client.service.notify("ok") is None
    with pytest.raises(ResponseError, match=r"HTTP (500|400)"):
        client.service.notify("fail")


WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


def test_one_way_in_the_wsdl():
    """WSDL 1.1 §2.4.1: an input only, in port type and bindings, and no message for an answer."""
    document = Wsdl11(Application([Shop], TNS, in_protocol=[Soap11(), Soap12()]).interface)
    document.build_interface_document("http://localhost/")
    root = etree.fromstring(document.get_interface_document())
    operations = root.findall(f".//{WSDL}operation[@name='notify']")
    assert [[etree.QName(child).localname for child in each if child.tag.startswith(WSDL)] for each in operations] == [
        ["input"]
    ] * 3
    assert root.find(f"{WSDL}message[@name='notifyResponse']") is None


def test_shared_elements_in_the_wsdl():
    """Both operations are there, with one message for the element they share."""
    document = Wsdl11(Application([Shop], TNS, in_protocol=[Soap11(), Soap12()]).interface)
    document.build_interface_document("http://localhost/")
    root = etree.fromstring(document.get_interface_document())
    port_type = root.find(f"{WSDL}portType")
    inputs = {each.get("name"): each.find(f"{WSDL}input").get("message") for each in port_type}
    assert inputs["place"] == inputs["cancel"] == "tns:Order"
    assert len(root.findall(f"{WSDL}message[@name='Order']")) == 1
    assert len(root.findall(".//{http://www.w3.org/2001/XMLSchema}element[@name='Order']")) == 1
