"""Records what Spyne 2.14 answers: the WSDL of every service module and every exchange of `cases.py`.

Run by `scripts/record_golden`, with `PYTHONHASHSEED=0`: 2.14 orders the types of a schema by hash (`tidy` undoes that). It asks as a client of
http://localhost:8000/ would (`Host: localhost:8000`), through the WSGI callable; nothing listens anywhere.
"""

from __future__ import annotations

import importlib.util
import io
import json
import logging
import os
import re
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

from lxml import etree

import spyne
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.protocol.xml import XmlDocument
from spyne.server.wsgi import WsgiApplication

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from cases import CASES  # noqa: E402  (needs the path)

PROTOCOLS = {c.__name__: c for c in (JsonDocument, Soap11, Soap12, XmlDocument)}
NATIVE: dict[Any, Any] = {"list": list, "dict": dict}
XSD = "http://www.w3.org/2001/XMLSchema"
KINDS = ["import", "simpleType", "complexType", "element"]
MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def load(name: str) -> Any:
    """A service module, executed afresh: 2.14 writes on the classes that an application uses."""
    spec = importlib.util.spec_from_file_location(f"services.{name}", HERE / "services" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def ask(app: Any, method: str, query: str, body: bytes, content_type: str) -> dict[str, Any]:
    """One HTTP exchange: status, response_content_type and response, or crash (an exception came out of the callable)."""
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8000",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    started: list[tuple[str, dict[str, str]]] = []
    try:
        chunks = app(environ, lambda status, headers, exc_info=None: started.append((status, dict(headers))))
        text = b"".join(chunks).decode()
    except Exception as e:
        return {"crash": type(e).__name__}
    status, headers = started[0]
    return {"status": status, "response_content_type": headers.get("Content-Type"), "response": text}


def native(options: dict[str, Any]) -> dict[str, Any]:
    """A protocol's options with the classes that JSON can only name."""
    return {k: NATIVE.get(v, v) for k, v in options.items()}


def tidy(wsdl: str) -> bytes:
    """The document with the children of each schema sorted (2.14 orders some by memory address) and indented."""
    root = etree.fromstring(wsdl.encode(), etree.XMLParser(remove_blank_text=True))
    for schema in root.iter(f"{{{XSD}}}schema"):
        schema[:] = sorted(
            schema, key=lambda e: (KINDS.index(etree.QName(e).localname), e.get("namespace") or e.get("name"))
        )
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def record_wsdls() -> None:
    """Writes wsdl/<module>.wsdl for every module in services/."""
    folder = HERE / "wsdl"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in sorted((HERE / "services").glob("*.py")):
        try:
            app = WsgiApplication(load(path.stem).build())
        except Exception as e:
            print(f"{path.stem} does not build: {type(e).__name__}: {e}", file=sys.stderr)
            continue
        answer = ask(app, "GET", "wsdl", b"", "")
        if answer.get("status") != "200 OK":
            print(f"no WSDL for {path.stem}: {answer}", file=sys.stderr)
            continue
        (folder / f"{path.stem}.wsdl").write_bytes(tidy(answer["response"]))


def record_messages() -> None:
    """Writes messages/<module>/<case>.json for every case; validators that answer the same share a file (`also`)."""
    folder = HERE / "messages"
    shutil.rmtree(folder, ignore_errors=True)
    apps: dict[str, Any] = {}
    written: dict[str, tuple[Path, dict[str, Any]]] = {}
    for case in CASES:
        exchange = {k: case[k] for k in ("protocol_in", "in_options", "protocol_out", "out_options", "validator")}
        key = json.dumps([case["module"], exchange])
        if key not in apps:
            protocol_in = PROTOCOLS[case["protocol_in"]](validator=case["validator"], **native(case["in_options"]))
            protocol_out = PROTOCOLS[case["protocol_out"]](**native(case["out_options"]))
            apps[key] = WsgiApplication(load(case["module"]).build(protocol_in, protocol_out))
        exchange |= {"request": case["request"], "content_type": case["content_type"]}
        exchange |= ask(apps[key], "POST", "", case["request"].encode(), case["content_type"])
        if MEMORY_ADDRESS.search(exchange.get("response", "")):
            print(f"not deterministic: {case['module']}/{case['name']}", file=sys.stderr)
            continue
        same = json.dumps([case["module"], exchange | {"validator": None}])
        if same in written:
            path, first = written[same]
            if case["validator"] not in [first["validator"], *first["also"]]:
                first["also"].append(case["validator"])
        else:
            path, first = folder / case["module"] / f"{case['name']}.json", exchange | {"also": []}
            if path.exists():
                raise ValueError(f"two cases are called {case['module']}/{case['name']}")
            written[same] = path, first
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(first, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    assert spyne.__version__.startswith("2.14"), f"this records Spyne 2.14, not {spyne.__version__}"
    assert os.environ.get("PYTHONHASHSEED") == "0", (
        "2.14's documents depend on the hash seed; run with PYTHONHASHSEED=0"
    )
    warnings.simplefilter("ignore")  # 2.14 warns of fault codes met twice: every application loads its module anew
    logging.disable(logging.CRITICAL)
    record_wsdls()
    record_messages()
