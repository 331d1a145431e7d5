"""HTTP for clients, without input or output: what is sent, what an answer means, when to try again."""

from __future__ import annotations

import random
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any

from spyne.client._base import RemoteProcedureBase, ResponseError, read_response, write_request
from spyne.error import Fault
from spyne.interface._streams import returns_many
from spyne.protocol._base import media_type_of
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
    from contextlib import AsyncExitStack, ExitStack

    from spyne.context import MethodContext

__all__ = ["Attempts", "HttpProcedure", "ResponseLimit", "StreamBase", "is_multipart"]

_SHOWN = 1024
"""Bytes of a response that an error keeps."""
_PASSING = frozenset({429, 502, 503, 504})
"""Statuses of servers that could not answer just now."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 10.0
"""Seconds between attempts."""


class HttpProcedure(RemoteProcedureBase):
    """One method over HTTP. A subclass sends what `prepare` returns and gives the answer to `finish`."""

    def __init__(self, url: str, app: Any, name: str, out_header: Any, client: Any) -> None:
        self.client = client
        super().__init__(url, app, name, out_header)

    def make_context(self) -> MethodContext:
        """A new context for one call; over HTTP messages have a Content-Type."""
        ctx = super().make_context()
        ctx.transport.itself = self.client  # not the procedure, which holds the context: the two would outlive the call
        ctx.transport.request_content_type = None
        ctx.transport.type = "http"
        return ctx

    def prepare(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], stack: ExitStack | AsyncExitStack
    ) -> tuple[MethodContext, dict[str, Any]]:
        """The context of a new call, and the keywords of the request for httpx. stack: is left when the call is over."""
        ctx = self.ctx = self.make_context()
        self.get_out_object(ctx, args, kwargs)
        watch = self.client.telemetry
        further = stack.enter_context(watch(ctx)) if watch is not None else {}
        write_request(ctx)
        headers = self._headers(ctx) | _capitalized(further)
        length = getattr(ctx.out_string, "content_length", None)  # of a body that is sent from files
        if length is not None:
            return ctx, {"content": ctx.out_string, "headers": {**headers, "Content-Length": str(length)}}
        return ctx, {"content": b"".join(ctx.out_string), "headers": headers}

    def _headers(self, ctx: MethodContext) -> dict[str, str]:
        protocol = ctx.out_protocol
        content_type = ctx.transport.request_content_type = protocol.content_type_of(ctx)
        headers = {"Content-Type": content_type, "Accept": ctx.in_protocol.accept_of(ctx)}
        further = {**protocol.request_headers(ctx), **self.client.current_headers()}
        return headers | _capitalized(further)

    def attempts(self, request: Mapping[str, Any]) -> Attempts:
        """How often the call is sent; once, where its body is a stream that cannot be read again."""
        retries = self.client.retries if isinstance(request["content"], bytes) else 0
        return Attempts(retries, idempotent=self.descriptor.idempotent)

    def finish(self, ctx: MethodContext, status: int, headers: Mapping[str, str], body: Iterable[bytes]) -> Any:
        """The result; a status that is no success matters only where the body is no fault. body: all of it, or what was read of it
        where ``ctx.in_stream`` has the rest.
        """
        ctx.transport.resp_code, ctx.transport.resp_headers = status, headers
        if 200 <= status < 300 and body == [b""] and not self.descriptor.results:
            return None
        ctx.in_string = body
        seen = body if isinstance(body, list) else []
        with self.explained(status, seen):
            read_response(ctx)
        if ctx.in_error is not None:
            raise ctx.in_error
        if not 200 <= status < 300:
            raise self._not_an_answer(status, seen, None)
        return ctx.in_object

    def check_stream(self) -> None:
        """Refuse to stream what is no sequence. Raises TypeError."""
        if not returns_many(self.app.call_of(self.descriptor)):
            raise TypeError(
                f"{self.descriptor.operation_name} does not return an array or iterator, so there are no items to stream; call it"
            )

    def scout(self, ctx: MethodContext, response: Any) -> Any:
        """What finds the beginning of the items in a response; None where that is to be read as a whole: faults and packages, and
        all responses in protocols that do not stream.
        """
        if is_multipart(response.headers) or not 200 <= response.status_code < 300:
            return None
        return ctx.in_protocol.result_scout(ctx)

    def opened(self, ctx: MethodContext, response: Any, whole: bytes | None, scout: Any, blocks: Any) -> Any:
        """The items of a response that was read as a `whole`, or as far as the first one; `blocks` are the rest."""
        if whole is None:
            ctx.in_stream = scout.incoming(blocks)
            ctx.in_document = ctx.in_stream.document
        seen = scout.seen() if whole is None else [whole]
        return self.finish(ctx, response.status_code, response.headers, seen)

    @contextmanager
    def explained(self, status: int, seen: Sequence[bytes] = ()) -> Iterator[None]:
        """Raise ResponseError for what is wrong with a response. seen: what was read of it."""
        try:
            yield
        except Fault as error:
            raise self._not_an_answer(status, seen, error) from error

    def _not_an_answer(self, status: int, seen: Sequence[bytes], error: Fault | None) -> ResponseError:
        body = b"".join(seen[:1])[:_SHOWN]
        why = f" ({error.faultstring})" if error is not None and 200 <= status < 300 else ""
        shown = f": {cut(body.decode('utf-8', 'replace').strip())}" if body else ""
        return ResponseError(f"{self.url} answered HTTP {status} without a fault or a result{why}{shown}", status, body)

    def no_answer(self, error: Exception, httpx: Any) -> Exception:
        """What httpx raised as one of Python's own, TimeoutError or ConnectionError, or as ResponseError."""
        timeout = self.client.timeout
        if isinstance(error, httpx.DecodingError):
            return ResponseError(f"{self.url} answered with a body that is not in its Content-Encoding: {error}")
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return TimeoutError(f"no connection to {self.url} within {timeout} s")
        if isinstance(error, httpx.TimeoutException):
            return TimeoutError(f"no answer from {self.url} within {timeout} s")
        if isinstance(error, httpx.ConnectError | httpx.ProxyError):
            return ConnectionError(f"no connection to {self.url}: {error}")
        return ConnectionError(f"the connection to {self.url} broke: {type(error).__name__}")


def is_multipart(headers: Mapping[str, str]) -> bool:
    """Whether a response is of several parts."""
    return media_type_of(headers.get("Content-Type")).startswith("multipart/")


class ResponseLimit:
    """Counts the bytes of a response. Raises ResponseError past the limit, until it is lifted."""

    def __init__(self, url: str, status: int, limit: int | None) -> None:
        self._url = url
        self._status = status
        self._limit = limit
        self._size = 0

    def __call__(self, block: bytes) -> bytes:
        """The block as it is."""
        self._size += len(block)
        if self._limit is not None and self._size > self._limit:
            message = f"the response of {self._url} is larger than max_response_length={self._limit} bytes"
            raise ResponseError(message, self._status, block[:_SHOWN])
        return block

    def after(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks; each counts when the next one is asked for, so that it may be found to begin a stream before."""
        for block in blocks:
            yield block
            self(block)

    async def aafter(self, blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same for blocks that come asynchronously."""
        async for block in blocks:
            yield block
            self(block)

    def lift(self) -> None:
        """Count no more."""
        self._limit = None


class StreamBase:
    """The items of a result while they arrive, see `HttpClient`.

    ctx: the context of the call; the SOAP headers of the response are in ``ctx.in_header``. status, headers: of the HTTP response.
    """

    def __init__(self, ctx: MethodContext) -> None:
        self.ctx = ctx
        self.status: int = ctx.transport.resp_code
        self.headers: Mapping[str, str] = ctx.transport.resp_headers


def _capitalized(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.capitalize(): value for name, value in headers.items()}


class Attempts:
    """How often one call is sent, and how long to wait in between.

    A call that did not reach the server is sent again whatever it does; one of which that is not known, or which a server that was busy refused, only
    where the method is declared idempotent.
    """

    def __init__(self, retries: int, *, idempotent: bool) -> None:
        self._left = retries
        self._idempotent = idempotent
        self._wait = _FIRST_WAIT

    def after_error(self, error: Exception, httpx: Any) -> float | None:
        """Seconds to wait before the next attempt, None when there is none."""
        reached = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return self._next(None) if self._idempotent or not reached else None

    def after_answer(self, status: int, headers: Mapping[str, str]) -> float | None:
        """The same after an answer, None for one that counts."""
        return self._next(headers.get("Retry-After")) if self._idempotent and status in _PASSING else None

    def _next(self, retry_after: str | None) -> float | None:
        if self._left <= 0:
            return None
        self._left -= 1
        wait = self._wait * (0.5 + random.random())  # noqa: S311 - so that clients do not come back all at once
        self._wait = min(self._wait * 2, _LONGEST_WAIT)
        return min(max(wait, _seconds(retry_after)), _LONGEST_WAIT)


def _seconds(retry_after: str | None) -> float:
    """What a Retry-After asks for (RFC 9110 §10.2.3); 0 for none."""
    if not retry_after:
        return 0.0
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(parsedate_to_datetime(retry_after).timestamp() - time(), 0.0)
    except (TypeError, ValueError):
        return 0.0
