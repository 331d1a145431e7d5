"""Multipart messages with something wrong: what is refused, how, and what is left behind."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.interop import archive
from tests.protocol.mutation import hostile, mutated
from tests.protocol.packages import (
    BIG,
    SOAP12,
    digest,
    envelope,
    include,
    joined,
    mtom,
    package,
    part,
    send,
    store,
    swa,
)
from tests.protocol.victim import LEAKS

from spyne import Application, Limits
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication


def message(*parts: bytes, body: str = f"<store><data>{include()}</data></store>") -> bytes:
    return package(envelope(body), *parts)


DEEP = part(b"", None, kind="multipart/mixed; boundary=C")
BAD = {
    # a message, its Content-Type (None for MTOM's), the fault's code, what it says
    "F58 many parts": (lambda: message(*[part(b"", f"<{i}>") for i in range(2000)]), None, "Client.RequestTooLong", "parts=50"),
    "F59 many headers": (lambda: message(part(BIG, "<a1>", *["X: y"] * 2000)), None, "Client.RequestTooLong", "part_headers=64"),
    "F59 long header": (lambda: message(part(BIG, "<a1>", "X: " + "y" * 10**6)), None, "Client.RequestTooLong", "part_header_size"),
    "F61 no boundary": (lambda: message(part(BIG)), 'multipart/related; type="text/xml"', "Client.InvalidInput", "boundary"),
    "F61 two boundaries": (lambda: message(part(BIG)), "multipart/related; boundary=B; boundary=C", "Client.InvalidInput", "twice"),
    "F61 long boundary": (lambda: message(part(BIG)), f"multipart/related; boundary={'B' * 10240}", "Client.InvalidInput", "boundary"),
    "F61 other boundary": (lambda: message(part(BIG)), "multipart/related; boundary=C", "Client.InvalidInput", "boundary"),
    "F61 never ends": (lambda: message(part(BIG))[:-6], None, "Client.InvalidInput", "last boundary"),
    "F62 repeated": (
        lambda: message(part(b"x" * 50_000), body="<store>" + f"<data>{include()}</data>" * 300 + "</store>"),
        None, "Client.RequestTooLong", "body=",
    ),
    "F63 http": (lambda: message(part(BIG), body=f"<store><data>{include('http://127.0.0.1:1/')}</data></store>"), None,
                 "Client.ValidationError", "does not name an attachment by cid:"),
    "F63 file": (lambda: message(part(BIG), body=f"<store><data>{include('file:///etc/passwd')}</data></store>"), None,
                 "Client.ValidationError", "does not name an attachment by cid:"),
    "unknown attachment": (lambda: message(part(BIG, "<b>")), None, "Client.ValidationError", "not in the message"),
    "no attachment": (lambda: envelope(f"<store><data>{include()}</data></store>"), "text/xml", "Client.ValidationError", "without attachments"),
    "in a text": (lambda: message(part(BIG), body=f"<store><name>{include()}</name></store>"), None, "Client.ValidationError", ""),
    "F64 no base64": (lambda: message(part(b"~~~", "<a1>", "Content-Transfer-Encoding: base64")), None, "Client.InvalidInput", "base64"),
    "F64 unknown": (lambda: message(part(b"~~~", "<a1>", "Content-Transfer-Encoding: x-gzip")), None, "Client.InvalidInput", "not known"),
    "same Content-ID": (lambda: message(part(BIG), part(BIG, "<%611>")), None, "Client.InvalidInput", "same Content-ID"),
    "no root": (lambda: message(part(BIG)), 'multipart/related; boundary=B; start="<other>"', "Client.InvalidInput", "start"),
    "root of an image": (lambda: joined([part(BIG, "<root>")]), None, "Client.InvalidInput", "not XML"),
    "root of parts": (lambda: joined([part(b"", "<root>", kind="multipart/mixed; boundary=C")]), None, "Client.InvalidInput", "not XML"),
    "root that is none": (lambda: joined([part(BIG, "<root>", kind="text/xml")]), None, "Client.XMLSyntaxError", ""),
    "root with a bomb": (
        lambda: joined([part(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<root>", kind="text/xml")]), None, "Client.XMLSyntaxError", "DOCTYPE",
    ),
    "empty": (lambda: b"--B--\r\n", None, "Client.InvalidInput", ""),
    "form": (lambda: message(part(BIG)), "multipart/form-data; boundary=B", "Client.UnsupportedMediaType", "multipart/form-data"),
}  # fmt: skip


@pytest.fixture
def guarded(tmp_path):
    """The archive with a folder for its temporary files."""
    limits = Limits(body=4 * 1024 * 1024)
    protocols = [[Soap11(validator="soft", tmp_dir=str(tmp_path)), Soap12()] for _ in range(2)]
    app = Application(
        [archive.Archive], archive.TNS, in_protocol=protocols[0], out_protocol=protocols[1], limits=limits
    )
    return WsgiApplication(app, max_content_length=16 * 1024 * 1024), tmp_path


@pytest.mark.parametrize("case", BAD)
def test_refused(guarded, caplog, case):
    """A package with something wrong gets a fault that names it, leaves no file, and one line in the log."""
    application, tmp_path = guarded
    make, kind, code, text = BAD[case]
    with caplog.at_level(logging.INFO, "spyne"):
        answer = send(application, make(), kind or mtom(), HTTP_SOAPACTION='"store"')
    assert answer.fault[0] == code, answer.fault
    assert text in answer.fault[1], answer.fault
    assert answer.status == (415 if code == "Client.UnsupportedMediaType" else 500)
    assert not LEAKS.search(answer.body)
    assert len(answer.body) < 2000
    assert len(caplog.records) == 1
    assert not caplog.records[0].exc_info
    assert not list(tmp_path.iterdir())
    assert send(application, store(), mtom()).text.startswith("x|")


LATE = {
    "cut off": lambda body: body[:-1000],
    "second id": lambda body: body[:-7] + b"--B\r\nContent-ID: <a1>\r\n\r\nx\r\n--B--\r\n",
    "no root": lambda body: body.replace(b"<root>", b"<other>"),
    "wrong value": lambda body: body.replace(b"<size>", b"<size>x"),
    "no XML": lambda body: body.replace(b"</e:Body>", b""),
}


@pytest.mark.parametrize("case", LATE)
def test_no_file_left(guarded, case):
    """Whatever is wrong behind or beside a large part, its file is gone when the answer is sent."""
    application, tmp_path = guarded
    body = package(envelope(f"<fetch><size>1</size><x>{include()}</x></fetch>"), part(b"y" * 2_000_000))
    assert send(application, LATE[case](body), mtom()).fault[0].startswith("Client.")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("announced", [True, False])
def test_too_much(guarded, announced):
    """All parts together may be as long as the transport takes, and no file is left of one that is longer."""
    application, tmp_path = guarded
    body = store(b"z" * (16 * 1024 * 1024))
    length = {} if announced else {"CONTENT_LENGTH": None, "wsgi.input_terminated": True}
    answer = send(application, body, mtom(), **length)
    assert answer.fault == (
        "Client.RequestTooLong",
        "the request is larger than the limit max_content_length=16777216 bytes",
    )
    assert not list(tmp_path.iterdir())


def test_long_envelope(guarded):
    """The envelope itself has the limit of bodies, whatever the transport takes."""
    application, tmp_path = guarded
    body = package(envelope(f"<store><name>{'n' * 5_000_000}</name></store>"))
    assert "limit body=4194304" in send(application, body, mtom()).fault[1]
    assert not list(tmp_path.iterdir())


def test_near_boundaries():
    """Content full of what is nearly a boundary is content (F61)."""
    data = b"\r\n--BOUNDARY-X\r\n--BOUNDARY-" * 40_000
    boundary = "BOUNDARY-XY"
    body = package(envelope(f"<store><data>{include()}</data></store>"), part(data), boundary=boundary)
    assert send(archive.wsgi(), body, mtom(boundary=boundary)).text == f"{len(data)}|{digest(data)}"


def test_nested_parts_are_content():
    """A part that is multipart itself is an attachment as any other; nothing looks into it (F60)."""
    data = b"--C\r\nContent-Type: multipart/mixed; boundary=D\r\n\r\n" * 1000
    body = message(part(data, kind="multipart/mixed; boundary=C"))
    assert send(archive.wsgi(), body, mtom()).text == f"{len(data)}|{digest(data)}"


GOOD = [
    store(b"12345"),
    package(envelope("<fetch><size>3</size></fetch>")),
    message(part(b"QQ==", "<a1>", "Content-Transfer-Encoding: base64")),
]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=hostile(*GOOD) | mutated(*GOOD), kind=st.sampled_from([mtom(), swa(), mtom(SOAP12)]))
def test_hostile(guarded, caplog, body, kind):
    """Mutated packages and random bytes get an envelope for an answer, never a server's fault, and leave no file."""
    application, tmp_path = guarded
    caplog.clear()
    answer = send(application, body, kind)
    assert answer.fault[0].partition(".")[0] in ("", "Client", "Sender", "VersionMismatch")
    assert not LEAKS.search(answer.body)
    assert not list(tmp_path.iterdir())


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(kind=st.text(max_size=40) | mutated(mtom().encode(), swa().encode()).map(lambda text: text.decode("latin-1")))
def test_hostile_content_types(guarded, kind):
    """A Content-Type may hold anything."""
    application, tmp_path = guarded
    answer = send(application, store(), f"multipart/related;{kind.encode('latin-1', 'replace').decode('latin-1')}")
    assert answer.fault[0].partition(".")[0] in ("", "Client", "Sender")
    assert not LEAKS.search(answer.body)
    assert not list(tmp_path.iterdir())
