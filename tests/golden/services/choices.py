"""Choice groups."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Contact(ComplexModel):
    name = Unicode
    email = Unicode(xml_choice_group="how")
    phone = Unicode(xml_choice_group="how")
    age = Integer(xml_choice_group="when", min_occurs=1)
    born = Integer(xml_choice_group="when", min_occurs=1)
    last = Unicode


class Choices(Service):
    @rpc(Contact, _returns=Contact)
    def echo(ctx, contact):
        return contact


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Choices],
        "golden.choices",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
