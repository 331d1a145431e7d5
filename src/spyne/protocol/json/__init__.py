"""Protocols that speak JSON: calls as documents, as scripts, as the body below an address, and JSON-RPC 2.0."""

from __future__ import annotations

from spyne.protocol.json._document import JsonDocument
from spyne.protocol.json._hybrid import HybridHttpJsonDocument
from spyne.protocol.json._padded import JsonP
from spyne.protocol.json._rpc import JsonRpc

__all__ = ["HybridHttpJsonDocument", "JsonDocument", "JsonP", "JsonRpc"]
