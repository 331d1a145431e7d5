from __future__ import annotations

import base64
import hashlib
from io import BytesIO

import pytest
from lxml import etree
from tests.interop import archive
from tests.protocol.packages import SOAP11, SOAP12, envelope, joined, package, part, send, swa

from spyne import AnyUri, Application, ByteArray, ComplexModel, File, Service, Unicode, XmlAttribute, rpc
from spyne.client.http import HttpClient
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Attachment, Soap11, Soap12, attach, attachments_of
from spyne.server.wsgi import WsgiApplication

BIG = bytes(range(256)) * 40
both = pytest.mark.parametrize("namespace", [SOAP11, SOAP12], ids=["1.1", "1.2"])


def message(body: str, *parts: bytes, namespace: str = SOAP11) -> bytes:
    """A message with attachments."""
    kind = "text/xml" if namespace == SOAP11 else "application/soap+xml"
    return joined([part(envelope(body, namespace), "<root>", kind=f"{kind}; charset=utf-8"), *parts])


# --- in ---


@both
@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_href(namespace, validator):
    """An element of bytes whose href names an attachment has its content (SOAP with Attachments §3)."""
    body = message('<store><name>x</name><data href="cid:a1"/></store>', part(BIG), namespace=namespace)
    answer = send(archive.wsgi(validator=validator), body, swa(namespace))
    assert answer.text == f"x|{len(BIG)}|{hashlib.sha256(BIG).hexdigest()}"


def test_href_of_a_file():
    """A File takes the attachment with its name."""
    body = message(
        '<store_file><file href="cid:a1"> </file></store_file>',
        part(BIG, "<a1>", 'Content-Disposition: attachment; filename="C:\\dir\\x.png"'),
    )
    assert send(archive.wsgi(), body, swa()).text.startswith(f"x.png|{len(BIG)}|")


def test_swa_ref():
    """A text that is an attachment's address stays a text; the service looks the attachment up (swaRef)."""
    body = message("<store_attached><where>cid:a%311</where></store_attached>", part(BIG, "<a11>"))
    assert send(archive.wsgi(), body, swa()).text == f"{len(BIG)}|{hashlib.sha256(BIG).hexdigest()}"


class Page(ComplexModel):
    __namespace__ = archive.TNS
    href = XmlAttribute(Unicode)
    data = ByteArray


class Looking(Service):
    @rpc(Page, Unicode, _returns=Unicode)
    def look(ctx, page, text):
        found = attachments_of(ctx)
        data = page.data and b"".join(page.data).decode()
        return f"{page.href} {data} {text!r} {[(each.content_id, each.content_type, each.size) for each in found]}"

    @rpc(_returns=Unicode)
    def count(ctx):
        found = attachments_of(ctx)
        assert all(isinstance(each, Attachment) for each in found)
        ids = [found.find(reference) for reference in ("cid:p1", "<p1>", "p1", "cid:p%31", "", "cid:")]
        return f"{len(found)} {[each and each.read() for each in ids]} {found[0:1] == (found.find('p1'),)}"


def looking(**options):
    """A service that says what it sees."""
    return Application([Looking], archive.TNS, in_protocol=Soap11(**options), out_protocol=Soap11())


@pytest.mark.parametrize("validator", ["soft", "lxml"])
def test_other_elements_keep_their_href(validator):
    """An attribute of that name which belongs to the type is a value as before; so is text."""
    body = message(
        '<look><page href="cid:a1"><data href="cid:a1"/></page><text>t</text></look>', part(b"123"), part(b"", None)
    )
    expected = "cid:a1 123 't' [('a1', 'image/png', 3), (None, 'image/png', 0)]"
    assert send(looking(validator=validator), body, swa()).text == expected


def test_in_order():
    """All attachments are there in order, referred to or not, and are found by every spelling of their id."""
    body = message("<count/>", part(b"1", "<p1>"), part(b"2", None))
    assert send(looking(), body, swa()).text == "2 [b'1', b'1', b'1', b'1', None, None] True"


def test_no_attachments():
    """Without attachments there are none, and an href means nothing."""
    answer = send(looking(), envelope('<look><page><data href="cid:a1"/></page></look>'), "text/xml")
    assert answer.text == "None None None []"


@pytest.mark.parametrize("href", ["http://127.0.0.1:1/", "file:///etc/passwd", "cid:b", "a1", "#a1", ""])
def test_refused(href):
    """In a message with attachments an href of bytes names one of them and nothing else; nothing is fetched."""
    answer = send(archive.wsgi(), message(f'<store><data href="{href}"/></store>', part(BIG)), swa())
    code, text = answer.fault
    assert code == "Client.ValidationError"
    assert text.startswith("data: ")
    assert "attachment" in text


# --- out ---


@both
def test_attached(namespace):
    """What a method attaches goes beside the envelope, and its address into it."""
    body = envelope("<fetch_attached><size>300</size></fetch_attached>", namespace)
    answer = send(archive.wsgi(), body, "text/xml" if namespace == SOAP11 else "application/soap+xml")
    kind = "text/xml" if namespace == SOAP11 else "application/soap+xml"
    assert answer.headers["content-type"].startswith(f'multipart/related; type="{kind}"; start="<root-')
    (found,) = answer.parts
    assert f"<{answer.text.removeprefix('cid:')}>" == found["Content-ID"]
    assert (found.get_content_type(), found.get_filename()) == ("text/plain", "content.txt")
    assert found.get_payload(decode=True) == archive.content(300)


class Attaching(Service):
    @rpc(Unicode, _returns=[ByteArray, AnyUri])
    def send(ctx, path):
        first = attach(ctx, File.Value(path=path, name="a.bin"), content_id="first@example.com")
        return [BIG], f"{first} {attach(ctx, BytesIO(b'22'), 'text/plain')}"

    @rpc(Unicode)
    def send_bad(ctx, cid):
        attach(ctx, b"1", content_id=cid)

    @rpc
    def fail(ctx):
        attach(ctx, b"1")
        raise ValueError("after all")


def attaching(out_protocol=Soap11):
    """A service that attaches."""
    return Application([Attaching], archive.TNS, in_protocol=Soap11(), out_protocol=out_protocol())


def test_attached_files(tmp_path):
    """Files are attached from the disk, in order, beside what MTOM takes out of the envelope."""
    path = tmp_path / "x"
    path.write_bytes(BIG * 100)
    body = package(envelope(f"<send><path>{path}</path></send>"))
    answer = send(attaching(), body, 'multipart/related; boundary=B; type="application/xop+xml"')
    assert [each.get_payload(decode=True) for each in answer.parts] == [BIG, BIG * 100, b"22"]
    assert answer.parts[1]["Content-ID"] == "<first@example.com>"
    assert answer.parts[1].get_filename() == "a.bin"
    assert answer.text.startswith("cid:first@example.com cid:part-")


@pytest.mark.parametrize(
    "call", ["<fail/>", "<send_bad><cid>a>&#10;X: y</cid></send_bad>", "<send_bad><cid>a</cid></send_bad>"]
)
def test_faults_have_no_attachments(call):
    """A fault goes alone, and so does the answer to a content id that would break the part's header."""
    answer = send(attaching(), envelope(call), "text/xml")
    assert (answer.status, answer.fault[0]) == (500, "Server")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"


def test_attached_to_what_is_not_soap():
    """Attachments need SOAP and a transport with a Content-Type; without them it is the service's mistake."""
    reply = WsgiApplication(attaching(JsonDocument))
    body = envelope("<send_bad/>")
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/xml", "CONTENT_LENGTH": str(len(body))}
    environ |= {"wsgi.input": BytesIO(body), "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80"}
    assert b"Internal Error" in b"".join(reply(environ, lambda *head: None))


@pytest.mark.parametrize("protocol", [Soap11, Soap12])
def test_client(serve, protocol):
    """A client finds attachments of a response in the procedure's context."""
    app = Application([archive.Archive], archive.TNS, in_protocol=protocol(), out_protocol=protocol())
    procedure = HttpClient(serve(WsgiApplication(app)), app).service.fetch_attached
    address = procedure(1000)
    found = attachments_of(procedure.ctx).find(address)
    assert found.read() == found.open().read() == archive.content(1000)
    assert (found.name, found.content_type) == ("content.txt", "text/plain")


def test_inline_base64_stays():
    """Base64 in the element counts, an href beside it does not."""
    data = base64.b64encode(b"inline").decode()
    answer = send(archive.wsgi(), message(f'<echo><data href="cid:a1">{data}</data></echo>', part(BIG)), swa())
    assert etree.QName(answer.content).localname == "echoResponse"
    assert answer.text == data
