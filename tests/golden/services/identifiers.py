"""Uuid, URIs, network addresses and media types."""

from __future__ import annotations

from typing import Any

from spyne import AnyUri, Application, ImageUri, IpAddress, Ipv4Address, Ipv6Address, MacAddress, Service, Uuid, rpc
from spyne.model.primitive import MediaType, MimeType
from spyne.protocol.soap import Soap11


class Identifiers(Service):
    @rpc(Uuid, _returns=Uuid)
    def uuid(ctx, value):
        return value

    @rpc(AnyUri, _returns=AnyUri)
    def uri(ctx, value):
        return value

    @rpc(ImageUri, _returns=ImageUri)
    def image(ctx, value):
        return value

    @rpc(MacAddress, IpAddress, Ipv4Address, Ipv6Address, _returns=Ipv4Address)
    def network(ctx, mac, ip, ipv4, ipv6):
        return ipv4

    @rpc(MimeType, MediaType, _returns=MimeType)
    def media(ctx, mime, media):
        return mime


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Identifiers],
        "golden.identifiers",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
