"""SOAP 1.2: its envelope, its faults both ways, its place in HTTP, and both versions at one address."""

from __future__ import annotations

from io import BytesIO

import pytest
from lxml import etree
from tests.protocol.soaps import CONTENT_TYPE, NS, TNS, VERSIONS, endpoint, envelope, post

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
from spyne.client._base import read_response, write_request
from spyne.client.http import HttpClient
from spyne.codec._base import Options
from spyne.context import MethodContext
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.soap._fault12 import fault12_text, read_fault12
from spyne.server.wsgi import WsgiApplication

ENV = f"{{{NS['1.2']}}}"


class Balance(ComplexModel):
    __namespace__ = TNS
    amount = Integer


class Overdrawn(Fault):
    __namespace__ = TNS
    CODE = "Client.Overdrawn"
    _type_info = {"account": Unicode}

    def __init__(self, account, detail=None):
        super().__init__(self.CODE, "no money", detail=detail)
        self.account = account


class Bank(Service):
    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text

    @rpc(Unicode, Unicode, Unicode, Unicode)
    def fail(ctx, code, text, actor, lang):
        raise Fault(code, text, actor or "", None, lang or "en")

    @rpc(_throws=Overdrawn)
    def draw(ctx):
        raise Overdrawn("A1", {"missing": 5})

    @rpc
    def tell(ctx):
        raise Fault("Server.Detail", "text", detail=Balance(amount=3))

    @rpc
    def crash(ctx):
        raise RuntimeError("a secret")


ECHO = "<t:echo><t:text>fine</t:text></t:echo>"


def fail(**arguments):
    """A call of the method that fails as it is told."""
    return f"<t:fail>{''.join(f'<t:{name}>{value}</t:{name}>' for name, value in arguments.items())}</t:fail>"


# --- envelope and media type ---


def test_an_answer():
    """Envelope, media type and status of a result."""
    answer = post(endpoint([Bank], "1.2"), "1.2", envelope("1.2", ECHO))
    assert (answer.status, answer.content_type, answer.version) == (200, CONTENT_TYPE["1.2"], "1.2")
    assert answer.body.findtext(f"{{{TNS}}}echoResult") == "fine"
    assert answer.data.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<soap12env:Envelope ")


@pytest.mark.parametrize(
    "attributes",
    [' e:encodingStyle=""', ' e:encodingStyle="urn:x" xml:lang="en"', ' xmlns:x="urn:x" x:any="1"'],
)
def test_attributes_that_mean_nothing_here(attributes):
    """Attributes of the envelope and of header blocks are tolerated: encodingStyle, role, relay (part 1 §5.1.1, §5.2)."""
    header = '<x:H xmlns:x="urn:x" e:relay="true" e:role="urn:someone" e:mustUnderstand="false" e:encodingStyle=""/>'
    assert post(endpoint([Bank], "1.2"), "1.2", envelope("1.2", ECHO, header, attributes=attributes)).status == 200


def test_nothing_follows_the_body():
    """Part 1 §5.1: Header and Body are all that an Envelope has; SOAP 1.1 allows more."""
    for version, status in (("1.2", 400), ("1.1", 200)):
        body = envelope(version, ECHO).replace(b"</e:Envelope>", b'<x xmlns="urn:x"/></e:Envelope>')
        answer = post(endpoint([Bank], version), version, body)
        assert answer.status == status
    assert (
        "section 5.1"
        in post(endpoint([Bank], "1.2"), "1.2", envelope("1.2", "").replace(b"<e:Body>", b"<a/><e:Body>")).text
    )


# --- faults ---

CODES = {
    # dotted code: (status, Value, Subcodes, what a client reads; None: the same)
    "Client": (400, "Sender", [], None),
    "Client.Some": (400, "Sender", ["Some"], None),
    "Client.Some.Thing": (400, "Sender", ["Some", "Thing"], None),
    "Server": (500, "Receiver", [], None),
    "Server.Down": (500, "Receiver", ["Down"], None),
    "Server.of beer": (500, "Receiver", ["of_x0020_beer"], None),
    "Client.1st": (400, "Sender", ["_x0031_st"], None),
    "Client.a:b": (400, "Sender", ["a_x003A_b"], None),
    "Client._x0041_": (400, "Sender", ["_x005F_x0041_"], None),
    "Client.&lt;é&gt;": (400, "Sender", ["_x003C_é_x003E_"], "Client.<é>"),
    "Client.&#x1F600;": (400, "Sender", ["_x1F600_"], "Client.\U0001f600"),
    "Client..x.": (400, "Sender", ["x"], "Client.x"),
    "Mine.Own": (500, "Receiver", ["Mine", "Own"], "Server.Mine.Own"),
    "DataEncodingUnknown": (500, "DataEncodingUnknown", [], None),
    "MustUnderstand.Some": (500, "MustUnderstand", ["Some"], None),
    "Clientele": (500, "Receiver", ["Clientele"], "Server.Clientele"),
}


@pytest.mark.parametrize("code", CODES)
def test_codes(code):
    """A dotted code is Code and Subcodes, all of them qualified names, and status; a client reads it back."""
    status, value, subcodes, back = CODES[code]
    answer = post(endpoint([Bank], "1.2"), "1.2", envelope("1.2", fail(code=code, text="text")))
    assert (answer.status, answer.content_type) == (status, CONTENT_TYPE["1.2"])
    values = list(answer.body.iter(f"{ENV}Value"))
    assert [each.text.partition(":")[2] for each in values] == [value, *subcodes]
    assert [each.nsmap[each.text.partition(":")[0]] for each in values] == [NS["1.2"], *[TNS] * len(subcodes)]
    assert all(etree.QName("urn:x", each.text.partition(":")[2]) for each in values)
    assert read_fault12(answer.body).faultcode == (back or code)


def test_reason_and_role():
    """The language of the text, and who failed; what is empty is left out."""
    answer = post(
        endpoint([Bank]), "1.2", envelope("1.2", fail(code="Client", text="größer", actor="urn:me", lang="de"))
    )
    text = answer.body.find(f"{ENV}Reason/{ENV}Text")
    assert (text.text, text.get("{http://www.w3.org/XML/1998/namespace}lang")) == ("größer", "de")
    assert answer.body.findtext(f"{ENV}Role") == "urn:me"
    fault = read_fault12(answer.body)
    assert (fault.faultstring, fault.faultactor, fault.lang, fault.detail) == ("größer", "urn:me", "de", None)
    plain = post(endpoint([Bank]), "1.2", envelope("1.2", fail(code="Client", text="x"))).body
    assert [etree.QName(child).localname for child in plain] == ["Code", "Reason"]


@pytest.mark.parametrize("version", VERSIONS)
def test_detail(version):
    """Declared members and a dict stand side by side, objects as they are; in both versions."""
    detail = {"1.1": "detail", "1.2": f"{ENV}Detail"}[version]
    found = post(endpoint([Bank]), version, envelope(version, "<t:draw/>")).body.find(detail)
    assert found.findtext(f"{{{TNS}}}Overdrawn/{{{TNS}}}account") == "A1"
    assert found.findtext("missing") == "5"
    found = post(endpoint([Bank]), version, envelope(version, "<t:tell/>")).body.find(detail)
    assert found.findtext(f"{{{TNS}}}Balance/{{{TNS}}}amount") == "3"


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_leaks(version):
    """An unexpected exception is the server's, and says nothing."""
    answer = post(endpoint([Bank]), version, envelope(version, "<t:crash/>"))
    assert (answer.status, answer.code, answer.text) == (500, "Server", "Internal Error")
    assert b"secret" not in answer.data


FOREIGN = {
    "prefixes and several languages": (
        (
            '<s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:m="urn:m">m:Timeout</s:Value></s:Subcode></s:Code>'
            '<s:Reason><s:Text xml:lang="cs">Čas</s:Text><s:Text xml:lang="en-GB">Time</s:Text></s:Reason>'
            "<s:Node>urn:n</s:Node><s:Role>urn:r</s:Role><s:Detail><a/></s:Detail>"
        ),
        ("Client.Timeout", "Time", "urn:r", "en-GB", True),
    ),
    "no English": (
        '<s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="cs"> Čas </s:Text></s:Reason><s:Detail/>',
        ("Server", "Čas", "", "cs", False),
    ),
    "nothing at all": ("", ("Server", "Fault", "", "en", False)),
    "only a name": ("<s:Code><s:Value>Sender</s:Value></s:Code>", ("Client", "Fault", "", "en", False)),
}


@pytest.mark.parametrize(("content", "expected"), FOREIGN.values(), ids=FOREIGN)
def test_faults_of_others(content, expected):
    """What other servers write is read."""
    fault = read_fault12(etree.fromstring(f'<s:Fault xmlns:s="{NS["1.2"]}">{content}</s:Fault>'))
    found = (fault.faultcode, fault.faultstring, fault.faultactor, fault.lang, fault.detail is not None)
    assert found == expected


def test_subcodes_are_bounded():
    """A code of very many parts is cut on its way out, and a chain of very many on its way in."""
    interface = endpoint([Bank], "1.2").app.interface
    text = fault12_text(Fault("Client" + ".a" * 1000, "x"), interface, Options())
    assert text.count("<soap12env:Subcode>") == 32
    chain = "<s:Subcode><s:Value>s:a</s:Value>" * 200 + "</s:Subcode>" * 200
    fault = etree.fromstring(f'<s:Fault xmlns:s="{NS["1.2"]}"><s:Code>{chain}</s:Code></s:Fault>')
    assert read_fault12(fault).faultcode.count(".") == 32


# --- HTTP ---


def test_what_http_refuses():
    """Another method than POST, and a request without Content-Type, are refused with a fault of this version."""
    for environ in ({"REQUEST_METHOD": "PUT"}, {"CONTENT_TYPE": None}):
        answer = post(endpoint([Bank], "1.2"), "1.2", envelope("1.2", ECHO), **environ)
        assert (answer.status, answer.version, answer.code) == (405, "1.2", "Client.RequestNotAllowed")


def test_a_client_over_http(serve):
    """The action goes with the media type, and faults come back with their code."""
    app = Application([Bank], TNS, in_protocol=Soap12(), out_protocol=Soap12())
    seen = []
    wsgi = WsgiApplication(app)
    wsgi.event_manager.add_listener("wsgi_call", lambda ctx: seen.append(ctx.transport.request_content_type))
    client = HttpClient(serve(wsgi), app)
    assert client.service.echo("fine") == "fine"
    assert seen == ['application/soap+xml; charset=utf-8; action="echo"']
    with pytest.raises(Fault) as caught:
        client.service.fail("Client.Some.Thing", "text", "urn:me", "de")
    fault = caught.value
    found = (fault.faultcode, fault.faultstring, fault.faultactor, fault.lang)
    assert found == ("Client.Some.Thing", "text", "urn:me", "de")
    with pytest.raises(Overdrawn):
        client.service.draw()


def test_on_the_wire_in_process():
    """Both protocols of a call in process."""
    server = NullServer(Application([Bank], TNS, in_protocol=Soap12(), out_protocol=Soap12()), wire=True)
    assert server.service.echo("<fine>") == "<fine>"
    with pytest.raises(Fault, match=r"^Client\.Some: text$"):
        server.service.fail("Client.Some", "text", None, None)


# --- both versions at one address ---


@pytest.mark.parametrize("media", VERSIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_envelope_decides(version, media):
    """Whatever Content-Type says, the answer is in the version of the envelope."""
    types = {"CONTENT_TYPE": CONTENT_TYPE[media]}
    wsgi = WsgiApplication(Application([Bank], TNS, in_protocol=[Soap11(), JsonDocument(), Soap12()]))
    answer = post(wsgi, version, envelope(version, ECHO), **types)
    assert (answer.status, answer.version, answer.content_type) == (200, version, CONTENT_TYPE[version])
    answer = post(wsgi, version, envelope(version, fail(code="Client.Some", text="x")), **types)
    assert (answer.version, answer.content_type, answer.code) == (version, CONTENT_TYPE[version], "Client.Some")
    assert answer.status == {"1.1": 500, "1.2": 400}[version]


def test_each_version_has_its_options():
    """The protocol that the envelope belongs to reads it, with its own validator."""
    app = Application([Bank], TNS, in_protocol=[Soap11(), Soap12(validator="lxml")])
    wrong = "<t:echo><t:nope/></t:echo>"
    assert post(WsgiApplication(app), "1.1", envelope("1.1", wrong), CONTENT_TYPE=CONTENT_TYPE["1.2"]).status == 200
    answer = post(WsgiApplication(app), "1.2", envelope("1.2", wrong), CONTENT_TYPE=CONTENT_TYPE["1.1"])
    assert (answer.status, answer.code) == (400, "Client.SchemaValidationError")


def test_another_out_protocol_stays():
    """SOAP in, JSON out: the version of the envelope changes nothing in the answer."""
    app = Application([Bank], TNS, in_protocol=[Soap11(), Soap12()], out_protocol=JsonDocument())
    started = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_TYPE": CONTENT_TYPE["1.1"], "SERVER_NAME": "l"}
    body = envelope("1.2", ECHO)
    reply = WsgiApplication(app)(
        {**environ, "CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}, lambda *given: started.append(given)
    )
    assert b"".join(reply) == b'"fine"'
    assert ("Content-Type", "application/json") in started[0][1]


UNKNOWN = "urn:soap:3"
MISMATCHES = {
    # served, namespace of the envelope: version of the answer, Upgrade
    "1.2 for 1.1": (("1.1",), NS["1.2"], "1.1", ["1.1"]),
    "1.1 for 1.2": (("1.2",), NS["1.1"], "1.1", ["1.2"]),
    "unknown for 1.1": (("1.1",), UNKNOWN, "1.1", ["1.1"]),
    "unknown for 1.2": (("1.2",), UNKNOWN, "1.2", ["1.2"]),
    "unknown for both": (("1.1", "1.2"), UNKNOWN, "1.1", ["1.1", "1.2"]),
    "unknown for both, the newer first": (("1.2", "1.1"), UNKNOWN, "1.1", ["1.1", "1.2"]),
}


@pytest.mark.parametrize(("served", "namespace", "version", "upgrade"), MISMATCHES.values(), ids=MISMATCHES)
def test_version_mismatch(served, namespace, version, upgrade):
    """SOAP 1.1 §4.4.1, SOAP 1.2 part 1 §5.4.7 and appendix A: the fault says which envelopes are read."""
    body = envelope("1.2", ECHO).replace(NS["1.2"].encode(), namespace.encode())
    answer = post(endpoint([Bank], *served), served[0], body)
    assert (answer.status, answer.version, answer.code) == (500, version, "VersionMismatch")
    assert answer.content_type == CONTENT_TYPE[version]
    assert namespace in answer.text
    supported = answer.header.findall(f"{ENV}Upgrade/{ENV}SupportedEnvelope")
    found = []
    for each in supported:
        prefix, _, name = each.get("qname").partition(":")
        assert name == "Envelope"
        found.append(each.nsmap[prefix])
    assert sorted(found) == sorted(NS[name] for name in upgrade)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "body", [b"<a/>", f'<a xmlns="{NS["1.2"]}"/>'.encode(), f'<Fault xmlns="{NS["1.1"]}"/>'.encode()]
)
def test_what_is_no_envelope(version, body):
    """A document that is no Envelope at all is the client's mistake, in the version that its Content-Type says."""
    answer = post(endpoint([Bank]), version, body)
    assert (answer.version, answer.code) == (version, "Client.SoapError")
    assert answer.text == f"No {{{NS[version]}}}Envelope element was found!"


def test_a_client_reads_faults_of_the_other_version():
    """A service that speaks only the other version says so, and the caller hears it."""
    app = Application([Bank], TNS, in_protocol=Soap12(), out_protocol=Soap12())
    other = Application([Bank], TNS, in_protocol=Soap11(), out_protocol=Soap11())
    ctx = MethodContext(app, MethodContext.CLIENT)
    ctx.descriptor, ctx.out_object = next(iter(app.interface.calls)), ["x"]
    ctx.out_protocol, ctx.in_protocol = app.in_protocol, app.out_protocol
    write_request(ctx)
    server = NullServer(other)
    served = server.make_context()
    served.in_string = ctx.out_string
    server.get_in_object(served)
    server.get_out_string(served)
    ctx.in_string = served.out_string
    read_response(ctx)
    assert ctx.in_error.faultcode == "VersionMismatch"


def test_a_mismatch_in_rpc_style():
    """The answer to an older caller is made in the application's own style."""
    answer = post(endpoint([Bank], "1.2", style="rpc"), "1.1", envelope("1.1", ECHO))
    assert (answer.status, answer.version, answer.code) == (500, "1.1", "VersionMismatch")
