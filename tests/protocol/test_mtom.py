from __future__ import annotations

import asyncio
import base64
import re
import tracemalloc
from io import BytesIO

import httpx
import pytest
from lxml import etree
from tests.interop import archive
from tests.protocol.packages import (
    BIG,
    SOAP11,
    SOAP12,
    XOP,
    digest,
    envelope,
    include,
    joined,
    mtom,
    package,
    part,
    read,
    send,
    store,
    swa,
)

from spyne import (
    Application,
    Array,
    ByteArray,
    ComplexModel,
    DeclarationError,
    Fault,
    File,
    NullServer,
    Service,
    Unicode,
    rpc,
)
from spyne.client.http import HttpClient
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12, attachments_of
from spyne.server.asgi import AsgiApplication
from spyne.server.wsgi import WsgiApplication

NAMESPACES = {"1.1": SOAP11, "1.2": SOAP12}
both = pytest.mark.parametrize("namespace", NAMESPACES.values(), ids=NAMESPACES)


# --- in ---


@both
@pytest.mark.parametrize("validator", [None, "soft", "lxml"])
def test_read(namespace, validator):
    """An attachment is the value of the element that includes it, under every validator."""
    answer = send(archive.wsgi(validator=validator), store(namespace=namespace), mtom(namespace))
    assert answer.status == 200
    assert answer.text == f"x|{len(BIG)}|{digest(BIG)}"
    assert answer.root.tag == f"{{{namespace}}}Envelope"


TYPES = {
    "without start": 'multipart/related; boundary=B; type="application/xop+xml"; start-info="text/xml"',
    "without start-info": 'multipart/related; boundary=B; type="application/xop+xml"; start="<root>"',
    "boundary only": "multipart/related; boundary=B",
    "start without brackets": 'multipart/related; boundary=B; type="application/xop+xml"; start="root"; start-info="text/xml"',
    "in capitals": 'Multipart/Related;BOUNDARY=B;TYPE="Application/XOP+XML";START="<root>";Start-Info="text/xml"',
    "media type with parameters": 'multipart/related; boundary=B; type="application/xop+xml"; start-info="text/xml; charset=utf-8"',
    "as SwA": swa(),
}


@pytest.mark.parametrize("kind", TYPES)
def test_content_types(kind):
    """What may be left out of the Content-Type may be, and names are in any case."""
    assert send(archive.wsgi(), store(), TYPES[kind]).text.startswith("x|")


IDS = {
    "plain": ("<a1@example.com>", "cid:a1@example.com"),
    "scheme in capitals": ("<a1>", "CID:a1"),
    "without brackets": ("a1", "cid:a1"),
    "encoded in the address": ("<http://tempuri.org/1/2>", "cid:http%3A%2F%2Ftempuri.org%2F1%2F2"),
    "encoded in both": ("<1@http%3A%2F%2Fcxf.apache.org%2F>", "cid:1@http%3A%2F%2Fcxf.apache.org%2F"),
    "space around": (" <a1> ", " cid:a1 "),
}


@pytest.mark.parametrize("case", IDS)
def test_content_ids(case):
    """Attachments are found as the clients of the world write their ids (RFC 2392 §2)."""
    cid, href = IDS[case]
    assert send(archive.wsgi(), store(cid=cid, href=href), mtom()).text.startswith("x|")


def test_root_that_is_not_first():
    """The part that `start` names is the envelope, wherever it stands, in its own charset."""
    root = part(
        envelope(f"<store><name>grün</name><data>{include()}</data></store>").decode().encode("latin-1"),
        "<root>",
        kind='application/xop+xml; charset=iso-8859-1; type="text/xml"',
    )
    assert send(archive.wsgi(), joined([part(BIG), root]), mtom()).text == f"grün|{len(BIG)}|{digest(BIG)}"


def test_preamble_and_epilogue():
    """What stands before the first boundary and after the last one is left out (RFC 2046 §5.1.1)."""
    body = b"This is a message.\r\n" + store() + b"\r\nbye\r\n"
    assert send(archive.wsgi(), body, mtom()).text.startswith("x|")


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("binary", b"a\r\n\xff="),
        ("8bit", b"a\r\n\xff="),
        ("7bit", b"abc"),
        ("base64", base64.encodebytes(BIG)),
        ("quoted-printable", b"a=0D=0A=FF=3D"),
    ],
)
def test_transfer_encodings(encoding, sent):
    """The content is what the transfer encoding says (RFC 2045 §6)."""
    meant = {"base64": BIG, "quoted-printable": b"a\r\n\xff="}.get(encoding, sent)
    body = package(
        envelope(f"<store><data>{include()}</data></store>"),
        part(sent, "<a1>", f"Content-Transfer-Encoding: {encoding}"),
    )
    assert send(archive.wsgi(), body, mtom()).text == f"{len(meant)}|{digest(meant)}"


@pytest.mark.parametrize("size", [10, 600_000])
def test_file(size, tmp_path):
    """A File is given the attachment's file, type and name; a large one lies in a temporary file until the call ends."""
    seen = []

    class Seer(Service):
        @rpc(File, _returns=Unicode)
        def look(ctx, file):
            (found,) = attachments_of(ctx)
            assert (found.content_id, found.content_type, found.name, found.size) == ("a1", "image/png", "p.png", size)
            assert found.headers["x-more"] == "yes"
            assert found.open().read() == found.read()
            seen.append(file.handle)
            seen.extend(tmp_path.iterdir())
            return f"{file.name} {file.type} {len(file.handle.read())} {len(file.read())}"

    app = Application([Seer], archive.TNS, in_protocol=Soap11(tmp_dir=str(tmp_path)), out_protocol=Soap11())
    headers = 'Content-Disposition: attachment; filename="../../p.png"', "X-More: yes"
    body = package(envelope(f"<look><file>{include()}</file></look>"), part(b"x" * size, "<a1>", *headers))
    assert send(app, body, mtom()).text == f"p.png image/png {size} {size}"
    assert len(seen) == (2 if size > 100_000 else 1)
    assert seen[0].closed or size == 10
    assert not list(tmp_path.iterdir())


class Album(ComplexModel):
    __namespace__ = archive.TNS
    cover = ByteArray
    pages = Array(ByteArray)


class Pictures(Service):
    @rpc(Album, _returns=Album)
    def turn(ctx, album):
        album.pages.reverse()
        return album


@pytest.mark.parametrize("mixed", [False, True])
def test_nested(mixed):
    """Attachments anywhere in objects and arrays, beside inline values, there and back."""
    app = Application([Pictures], archive.TNS, in_protocol=Soap11(), out_protocol=Soap11(mtom_threshold=3))
    second = base64.b64encode(b"22").decode() if mixed else include("cid:p2")
    pages = f"<base64Binary>{include('cid:p1')}</base64Binary><base64Binary>{second}</base64Binary>"
    body = f"<turn><album><cover>{include('cid:c')}</cover><pages>{pages}</pages></album></turn>"
    answer = send(
        app, package(envelope(body), part(b"1111", "<p1>"), part(b"22", "<p2>"), part(b"cover", "<c>")), mtom()
    )
    contents = {each["Content-ID"][1:-1]: each.get_payload(decode=True) for each in answer.parts}
    hrefs = [each.get("href").removeprefix("cid:") for each in answer.root.iter(f"{{{XOP}}}Include")]
    assert [contents[href] for href in hrefs] == [b"cover", b"1111"]
    assert [each.text for each in answer.content.iter("{*}base64Binary")] == ["MjI=", None]


def test_items_that_are_none():
    """An array with a None among its bytes has one part for each of the others, in order."""

    class Gaps(Service):
        @rpc(_returns=Array(ByteArray))
        def give(ctx):
            return [[b"1111"], None, [b"2222"]]

    app = Application([Gaps], archive.TNS, in_protocol=Soap11(), out_protocol=Soap11(mtom=True, mtom_threshold=1))
    answer = send(app, envelope("<give/>"), "text/xml")
    assert [each.get_payload(decode=True) for each in answer.parts] == [b"1111", b"2222"]
    hrefs = [each.get("href").removeprefix("cid:") for each in answer.root.iter(f"{{{XOP}}}Include")]
    assert hrefs == [each["Content-ID"][1:-1] for each in answer.parts]


def test_repeated_within_reason():
    """An attachment may be included again while that stays within the limit."""
    app = Application([Pictures], archive.TNS, in_protocol=Soap11(), out_protocol=Soap11())
    pages = f"<base64Binary>{include()}</base64Binary>" * 3
    body = package(envelope(f"<turn><album><pages>{pages}</pages></album></turn>"), part(b"abc"))
    assert send(app, body, mtom()).text == "|".join(["YWJj"] * 3)


# --- which protocol ---

CHOICE = {
    "XOP 1.1": ('type="application/xop+xml"; start-info="text/xml"', SOAP11),
    "XOP 1.2": ('type="application/xop+xml"; start-info="application/soap+xml"', SOAP12),
    "XOP 1.2 with action": (r'type="application/xop+xml"; start-info="application/soap+xml; action=\"store\""', SOAP12),
    "SwA 1.1": ('type="text/xml"', SOAP11),
    "SwA 1.2": ("type=application/soap+xml", SOAP12),
    "unsaid 1.2": ("", SOAP12),
}


@pytest.mark.parametrize("case", CHOICE)
def test_choice(case):
    """Of several protocols the one that the parameters of multipart/related mean reads the message."""
    parameters, namespace = CHOICE[case]
    protocols = JsonDocument(), Soap11(), Soap12()
    app = Application(
        [archive.Archive], archive.TNS, in_protocol=protocols, out_protocol=[JsonDocument(), Soap11(), Soap12()]
    )
    answer = send(app, store(namespace=namespace), f"multipart/related; boundary=B; {parameters}")
    assert answer.root.tag == f"{{{namespace}}}Envelope"
    assert answer.text.startswith("x|")


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=B", "multipart/related; boundary=B; type=image/png"])
def test_not_for_soap(kind):
    """Other multipart types are not SOAP's: 415 where there is a choice."""
    app = Application(
        [archive.Archive], archive.TNS, in_protocol=[Soap11(), JsonDocument()], out_protocol=[Soap11(), JsonDocument()]
    )
    answer = send(app, store(), kind)
    assert (answer.status, answer.fault[0]) == (415, "Client.UnsupportedMediaType")


@pytest.mark.parametrize("place", ['application/soap+xml"; action="{}"', r'application/soap+xml; action=\"{}\""'])
def test_action(place):
    """The action of SOAP 1.2 is read where MTOM puts it, and where WCF does."""
    application = archive.wsgi(check_action=True)
    codes = []
    for action in ("store", "echo"):
        kind = f'multipart/related; boundary=B; type="application/xop+xml"; start-info="{place.format(action)}'
        codes.append(send(application, store(namespace=SOAP12), kind).fault[0])
    assert codes == ["", "Sender.ActionMismatch"]


# --- out ---


def fetch(size: int, name: str = "fetch", namespace: str = SOAP11) -> bytes:
    """A call that gets bytes."""
    return envelope(f"<{name}><size>{size}</size></{name}>", namespace)


PLAIN = {SOAP11: "text/xml", SOAP12: "application/soap+xml"}
WHEN = {
    "asked for by nothing": ({}, "fetch", None, False),
    "accepted": ({}, "fetch", "text/xml, multipart/related", True),
    "accepted by the root's type": ({}, "fetch", "application/xop+xml;q=0.5", True),
    "everything accepted": ({}, "fetch", "*/*", False),
    "not accepted": ({}, "fetch", "text/xml, multipart/related; q=0.0", False),
    "by the method": ({}, "fetch_apart", None, True),
    "by the protocol": ({"mtom": True}, "fetch", None, True),
    "never": ({"mtom": False}, "fetch_apart", "multipart/related", False),
}


@both
@pytest.mark.parametrize("case", WHEN)
def test_when_a_package_is_written(namespace, case):
    """Callers who sent none get a package when they accept it, or the method or the protocol says so."""
    options, name, accept, is_package = WHEN[case]
    answer = send(archive.wsgi(**options), fetch(5000, name, namespace), f"{PLAIN[namespace]}; charset=utf-8", accept)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("multipart/related;") is is_package
    if is_package:
        check_package(answer, namespace)
    else:
        assert base64.b64decode(answer.text) == archive.content(5000)


def check_package(answer, namespace):
    """The form that XOP 1.0 §4 and RFC 2387 give a package, with one attachment."""
    media = PLAIN[namespace]
    kind = answer.headers["content-type"]
    assert re.fullmatch(
        rf'multipart/related; type="application/xop\+xml"; start-info="{re.escape(media)}"; start="<root-[0-9a-f]{{32}}@spyne>"; '
        r'boundary="MIME_[0-9a-f]{32}"',
        kind,
    )
    root = answer.root_headers
    assert (root.get_content_type(), root.get_param("charset"), root.get_param("type")) == (
        "application/xop+xml",
        "utf-8",
        media,
    )
    (found,) = answer.parts
    assert root["Content-Transfer-Encoding"] == found["Content-Transfer-Encoding"] == "binary"
    (inside,) = answer.content[0]
    assert inside.tag == f"{{{XOP}}}Include"
    assert f"<{inside.get('href').removeprefix('cid:')}>" == found["Content-ID"]
    assert re.fullmatch(r"<part-[0-9a-f]{32}@spyne>", found["Content-ID"])
    assert found.get_payload(decode=True) == archive.content(5000)


@both
def test_mtom_for_mtom(namespace):
    """Who sends MTOM is answered in it."""
    answer = send(
        archive.wsgi(), package(fetch(5000, namespace=namespace), namespace=namespace), mtom(namespace), "text/xml"
    )
    check_package(answer, namespace)


def test_plain_for_attachments():
    """Who sends a SOAP message with attachments is answered by an envelope."""
    body = joined([part(fetch(5000), "<root>", kind="text/xml")])
    assert not send(archive.wsgi(), body, swa()).parts


@pytest.mark.parametrize(("size", "parts"), [(0, 0), (4095, 0), (4096, 1)])
def test_threshold(size, parts):
    """Values below the threshold stay in the envelope, and without parts there is no package unless one is demanded."""
    answer = send(archive.wsgi(), fetch(size), "text/xml", "multipart/related")
    assert len(answer.parts) == parts
    assert answer.headers["content-type"].startswith("multipart/" if parts else "text/xml")
    demanded = send(archive.wsgi(), fetch(size, "fetch_apart"), "text/xml")
    assert len(demanded.parts) == parts
    assert demanded.headers["content-type"].startswith("multipart/related")


def test_ids_are_new_each_time():
    """Boundary and content ids cannot be foreseen."""
    answers = [send(archive.wsgi(mtom=True), fetch(5000), "text/xml") for _ in range(2)]
    assert len({answer.headers["content-type"] for answer in answers}) == 2
    assert len({answer.parts[0]["Content-ID"] for answer in answers}) == 2


def test_faults_are_plain():
    """A fault is an envelope alone, whatever was accepted or demanded; so is what replaces a result that cannot be written."""

    class Failing(Service):
        @rpc(Unicode, _returns=[ByteArray, Unicode], _mtom=True)
        def fail(ctx, how):
            if how == "late":
                return [BIG], "\x00"
            raise Fault("Client.No", "no")

    app = Application([Failing], archive.TNS, in_protocol=Soap11(), out_protocol=Soap11())
    for how, code in (("now", "Client.No"), ("late", "Server")):
        answer = send(app, package(envelope(f"<fail><how>{how}</how></fail>")), mtom(), "multipart/related")
        assert answer.fault[0] == code
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"


def test_unknown_option():
    """A choice that there is not is refused at once."""
    with pytest.raises(DeclarationError, match=r"Soap11\(mtom='yes'\): must be True, False or \"auto\""):
        Soap11(mtom="yes")


class Files(Service):
    @rpc(Unicode, Unicode, _returns=File)
    def give(ctx, path, name):
        return File.Value(path=path, name=name, type="text/x-log; charset=utf-8")

    @rpc(Unicode, _returns=File)
    def give_bad(ctx, name):
        return File.Value(data=BIG, type="text/x\r\nX-Evil: 1")


def files(**options):
    """A service that sends files."""
    return WsgiApplication(
        Application([Files], archive.TNS, in_protocol=Soap11(), out_protocol=Soap11(mtom=True, **options))
    )


@pytest.mark.parametrize("name", ["a.log", 'o"d.log', "größe.log", ""])
@pytest.mark.parametrize("chunked", [True, False])
def test_file_out(tmp_path, name, chunked):
    """A file goes out with its type and name, streamed under an exact Content-Length."""
    (tmp_path / "data").write_bytes(BIG)
    application = files()
    application.chunked = chunked
    body = envelope(f"<give><path>{tmp_path / 'data'}</path><name>{name}</name></give>")
    answer = send(application, body, "text/xml")
    (found,) = answer.parts
    assert found.get_content_type() == "text/x-log"
    assert found.get_filename() == (name or None)
    assert found.get_payload(decode=True) == BIG


def test_headers_stay_in_their_line():
    """A media type that would break out of the part's header is left out."""
    (found,) = send(files(), envelope("<give_bad/>"), "text/xml").parts
    assert found.get_content_type() == "application/octet-stream"
    assert found["X-Evil"] is None


def test_file_that_shrinks(tmp_path, caplog):
    """A file that becomes shorter while it is sent breaks the response off; the client does not take it for the whole."""
    path = tmp_path / "data"
    path.write_bytes(BIG * 100)
    body = envelope(f"<give><path>{path}</path></give>")
    started = []
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "text/xml", "CONTENT_LENGTH": str(len(body))}
    environ |= {"wsgi.input": BytesIO(body), "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80"}
    reply = files()(environ, lambda *head: started.append(head))
    path.write_bytes(BIG)
    with pytest.raises(OSError, match="shorter"):
        b"".join(reply)
    assert "broke off" in caplog.text


def test_asgi(tmp_path):
    """The same over ASGI: files come in and go out, and nothing is left of them."""

    class Waiting(Service):
        @rpc(File, _returns=File)
        async def swap(ctx, file):
            return file

    async def call(data):
        app = Application([Waiting], archive.TNS, in_protocol=Soap11(tmp_dir=str(tmp_path)), out_protocol=Soap11())
        body = package(envelope(f"<swap><file>{include()}</file></swap>"), part(data))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(AsgiApplication(app))) as client:
            return await client.post("http://localhost/", content=body, headers={"Content-Type": mtom()})

    for data in (BIG, BIG * 100):
        response = asyncio.run(call(data))
        assert response.headers["content-length"] == str(len(response.content))
        (found,) = read(response.status_code, dict(response.headers), response.content).parts
        assert found.get_payload(decode=True) == data
        assert not list(tmp_path.iterdir())


# --- clients ---


@pytest.mark.parametrize("protocol", [Soap11, Soap12])
def test_client(serve, tmp_path, protocol):
    """The client sends and reads packages, files from and to the disk; small values stay in the envelope."""
    seen = []

    def watch(ctx):
        seen.append((ctx.transport.request_content_type.partition(";")[0], len(attachments_of(ctx))))

    app = Application([archive.Archive], archive.TNS, in_protocol=protocol(mtom=True), out_protocol=protocol(mtom=True))
    app.event_manager.add_listener("method_call", watch)
    client = HttpClient(serve(WsgiApplication(app)), app)
    path = tmp_path / "data"
    path.write_bytes(BIG * 100)
    assert client.service.store("x", [BIG]).digest == digest(BIG)
    assert client.service.store("x", [b"small"]).digest == digest(b"small")
    assert b"".join(client.service.fetch(5000)) == archive.content(5000)
    file = client.service.echo_file(File.Value(path=str(path), name="d.bin", type="image/gif"))
    assert (file.name, file.type) == ("d.bin", "image/gif")
    with file.handle:
        assert file.handle.read() == BIG * 100
    package_of_one = ("multipart/related", 1)
    assert seen == [package_of_one, ("multipart/related", 0), (protocol().media_types[0], 0), package_of_one]


def test_client_that_does_not_ask(serve):
    """A client without the option sends envelopes, and reads a package all the same."""
    app = archive.application()
    client = HttpClient(serve(archive.wsgi()), app)
    assert client.service.store("x", [BIG]).size == len(BIG)
    procedure = client.service.fetch_apart
    assert b"".join(procedure(5000)) == archive.content(5000)
    assert [each.size for each in attachments_of(procedure.ctx)] == [5000]


def test_client_limits(serve):
    """A package that is too long for the client, or none at all, is an error of its own."""
    from spyne.client import ResponseError

    app = archive.application()
    client = HttpClient(serve(archive.wsgi()), app, max_response_length=3000)
    with pytest.raises(ResponseError, match="max_response_length=3000"):
        client.service.fetch_apart(5000)

    def nonsense(environ, start_response):
        start_response("200 OK", [("Content-Type", "multipart/related; boundary=B")])
        return [b"--B\r\n\r\nnonsense\r\n--B--\r\n"]

    with pytest.raises(ResponseError, match="without a fault or a result"):
        HttpClient(serve(nonsense), app).service.fetch(1)


def test_in_process():
    """NullServer makes the same way, package included."""
    app = archive.application(mtom=True)
    service = NullServer(app, wire=True).service
    assert service.store("x", [BIG]).digest == digest(BIG)
    assert b"".join(service.fetch(5000)) == archive.content(5000)


def test_transport_without_content_types():
    """Where messages have no Content-Type nobody could read a package: it is not written, even if demanded."""
    from spyne.server._base import ServerBase

    server = ServerBase(archive.application(mtom=True))
    ctx = server.make_context()
    ctx.in_string = [fetch(5000, "fetch_apart")]
    server.get_in_object(ctx)
    server.get_out_object(ctx)
    server.get_out_string(ctx)
    assert base64.b64decode("".join(etree.fromstring(ctx.out_string[0]).itertext())) == archive.content(5000)


def test_listener_that_writes_the_response():
    """What a listener puts in place of the response goes out as what it is, not as a package."""

    def replace(ctx):
        ctx.out_string = [b"<a/>"]

    app = archive.application(mtom=True)
    app.event_manager.add_listener("method_return_document", replace)
    answer = send(app, fetch(5000), "text/xml")
    assert (answer.body, answer.headers["content-type"]) == (b"<a/>", "text/xml; charset=utf-8")


def test_listener_that_changes_the_document():
    """A listener sees the envelope as a tree, and what it changes goes out with the attachments."""

    def change(ctx):
        ctx.out_document[0][0].set("seen", "yes")

    app = archive.application(mtom=True)
    app.event_manager.add_listener("method_return_document", change)
    answer = send(app, fetch(5000), "text/xml")
    assert answer.content.get("seen") == "yes"
    assert answer.parts[0].get_payload(decode=True) == archive.content(5000)


# --- memory ---


def test_memory(tmp_path):
    """A file of 32 MiB goes in and out again without being held in memory."""
    size, block = 32 * 1024 * 1024, b"m" * (256 * 1024)
    head, tail = (
        store(b"#")
        .replace(b"store", b"echo_file")
        .replace(b"<name>x</name>", b"")
        .replace(b"data>", b"file>")
        .split(b"#")
    )

    class Stream:
        """The request, made while it is read."""

        def __init__(self):
            self.blocks = iter([head, *[block] * (size // len(block)), tail])
            self.held = b""

        def read(self, length):
            while len(self.held) < length and (more := next(self.blocks, b"")):
                self.held += more
            found, self.held = self.held[:length], self.held[length:]
            return found

    app = Application(
        [archive.Archive], archive.TNS, in_protocol=Soap11(tmp_dir=str(tmp_path)), out_protocol=Soap11(mtom=True)
    )
    application = WsgiApplication(app, max_content_length=None)
    application.max_content_length = 2 * size
    length = len(head) + size + len(tail)
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": mtom(), "CONTENT_LENGTH": str(length), "wsgi.input": Stream()}
    environ |= {"PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80"}
    tracemalloc.start()
    try:
        reply = application(environ, lambda *head: None)
        sent = sum(map(len, reply))
        reply.close()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < sent < size + 2000
    assert peak < 6 * 1024 * 1024
    assert not list(tmp_path.iterdir())
