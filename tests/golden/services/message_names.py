"""Names of messages and operations."""

from __future__ import annotations

from typing import Any

from spyne import Application, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class MessageNames(Service):
    @rpc(Unicode, _returns=Unicode, _in_message_name="InMessage", _out_message_name="OutMessage")
    def both(ctx, value):
        return value

    @rpc(Unicode, _returns=Unicode, _operation_name="Operate")
    def operation(ctx, value):
        return value

    @rpc(Unicode, _returns=Unicode, _out_message_name="{urn:golden:out}Placed")
    def placed(ctx, value):
        return value

    @rpc(Unicode, _returns=Unicode, _out_message_name="BareOut", _body_style="bare", _in_message_name="BareIn")
    def bare(ctx, value):
        return value


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [MessageNames],
        "golden.message_names",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
