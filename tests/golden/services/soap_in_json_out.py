"""SOAP in, JSON out."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11


class Item(ComplexModel):
    n = Integer
    s = Unicode


class Mixed(Service):
    @rpc(Unicode, _returns=Item)
    def make(ctx, s):
        return Item(n=1, s=s)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to JsonDocument and Soap11."""
    return Application(
        [Mixed],
        "golden.soap_in_json_out",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or JsonDocument(),
    )
