"""HttpClient: calls services over HTTP, synchronously, with the standard library alone."""

from __future__ import annotations

import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit

from spyne.client._base import (
    ClientBase,
    RemoteProcedureBase,
    RemoteService,
    ResponseError,
    read_response,
    write_request,
)
from spyne.error import Fault
from spyne.protocol._base import media_type_of
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spyne.context import MethodContext

__all__ = ["HttpClient", "RemoteProcedure"]

MIB = 1024 * 1024
_SHOWN = 1024
"""Bytes of a response that an error keeps."""


class HttpClient(ClientBase):
    """``HttpClient("https://example.com/soap", app).service.say_hello("Dave", times=3)``.

    timeout: seconds that connecting and each read may take, None for no limit. headers: further HTTP headers of every
    request; they win over the client's own. max_response_length: bytes of a response, None for no limit.

    A call raises Fault for what the service answers with a fault (of the class that the application declares for its code);
    ResponseError for an answer of something else; TimeoutError and ConnectionError where no answer came. Redirections are
    not followed. The response's SOAP headers are in ``procedure.ctx.in_header`` after ``procedure = client.service.m``.
    """

    def __init__(
        self,
        url: str,
        app: Any,
        *,
        timeout: float | None = 30.0,
        headers: Mapping[str, str] | None = None,
        max_response_length: int | None = 64 * MIB,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"an HTTP client needs an http:// or https:// address, not {url!r}")
        super().__init__(url, app)
        self.timeout = timeout
        self.headers = dict(headers or {})
        self.max_response_length = max_response_length
        self.service = RemoteService(RemoteProcedure, url, app, self)


class RemoteProcedure(RemoteProcedureBase):
    """One method over HTTP."""

    def __init__(self, url: str, app: Any, name: str, out_header: Any, client: HttpClient) -> None:
        super().__init__(url, app, name, out_header)
        self.client = client

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method and return its result; see `HttpClient` for what is raised."""
        ctx = self.ctx = self.make_context()
        self.get_out_object(ctx, args, kwargs)
        write_request(ctx)
        return self._receive(ctx, *self._exchange(ctx))

    def _exchange(self, ctx: MethodContext) -> tuple[int, Mapping[str, str], bytes]:
        """Send the request; status, headers and body of the response."""
        request = urllib.request.Request(  # noqa: S310 - the client's constructor takes http and https only
            self.url, data=b"".join(ctx.out_string), headers=self._headers(ctx), method="POST"
        )
        try:
            with _opener().open(request, timeout=self.client.timeout) as response:
                return response.status, response.headers, self._read(response)
        except TimeoutError as error:
            raise TimeoutError(f"no answer from {self.url} within {self.client.timeout} s") from error
        except URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise TimeoutError(f"no connection to {self.url} within {self.client.timeout} s") from error
            raise ConnectionError(f"no connection to {self.url}: {error.reason}") from error
        except HTTPException as error:
            raise ConnectionError(f"the connection to {self.url} broke: {type(error).__name__}") from error

    def _headers(self, ctx: MethodContext) -> dict[str, str]:
        protocol = ctx.out_protocol
        headers = {"Content-Type": protocol.content_type_of(ctx), "Accept": media_type_of(ctx.in_protocol.mime_type)}
        further = {**protocol.request_headers(ctx), **self.client.headers}
        return headers | {name.capitalize(): value for name, value in further.items()}

    def _read(self, response: Any) -> bytes:
        limit = self.client.max_response_length
        body: bytes = response.read() if limit is None else response.read(limit + 1)
        if limit is not None and len(body) > limit:
            message = f"the response of {self.url} is larger than max_response_length={limit} bytes"
            raise ResponseError(message, response.status, body[:_SHOWN])
        if response.length:
            raise ConnectionError(f"the connection to {self.url} broke in the middle of the response")
        return body

    def _receive(self, ctx: MethodContext, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        """The result; a status that is no success matters only where the body is no fault."""
        ctx.transport.resp_code, ctx.transport.resp_headers = status, headers
        if 200 <= status < 300 and not body and not self.descriptor.results:
            return None
        ctx.in_string = [body]
        try:
            read_response(ctx)
        except Fault as error:
            raise self._not_an_answer(status, body, error) from error
        if ctx.in_error is not None:
            raise ctx.in_error
        if not 200 <= status < 300:
            raise self._not_an_answer(status, body, None)
        return ctx.in_object

    def _not_an_answer(self, status: int, body: bytes, error: Fault | None) -> ResponseError:
        why = f" ({error.faultstring})" if error is not None and 200 <= status < 300 else ""
        shown = cut(body[:_SHOWN].decode("utf-8", "replace").strip())
        return ResponseError(
            f"{self.url} answered HTTP {status} without a fault or a result{why}: {shown}", status, body[:_SHOWN]
        )


def _opener() -> urllib.request.OpenerDirector:
    """What sends requests: proxies as the environment says, no redirections, and every status is an answer."""
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
        opener.add_handler(handler())
    return opener
