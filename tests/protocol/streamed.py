"""A service with one method, ways to call it, and a generator that notes what is asked of it: for protocols that stream."""

from __future__ import annotations

import io
import json

from tests.transport.conftest import _call

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.json import JsonDocument
from spyne.server.wsgi import WsgiApplication


class Inner(ComplexModel):
    _type_info = [("a", Integer), ("b", Unicode)]


def service_for(returns, give, name="get", **options):
    """Return a service with one method, that returns what `give` makes."""

    def function(ctx):
        return give()

    function.__name__ = name
    declared = {} if returns is None else {"_returns": returns}
    return type("S", (Service,), {name: rpc(**declared, **options)(function)})


def app_for(protocol, returns, give, name="get", **options):
    """Return an application with one method, asked in JSON."""
    service = service_for(returns, give, name, **options)
    return Application([service], "tns", in_protocol=JsonDocument(), out_protocol=protocol)


def ask(app, name="get", **environ):
    """Call a method over WSGI."""
    body = json.dumps({name: {}}).encode()
    return _call(WsgiApplication(app), body=body, content_type="application/json", **environ)


def serve(protocol, returns, give):
    """Return the reply, unread, of a method over WSGI."""
    body = b'{"get": {}}'
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return WsgiApplication(app_for(protocol, returns, give))(environ, lambda status, headers: None)


def fail(error):
    """Return a function that raises."""

    def give():
        raise error

    return give


class Recorder:
    """Makes one generator and notes how many items were asked of it, and whether it was closed."""

    def __init__(self, count, fail_at=None):
        self.asked = 0
        self.closed = False
        self.count = count
        self.fail_at = fail_at

    def items(self):
        """Yield `count` objects, or raise in place of one."""
        try:
            for number in range(self.count):
                if number == self.fail_at:
                    raise ValueError("broken")
                self.asked += 1
                yield Inner(a=number, b="text")
        finally:
            self.closed = True
