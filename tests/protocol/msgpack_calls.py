"""What the tests of the MessagePack protocols share: one request over WSGI, in process."""

from __future__ import annotations

from io import BytesIO
from typing import Any, NamedTuple

__all__ = ["Answer", "post"]


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


def post(application: Any, body: bytes, content_type: str | None = "application/x-msgpack") -> Answer:
    """Send a request to a WSGI application."""
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        **({} if content_type is None else {"CONTENT_TYPE": content_type}),
    }
    started: list[Any] = []
    reply = application(environ, lambda status, headers, exc_info=None: started.append((status, headers)))
    data = b"".join(reply)
    reply.close()
    ((status, headers),) = started
    return Answer(int(status[:3]), dict(headers), data)
