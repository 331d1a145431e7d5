"""Multipart SOAP messages made by hand, and a caller that sends one and reads the answer with Python's own MIME parser."""

from __future__ import annotations

import hashlib
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from typing import Any

import msgspec
from lxml import etree

from spyne.server.wsgi import WsgiApplication

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
XOP = "http://www.w3.org/2004/08/xop/include"
MEDIA = {SOAP11: "text/xml", SOAP12: "application/soap+xml"}


def include(href: str = "cid:a1") -> str:
    """An element that stands for an attachment."""
    return f'<xop:Include xmlns:xop="{XOP}" href="{href}"/>'


def envelope(body: str, namespace: str = SOAP11) -> bytes:
    """The envelope of a call in the namespace of the archive."""
    return f'<e:Envelope xmlns:e="{namespace}" xmlns="urn:archive"><e:Body>{body}</e:Body></e:Envelope>'.encode()


def part(content: bytes, content_id: str | None = "<a1>", *headers: str, kind: str = "image/png") -> bytes:
    """One part with its headers."""
    lines = [f"Content-Type: {kind}", *headers]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    return "\r\n".join([*lines, "", ""]).encode() + content


def package(root: bytes, *parts: bytes, boundary: str = "B", namespace: str = SOAP11) -> bytes:
    """The message around an envelope and parts."""
    first = part(root, "<root>", kind=f'application/xop+xml; charset=utf-8; type="{MEDIA[namespace]}"')
    return joined([first, *parts], boundary)


def joined(parts: list[bytes], boundary: str = "B") -> bytes:
    """Parts between boundaries."""
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + each + b"\r\n" for each in parts) + line + b"--\r\n"


def mtom(namespace: str = SOAP11, boundary: str = "B") -> str:
    """The Content-Type of an MTOM request."""
    return f'multipart/related; boundary={boundary}; type="application/xop+xml"; start="<root>"; start-info="{MEDIA[namespace]}"'


def swa(namespace: str = SOAP11) -> str:
    """The Content-Type of a SOAP message with attachments."""
    return f'multipart/related; boundary=B; type="{MEDIA[namespace]}"; start="<root>"'


class Answer(msgspec.Struct):
    """What came back: the status, the headers by lower-case name, the body; its envelope, and the parts beside that."""

    status: int
    headers: dict[str, str]
    body: bytes
    root: Any
    parts: list[Any]
    root_headers: Any = None

    @property
    def content(self) -> Any:
        """The element in the Body."""
        (body,) = self.root.iterchildren("{*}Body")
        return body[0]

    @property
    def fault(self) -> tuple[str, str]:
        """Code and text of the fault, empty where it is none."""
        if not self.content.tag.endswith("}Fault"):
            return "", ""
        if self.content.tag == f"{{{SOAP12}}}Fault":
            codes = [each.text.partition(":")[2] for each in self.content.iter(f"{{{SOAP12}}}Value")]
            return ".".join(codes), "".join(self.content.find("{*}Reason").itertext())
        return self.content.findtext("faultcode").partition(":")[2], self.content.findtext("faultstring")

    @property
    def text(self) -> str:
        """All text in the Body."""
        return "|".join(self.content.itertext())


def send(application: Any, body: Any, content_type: str | None, accept: str | None = None, **environ: Any) -> Answer:
    """One request in process, read to its end and closed."""
    request = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body) if isinstance(body, bytes) else body,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)) if isinstance(body, bytes) else None,
        "HTTP_ACCEPT": accept,
        **environ,
    }
    wsgi = application if callable(application) else WsgiApplication(application)
    started: list[Any] = []
    reply = wsgi(
        {key: value for key, value in request.items() if value is not None}, lambda *head: started.append(head)
    )
    data = b"".join(reply)
    reply.close()
    ((status, headers),) = started
    names = {name.lower(): value for name, value in headers}
    assert names["content-length"] == str(len(data))
    return read(int(status[:3]), names, data)


def read(status: int, headers: dict[str, str], data: bytes) -> Answer:
    """An answer of one part or of several."""
    kind = headers["content-type"]
    if not kind.startswith("multipart/"):
        return Answer(status, headers, data, etree.fromstring(data), [])
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + data)
    assert not message.defects
    root, *parts = message.iter_parts()
    assert root["Content-ID"] == message.get_param("start")
    return Answer(status, headers, data, etree.fromstring(root.get_payload(decode=True)), parts, root)


BIG = bytes(range(256)) * 40


def digest(data: bytes) -> str:
    """How the archive names contents."""
    return hashlib.sha256(data).hexdigest()


def store(data: bytes = BIG, *, namespace: str = SOAP11, cid: str = "<a1>", href: str = "cid:a1") -> bytes:
    """A call that stores an attachment."""
    body = f"<store><name>x</name><data>{include(href)}</data></store>"
    return package(envelope(body, namespace), part(data, cid), namespace=namespace)
