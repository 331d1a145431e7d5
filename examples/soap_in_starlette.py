"""A SOAP service inside a Starlette application: at /soap/ as a mount, and at /exact, without a slash, as a route.

The mounted application's own lifespan is not run by Starlette; what it would open is opened by Starlette's.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from spyne import Application, Service, rpc
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication


class Greeter(Service):
    @rpc
    async def hello(ctx, name: str) -> str:
        return f"{ctx.transport.req['state']['greeting']}, {name}"


soap = AsgiApplication(Application([Greeter], "greeter", in_protocol=Soap11(validator="soft")))


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
    yield {"greeting": "Hello"}
    soap.close()


asgi_application = Starlette(routes=[Mount("/soap", soap), Route("/exact", soap)], lifespan=lifespan)
