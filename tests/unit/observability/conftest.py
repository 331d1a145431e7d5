"""Fixtures for tests of transports."""

from __future__ import annotations

from io import BytesIO
from types import SimpleNamespace
from wsgiref.headers import Headers
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest


def _call(
    application, *, body=b"", method="POST", path="/", query="", content_type="text/xml; charset=utf-8", **environ
):
    """Call a WSGI application under the eyes of wsgiref's validator; None as a value takes a key out of the environ.

    The validator itself refuses a CONTENT_LENGTH that is no number: then the application is on its own.
    """
    base = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": BytesIO(body),
        **environ,
    }
    setup_testing_defaults(base)
    base = {key: value for key, value in base.items() if value is not None}
    started = []
    checked = application if "CONTENT_LENGTH" in environ else validator(application)
    reply = checked(base, lambda status, headers, exc_info=None: started.append((status, headers)))
    data = b"".join(reply)
    reply.close()
    ((status, headers),) = started
    return SimpleNamespace(status=status, headers=Headers(headers), body=data)


@pytest.fixture
def call_wsgi():
    """A function that sends one request to a WSGI application and returns status, headers and body."""
    return _call
