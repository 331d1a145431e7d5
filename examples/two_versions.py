"""One address that speaks SOAP 1.1, SOAP 1.2 and JSON: the Content-Type chooses, and the answer is in the caller's language."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Le

from spyne import Application, Service, rpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication


class HelloWorldService(Service):
    @rpc
    def say_hello(ctx, name: str, times: Annotated[int, Ge(0), Le(100)] = 1) -> Iterator[str]:
        return (f"Hello, {name}" for _ in range(times))


application = Application(
    [HelloWorldService],
    tns="spyne.examples.two_versions",
    in_protocol=[Soap11(validator="soft"), Soap12(validator="soft"), JsonDocument(validator="soft")],
    out_protocol=[Soap11(), Soap12(), JsonDocument()],
)
wsgi_application = WsgiApplication(application)

if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    make_server("127.0.0.1", 8000, wsgi_application).serve_forever()
