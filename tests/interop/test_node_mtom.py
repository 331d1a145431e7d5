"""MTOM with node-soap: packages both ways, live and recorded.

``python -m tests.interop.test_node_mtom --write`` records anew what node-soap sends and what it is answered.
"""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from email import message_from_bytes
from io import BytesIO
from pathlib import Path

import pytest
from lxml import etree
from tests.conftest import _serving
from tests.interop import bank, foreign
from tests.transport.conftest import _call

BLOB = bytes(range(256)) * 20  # above the size from which on answers have parts
VERSIONS = {"1.1": {}, "1.2": {"forceSoap12Headers": True}}
RECORDED = Path(__file__).parent / "node"
XOP = "http://www.w3.org/2004/08/xop/include"


@pytest.fixture
def node():
    """node-soap."""
    return foreign.node_soap()


def package_call():
    """A call whose bytes are an attachment."""
    include = {"xop:Include": {"attributes": {"xmlns:xop": XOP, "href": "cid:blob@node"}}}
    part = {
        "mimetype": "application/octet-stream",
        "contentId": "blob@node",
        "name": "a",
        "body": b64encode(BLOB).decode(),
    }
    options = {"forceMTOM": True, "attachments": [part]}
    return {"name": "echo", "arguments": [{"value": {"text": "grün", "blob": include}}], "options": options}


@pytest.mark.parametrize("version", VERSIONS)
def test_packages_both_ways(node, serve, version):
    """Bytes arrive as an attachment, and leave as one."""
    wsdl = serve(bank.soaps()) + "/?wsdl"
    (reply,) = node.calls(wsdl, package_call(), parseResponseAttachments=True, **VERSIONS[version])
    ((headers, body),) = reply["attachments"]
    assert b64decode(body) == BLOB
    value = reply["result"]["echoResult"]
    assert value["text"] == "grün"
    assert value["blob"]["Include"]["attributes"]["href"] == f"cid:{headers['content-id'].strip('<>')}"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_package_without_attachments(node, serve, version):
    """A package that is nothing but an envelope is answered, without a package where nothing is large."""
    call = {"name": "echo", "arguments": [{"value": {"blob": "AAEC"}}], "options": {"forceMTOM": True}}
    (reply,) = node.calls(serve(bank.soaps()) + "/?wsdl", call, **VERSIONS[version])
    assert reply["result"] == {"echoResult": {"blob": "AAEC"}}


# --- recorded ---


def parts_of(content_type, body):
    """The parts of a package: the envelope's bytes, and the other ones by Content-ID."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    root, *others = message.get_payload()
    assert message.get_param("start") == root["Content-ID"]
    return root.get_payload(decode=True), {part["Content-ID"]: part.get_payload(decode=True) for part in others}


def split(recording):
    """The Content-Type and the body of a recorded message."""
    head, _, body = recording.partition(b"\r\n\r\n")
    return head.decode().removeprefix("Content-Type: "), body


def blob_in(content_type, body):
    """The bytes that the envelope of a package refers to."""
    envelope, parts = parts_of(content_type, body)
    (include,) = etree.fromstring(envelope).iter(f"{{{XOP}}}Include")
    return parts[f"<{include.get('href').removeprefix('cid:')}>"]


@pytest.mark.parametrize("version", VERSIONS)
def test_recorded_packages(version):
    """What node-soap sent is answered as it was: the same envelope but for the part's name, and the same bytes."""
    sent, received = ((RECORDED / f"mtom-{version}-{way}.mime").read_bytes() for way in ("request", "response"))
    content_type, body = split(sent)
    assert blob_in(content_type, body) == BLOB
    answer = _call(bank.soaps(), body=body, content_type=content_type)
    assert answer.status == "200 OK"
    found, before = (answer.headers["Content-Type"], answer.body), split(received)
    assert blob_in(*found) == blob_in(*before) == BLOB
    assert same_but_href(parts_of(*found)[0], parts_of(*before)[0])


def same_but_href(one, other):
    """Tell whether two envelopes differ in the names of parts alone."""
    texts = []
    for envelope in (one, other):
        root = etree.fromstring(envelope)
        for include in root.iter(f"{{{XOP}}}Include"):
            del include.attrib["href"]
        texts.append(etree.tostring(root, method="c14n"))
    return texts[0] == texts[1]


def record():
    """Write the exchanges of `package_call` to files."""
    exchanges = []

    def recorder(environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        answer = _collect(services, environ, start_response)
        exchanges.append(((environ.get("CONTENT_TYPE"), body), answer))
        return [answer[1]]

    services = bank.soaps()
    with _serving(recorder) as url:
        for version, options in VERSIONS.items():
            foreign.node_soap().calls(f"{url}/?wsdl", package_call(), **options)
            for way, (content_type, body) in zip(("request", "response"), exchanges[-1], strict=True):
                head = f"Content-Type: {content_type}\r\n\r\n".encode()
                (RECORDED / f"mtom-{version}-{way}.mime").write_bytes(head + body)


def _collect(application, environ, start_response):
    """The Content-Type and the whole body of an answer."""
    types = []

    def starting(status, headers, exc_info=None):
        types.append(dict(headers).get("Content-Type"))
        return start_response(status, headers)

    reply = application(environ, starting)
    body = b"".join(reply)
    if hasattr(reply, "close"):
        reply.close()
    return types[0], body


if __name__ == "__main__":
    assert sys.argv[1:] == ["--write"], __doc__
    record()
