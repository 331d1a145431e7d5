"""The recorded exchanges of `tests/golden/messages`: how to put one to our application, and how to read the answers by meaning."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from lxml import etree

from spyne.protocol import soap
from spyne.protocol.json import JsonDocument
from spyne.protocol.xml import XmlDocument
from spyne.server.wsgi import WsgiApplication

GOLDEN = Path(__file__).parent.parent / "golden"
PROTOCOLS = {
    cls.__name__: cls for cls in (JsonDocument, soap.Soap11, getattr(soap, "Soap12", None), XmlDocument) if cls
}
NATIVE = {"list": list, "dict": dict}
ABORTED = "(the connection was aborted)"
ENV = "{http://schemas.xmlsoap.org/soap/envelope/}"
ENV12 = "{http://www.w3.org/2003/05/soap-envelope}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


class Answer(NamedTuple):
    """What came back: the status line, the content type and the body."""

    status: str
    content_type: str | None
    text: str


class FaultSeen(NamedTuple):
    """A fault, whatever the protocol: the code without prefix, the text, the rest (actor and detail) in canonical form."""

    code: str
    text: str
    rest: Any


@cache
def service_module(name: str) -> ModuleType:
    """A service module of the corpus, under the name that gives its classes the recorded namespace."""
    spec = importlib.util.spec_from_file_location(f"services.{name}", GOLDEN / "services" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def application(
    module: str, protocol_in: str, in_options: str, protocol_out: str, out_options: str, validator: str
) -> WsgiApplication:
    """The module's application with the recorded protocols, served over WSGI; the options are JSON texts."""
    incoming = PROTOCOLS[protocol_in](validator=json.loads(validator), **_native(in_options))
    outgoing = PROTOCOLS[protocol_out](**_native(out_options))
    return WsgiApplication(service_module(module).build(incoming, outgoing))


def _native(options: str) -> dict[str, Any]:
    return {
        key: NATIVE.get(value, value) if isinstance(value, str) else value for key, value in json.loads(options).items()
    }


def ask(module: str, exchange: dict[str, Any], validator: str | None) -> Answer:
    """POST the recorded request to our application, as the recording did."""
    in_options, out_options = (json.dumps(exchange[key]) for key in ("in_options", "out_options"))
    server = application(
        module, exchange["protocol_in"], in_options, exchange["protocol_out"], out_options, json.dumps(validator)
    )
    body = exchange["request"].encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8000",
        "CONTENT_TYPE": exchange["content_type"],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    started: list[tuple[str, dict[str, str]]] = []
    chunks = server(environ, lambda status, headers, exc_info=None: started.append((status, dict(headers))))
    sent: list[bytes] = []
    is_whole = False
    try:
        sent.extend(chunks)
        is_whole = True
    except ValueError:  # what user code raised after the first item
        assert sent
    finally:
        getattr(chunks, "close", lambda: None)()
    text = b"".join(sent).decode()
    ((status, headers),) = started
    if not is_whole:
        status = ABORTED
    return Answer(status, headers.get("Content-Type"), text)


def meaning(protocol: str, text: str) -> Any:
    """A response as a value to compare: a FaultSeen, parsed JSON, or the XML as nested tuples."""
    if protocol == "JsonDocument":
        return _json_meaning(json.loads(text))
    root = etree.fromstring(text.encode())
    fault = root if root.tag == f"{ENV}Fault" else root.find(f"{ENV}Body/{ENV}Fault")
    if fault is not None:
        return _xml_fault(fault)
    fault = root.find(f"{ENV12}Body/{ENV12}Fault")
    return canonical(root) if fault is None else _soap12_fault(fault)


def _json_meaning(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() >= {"faultcode", "faultstring"}:
        rest = {key: item for key, item in value.items() if key not in ("faultcode", "faultstring")}
        return FaultSeen(value["faultcode"], value["faultstring"], rest)
    if isinstance(value, list) and len(value) == 4 and re.match(r"(Client|Server)\b", str(value[0])):
        return FaultSeen(value[0], value[1], value[2:])
    return value


def _xml_fault(fault: Any) -> FaultSeen:
    parts = {child.tag: child for child in fault}
    code = parts["faultcode"].text or ""
    rest = [canonical(child) for tag, child in parts.items() if tag not in ("faultcode", "faultstring")]
    return FaultSeen(code.removeprefix("soap11env:"), parts["faultstring"].text or "", rest)


def _soap12_fault(fault: Any) -> FaultSeen:
    parts = {child.tag: child for child in fault}
    code = parts.pop(f"{ENV12}Code").findtext(f"{ENV12}Value").rpartition(":")[2]
    code = {"Sender": "Client", "Receiver": "Server"}.get(code, code)
    (text,) = parts.pop(f"{ENV12}Reason")
    return FaultSeen(code, text.text or "", [canonical(fault)])


def canonical(element: Any) -> Any:
    """An element without prefixes and insignificant white space: (name, attributes, text, children with their tails)."""
    attributes = {name: _qname(element, value) if name == XSI_TYPE else value for name, value in element.attrib.items()}
    children = [(canonical(child), (child.tail or "").strip()) for child in element if isinstance(child.tag, str)]
    text = element.text or ""
    return element.tag, attributes, text if not children else text.strip(), children


def _qname(element: Any, value: str) -> str:
    prefix, _, local = value.rpartition(":")
    return f"{{{element.nsmap.get(prefix or None, '')}}}{local}"
