"""Functions and coroutine functions in one service; see what each of them runs on: uvicorn examples.asgi_service:asgi_application."""

import asyncio
from collections.abc import AsyncIterator

from spyne import Application, Service, rpc
from spyne.protocol.soap import Soap11
from spyne.server.asgi import AsgiApplication


class Greeter(Service):
    @rpc
    def hello(ctx, name: str) -> str:
        """Run in a thread: it may wait as it likes, for a database, say."""
        return f"Hello, {name}"

    @rpc
    async def hello_later(ctx, name: str, seconds: float) -> str:
        """Run on the server's loop: other calls go on while it waits."""
        await asyncio.sleep(seconds)
        return f"Hello, {name}"

    @rpc
    async def hellos(ctx, name: str, times: int) -> AsyncIterator[str]:
        """Greet several times, one after the other."""
        for number in range(times):
            await asyncio.sleep(0)
            yield f"Hello, {name}, for the {number + 1}. time"


application = Application([Greeter], "greeter", in_protocol=Soap11(validator="soft"), out_protocol=Soap11())
asgi_application = AsgiApplication(application)
