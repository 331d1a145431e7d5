"""MTOM with other people's clients: node-soap as it was recorded, and zeep live."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import zeep
from tests.interop import archive
from tests.protocol.packages import send
from zeep.wsdl.bindings import Soap11Binding, Soap12Binding

HERE = Path(__file__).parent / "mtom"
EXCHANGES = sorted(path.stem for path in HERE.glob("node-soap-*.request"))
RANDOM = re.compile(rb"[0-9a-f]{32}")
PICTURE = bytes(range(256)) * 23 + bytes(range(112))


def recorded(name):
    """The headers and the body of a message; `mtom/record.py` wrote it."""
    head, _, body = (HERE / name).read_bytes().partition(b"\r\n\r\n")
    return dict(line.split(": ", 1) for line in head.decode().splitlines()), body


def test_recordings():
    """There are recordings of every operation in both versions."""
    assert len(EXCHANGES) == 10


@pytest.mark.parametrize("name", EXCHANGES)
def test_node_soap(name):
    """What node-soap sent is answered as it was then, but for the random ids."""
    environ, body = recorded(f"{name}.request")
    headers, answer = recorded(f"{name}.response")
    found = send(archive.wsgi(), body, environ.pop("CONTENT_TYPE"), environ.pop("HTTP_ACCEPT"), **environ)
    assert headers["Status"] == "200 OK"
    assert found.status == 200
    assert masked(found.headers["content-type"].encode()) == masked(headers["Content-Type"].encode())
    assert masked(found.body) == masked(answer)


def masked(message):
    """The message without its random ids."""
    return RANDOM.sub(b"*", message)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_node_soap_understood(version):
    """What node-soap made of the answers is what was sent."""
    seen = json.loads((HERE / f"node-soap-{version}.json").read_text())
    digest = hashlib.sha256(PICTURE).hexdigest()
    for operation, name in (("store", "picture"), ("store_file", "picture.png")):
        assert seen[operation]["result"][f"{operation}Result"] == {"name": name, "size": len(PICTURE), "digest": digest}
    contents = {"echo": PICTURE, "fetch": archive.content(5000), "fetch_apart": archive.content(5000)}
    for operation, content in contents.items():
        (part,) = seen[operation]["parts"]
        href = seen[operation]["result"][f"{operation}Result"]["Include"]["attributes"]["href"]
        assert part == {"id": f"<{href.removeprefix('cid:')}>", "digest": hashlib.sha256(content).hexdigest()}


@pytest.fixture(params=["1.1", "1.2"])
def client(request, serve):
    """A zeep client of one of the archive's bindings."""
    url = serve(archive.wsgi()) + "/"
    with zeep.Client(f"{url}?wsdl") as client:
        binding = next(name for name, each in client.wsdl.bindings.items() if isinstance(each, BINDINGS[request.param]))
        yield client, client.create_service(str(binding), url)


BINDINGS = {"1.1": Soap11Binding, "1.2": Soap12Binding}


def test_zeep_reads_a_package(client):
    """Zeep puts the attachments of an MTOM response where the envelope includes them."""
    _, service = client
    assert service.fetch_apart(5000) == archive.content(5000)
    assert service.fetch_apart(10) == archive.content(10)


def test_zeep_that_accepts_packages(client):
    """It is answered so by every method once it says that it accepts multipart/related."""
    zeep_client, service = client
    kinds = []
    zeep_client.transport.session.headers["Accept"] = "multipart/related, text/xml, application/soap+xml"
    zeep_client.transport.session.hooks["response"].append(lambda r, **_: kinds.append(r.headers["Content-Type"]))
    data = b"x\r\n--" + bytes(range(256)) * 40
    assert service.echo(data) == data
    assert service.store("x", data).digest == hashlib.sha256(data).hexdigest()
    assert [kind.partition(";")[0] == "multipart/related" for kind in kinds] == [True, False]


def test_zeep_reads_attachments(client):
    """A response with attachments is zeep's pack of messages: the envelope's and the parts beside it."""
    _, service = client
    pack = service.fetch_attached(300)
    (part,) = pack.attachments
    assert part.content == archive.content(300)
    assert pack.root == f"cid:{part.content_id.strip('<>')}"
