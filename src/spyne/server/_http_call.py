"""One call over HTTP: what its request says, and what its answer shall have beside the body."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from spyne.context import MethodContext, TransportContext
from spyne.error import Redirect
from spyne.server._headers import RequestHeaders, check_header, encode_path, gen_header, status_line
from spyne.server._proxies import NOTHING, Forwarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["HttpMethodContext", "HttpRedirect", "HttpTransportContext"]

HTML_MIME_TYPE = "text/html; charset=utf-8"

_SINGLE = frozenset({"content-length", "content-type", "location"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}").fullmatch


class HttpTransportContext(TransportContext):
    """What HTTP says of a call: the request to read, the answer's code and headers to set.

    req: the request as the server gave it. resp_code: the status, a number or ``"404 Not Found"``; None lets the result
    decide. resp_headers: name to value, or to a list of values. mime_type: the Content-Type of the answer, the out
    protocol's until it is set. wsdl, wsdl_error: the interface document that is being served, or why it is not.

    A subclass says how to read its kind of request.
    """

    type = "http"
    request_content_type: str | None = None
    resp_code: int | str | None = None
    is_answered = False
    is_document = False
    wsdl: bytes | None = None
    wsdl_error: Exception | None = None
    answer_protocol: Any = None
    _mime_type: str | None = None
    _first_mime_type: str | None = None
    _resp_headers: dict[str, Any] | None = None
    _headers: RequestHeaders | None = None
    _forwarded: Forwarded | None = None
    _request_id: str | None = None

    def __init__(self, parent: Any, transport: Any, request: Any, content_type: str | None = None) -> None:
        self.itself = transport
        self.app = transport.app
        self.req = request
        self.request_content_type = content_type

    # what a subclass says of its kind of request

    req_method: str

    def read_headers(self) -> Iterable[tuple[str, str]]:
        """The header fields, in order; names in any spelling."""
        raise NotImplementedError

    def get_path(self) -> str:
        """The path of the request below the place where the application is mounted, decoded."""
        raise NotImplementedError

    def get_root_path(self) -> str:
        """The path where the application is mounted, decoded; often empty."""
        raise NotImplementedError

    def get_query_string(self) -> str:
        """What stands after the question mark."""
        raise NotImplementedError

    @property
    def peer_addr(self) -> str | None:
        """The address that the connection came from."""
        return None

    def peer_scheme(self) -> str:
        """``http`` or ``https``, of the connection to this server."""
        raise NotImplementedError

    def peer_host(self) -> str:
        """The host, with its port, that the peer asked for; the server's own address where that is no host."""
        raise NotImplementedError

    # the request

    @property
    def forwarded(self) -> Forwarded:
        """What the server's trusted proxies say of the request; nothing unless it came through one."""
        found = self._forwarded
        if found is None:
            proxies = self.itself.proxies
            found = self._forwarded = NOTHING if proxies is None else proxies.read(self.peer_addr, self.headers)
        return found

    @property
    def remote_addr(self) -> Any:
        """The client's address: that of the connection, or what a trusted proxy says."""
        return self.peer_addr if self.itself.proxies is None else self.forwarded.addr or self.peer_addr

    def get_scheme(self) -> str:
        """``http`` or ``https``, as the client used it."""
        return self.forwarded.scheme or self.peer_scheme()

    def get_host(self) -> str:
        """The host, with its port, that the client asked for; the server's own address where that is no host."""
        return self.forwarded.host or self.peer_host()

    @property
    def request_id(self) -> str:
        """The id of the request: what the client or a proxy put into the server's `request_id_header`, or a new one."""
        found = self._request_id
        if found is None:
            name = self.itself.request_id_header
            given = self.first_header(name) if name else None
            found = self._request_id = given if given and _REQUEST_ID(given) else uuid4().hex
        return found

    @property
    def req_env(self) -> Any:
        """The request as the server gave it: WSGI's environ."""
        return self.req

    @property
    def headers(self) -> RequestHeaders:
        """The request's headers."""
        if self._headers is None:
            self._headers = RequestHeaders()
            for name, value in self.read_headers():
                self._headers.setdefault(name.lower().replace("-", "_"), []).append(value)
        return self._headers

    def first_header(self, name: str) -> str | None:
        """The first value of a request header, None without one."""
        values = self.headers.get(name)
        return values[0] if values else None

    def get_request_method(self) -> str:
        """The method in capitals, as in ``POST``."""
        return self.req_method

    def get_request_content_type(self) -> str | None:
        """The request's Content-Type, None without one."""
        return self.request_content_type

    def get_path_and_qs(self) -> str:
        """The path and, after a question mark, the query."""
        query = self.get_query_string()
        return f"{self.get_path()}?{query}" if query else self.get_path()

    def get_url(self) -> str:
        """The whole address of the request, without its query."""
        path = encode_path(self.get_root_path() + self.get_path())
        return f"{self.get_scheme()}://{self.get_host()}{path}"

    def get_cookie(self, key: str) -> str | None:
        """The value of a cookie, None where there is none of that name."""
        from http.cookies import CookieError, SimpleCookie

        for text in self.headers.get("cookie", ()):
            try:
                morsel = SimpleCookie(text).get(key)
            except CookieError:
                continue
            if morsel is not None:
                return str(morsel.value)
        return None

    # the answer

    @property
    def mime_type(self) -> str | None:
        """The Content-Type of the answer, None while the out protocol decides."""
        headers = self._resp_headers
        chosen = headers.get("Content-Type") if headers is not None else None
        return chosen or self._mime_type or (self.answer_protocol or self.app.out_protocol).mime_type

    @mime_type.setter
    def mime_type(self, value: str | None) -> None:
        self._mime_type = value
        if self._resp_headers is not None and value is not None:
            self._resp_headers["Content-Type"] = value

    content_type = mime_type

    def get_mime_type(self) -> str | None:
        """The Content-Type of the answer."""
        return self.mime_type

    def set_mime_type(self, value: str) -> None:
        """Set the Content-Type of the answer."""
        self.mime_type = value

    @property
    def resp_headers(self) -> dict[str, Any]:
        """The answer's headers."""
        if self._resp_headers is None:
            if self._mime_type is None:
                self._first_mime_type = (self.answer_protocol or self.app.out_protocol).mime_type
            self._resp_headers = {"Content-Type": self._mime_type or self._first_mime_type}
        return self._resp_headers

    @resp_headers.setter
    def resp_headers(self, headers: dict[str, Any]) -> None:
        self._resp_headers = headers

    def add_header(self, _name: str, _value: str, **params: Any) -> None:
        """Add a header to the answer; another one of that name stays, but for those that can be there only once.

        Raises ValueError for what would break out of the header's line.
        """
        check_header(_name, value := self.gen_header(str(_value), **params))
        headers = self.resp_headers
        known = None if _name.lower() in _SINGLE else headers.get(_name)
        if known is None:
            headers[_name] = value
        else:
            headers[_name] = [*(known if isinstance(known, list | tuple) else (known,)), value]

    @staticmethod
    def gen_header(_value: str, **params: Any) -> str:
        """A header's value with its parameters (RFC 2231)."""
        return gen_header(_value, **params)

    def respond(self, resp_code: int | str, *, location: str | None = None, **headers: Any) -> None:
        """Answer with this status and an empty body, whatever the method returns.

        Raises ValueError for what would break out of the header's line.
        """
        self.resp_code = status_line(resp_code)
        if location is not None:
            self.add_header("Location", location)
        for name, value in headers.items():
            self.add_header(name.replace("_", "-"), value)
        self.is_answered = True

    def header_list(self, mime_type: str) -> list[tuple[str, str]]:
        """The answer's headers as a list, with the Content-Type that user code chose, or else `mime_type`.

        Raises ValueError for those that would break out of their line.
        """
        headers = self._resp_headers
        if headers is None:
            return [
                ("Content-Type", mime_type)
                if self._mime_type is None
                else check_header("Content-Type", self._mime_type)
            ]
        chosen = headers.get("Content-Type")
        if chosen is None or (chosen == self._first_mime_type and self._mime_type is None):
            headers = {
                "Content-Type": mime_type,
                **{name: value for name, value in headers.items() if name != "Content-Type"},
            }
        return [
            check_header(str(name), str(value))
            for name, values in headers.items()
            for value in (values if isinstance(values, list | tuple) else (values,))
            if value is not None
        ]


class HttpMethodContext(MethodContext):
    """A call over HTTP. transport_class: how requests of this kind are read."""

    __slots__ = ()

    transport_class: ClassVar[Callable[..., HttpTransportContext]] = HttpTransportContext

    def __init__(self, transport: Any, req_env: Any, content_type: str | None = None) -> None:
        super().__init__(
            transport, MethodContext.SERVER, type(self).transport_class(self, transport, req_env, content_type)
        )


class HttpRedirect(Redirect):
    """``raise HttpRedirect(ctx, "https://example.com/")`` sends the caller there. code: 301, 302, 303, 307 or 308."""

    def __init__(
        self, ctx: Any, location: str, orig_exc: BaseException | None = None, code: int | str = HTTPStatus.FOUND
    ) -> None:
        super().__init__(ctx, location, orig_exc)
        self.code = code

    def do_redirect(self) -> None:
        """Answer with the redirection and a page for people. Raises ValueError for a location with line breaks."""
        from html import escape

        ctx, location, status = self.ctx, self.location, status_line(self.code)
        check_header("Location", location)
        ctx.transport.resp_code = status
        ctx.transport.resp_headers["Location"] = location
        ctx.transport.mime_type = HTML_MIME_TYPE
        page = (
            f"<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1>"
            f'<p>The document has moved <a href="{escape(location)}">here</a>.</p></body></html>'
        )
        ctx.out_string = [page.encode()]
