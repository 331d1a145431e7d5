"""WSDL 1.1 documents."""

from __future__ import annotations

from spyne.interface.wsdl.wsdl11 import Wsdl11

__all__ = ["Wsdl11"]
