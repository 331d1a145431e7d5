"""The WSGI caller of the transports' tests."""

from __future__ import annotations

from tests.transport.conftest import call_wsgi

__all__ = ["call_wsgi"]
