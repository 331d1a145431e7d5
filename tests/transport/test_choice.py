"""Several protocols behind one address: which one reads, which one answers, and what is refused."""

from __future__ import annotations

import json
import logging

import msgspec
import pytest
from lxml import etree

from spyne import Application, DeclarationError, Fault, Service, Unicode, rpc
from spyne.protocol.json import JsonDocument, JsonRpc
from spyne.protocol.msgpack import MessagePackRpc
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.server._choice import choose_out, media_ranges, quality
from spyne.server.wsgi import WsgiApplication

SOAP = b"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
<echo xmlns="tns"><text>fine</text></echo></e:Body></e:Envelope>"""
XML = b'<echo xmlns="tns"><text>fine</text></echo>'
JSON = b'{"echo": {"text": "fine"}}'
SOAP_TYPE, XML_TYPE, JSON_TYPE = "text/xml; charset=utf-8", "application/xml", "application/json"


class Demo(Service):
    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text

    @rpc(Unicode, _one_way=True)
    def note(ctx, text):
        if text == "bad":
            raise Fault("Client.Bad", "no")
        if text == "broken":
            raise RuntimeError("secret")


class Plain(XmlDocument):
    """Plain XML under a media type of its own, beside SOAP's text/xml."""

    mime_type = "application/xml"
    media_types = ("application/xml",)


def serve(in_protocol=None, out_protocol=None):
    """Return a WSGI application that speaks SOAP, XML and JSON."""
    return WsgiApplication(
        Application(
            [Demo], "tns", in_protocol=in_protocol or [Soap11(), Plain(), JsonDocument()], out_protocol=out_protocol
        )
    )


@pytest.mark.parametrize(
    ("body", "sent", "accept", "answered"),
    [
        (SOAP, SOAP_TYPE, None, SOAP_TYPE),
        (XML, XML_TYPE, None, XML_TYPE),
        (JSON, JSON_TYPE, None, JSON_TYPE),
        (JSON, "Application/JSON; charset=utf-8", None, JSON_TYPE),
        (JSON, JSON_TYPE, "application/json, */*;q=0.1", JSON_TYPE),
        (JSON, JSON_TYPE, "application/xml", XML_TYPE),
        (JSON, JSON_TYPE, "application/*;q=0.5, application/xml;q=0.4", JSON_TYPE),
        (JSON, JSON_TYPE, "text/xml;q=0.2, application/xml;q=0.9, application/json;q=0", XML_TYPE),
        (XML, XML_TYPE, "*/*", XML_TYPE),
        (SOAP, SOAP_TYPE, "text/html, image/gif, image/jpeg, *; q=.2", SOAP_TYPE),
        (SOAP, SOAP_TYPE, "application/json", SOAP_TYPE),
    ],
)
def test_content_type_and_accept_choose(call_wsgi, body, sent, accept, answered):
    """The Content-Type says who reads, the Accept header who answers; without one it is the same kind, and SOAP stays SOAP."""
    reply = call_wsgi(serve(), body=body, content_type=sent, HTTP_ACCEPT=accept)
    assert reply.status == "200 OK"
    assert reply.headers["Content-Type"] == answered
    assert b"fine" in reply.body


def test_unknown_media_type_is_415(call_wsgi):
    """A request of a type that nobody reads is told which types are read."""
    reply = call_wsgi(serve(), body=b"a,b", content_type="text/csv")
    assert reply.status == "415 Unsupported Media Type"
    assert "these are: text/xml, application/xml, application/json" in reply.body.decode()


def test_nothing_acceptable_is_406(call_wsgi):
    """A caller who accepts nothing that can be written is told what can, in the protocol that stands first."""
    reply = call_wsgi(serve(), body=JSON, content_type=JSON_TYPE, HTTP_ACCEPT="image/png")
    assert reply.status == "406 Not Acceptable"
    assert "these can: text/xml, application/xml, application/json" in reply.body.decode()


def test_a_get_is_not_for_soap(call_wsgi):
    """A request without a content type goes to the first protocol, which refuses its method."""
    reply = call_wsgi(serve(), method="GET", content_type="", CONTENT_LENGTH="")
    assert (reply.status, reply.headers["Allow"]) == ("405 Method Not Allowed", "POST")


def test_one_in_protocol_takes_any_type(call_wsgi):
    """An application with one protocol does not look at the Content-Type, as Spyne 2 did not."""
    reply = call_wsgi(serve(JsonDocument()), body=JSON, content_type="text/csv")
    assert json.loads(reply.body) == "fine"


def test_in_and_out_differ(call_wsgi):
    """Two ways in and one way out: every answer is in the one."""
    application = serve([JsonDocument(), Plain()], XmlDocument())
    for body, sent in ((JSON, JSON_TYPE), (XML, XML_TYPE)):
        reply = call_wsgi(application, body=body, content_type=sent)
        assert etree.fromstring(reply.body).findtext("{*}echoResult") == "fine"


def test_faults_answer_in_kind(call_wsgi):
    """A fault is written by the protocol that would have written the answer."""
    reply = call_wsgi(serve(), body=b'{"nothing": {}}', content_type=JSON_TYPE)
    assert reply.status == "404 Not Found"
    assert json.loads(reply.body)["faultcode"] == "Client.ResourceNotFound"


def test_a_protocol_is_for_one_direction():
    """The same object in both lists is refused when the application is built."""
    both = JsonDocument()
    with pytest.raises(DeclarationError, match="one object"):
        Application([Demo], "tns", in_protocol=[Soap11(), both], out_protocol=[Soap11(), both])
    with pytest.raises(DeclarationError, match="is the class JsonDocument"):
        Application([Demo], "tns", in_protocol=[Soap11(), JsonDocument], out_protocol=Soap11())


def test_twin_has_the_options_and_no_validator():
    """Without an out protocol the answers have the options of the requests."""
    app = Application([Demo], "tns", in_protocol=JsonDocument(validator="soft", complex_as=list))
    assert (app.out_protocol.complex_as, app.out_protocol.validator) == ("list", None)
    assert app.out_protocol is not app.in_protocol


def test_accept_is_read_as_rfc_9110_says():
    """Weights, specificity and rubbish in an Accept header (RFC 9110 section 12.5.1)."""
    ranges = media_ranges("text/*;q=0.3, text/html;q=0.7, text/html;level=1, */*;q=0.5, ;;q, image/x;q=abc")
    assert quality("text/html", ranges) == 1.0
    assert quality("text/plain; charset=utf-8", ranges) == 0.3
    assert quality("image/jpeg", ranges) == 0.5
    assert quality("image/x", ranges) == 0.0
    assert len(media_ranges("a/b," * 10_000)) == 64


def test_first_wins_among_equals():
    """Of several that are as welcome the first of the application's list answers."""
    soap, plain = Soap11(), Plain()
    assert choose_out([plain, soap], JsonDocument(), "*/*") is plain
    assert choose_out([soap, plain], JsonDocument(), None) is soap
    assert choose_out([soap, plain], JsonDocument(), "image/png") is None


@pytest.mark.parametrize(("text", "status"), [("x", 202), ("bad", 400), ("broken", 500)])
def test_one_way_is_answered_by_its_status(call_wsgi, caplog, text, status):
    """A one-way call gets 202 and no document; a failure shows in the status alone and is logged."""
    with caplog.at_level(logging.CRITICAL):
        reply = call_wsgi(serve(), body=b'{"note": {"text": "%s"}}' % text.encode(), content_type=JSON_TYPE)
    assert int(reply.status[:3]) == status
    assert reply.body == b""
    assert reply.headers["Content-Length"] == "0"


@pytest.mark.parametrize(
    ("protocol", "body", "status", "answer"),
    [
        (JsonRpc, b'{"jsonrpc": "2.0", "method": "note", "id": 7}', 200, b'{"jsonrpc":"2.0","result":null,"id":7}'),
        (JsonRpc, b'{"jsonrpc": "2.0", "method": "note"}', 202, b""),
        (MessagePackRpc, msgspec.msgpack.encode([0, 7, "note", []]), 200, msgspec.msgpack.encode([1, 7, None, None])),
        (MessagePackRpc, msgspec.msgpack.encode([2, "note", []]), 202, b""),
    ],
)
def test_a_one_way_call_that_asks_for_an_answer(call_wsgi, protocol, body, status, answer):
    """In a format whose requests say whether they want an answer, they get one, though the method has nothing to say."""
    reply = call_wsgi(serve(protocol()), body=body, content_type=protocol.mime_type)
    assert (int(reply.status[:3]), reply.body) == (status, answer)


def test_one_way_has_no_result():
    """A one-way method that returns something is a mistake in the declaration."""
    with pytest.raises(DeclarationError, match="returns nothing"):

        class Wrong(Service):
            @rpc(_returns=Unicode, _one_way=True)
            def f(ctx):
                pass


def test_multipart_body_is_read_in_blocks(call_wsgi):
    """A body of several parts comes as blocks, of which no more are read than are asked for; others come whole."""
    seen = []

    class Multi(JsonDocument):
        def create_in_document(self, ctx, charset=None):
            seen.append(list(ctx.in_string))
            ctx.in_document = {"echo": {"text": "fine"}}

    application = WsgiApplication(
        Application([Demo], "tns", in_protocol=Multi(), out_protocol=JsonDocument()),
        block_length=10,
        max_content_length=25,
    )
    assert call_wsgi(application, body=b"x" * 25, content_type="multipart/x; boundary=b").status == "200 OK"
    assert call_wsgi(application, body=b"x" * 25, content_type="text/x").status == "200 OK"
    assert [list(map(len, chunks)) for chunks in seen] == [[10, 10, 5], [25]]
    assert call_wsgi(application, body=b"x" * 26, content_type="multipart/x; boundary=b").status[:3] == "413"
