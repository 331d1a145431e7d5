"""`WsgiMounter`, under its documented address."""

from __future__ import annotations

from spyne.server.wsgi import WsgiApplication, WsgiMounter

__all__ = ["WsgiApplication", "WsgiMounter"]
