"""Names of arguments and results."""

from __future__ import annotations

from typing import Any

from spyne import Application, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class VariableNames(Service):
    @rpc(Unicode, Integer, _returns=Unicode, _in_variable_names={"class_": "class", "n": "N"})
    def args(ctx, class_, n):
        return class_

    @rpc(Unicode, _in_arg_names={"value": "Value"}, _returns=Unicode, _out_variable_name="answer")
    def result(ctx, value):
        return value

    @rpc(Unicode, _returns=(Unicode, Integer), _out_variable_names=("one", "two"))
    def results(ctx, value):
        return value, 2


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [VariableNames],
        "golden.variable_names",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
