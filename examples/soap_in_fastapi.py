"""A SOAP service inside a FastAPI application: its WSDL is at /soap/?wsdl, and FastAPI's own routes stand beside it."""

from fastapi import FastAPI

from spyne import Application, Service, rpc
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication


class Greeter(Service):
    @rpc
    async def hello(ctx, name: str) -> str:
        return f"Hello, {name}"


asgi_application = FastAPI()
asgi_application.mount(
    "/soap", AsgiApplication(Application([Greeter], "greeter", in_protocol=Soap11(validator="soft")))
)


@asgi_application.get("/health")
def health() -> dict[str, str]:
    return {"status": "up"}
