"""Plain HTTP requests in process, and the forms of several parts that go with them."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, NamedTuple

from spyne import Application
from spyne.protocol.http import HttpRpc
from spyne.server.wsgi import WsgiApplication

TNS = "urn:http"
BOUNDARY = "a-boundary"
FORM = "application/x-www-form-urlencoded"
FORM_DATA = f"multipart/form-data; boundary={BOUNDARY}"


class Reply(NamedTuple):
    """An answer: status, headers in lower case (the last of those of one name), all headers, body."""

    status: int
    headers: dict[str, str]
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def code(self) -> str:
        """The fault code of an error."""
        return self.body.partition(b"\n\n")[0].decode()

    @property
    def text(self) -> str:
        """The fault text of an error."""
        return self.body.partition(b"\n\n")[2].decode()


def served(*services: Any, validator: Any = "soft", out: Any = None, limits: Any = None, **options: Any) -> Any:
    """A WSGI application that reads plain requests."""
    protocol = HttpRpc(validator=validator, **options)
    return WsgiApplication(
        Application(list(services), TNS, in_protocol=protocol, out_protocol=out or HttpRpc(), limits=limits)
    )


def call(
    application: Any,
    path: str,
    query: str = "",
    method: str = "GET",
    body: bytes = b"",
    content_type: str | None = None,
    **environ: Any,
) -> Reply:
    """One request in process."""
    request = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **({"CONTENT_LENGTH": str(len(body))} if body else {}),
        **({"CONTENT_TYPE": content_type} if content_type else {}),
        **environ,
    }
    started: list[Any] = []
    reply = application(request, lambda status, headers, exc_info=None: started.append((status, headers)))
    data = b"".join(reply)
    reply.close()
    ((status, fields),) = started
    return Reply(int(status[:3]), {name.lower(): value for name, value in fields}, fields, data)


def part(
    name: str | None, content: bytes, filename: str | None = None, content_type: str | None = None, *more: str
) -> bytes:
    """One part of a form."""
    disposition = "form-data" if name is None else f'form-data; name="{name}"'
    disposition += "" if filename is None else f'; filename="{filename}"'
    lines = [f"Content-Disposition: {disposition}", *([f"Content-Type: {content_type}"] if content_type else []), *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def form(*parts: bytes, boundary: str = BOUNDARY, end: bool = True) -> bytes:
    """A body of several parts."""
    start = f"--{boundary}".encode()
    return b"".join(start + b"\r\n" + each + b"\r\n" for each in parts) + (start + b"--\r\n" if end else b"")


def blocks(data: bytes, size: int) -> Iterable[bytes]:
    """The data in pieces."""
    return (data[at : at + size] for at in range(0, len(data), size))


__all__ = ["BOUNDARY", "FORM", "FORM_DATA", "TNS", "Reply", "blocks", "call", "form", "part", "served"]
