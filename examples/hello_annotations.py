"""Hello world: the annotations are the declaration, and SOAP and JSON are at one address."""

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge

from spyne import Application, Service, rpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication


class HelloWorldService(Service):
    @rpc
    def say_hello(ctx, name: str, times: Annotated[int, Ge(0)] = 1) -> Iterator[str]:
        return (f"Hello, {name}" for _ in range(times))


application = Application(
    [HelloWorldService], "hello", in_protocol=[Soap11(validator="soft"), JsonDocument(validator="soft")]
)
wsgi_application = WsgiApplication(application)
