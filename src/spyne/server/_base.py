"""ServerBase: what every transport calls, in the documented order."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, ClassVar

from spyne.codec._base import EncodeError
from spyne.context import AuxMethodContext, MethodContext
from spyne.error import Fault, InternalError, RequestTooLongError
from spyne.evmgr import EventManager
from spyne.model.complex import Ignored
from spyne.protocol._base import ProtocolBase
from spyne.util.excerpt import cut

__all__ = ["ServerBase"]

logger = logging.getLogger(__name__)

_LOGGED = 200
"""Characters of a fault in the log."""


class ServerBase:
    """The base of server transports. A transport fills ``ctx.in_string``, calls `get_in_object`, `get_out_object` and
    `get_out_string`, sends ``ctx.out_string`` and closes the context.

    None of these methods raises for what a request contains: failures are in ``ctx.in_error`` and ``ctx.out_error``.
    transport: the URI of the transport in WSDL documents. counts_bytes: whether it refuses requests that are too long while it
    reads them; otherwise that is done here. streams: whether it sends ``ctx.out_string`` while that is made; otherwise it is made a
    list here, and what fails until its end is a fault. changes_threads: whether the steps of one call run in several threads.
    """

    transport: ClassVar[str | None] = None
    counts_bytes: ClassVar[bool] = False
    streams: ClassVar[bool] = False
    changes_threads: ClassVar[bool] = False

    def __init__(self, app: Any) -> None:
        self.app = app
        if self.transport is not None and app.transport is None:
            app.transport = self.transport
        self.event_manager = EventManager(self)
        self.in_protocol = app.in_protocol
        self.out_protocol = app.out_protocol
        self.max_content_length: int | None = app.limits.body
        for processor in dict.fromkeys(descriptor.aux for descriptor in app.interface.calls):
            if processor is not None:
                processor.initialize(self)

    def make_context(self, transport: Any = None) -> MethodContext:
        """A new context for a request to this server; fires ``method_context_created``. transport: its transport context, a plain one by default."""
        ctx = MethodContext(self, MethodContext.SERVER, transport)
        manager: EventManager = self.app.event_manager
        if "method_context_created" in manager.handlers:
            manager.fire_event("method_context_created", ctx)
        return ctx

    def generate_contexts(self, ctx: MethodContext, in_string_charset: str | None = None) -> list[MethodContext]:
        """Parse ``ctx.in_string`` and find the methods it names: the primary context first, then the auxiliary ones.

        A request that cannot be dispatched gives one context, with ``in_error`` set.
        """
        try:
            protocol = ctx.in_protocol
            if protocol.app is None:
                protocol.set_app(self.app)
            if ctx._in_document is None:
                if not self.counts_bytes:
                    self._check_length(ctx.in_string)
                protocol.create_in_document(ctx, in_string_charset)
            if ctx.method_request_string is None:
                protocol.decompose_incoming_envelope(ctx, ProtocolBase.REQUEST)
            if ctx.descriptor is not None:
                return [ctx]
        except Exception as error:
            self._refuse(ctx, error)
            return [ctx]
        if ctx.batch is None:
            return self._dispatch(ctx)
        return [ctx, *(other for part in ctx.batch for other in self._dispatch(part)[1:])]

    def _dispatch(self, ctx: MethodContext) -> list[MethodContext]:
        """The context of one call with its method set, and those of the auxiliary methods."""
        try:
            if ctx.in_error is not None:
                raise ctx.in_error
            contexts: list[MethodContext] = ctx.in_protocol.generate_method_contexts(ctx)
        except Exception as error:
            self._refuse(ctx, error)
            return [ctx]
        for other in contexts[1:]:
            other.aux = AuxMethodContext(ctx)
        return contexts

    def _check_length(self, chunks: Any) -> None:
        limit = self.max_content_length
        if limit is not None and type(chunks) is list and sum(map(len, chunks)) > limit:
            raise self.too_long()

    def too_long(self) -> RequestTooLongError:
        """The fault for a request that passes the limit; it names the limit."""
        return RequestTooLongError(f"the request is larger than the limit body={self.max_content_length} bytes")

    def get_in_object(self, ctx: MethodContext) -> None:
        """Make ``ctx.in_object`` of ``ctx.in_string``; steps that were taken before are not repeated."""
        if ctx.in_error is None and ctx.descriptor is None and ctx.batch is None:
            self.generate_contexts(ctx)
        if ctx.batch is not None:
            for part in ctx.batch:
                self._deserialize(part)
        else:
            self._deserialize(ctx)

    def _deserialize(self, ctx: MethodContext) -> None:
        if ctx.in_error is not None or ctx.in_object is not None:
            return
        try:
            ctx.in_protocol.deserialize(ctx, ProtocolBase.REQUEST)
        except Exception as error:
            self._refuse(ctx, error)

    def get_out_object(self, ctx: MethodContext) -> None:
        """Call the user's function, unless the request was refused or ``ctx.out_object`` is there already."""
        for call in (ctx,) if ctx.batch is None else ctx.batch:
            if call.in_error is None and call.out_error is None and call.out_object is None:
                self.app.process_request(call)

    async def aget_out_object(self, ctx: MethodContext) -> None:
        """The same for a server with an event loop: a coroutine is awaited on it."""
        for call in (ctx,) if ctx.batch is None else ctx.batch:
            if call.in_error is None and call.out_error is None and call.out_object is None:
                await self.app.aprocess_request(call, gather=ctx.batch is not None or self._gathers)

    def _gathers(self, ctx: MethodContext) -> bool:
        """Whether an asynchronous result is made a list, and not written while it is sent."""
        return not self.streams or ctx.descriptor.one_way or not ctx.out_protocol.streams(ctx)

    def get_out_string(self, ctx: MethodContext) -> None:
        """Make ``ctx.out_string`` of the result or the error, unless user code has set it."""
        self._get_out_string(ctx, streams=self.streams)

    def _get_out_string(self, ctx: MethodContext, *, streams: bool) -> None:
        if ctx.out_string is not None:
            return
        if ctx.batch is not None and ctx.in_error is None:
            for part in ctx.batch:
                self._get_out_string(part, streams=False)
            ctx.out_protocol.join_batch(ctx)
            return
        if ctx.out_error is None:
            ctx.out_error = ctx.in_error
        try:
            self._write(ctx)
            if not streams and isinstance(ctx.out_string, Iterator):
                ctx.out_string = list(ctx.out_string)
        except Exception as error:
            self._write_failure(ctx, error)

    def _write(self, ctx: MethodContext) -> None:
        protocol = ctx.out_protocol
        if protocol.app is None:
            protocol.set_app(self.app)
        failed = ctx.out_error is not None
        if ctx._out_document is None:
            ctx.out_object = _sent(ctx.out_object)
            protocol.serialize(ctx, ProtocolBase.RESPONSE)
        ctx.fire_event("method_exception_document" if failed else "method_return_document")
        protocol.create_out_string(ctx)
        ctx.fire_event("method_exception_string" if failed else "method_return_string")

    def _write_failure(self, ctx: MethodContext, error: Exception) -> None:
        """The result could not be written: the client gets a fault instead, never half a document, and listeners hear of it."""
        if not isinstance(error, Fault):  # one that user code raised while its result was written is no surprise
            logger.error("the response of %r could not be written%s", ctx, _where(error), exc_info=error)
        ctx.out_error = error if isinstance(error, Fault) else InternalError(error)
        close = getattr(ctx.out_string, "close", None)
        if close is not None:
            close()
        ctx.out_object = ctx.out_document = ctx.out_string = None
        ctx.out_header = None
        ctx.fire_event("method_exception_object")
        self._write(ctx)

    def _refuse(self, ctx: MethodContext, error: Exception) -> None:
        """Note why a request cannot be served, and tell the listeners."""
        ctx.in_error = ctx.out_error = fault = self.app.fault_of(error, ctx)
        if fault is error:
            logger.info("refused a request of %s: %s", ctx.transport.remote_addr or "?", cut(str(fault), _LOGGED))
        ctx.fire_event("method_exception_object")

    def process_aux(self, contexts: list[MethodContext]) -> None:
        """Run the auxiliary methods of a call after its primary one; their results are ignored, their failures logged."""
        for ctx in contexts[1:]:
            ctx.descriptor.aux.process_context(self, ctx, ctx.aux.parent.out_error)

    def serve_forever(self) -> None:
        """Serve until stopped, in transports that have a loop of their own."""
        raise NotImplementedError


def awaited_methods(app: Any) -> set[Any]:
    """The descriptors of the methods whose results are awaited: they, or a wrapper around them, are coroutine functions or asynchronous generators."""
    wrapped = iscoroutinefunction(app.call_wrapper)
    return {descriptor for descriptor in app.interface.calls if wrapped or _is_async(descriptor)}


def _is_async(descriptor: Any) -> bool:
    functions = (descriptor.function, getattr(descriptor.service_class, "call_wrapper", None))
    return any(iscoroutinefunction(function) or isasyncgenfunction(function) for function in functions)


def _sent(results: Any) -> Any:
    """The results with None in place of those that user code wants ignored."""
    for result in results or ():
        if isinstance(result, Ignored):
            return [None if isinstance(result, Ignored) else result for result in results]
    return results


def _where(error: Exception) -> str:
    path = error.path if isinstance(error, EncodeError) else ()
    return f" at {'/'.join(map(str, path))}" if path else ""
