"""The integer family as arguments and returns."""

from __future__ import annotations

from typing import Any

from spyne import (
    Application,
    Integer,
    Integer8,
    Integer16,
    Integer32,
    Integer64,
    NonNegativeInteger,
    Service,
    UnsignedInteger,
    UnsignedInteger8,
    UnsignedInteger16,
    UnsignedInteger32,
    UnsignedInteger64,
    rpc,
)
from spyne.protocol.soap import Soap11


class Integers(Service):
    @rpc(Integer, _returns=Integer)
    def integer(ctx, value):
        return value

    @rpc(UnsignedInteger, NonNegativeInteger, _returns=UnsignedInteger)
    def unsigned(ctx, value, other):
        return value

    @rpc(Integer8, Integer16, Integer32, Integer64, _returns=Integer64)
    def signed_sizes(ctx, i8, i16, i32, i64):
        return i64

    @rpc(UnsignedInteger8, UnsignedInteger16, UnsignedInteger32, UnsignedInteger64, _returns=UnsignedInteger64)
    def unsigned_sizes(ctx, u8, u16, u32, u64):
        return u64

    @rpc(Integer8, _returns=Integer8)
    def int8(ctx, value):
        return value

    @rpc(UnsignedInteger8, _returns=UnsignedInteger8)
    def uint8(ctx, value):
        return value

    @rpc(Integer64, _returns=Integer64)
    def int64(ctx, value):
        return value


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Integers],
        "golden.integers",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
