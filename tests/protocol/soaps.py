"""Both versions of SOAP for tests: envelopes by version, one request in process, and what the answer says."""

from __future__ import annotations

from io import BytesIO
from typing import Any, NamedTuple

from lxml import etree

from spyne import Application
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

TNS = "urn:soaps"
NS = {"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}
ENC = {"1.1": "http://schemas.xmlsoap.org/soap/encoding/", "1.2": "http://www.w3.org/2003/05/soap-encoding"}
NAME = {namespace: name for name, namespace in NS.items()}
CONTENT_TYPE = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
PROTOCOL: dict[str, Any] = {"1.1": Soap11, "1.2": Soap12}
VERSIONS = ("1.1", "1.2")
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def envelope(version: str, content: str, header: str = "", *, attributes: str = "") -> bytes:
    """An envelope; ``e`` is its prefix, ``t`` that of the target namespace."""
    head = f"<e:Header>{header}</e:Header>" if header else ""
    declared = f'xmlns:e="{NS[version]}" xmlns:t="{TNS}" xmlns:i="{XSI}" xmlns:c="{ENC[version]}"'
    return f"<e:Envelope {declared}{attributes}>{head}<e:Body>{content}</e:Body></e:Envelope>".encode()


class Answer(NamedTuple):
    """What came back. version: of the envelope. code: dotted, as services write it. body: the first child of the Body."""

    status: int
    content_type: str
    version: str
    code: str
    text: str
    header: Any
    body: Any
    data: bytes


def post(application: Any, version: str, body: bytes, **environ: Any) -> Answer:
    """One request in process; CONTENT_TYPE is that of the version unless it is given."""
    request = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_TYPE": CONTENT_TYPE[version],
        "CONTENT_LENGTH": str(len(body)),
        **environ,
    }
    request = {name: value for name, value in request.items() if value is not None}
    started: list[Any] = []
    reply = application(request, lambda status, headers, exc_info=None: started.append((status, headers)))
    data = b"".join(reply)
    reply.close()
    ((status, headers),) = started
    return read(int(status[:3]), dict(headers).get("Content-Type", ""), data)


def read(status: int, content_type: str, data: bytes) -> Answer:
    """An answer taken apart; an empty one has no version."""
    if not data:
        return Answer(status, content_type, "", "", "", None, None, data)
    root = etree.fromstring(data)
    namespace = etree.QName(root).namespace
    assert root.tag == f"{{{namespace}}}Envelope"
    version = NAME[namespace]
    *header, body = root
    assert body.tag == f"{{{namespace}}}Body"
    (child,) = body
    code, text = read_fault(child, version) if child.tag == f"{{{namespace}}}Fault" else ("", "")
    return Answer(status, content_type, version, code, text, header[0] if header else None, child, data)


def read_fault(fault: Any, version: str) -> tuple[str, str]:
    """Dotted code and text of a Fault; every code must be a qualified name whose prefix is declared."""
    if version == "1.1":
        return local(fault.find("faultcode")), fault.findtext("faultstring")
    env = f"{{{NS[version]}}}"
    code = fault.find(f"{env}Code")
    names = []
    while code is not None:
        names.append(local(code.find(f"{env}Value")))
        code = code.find(f"{env}Subcode")
    first = {"Sender": "Client", "Receiver": "Server"}.get(names[0], names[0])
    return ".".join([first, *names[1:]]), fault.findtext(f"{env}Reason/{env}Text")


def local(element: Any) -> str:
    """The local part of a qualified name."""
    prefix, _, name = element.text.partition(":")
    assert element.nsmap[prefix]
    return str(name)


def endpoint(services: Any, *versions: str, tns: str = TNS, limits: Any = None, **options: Any) -> WsgiApplication:
    """A WSGI application that speaks these versions, both unless some are given, with the same options."""
    protocols = [PROTOCOL[version](**options) for version in versions or VERSIONS]
    return WsgiApplication(Application(services, tns, name="Soaps", in_protocol=protocols, limits=limits))
