"""A service as a server in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.application import Application
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["wsgi_soap11_application", "wsgi_soap_application"]


def wsgi_soap11_application(
    services: Sequence[Any], tns: str = "spyne.simple.soap", validator: str | None = None, name: str | None = None
) -> WsgiApplication:
    """A WSGI application that serves the services over SOAP 1.1."""
    return WsgiApplication(
        Application(services, tns, name=name, in_protocol=Soap11(validator=validator), out_protocol=Soap11())
    )


wsgi_soap_application = wsgi_soap11_application
