"""The string family as arguments and returns."""

from __future__ import annotations

from typing import Any

from spyne import Application, Service, String, Unicode, rpc
from spyne.model.primitive import ID, Language, Name, NCName, NMToken, NormalizedString, QName, Token
from spyne.protocol.soap import Soap11


class Strings(Service):
    @rpc(Unicode, _returns=Unicode)
    def unicode(ctx, value):
        return value

    @rpc(String, _returns=String)
    def string(ctx, value):
        return value

    @rpc(NormalizedString, _returns=NormalizedString)
    def normalized(ctx, value):
        return value

    @rpc(Token, _returns=Token)
    def token(ctx, value):
        return value

    @rpc(Name, NCName, NMToken, _returns=Name)
    def names(ctx, name, ncname, nmtoken):
        return name

    @rpc(ID, Language, QName, _returns=Language)
    def others(ctx, ident, language, qname):
        return language


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Strings],
        "golden.strings",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
