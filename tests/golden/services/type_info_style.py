"""Fields declared by _type_info, in order."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Pairs(ComplexModel):
    _type_info = [("zeta", Unicode), ("alpha", Integer), ("mid", Array(Integer))]


class Mapping(ComplexModel):
    _type_info = {"b": Unicode(max_len=3), "a": Integer}


class Later(Pairs):
    _type_info = [("last", Mapping)]


class TypeInfo(Service):
    @rpc(Pairs, Mapping, Later, _returns=Later)
    def echo(ctx, pairs, mapping, later):
        return later


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [TypeInfo],
        "golden.type_info_style",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
