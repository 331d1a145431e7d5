"""SOAP."""

from __future__ import annotations

from spyne.protocol.soap.soap11 import Soap11

__all__ = ["Soap11"]
