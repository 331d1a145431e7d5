"""A service with a member of every kind, and a caller that sends one bad request and looks at all that it leaves behind."""

from __future__ import annotations

import json
import logging
import re
from io import BytesIO
from typing import Any

import msgspec
from lxml import etree

from spyne import (
    AnyDict,
    AnyXml,
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Decimal,
    Double,
    Duration,
    Enum,
    Integer,
    Integer8,
    SelfReference,
    Service,
    Time,
    Unicode,
    Uuid,
    XmlAttribute,
    rpc,
)
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.server.wsgi import WsgiApplication

TNS = "victim"
SOAP_ENV = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PROTOCOLS: dict[str, Any] = {"soap": Soap11, "xml": XmlDocument, "json": JsonDocument}

LEAKS = re.compile(
    rb"Traceback|File \"|\.py\b|<class |object at 0x|site-packages|lxml\.|msgspec|Error\(|NoneType|spyne\.|Decimal\('|[ (\[]b'|\\x0"
)
"""What would tell a client about Python, this code, or where it is."""

Colour = Enum("red", "green", type_name="Colour")


class Token(ComplexModel):
    __namespace__ = TNS
    value = Unicode


class Tree(ComplexModel):
    __namespace__ = TNS
    name = Unicode
    mark = XmlAttribute(Unicode)
    inner = SelfReference


class Leaf(Tree):
    __namespace__ = TNS
    colour = Unicode


class Stranger(ComplexModel):
    __namespace__ = TNS
    secret = Unicode


MEMBERS: dict[str, Any] = {
    "text": Unicode,
    "integer": Integer,
    "byte": Integer8,
    "decimal": Decimal,
    "money": Decimal(6, 2),
    "double": Double,
    "flag": Boolean,
    "day": Date,
    "clock": Time,
    "moment": DateTime,
    "span": Duration,
    "blob": ByteArray,
    "hexa": ByteArray(encoding="hex"),
    "uuid": Uuid,
    "colour": Colour,
    "short": Unicode(max_len=5),
    "slow": Unicode(pattern="(a+)+b"),
    "numbers": Array(Integer),
    "tree": Tree,
    "free": AnyDict,
    "markup": AnyXml,
}


class Victim(Service):
    __in_header__ = (Token,)

    @rpc(*MEMBERS.values(), _args=list(MEMBERS), _returns=Unicode)
    def take(ctx, *given):
        return "taken"

    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text

    @rpc(Stranger)
    def show(ctx, stranger):
        pass

    @rpc(Unicode, _returns=Unicode)
    def set_header(ctx, value):
        ctx.transport.add_header("X-Echo", value or "")
        return "set"


def victim(kind: str, validator: Any = "soft", *, limits: Any = None, services: Any = (Victim,), **options: Any) -> Any:
    """A WSGI application that speaks one protocol in and out."""
    protocol = PROTOCOLS[kind]
    app = Application(
        services, TNS, in_protocol=protocol(validator=validator, **options), out_protocol=protocol(), limits=limits
    )
    return WsgiApplication(app)


class Answer(msgspec.Struct):
    """What came back: status, fault code without its prefix and fault text (empty for a good answer), headers, body."""

    status: int
    code: str
    text: str
    headers: list[tuple[str, str]]
    body: bytes


CONTENT_TYPES = {"soap": "text/xml; charset=utf-8", "xml": "text/xml", "json": "application/json"}


def send(application: Any, kind: str, body: bytes, **environ: Any) -> Answer:
    """One request in process; the answer must be a document of the protocol's own kind."""
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
        "CONTENT_TYPE": CONTENT_TYPES[kind],
        "CONTENT_LENGTH": str(len(body)),
        **environ,
    }
    started: list[Any] = []
    request = {name: value for name, value in request.items() if value is not None}
    reply = application(request, lambda status, headers, exc_info=None: started.append((status, headers)))
    data = b"".join(reply)
    reply.close()
    ((status, headers),) = started
    read = read_json if kind == "json" else read_xml
    code, text = read(data, envelope=kind == "soap")
    return Answer(int(status[:3]), code, text, headers, data)


def read_xml(data: bytes, *, envelope: bool) -> tuple[str, str]:
    """The fault in a document; it must be well-formed and have an Envelope where there should be one."""
    root = etree.fromstring(data)
    if envelope:
        assert root.tag == f"{{{SOAP_ENV}}}Envelope", root.tag
        (root,) = root.find(f"{{{SOAP_ENV}}}Body")
    if root.tag != f"{{{SOAP_ENV}}}Fault":
        return "", ""
    return root.findtext("faultcode").removeprefix("soap11env:"), root.findtext("faultstring")


def read_json(data: bytes, *, envelope: bool) -> tuple[str, str]:
    """The fault in a document; strict JSON."""

    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is not JSON")

    found = json.loads(data, parse_constant=refuse)
    if isinstance(found, dict) and "faultcode" in found:
        return found["faultcode"], found["faultstring"]
    return "", ""


GOOD = {
    "soap": (
        f'<e:Envelope xmlns:e="{SOAP_ENV}"><e:Body><echo xmlns="{TNS}"><text>fine</text></echo></e:Body></e:Envelope>'
    ).encode(),
    "xml": f'<echo xmlns="{TNS}"><text>fine</text></echo>'.encode(),
    "json": b'{"echo": {"text": "fine"}}',
}


def attack(application: Any, kind: str, body: bytes, caplog: Any, **environ: Any) -> Answer:
    """Send a bad request: its fault leaks nothing, it leaves one short line in the log, and the next request is served."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "spyne"):
        answer = send(application, kind, body, **environ)
    assert answer.code.partition(".")[0] == "Client", answer
    assert not LEAKS.search(answer.body), answer.body
    assert len(answer.body) < 3000
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1, caplog.text
    assert len(lines[0]) < 300
    assert lines[0].isprintable(), lines
    assert answer.code in lines[0]
    assert not caplog.records[0].exc_info
    check_alive(application, kind)
    return answer


def check_alive(application: Any, kind: str) -> None:
    """A good request is answered."""
    answer = send(application, kind, GOOD[kind])
    assert answer.status == 200
    assert b"fine" in answer.body


def soap(content: str, header: str = "", *, prolog: str = "", declared: str = "") -> bytes:
    """A SOAP envelope around a body's content."""
    head = f"<e:Header>{header}</e:Header>" if header else ""
    return f'{prolog}<e:Envelope xmlns:e="{SOAP_ENV}"{declared}>{head}<e:Body>{content}</e:Body></e:Envelope>'.encode()


def take(members: str, attributes: str = "") -> str:
    """A call of the method that takes everything."""
    return f'<take xmlns="{TNS}"{attributes}>{members}</take>'
