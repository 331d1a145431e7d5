"""Array member and type names."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Cell(ComplexModel):
    v = Integer


class ArrayNames(Service):
    @rpc(Array(Unicode, member_name="tag", type_name="TagList"), _returns=Array(Unicode, type_name="Names"))
    def typed(ctx, tags):
        return tags

    @rpc(Array(Cell, type_name="Cells"), _returns=Array(Cell, member_name="cell", type_name="CellList"))
    def cells(ctx, cells):
        return cells

    @rpc(Array(Integer, type_name="Ints", namespace="urn:golden:ints"), _returns=Integer)
    def placed(ctx, ints):
        return len(ints or [])


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [ArrayNames],
        "golden.array_names",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
