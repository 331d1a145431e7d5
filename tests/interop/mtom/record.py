"""Records what node-soap sends to the archive and is answered: ``NODE_PATH=…/node_modules python -m tests.interop.mtom.record``.

Needs node and its package soap. Writes one file for each exchange beside this one: `<client>-<version>-<operation>.request` and
`.response`, with the HTTP headers first, and `<client>-<version>.json` with what the client made of the answers.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from wsgiref.simple_server import make_server

from tests.interop import archive

HERE = Path(__file__).parent
CALLED = re.compile(rb"Body>\s*<(?:\w+:)?(\w+)")
KEPT = ("CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_SOAPACTION")


def recorder(application, prefix):
    """The application, writing down requests and responses."""

    def serve(environ, start_response):
        if environ["REQUEST_METHOD"] != "POST":
            return application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(body)
        answer = []
        reply = application(environ, lambda *head: answer.append(head))
        data = b"".join(reply)
        reply.close()
        status, headers = answer[0]
        name = CALLED.search(body)[1].decode()
        write(f"{prefix}-{name}.request", [(key, environ[key]) for key in KEPT if key in environ], body)
        write(f"{prefix}-{name}.response", [("Status", status), *headers], data)
        start_response(status, headers)
        return [data]

    return serve


def write(name, headers, body):
    """One message: a line for each header, an empty line, the body."""
    head = "".join(f"{key}: {value}\r\n" for key, value in headers)
    (HERE / name).write_bytes(head.encode() + b"\r\n" + body)


def main():
    """Record node-soap over both versions."""
    for version in ("1.1", "1.2"):
        with make_server("127.0.0.1", 0, recorder(archive.wsgi(), f"node-soap-{version}")) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            url = f"http://127.0.0.1:{server.server_port}"
            command = ["node", str(HERE / "client.js"), url, version]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            server.shutdown()
        if done.returncode:
            sys.exit(done.stderr)
        (HERE / f"node-soap-{version}.json").write_text(json.dumps(json.loads(done.stdout), indent=1) + "\n")


if __name__ == "__main__":
    main()
