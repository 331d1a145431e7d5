"""XML attributes."""

from __future__ import annotations

from typing import Any

from spyne import Application, Boolean, ComplexModel, Integer, Service, Unicode, XmlAttribute, rpc
from spyne.protocol.soap import Soap11


class Tag(ComplexModel):
    id = XmlAttribute(Integer, use="required")
    lang = XmlAttribute(Unicode(max_len=5))
    kind = XmlAttribute(Unicode(default="plain"))
    ok = XmlAttribute(Boolean)
    text = Unicode


class Special(Tag):
    extra = XmlAttribute(Unicode)


class Attributes(Service):
    @rpc(Tag, _returns=Tag)
    def echo(ctx, tag):
        return tag

    @rpc(Special, _returns=Special)
    def special(ctx, tag):
        return tag

    @rpc(_returns=Tag)
    def bare_tag(ctx):
        return Tag(text="t")


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Attributes],
        "golden.attributes",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
