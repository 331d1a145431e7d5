"""The same service as a SOAP 1.1 application at /soap and a JSON one at /json."""

from wsgiref.util import shift_path_info

from examples.demo.service import HelloWorldService
from spyne import Application
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication


def serve(protocol):
    """Return the service as a WSGI application that speaks `protocol` both ways."""
    application = Application(
        [HelloWorldService],
        tns="spyne.examples.demo",
        name="Demo",
        in_protocol=protocol(validator="soft"),
        out_protocol=protocol(),
    )
    return WsgiApplication(application)


ROUTES = {"soap": serve(Soap11), "json": serve(JsonDocument)}


def not_found(environ, start_response):
    """Answer whatever is neither /soap nor /json."""
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"The services are at /soap and /json.\n"]


def demo(environ, start_response):
    """Send a request to the application that its first path segment names."""
    return ROUTES.get(shift_path_info(environ), not_found)(environ, start_response)
