"""A service that takes and gives bytes and files, for the exchanges with real MTOM clients."""

from __future__ import annotations

from hashlib import sha256

from spyne import AnyUri, Application, ByteArray, ComplexModel, File, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11, Soap12, attach, attachments_of
from spyne.server.wsgi import WsgiApplication

TNS = "urn:archive"


class Receipt(ComplexModel):
    __namespace__ = TNS
    name = Unicode
    size = Integer
    digest = Unicode


def receipt(name: str | None, data: bytes) -> Receipt:
    """What was stored, so that a caller can compare."""
    return Receipt(name=name, size=len(data), digest=sha256(data).hexdigest())


def content(size: int) -> bytes:
    """Bytes of every value, with what looks like a boundary among them; zeep loses line breaks at the start."""
    return (b"start\r\n--MIME_\r\n" + bytes(range(256)) * (size // 256 + 1))[:size]


class Archive(Service):
    @rpc(Unicode, ByteArray, _returns=Receipt)
    def store(ctx, name, data):
        return receipt(name, b"".join(data))

    @rpc(File, _returns=Receipt)
    def store_file(ctx, file):
        return receipt(file.name, file.handle.read() if file.handle is not None else file.read())

    @rpc(AnyUri, _returns=Receipt)
    def store_attached(ctx, where):
        found = attachments_of(ctx).find(where)
        return receipt(found.name, found.read())

    @rpc(Integer, _returns=ByteArray)
    def fetch(ctx, size):
        return [content(size)]

    @rpc(Integer, _returns=ByteArray, _mtom=True)
    def fetch_apart(ctx, size):
        return [content(size)]

    @rpc(Integer, _returns=AnyUri)
    def fetch_attached(ctx, size):
        return attach(ctx, content(size), "text/plain", "content.txt")

    @rpc(ByteArray, _returns=ByteArray)
    def echo(ctx, data):
        return data

    @rpc(File, _returns=File)
    def echo_file(ctx, file):
        return file


def application(**options):
    """The archive in both versions of SOAP."""
    protocols = [[Soap11(**options), Soap12(**options)] for _ in range(2)]
    return Application([Archive], TNS, name="Archive", in_protocol=protocols[0], out_protocol=protocols[1])


def wsgi(**options):
    """The same over WSGI."""
    return WsgiApplication(application(**options))
