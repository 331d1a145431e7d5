"""HTTP as data, without input or output: what a request says, what an answer is made of, and the steps between them."""

from __future__ import annotations

import logging
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from spyne.const.http import STATUS
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
    entity_tag,
    is_known,
    status_line,
)
from spyne.server._http_call import HttpMethodContext, HttpRedirect, HttpTransportContext
from spyne.server._proxies import Proxies
from spyne.server._reply import Begun, HttpReply, as_bytes, compressed, silent, without
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

_OK = STATUS[200]
_WITHOUT_BODY = frozenset({"204", "304"})
_NOT_COMPRESSED = _WITHOUT_BODY | {"206"}
_ACCEPTED = STATUS[202]


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
    streams: ClassVar[bool] = True
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
        one_way = ctx.descriptor is not None and ctx.descriptor.one_way and ctx.in_error is None
        if one_way and not ctx.in_protocol.answers_one_way(ctx):
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
        if isinstance(source, tuple) or not (self.chunked or hasattr(source, "content_length")):
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
        elif (announced := getattr(body, "content_length", None)) is not None:
            headers = [*without(headers, "content-length"), ("Content-Length", str(announced))]
        if status[:3] in _WITHOUT_BODY:
            return HttpReply(status, without(headers, "content-length", "content-type"), silent(body), self, ctx)
        return HttpReply(status, headers, body if ctx.transport.req_method != "HEAD" else silent(body), self, ctx)

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
