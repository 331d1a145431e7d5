"""Public names and namespaces of fields."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, XmlAttribute, rpc
from spyne.protocol.soap import Soap11


class Record(ComplexModel):
    class_ = Unicode(sub_name="class")
    from_ = Integer(sub_name="from", min_occurs=1)
    placed = Unicode(sub_ns="urn:golden:sub")
    both = Unicode(sub_name="Both", sub_ns="urn:golden:sub")
    attr = XmlAttribute(Unicode(sub_name="the-attr"))


class SubNames(Service):
    @rpc(Record, _returns=Record)
    def echo(ctx, record):
        return record

    @rpc(Unicode(sub_name="q"), _returns=Unicode(sub_name="r"))
    def args(ctx, query):
        return query


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [SubNames],
        "golden.sub_names",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
