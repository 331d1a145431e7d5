"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from hypothesis import settings
from tests import databases

# The same examples on every run, so that a change is judged by what it changes; HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("repeat", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        """Say nothing: pytest's output is for the tests."""


@contextmanager
def _serving(application):
    with make_server("127.0.0.1", 0, application, handler_class=_QuietHandler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def root():
    """The repository's folder."""
    return Path(__file__).parent.parent


@pytest.fixture
def serve():
    """A function that serves a WSGI application on a free port until the test ends, and returns its URL."""
    with ExitStack() as stack:
        yield lambda application: stack.enter_context(_serving(application))


@pytest.fixture(scope="session")
def postgresql():
    """Yield the URL of a running PostgreSQL."""
    with databases.postgresql() as server:
        yield server.url


@pytest.fixture(scope="session")
def mariadb():
    """Yield the URL of a running MariaDB."""
    with databases.mariadb() as server:
        yield server.url
