"""Bytes in base64, urlsafe base64 and hex, and files."""

from __future__ import annotations

from typing import Any

from spyne import Application, ByteArray, ComplexModel, File, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Blob(ComplexModel):
    name = Unicode
    data = ByteArray
    digest = ByteArray(encoding="hex")


class Binary(Service):
    @rpc(ByteArray, _returns=ByteArray)
    def base64(ctx, value):
        return value

    @rpc(ByteArray(encoding="hex"), _returns=ByteArray(encoding="hex"))
    def hex(ctx, value):
        return value

    @rpc(ByteArray(encoding="urlsafe_base64"), _returns=ByteArray(encoding="urlsafe_base64"))
    def urlsafe(ctx, value):
        return value

    @rpc(Blob, _returns=Blob)
    def blob(ctx, value):
        return value

    @rpc(File, _returns=Unicode)
    def upload(ctx, value):
        return value and value.name

    @rpc(_returns=ByteArray(encoding="hex"))
    def hex_out(ctx):
        return [b"\x00\xff", b"ab"]

    @rpc(_returns=ByteArray)
    def pieces(ctx):
        return [b"ab", b"cd", b"e"]

    @rpc(_returns=ByteArray)
    def whole(ctx):
        return b"abcde"

    @rpc(_returns=ByteArray)
    def nothing(ctx):
        return [b""]


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Binary],
        "golden.binary",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
