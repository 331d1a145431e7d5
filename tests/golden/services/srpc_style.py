"""Methods without a context."""

from __future__ import annotations

from typing import Any

from spyne import Application, Integer, Iterable, Service, Unicode, srpc
from spyne.protocol.soap import Soap11


class NoContext(Service):
    @srpc(Unicode, Integer, _returns=Iterable(Unicode))
    def say(name, times):
        """Docstring of say."""
        for _ in range(times):
            yield f"Hello, {name}"

    @srpc(Integer, Integer, _returns=Integer)
    def add(a, b):
        return a + b


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [NoContext],
        "golden.srpc_style",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
