"""For tests of services: clients in this process that run the whole pipeline, HTTP included, without a socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.client.http import AsyncHttpClient, HttpClient
from spyne.server.asgi import AsgiApplication
from spyne.server.wsgi import WsgiApplication

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncClient", "Client"]

URL = "http://testserver/"


class Client(HttpClient):
    """``Client(app).call("add", 1, b=2)``: an `HttpClient` on the application's own `WsgiApplication`.

    app: an Application, or a WsgiApplication with options of its own. options: those of `HttpClient`. Requests as others write
    them go through `post_xml`, `post_json` and `http`, an ``httpx.Client`` whose paths begin at the application. Raises Fault for what the service refuses.
    """

    def __init__(self, app: Any, **options: Any) -> None:
        self.server = app if isinstance(app, WsgiApplication) else WsgiApplication(app)
        super().__init__(URL, self.server.app, wsgi=self.server, **options)
        self.http.base_url = URL

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method by its name."""
        return self.service[name](*args, **kwargs)

    def post_xml(
        self, document: bytes | str, content_type: str = "text/xml; charset=utf-8", **options: Any
    ) -> httpx.Response:
        """Send a document as it is. options: of ``httpx.Client.post``, such as headers."""
        return self.http.post("/", content=document, **_with_type(content_type, options))

    def post_json(self, value: Any, **options: Any) -> httpx.Response:
        """Send a value as JSON."""
        return self.http.post("/", json=value, **options)

    def wsdl(self) -> bytes:
        """The WSDL that the server publishes."""
        return self.http.get("/?wsdl").content


class AsyncClient(AsyncHttpClient):
    """The same for tests with an event loop: ``await AsyncClient(app).call("add", 1, b=2)``, on an `AsgiApplication`."""

    def __init__(self, app: Any, **options: Any) -> None:
        self.server = app if isinstance(app, AsgiApplication) else AsgiApplication(app)
        super().__init__(URL, self.server.app, asgi=self.server, **options)
        self.http.base_url = URL

    async def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method by its name."""
        return await self.service[name](*args, **kwargs)

    async def post_xml(
        self, document: bytes | str, content_type: str = "text/xml; charset=utf-8", **options: Any
    ) -> httpx.Response:
        """Send a document as it is. options: of ``httpx.AsyncClient.post``, such as headers."""
        return await self.http.post("/", content=document, **_with_type(content_type, options))

    async def post_json(self, value: Any, **options: Any) -> httpx.Response:
        """Send a value as JSON."""
        return await self.http.post("/", json=value, **options)

    async def wsdl(self) -> bytes:
        """The WSDL that the server publishes."""
        return (await self.http.get("/?wsdl")).content


def _with_type(content_type: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options with a Content-Type, unless they have one."""
    return {**options, "headers": {"Content-Type": content_type, **(options.get("headers") or {})}}
