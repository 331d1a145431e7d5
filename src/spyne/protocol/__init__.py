"""Protocols: between the bytes of a transport and the objects of a service. Each is imported from its own module."""

from __future__ import annotations

from spyne.protocol._base import ProtocolBase

__all__ = ["ProtocolBase"]
