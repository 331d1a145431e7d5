"""The XSD names of the sized integers."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Service, rpc
from spyne.model.primitive import Byte, Int, Long, Short, UnsignedByte, UnsignedInt, UnsignedLong, UnsignedShort
from spyne.protocol.soap import Soap11


class Sizes(ComplexModel):
    byte = Byte
    short = Short
    int = Int
    long = Long
    ubyte = UnsignedByte
    ushort = UnsignedShort
    uint = UnsignedInt
    ulong = UnsignedLong
    small = Int(ge=0, le=9)


class SizedIntegers(Service):
    @rpc(Sizes, _returns=Sizes)
    def echo(ctx, sizes):
        return sizes


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [SizedIntegers],
        "golden.sized_integers",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
