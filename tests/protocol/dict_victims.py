"""The victim's service behind YAML, JSON-RPC and their like: one request in process, and what came of it."""

from __future__ import annotations

import json
import logging
from io import BytesIO
from typing import Any

import yaml
from tests.protocol.victim import LEAKS, TNS, Answer, Victim

from spyne import Application
from spyne.protocol.json import HybridHttpJsonDocument, JsonDocument, JsonP, JsonRpc
from spyne.protocol.yaml import YamlDocument
from spyne.server.wsgi import WsgiApplication

CALLBACK = "page.show"


def jsonp(**options: Any) -> JsonP:
    """A JsonP with a callback."""
    return JsonP(CALLBACK, **options)


PROTOCOLS: dict[str, tuple[Any, str]] = {
    "yaml": (YamlDocument, "application/yaml"),
    "json-rpc": (JsonRpc, "application/json"),
    "jsonp": (jsonp, "application/json"),
    "hybrid": (HybridHttpJsonDocument, "application/json"),
}
GOOD: dict[str, bytes] = {
    "yaml": b"echo:\n    text: fine\n",
    "json-rpc": b'{"jsonrpc": "2.0", "method": "echo", "params": {"text": "fine"}, "id": 1}',
    "jsonp": b'{"echo": {"text": "fine"}}',
    "hybrid": b'{"text": "fine"}',
}


def serve(kind: str, validator: Any = "soft", *, limits: Any = None, services: Any = (Victim,), **options: Any) -> Any:
    """A WSGI application that speaks one protocol in and out."""
    make, _ = PROTOCOLS[kind]
    protocols = {"in_protocol": make(validator=validator, **options), "out_protocol": make()}
    return WsgiApplication(Application(services, TNS, limits=limits, **protocols))


def send(application: Any, kind: str, body: bytes, path: str = "/echo", **environ: Any) -> Answer:
    """One request; the answer must be a document of the protocol's own kind, or none with status 204."""
    request = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_TYPE": PROTOCOLS[kind][1],
        "CONTENT_LENGTH": str(len(body)),
        **environ,
    }
    started: list[Any] = []
    reply = application(request, lambda status, headers, exc_info=None: started.append((status, headers)))
    data = b"".join(reply)
    reply.close()
    ((status, headers),) = started
    if status.startswith("204"):
        assert data == b""
        return Answer(204, "", "", headers, data)
    code, text = READERS[kind](data)
    return Answer(int(status[:3]), code, text, headers, data)


def attack(application: Any, kind: str, body: bytes, caplog: Any, path: str = "/echo", **environ: Any) -> Answer:
    """Send a bad request: its fault leaks nothing, it leaves one short line in the log, and the next request is served."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "spyne"):
        answer = send(application, kind, body, path, **environ)
    assert answer.code.partition(".")[0] == "Client", answer
    assert not LEAKS.search(answer.body), answer.body
    assert b"yaml.org" not in answer.body
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


# --- what the answers say, read by other parsers ---


def strict_json(data: bytes) -> Any:
    """JSON and nothing beside it."""

    def refuse(name: str) -> Any:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(data.decode(), parse_constant=refuse)


def fault_in(document: Any) -> tuple[str, str]:
    """Code and text of a fault; empty for a good answer."""
    if isinstance(document, dict) and "faultcode" in document:
        return document["faultcode"], document["faultstring"]
    return "", ""


def read_yaml(data: bytes) -> tuple[str, str]:
    """A document of YAML."""
    return fault_in(yaml.safe_load(data))


def read_hybrid(data: bytes) -> tuple[str, str]:
    """A document of JSON; none for HEAD."""
    return fault_in(strict_json(data)) if data else ("", "")


def read_jsonp(data: bytes) -> tuple[str, str]:
    """A call of the callback."""
    start, end = f"{CALLBACK}(".encode(), b");"
    assert data.startswith(start), data
    assert data.endswith(end), data
    return fault_in(strict_json(data[len(start) : -len(end)]))


def read_rpc(data: bytes) -> tuple[str, str]:
    """A response object, or an array of them: the first error that is in it."""
    document = strict_json(data)
    errors = [check_response(response) for response in (document if isinstance(document, list) else [document])]
    assert errors
    return next((error for error in errors if error[0]), ("", ""))


def check_response(response: Any) -> tuple[str, str]:
    """A response object of JSON-RPC 2.0 (§5): its members are those that it must have."""
    assert isinstance(response, dict), response
    assert response["jsonrpc"] == "2.0"
    assert isinstance(response["id"], str | int | float | None)
    assert response.keys() in ({"jsonrpc", "result", "id"}, {"jsonrpc", "error", "id"}), response
    if "error" not in response:
        return "", ""
    error = response["error"]
    assert error.keys() == {"code", "message", "data"}
    assert type(error["code"]) is int
    assert isinstance(error["message"], str)
    return error["data"]["faultcode"], error["message"]


READERS: dict[str, Any] = {"yaml": read_yaml, "json-rpc": read_rpc, "jsonp": read_jsonp, "hybrid": read_hybrid}


__all__ = ["CALLBACK", "GOOD", "JsonDocument", "attack", "check_alive", "send", "serve", "strict_json"]
