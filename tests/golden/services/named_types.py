"""Customized types with names and namespaces of their own."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11

Code = Unicode(pattern="[A-Z]{3}", type_name="CodeType")
Qty = Unicode(max_len=4, type_name="QtyType", namespace="urn:golden:types")
Level = Integer(ge=0, le=9, type_name="Level")


class Line(ComplexModel):
    code = Code
    qty = Qty
    level = Level
    codes = Array(Code)


class NamedTypes(Service):
    @rpc(Code, Qty, Level, _returns=Code)
    def scalars(ctx, code, qty, level):
        return code

    @rpc(Line, Array(Level), _returns=Line)
    def lines(ctx, line, levels):
        return line


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [NamedTypes],
        "golden.named_types",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
