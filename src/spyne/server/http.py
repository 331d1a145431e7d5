"""HTTP as data, without input or output: what a request says, what an answer is made of, and the steps between them."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from spyne.const.http import STATUS
from spyne.context import MethodContext, TransportContext
from spyne.error import Fault, NotAcceptableError, Redirect, RequestTooLongError, UnsupportedMediaTypeError
from spyne.protocol._base import http_code_of, media_type_of
from spyne.server._base import ServerBase
from spyne.server._choice import choose_in, choose_out
from spyne.server._coding import choose_coding, codings, decoded_body, is_compressible
from spyne.server._cors import Cors
from spyne.server._headers import (
    RequestHeaders,
    charset_of,
    check_header,
    encode_path,
    entity_tag,
    gen_header,
    is_known,
    status_line,
)
from spyne.server._proxies import NOTHING, Forwarded, Proxies
from spyne.server._reply import Begun, HttpReply, Silent, as_bytes, compressed, without
from spyne.util.excerpt import cut
from spyne.util.run import iterate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = [
    "Cors",
    "HttpBase",
    "HttpMethodContext",
    "HttpRedirect",
    "HttpReply",
    "HttpTransportContext",
    "RequestHeaders",
]

logger = logging.getLogger(__name__)

WSDL_MIME_TYPE = "text/xml; charset=utf-8"
TEXT_MIME_TYPE = "text/plain; charset=utf-8"
HTML_MIME_TYPE = "text/html; charset=utf-8"

_OK = STATUS[200]
_SINGLE = frozenset({"content-length", "content-type", "location"})
_WITHOUT_BODY = frozenset({"204", "304"})
_NOT_COMPRESSED = _WITHOUT_BODY | {"206"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}").fullmatch
_ACCEPTED = STATUS[202]


# --- one call ---


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
        if self._forwarded is None:
            proxies = self.itself.proxies
            self._forwarded = NOTHING if proxies is None else proxies.read(self.peer_addr, self.headers)
        return self._forwarded

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
        if self._request_id is None:
            name = self.itself.request_id_header
            given = self.headers.get(name) if name else None
            self._request_id = given[0] if given and _REQUEST_ID(given[0]) else uuid4().hex
        return self._request_id

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


def _can_be_compressed(status: str, headers: Sequence[tuple[str, str]]) -> bool:
    """Whether an answer has a body that may be sent in another coding."""
    named = {name.lower(): value for name, value in headers}
    return (
        status[:3] not in _NOT_COMPRESSED
        and not named.keys() & {"content-encoding", "content-range"}
        and is_compressible(named.get("content-type", ""))
    )


def _named(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


class HttpBase(ServerBase):
    """What HTTP servers share. They read a request, call the steps below, and send the `HttpReply`.

    chunked: send bodies of unknown length part by part; else they are gathered first. max_content_length: bytes of a request,
    the application's ``limits.body`` unless set. block_length: bytes to read at once where the length is not known.
    compress: compress answers of at least that many bytes for clients that accept it (zstd and br where the libraries ``backports.zstd``
    and ``brotli`` are, gzip, deflate); compressed requests are always taken. cors: pages of which origins may call. trusted_proxies: addresses
    and networks whose Forwarded and X-Forwarded-* headers are believed. request_id_header: the header, such as
    ``X-Request-Id``, from which the request's id is taken and in which it is sent back.
    """

    transport = "http://schemas.xmlsoap.org/soap/http"
    counts_bytes: ClassVar[bool] = True
    call_event: ClassVar[str] = "http_call"
    return_event: ClassVar[str] = "http_return"
    exception_event: ClassVar[str] = "http_exception"
    close_event: ClassVar[str] = "http_close"

    def __init__(
        self,
        app: Any,
        chunked: bool = True,
        max_content_length: int | None = None,
        block_length: int = 8 * 1024,
        *,
        compress: int | None = None,
        cors: Cors | None = None,
        trusted_proxies: Iterable[str] = (),
        request_id_header: str | None = None,
    ) -> None:
        super().__init__(app)
        self.compress = compress
        self.cors = cors
        self.proxies = Proxies(trusted_proxies) if trusted_proxies else None
        self.request_id_header = request_id_header
        self._finishes = compress is not None or cors is not None or request_id_header is not None
        self.chunked = chunked
        self._limit = "body" if max_content_length is None else "max_content_length"
        self.max_content_length = app.limits.body if max_content_length is None else max_content_length
        self.block_length = block_length
        self.chooses = len(app.in_protocols) > 1 or len(app.out_protocols) > 1
        self._doc: Any = None
        self._lock = Lock()

    # --- interface documents ---

    @property
    def doc(self) -> Any:
        """The interface documents: ``doc.wsdl11.build_interface_document(url)`` fixes the address that the WSDL names."""
        if self._doc is None:
            with self._lock:
                if self._doc is None:
                    self._doc = self._make_documents()
        return self._doc

    def _make_documents(self) -> Any:
        return self.app.interface.docs

    @staticmethod
    def is_document_request(method: str, path: str, query: str) -> bool:
        """Whether a request is for the WSDL: GET or HEAD of ``?wsdl``, ``?wsdl=…`` or ``*.wsdl``, in any case."""
        if method not in ("GET", "HEAD"):
            return False
        return (query[:4].lower() == "wsdl" and query[4:5] in ("", "=", "&")) or path[-5:].lower() == ".wsdl"

    def address_of(self, ctx: Any) -> str:
        """The address for a document: the application's ``public_url``, or else the one that was asked."""
        if self.app.public_url:
            return str(self.app.public_url)
        url: str = ctx.transport.get_url()
        return url[:-5] if url[-5:].lower() == ".wsdl" else url

    def serve_document(self, ctx: Any, url: str | None = None) -> HttpReply:
        """The WSDL, or why there is none. Fires ``wsdl`` or ``wsdl_exception``; a Fault from a listener decides the status."""
        transport = ctx.transport
        transport.is_document = True
        try:
            self.fire_app_event("method_context_created", ctx)
            transport.wsdl = self.doc.wsdl11.document_for(url or self.address_of(ctx))
            self._fire("wsdl", ctx)
            headers = [*transport.header_list(WSDL_MIME_TYPE), ("ETag", tag := entity_tag(transport.wsdl))]
            if transport.resp_code is None and is_known(tag, transport.headers.get("if_none_match")):
                return self._make_reply(ctx, STATUS[304], headers, [])
            return self._make_reply(ctx, status_line(transport.resp_code or 200), headers, [transport.wsdl])
        except Exception as error:
            return self._refuse_document(ctx, error)

    def _refuse_document(self, ctx: Any, error: Exception) -> HttpReply:
        ctx.transport.wsdl_error = error
        if isinstance(error, Fault):
            status, text = status_line(http_code_of(error)), error.faultstring
        else:
            logger.error("the interface document could not be served", exc_info=error)
            status, text = STATUS[500], "The interface document could not be made."
        try:
            self._fire("wsdl_exception", ctx)
        except Exception:
            logger.exception("a listener of wsdl_exception failed")
        return self._make_reply(ctx, status, [("Content-Type", TEXT_MIME_TYPE)], [text.encode()])

    # --- calls ---

    def begin(self, ctx: Any) -> None:
        """The call's first events, and whether the protocol takes requests of this form; refusals are in ``ctx.in_error``."""
        transport = ctx.transport
        try:
            self.fire_app_event("method_context_created", ctx)
            self._fire(self.call_event, ctx)
            if self.chooses:
                self._choose_protocols(ctx)
            refusal = ctx.in_protocol.check_http_request(transport.req_method, transport.request_content_type)
            if refusal is not None:
                raise self._refusal(ctx, refusal)
        except Exception as error:
            self._refuse(ctx, error)

    def _refusal(self, ctx: Any, fault: Fault) -> Fault:
        """A fault of HTTP's own kind, whose status is the same whatever the protocol."""
        code = http_code_of(fault)
        ctx.transport.resp_code = STATUS[code]
        if code == HTTPStatus.METHOD_NOT_ALLOWED:
            ctx.transport.resp_headers["Allow"] = _named(
                method for protocol in self.app.in_protocols for method in protocol.http_methods
            )
        return fault

    def _choose_protocols(self, ctx: Any) -> None:
        """The protocols that the request asks for, where the application has several."""
        transport, app = ctx.transport, self.app
        accept = transport.headers.get("accept")
        in_protocol = choose_in(app.in_protocols, transport.request_content_type, transport.req_method)
        out_protocol = choose_out(app.out_protocols, in_protocol or app.in_protocol, accept and ", ".join(accept))
        ctx.in_protocol = in_protocol or app.in_protocol
        ctx.out_protocol = transport.answer_protocol = out_protocol or app.out_protocol
        if in_protocol is None and transport.request_content_type:
            known = (media for protocol in app.in_protocols for media in protocol.media_types)
            sent = cut(media_type_of(transport.request_content_type))
            message = f"requests of the media type '{sent}' are not taken; these are: {_named(known)}"
            raise self._refusal(ctx, UnsupportedMediaTypeError(message))
        if out_protocol is None:
            known = (media_type_of(protocol.mime_type) for protocol in app.out_protocols)
            message = f"none of the media types in Accept can be written; these can: {_named(known)}"
            raise self._refusal(ctx, NotAcceptableError(message))

    def dispatch(self, ctx: Any) -> list[Any]:
        """The contexts of the call; see `generate_contexts`."""
        if ctx.in_error is not None:
            return [ctx]
        return self.generate_contexts(ctx, charset_of(ctx.transport.request_content_type))

    def finish(self, ctx: Any, contexts: list[Any]) -> HttpReply:
        """Write the answer of a call whose user function has run, then run the auxiliary methods."""
        self.write_answer(ctx)
        if type(ctx.out_string) is not list:
            self._start_body(ctx)
        if len(contexts) > 1:
            self._run_aux(contexts)
        return self._answer(ctx)

    def write_answer(self, ctx: Any) -> None:
        """Make ``ctx.out_string``; nothing has been asked of one that is no list yet."""
        if ctx.descriptor is not None and ctx.descriptor.one_way and ctx.in_error is None:
            self._acknowledge(ctx)
        elif ctx.transport.is_answered and ctx.out_error is None and ctx.out_string is None:
            ctx.out_string = []
        self.get_out_string(ctx)

    @staticmethod
    def _acknowledge(ctx: Any) -> None:
        """A one-way call has no answer but its status (WS-I Basic Profile 1.1 R2714, R2715)."""
        ctx.out_string = []
        if ctx.transport.resp_code is None and ctx.out_error is None:
            ctx.transport.resp_code = _ACCEPTED

    def refuse_body(self, ctx: Any, fault: Fault) -> None:
        """Note why the body of a request is not read."""
        if isinstance(fault, UnsupportedMediaTypeError):
            self._refusal(ctx, fault)
            ctx.transport.resp_headers["Accept-Encoding"] = ", ".join(codings())  # RFC 9110 §15.5.16
        self._refuse(ctx, fault)

    def decoded_body(self, content_encoding: str | None) -> Any:
        """What the blocks of a compressed body are fed to, None for one that is not compressed."""
        if not content_encoding:
            return None
        return decoded_body(content_encoding, self.app.limits, self.max_content_length, self.too_long)

    def too_long(self) -> RequestTooLongError:
        """The fault for a request that passes the limit; it names the limit."""
        return RequestTooLongError(
            f"the request is larger than the limit {self._limit}={self.max_content_length} bytes"
        )

    def rescue(self, ctx: Any, error: Exception) -> HttpReply:
        """The answer when something failed that should not have: logged, and a fault without detail."""
        logger.error("serving %r failed", ctx, exc_info=error)
        try:
            ctx.transport.resp_headers = {}
            ctx.transport.mime_type = None
            self._write_failure(ctx, error)
            protocol = ctx.out_protocol
            status = status_line(protocol.fault_to_http_response_code(ctx.out_error))
            parts = [as_bytes(part) for part in ctx.out_string]
            return self._make_reply(ctx, status, [check_header("Content-Type", protocol.mime_type)], parts)
        except Exception:
            logger.exception("the fault of %r could not be written", ctx)
            return self._make_reply(ctx, STATUS[500], [("Content-Type", TEXT_MIME_TYPE)], [b"Internal Error"])

    def _start_body(self, ctx: Any) -> None:
        """Make the first part of a body before the headers are settled; a failure here is a fault still."""
        try:
            ctx.out_string = self._started(ctx.out_string)
        except Exception as error:
            ctx.out_error = self.app.fault_of(error, ctx)
            self._write_failure(ctx, ctx.out_error)

    def _started(self, source: Any) -> Any:
        if isinstance(source, bytes | bytearray | memoryview | str):
            return [as_bytes(source)]
        parts: Iterator[Any] = iter(iterate(source) if hasattr(source, "__aiter__") else source)
        if isinstance(source, tuple) or not self.chunked:
            return list(parts)
        first = as_bytes(next(parts, b""))
        return Begun(first, parts, source)

    def _run_aux(self, contexts: list[Any]) -> None:
        try:
            self.process_aux(contexts)
        except Exception:
            logger.exception("an auxiliary method of %r failed", contexts[0])

    def _answer(self, ctx: Any) -> HttpReply:
        """Settle the status, tell the listeners, settle the headers."""
        transport, error, protocol = ctx.transport, ctx.out_error, ctx.out_protocol
        event = self.return_event
        if error is not None and not isinstance(error, Redirect):
            event = self.exception_event
            if transport.resp_code is None:
                transport.resp_code = status_line(protocol.fault_to_http_response_code(error))
        elif transport.resp_code is None:
            transport.resp_code = _OK
        if event in self.event_manager.handlers:
            self.event_manager.fire_event(event, ctx)
        headers = transport.header_list(protocol.content_type_of(ctx))
        return self._make_reply(ctx, status_line(transport.resp_code), headers, ctx.out_string)

    def _make_reply(self, ctx: Any, status: str, headers: list[tuple[str, str]], body: Any) -> HttpReply:
        """The reply, with the length of a body that is known, and without a body where HTTP has none."""
        if self._finishes:
            body = self._finish_reply(ctx, status, headers, body)
        if type(body) is list:
            if len(body) == 1 and type(body[0]) is bytes:
                length = len(body[0])
            else:
                body = [as_bytes(part) for part in body]
                length = sum(map(len, body))
            if len(headers) > 1:
                headers = without(headers, "content-length")
            headers.append(("Content-Length", str(length)))
        if status[:3] in _WITHOUT_BODY:
            return HttpReply(status, without(headers, "content-length", "content-type"), Silent(body), self, ctx)
        return HttpReply(status, headers, body if ctx.transport.req_method != "HEAD" else Silent(body), self, ctx)

    def _finish_reply(self, ctx: Any, status: str, headers: list[tuple[str, str]], body: Any) -> Any:
        """Add what the server's options add to every answer; the body, compressed where the client wants it."""
        transport = ctx.transport
        if self.request_id_header is not None:
            headers.append(check_header(self.request_id_header, transport.request_id))
        if self.cors is not None:
            headers.extend(self.cors.answer_headers(transport.first_header("origin")))
        if self.compress is None or not _can_be_compressed(status, headers):
            return body
        headers.append(("Vary", "Accept-Encoding"))
        coding = choose_coding(", ".join(transport.headers.get("accept_encoding") or ()))
        if coding is None or (type(body) is list and sum(map(len, body)) < self.compress):
            return body
        headers.append(("Content-Encoding", coding))
        return compressed(coding, body)

    def preflight(self, ctx: Any) -> HttpReply | None:
        """The answer to a browser that asks whether a page may call (`cors`), None for every other request."""
        transport = ctx.transport
        if self.cors is None or transport.req_method != "OPTIONS":
            return None
        asked = transport.first_header("access_control_request_method")
        if asked is None:
            return None
        methods = dict.fromkeys(method for protocol in self.app.in_protocols for method in protocol.http_methods)
        headers = self.cors.preflight_headers(transport.first_header("origin"), methods)
        transport.is_document = True
        return HttpReply(STATUS[204], headers, [], self, ctx)

    # --- events ---

    def fire_app_event(self, name: str, ctx: Any) -> None:
        """Fire an event of the application alone."""
        if name in self.app.event_manager.handlers:
            self.app.event_manager.fire_event(name, ctx)

    def _fire(self, name: str, ctx: Any) -> None:
        manager = self.event_manager
        if name in manager.handlers:
            manager.fire_event(name, ctx)

    def end(self, ctx: Any, body: Any) -> None:
        """Release the body and end the call; what fails here is logged, for the answer is out already."""
        if type(body) is not list:
            self._try(getattr(body, "close", None), ctx)
        try:
            ctx.close()
        except Exception:
            logger.exception("closing %r failed", ctx)
        if self.close_event in self.event_manager.handlers and not ctx.transport.is_document:
            self._try(lambda: self.event_manager.fire_event(self.close_event, ctx), ctx)

    @staticmethod
    def _try(step: Callable[[], Any] | None, ctx: Any) -> None:
        try:
            if step is not None:
                step()
        except Exception:
            logger.exception("closing %r failed", ctx)
