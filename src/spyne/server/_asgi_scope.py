"""What an ASGI scope says of an HTTP call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.server._headers import host_or
from spyne.server.http import HttpMethodContext, HttpTransportContext
from spyne.util.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextvars import Context

__all__ = ["AsgiMethodContext", "AsgiTransportContext"]

Scope = dict[str, Any]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class AsgiTransportContext(HttpTransportContext):
    """What an ASGI scope says of a call; ``req`` is the scope."""

    thread_context: Context | None = None

    def __init__(self, parent: Any, transport: Any, request: Scope, content_type: str | None = None) -> None:
        self.itself = transport
        self.app = transport.app
        self.req = request
        self.request_content_type = content_type
        self.req_method = request["method"]

    @property
    def peer_addr(self) -> str | None:
        """The address that the connection came from."""
        client = self.req.get("client")
        return client[0] if client else None

    def get_peer(self) -> Address:
        """The other end of the connection."""
        host, port = self.req.get("client") or (None, 0)
        return Address.tcp(host, port)

    def read_headers(self) -> Iterable[tuple[str, str]]:
        """The header fields, in order."""
        for name, value in self.req["headers"]:
            yield name.decode("latin-1"), value.decode("latin-1")

    def get_path(self) -> str:
        """The path below the place where the application is mounted."""
        path: str = self.req["path"]
        below = path.removeprefix(self._own_root())
        return below if below[:1] in ("", "/") else path  # a server that leaves the root out, as ASGI once allowed

    def get_root_path(self) -> str:
        """The path where the application is mounted; where a framework cuts it off and does not say so, what the client asked for has it."""
        root = self._own_root()
        known = (root + self.get_path()).rstrip("/")
        asked = _decoded(self.req.get("raw_path") or b"").rstrip("/")
        return asked.removesuffix(known) + root if len(asked) > len(known) and asked.endswith(known) else root

    def _own_root(self) -> str:
        root: str = self.req.get("root_path", "")
        return root.removesuffix("/")

    def get_query_string(self) -> str:
        """What stands after the question mark."""
        query: bytes = self.req.get("query_string", b"")
        return query.decode("latin-1")

    def peer_scheme(self) -> str:
        """``http`` or ``https``, as the server says."""
        return "https" if self.req.get("scheme") == "https" else "http"

    def peer_host(self) -> str:
        """The Host header when it is a host, else the server's name and port."""
        name, port = self.req.get("server") or ("localhost", None)
        own = name if port in (None, _DEFAULT_PORTS[self.peer_scheme()]) else f"{name}:{port}"
        hosts = self.headers.get("host")
        return host_or(hosts[0] if hosts else None, own)


class AsgiMethodContext(HttpMethodContext):
    """A call over ASGI."""

    __slots__ = ()

    transport_class: ClassVar[Callable[..., HttpTransportContext]] = AsgiTransportContext


def _decoded(path: bytes) -> str:
    from urllib.parse import unquote_to_bytes  # on demand: it costs a start-up more than all of this module

    return unquote_to_bytes(path.partition(b"?")[0]).decode("utf-8", "replace")
