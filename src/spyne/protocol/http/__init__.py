"""Plain HTTP: `HttpRpc`, and `HttpPattern` for the paths of methods."""

from __future__ import annotations

from spyne.protocol.http.pattern import HttpPattern
from spyne.protocol.http.rpc import HttpRpc

__all__ = ["HttpPattern", "HttpRpc"]
