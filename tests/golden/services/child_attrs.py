"""child_attrs change fields of a class."""

from __future__ import annotations

from typing import Any

from spyne import Application, Array, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Account(ComplexModel):
    id = Integer
    name = Unicode
    secret = Unicode


NewAccount = Account.customize(type_name="NewAccount", child_attrs={"id": {"exc": True}, "name": {"min_occurs": 1}})


class ChildAttrs(Service):
    @rpc(NewAccount, _returns=Account)
    def create(ctx, account):
        return Account(id=1, name=account.name, secret=account.secret)

    @rpc(_returns=Array(Account))
    def list(ctx):
        return [Account(id=1, name="n", secret="s")]


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [ChildAttrs],
        "golden.child_attrs",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
