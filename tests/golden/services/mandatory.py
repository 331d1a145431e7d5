"""Mandatory types."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Mandatory, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Person(ComplexModel):
    name = Mandatory(Unicode)
    age = Mandatory(Integer)
    nick = Mandatory(Unicode(max_len=5))


class MandatoryService(Service):
    @rpc(Mandatory(Unicode), Mandatory(Integer), _returns=Mandatory(Unicode))
    def scalars(ctx, name, age):
        return name

    @rpc(Mandatory(Person), _returns=Person)
    def person(ctx, person):
        return person

    @rpc(Mandatory(Array(Unicode)), _returns=Integer)
    def array(ctx, names):
        return len(names)


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [MandatoryService],
        "golden.mandatory",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
