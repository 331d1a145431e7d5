"""A SOAP service inside a Litestar application: its WSDL is at /soap/?wsdl, with or without the slash."""

from litestar import Litestar, asgi, get

from spyne import Application, Service, rpc
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication


class Greeter(Service):
    @rpc
    async def hello(ctx, name: str) -> str:
        return f"Hello, {name}"


soap = AsgiApplication(Application([Greeter], "greeter", in_protocol=Soap11(validator="soft")))


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    return {"status": "up"}


asgi_application = Litestar([health, asgi("/soap", is_mount=True, copy_scope=True)(soap)])
