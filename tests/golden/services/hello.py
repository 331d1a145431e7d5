"""The documentation's first example."""

from __future__ import annotations

from typing import Any

from spyne import Application, Integer, Iterable, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class HelloWorldService(Service):
    @rpc(Unicode, Integer, _returns=Iterable(Unicode))
    def say_hello(ctx, name, times):
        """Says hello, times times."""
        for _ in range(times or 0):
            yield f"Hello, {name}"


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [HelloWorldService],
        "spyne.examples.hello",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
