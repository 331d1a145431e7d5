"""Application: services, a namespace and two protocols, built once and then only called."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from spyne.error import Fault, InternalError, Redirect
from spyne.evmgr import EventManager
from spyne.interface._base import Call, Interface
from spyne.interface._streams import with_stream
from spyne.interface._view import View
from spyne.limits import Limits
from spyne.middleware import Handler, Middleware, compose
from spyne.schema import DeclarationError
from spyne.util.run import iterate, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from spyne.context import MethodContext
    from spyne.descriptor import MethodDescriptor

__all__ = ["Application"]

logger = logging.getLogger(__name__)

MAX_LATE_CODECS = 1024
"""How many codecs are kept beside those made when the application is built."""


class Application:
    """Services under one target namespace, reachable by one protocol in and one out.

    tns: the target namespace. name: the name in documents. in_protocol, out_protocol: protocol instances, each for one
    application and one direction, or lists of them: over HTTP, the request's Content-Type and Accept choose the first that fits.
    Without out_protocol every protocol is answered in kind. classes: further types to publish. documents_container: makes the interface documents.
    config: the user's own. limits: what a request may cost. middleware: wraps every call, first outermost.
    public_url: the address in documents, instead of the one the request came to.

    Everything that can be decided is decided here: raises DeclarationError for declarations that cannot work.
    """

    transport: str | None = None

    def __init__(
        self,
        services: Iterable[Any],
        tns: str,
        name: str | None = None,
        in_protocol: Any = None,
        out_protocol: Any = None,
        config: Any = None,
        classes: Sequence[Any] = (),
        documents_container: Callable[[Interface], Any] | None = None,
        *,
        limits: Limits | None = None,
        middleware: Sequence[Middleware] = (),
        public_url: str | None = None,
    ) -> None:
        self.services = _service_classes(services)
        self.tns = tns
        self.name = name or type(self).__name__
        self.config = config
        self.classes = tuple(classes)
        self.limits = limits or Limits()
        self.middleware = tuple(middleware)
        self.public_url = public_url
        self.event_manager = EventManager(self)
        self.error_handler: Any = None
        self.documents_container = documents_container
        if not tns or not isinstance(tns, str):
            raise DeclarationError("Application needs a target namespace, as in Application([…], tns='my.services')")
        self.in_protocols = _protocols("in_protocol", in_protocol) or (_bare_protocol(),)
        self.out_protocols = _protocols("out_protocol", out_protocol) or tuple(p.twin() for p in self.in_protocols)
        self.in_protocol, self.out_protocol = self.in_protocols[0], self.out_protocols[0]
        if {*map(id, self.in_protocols)} & {*map(id, self.out_protocols)}:
            raise DeclarationError("in_protocol and out_protocol are one object; make an instance for each")
        self.interface = Interface(self)
        self._codecs: dict[tuple[Any, str], dict[MethodDescriptor, Any]] = {}
        self._late_codecs: dict[tuple[Any, str, MethodDescriptor], Any] = {}
        self._handlers: dict[MethodDescriptor, Handler] = {}
        self._build()
        for service in self.services:
            service.initialize(self)
        for wrapper in self.middleware:
            install = getattr(wrapper, "install", None)
            if install is not None:
                install(self)

    def _build(self) -> None:
        for kind, protocols in (("decode_request", self.in_protocols), ("encode_response", self.out_protocols)):
            for protocol in protocols:
                protocol.set_app(self)
                view = View(self.interface, protocol)
                self._codecs[protocol, kind] = {
                    descriptor: protocol.compile(kind, view(call)) for descriptor, call in self.interface.calls.items()
                }
        for descriptor in self.interface.calls:
            wrappers = (*self.middleware, *descriptor.middleware)
            if wrappers:
                self._handlers[descriptor] = compose(wrappers, self.call_wrapper)

    def codec(self, protocol: Any, kind: str, descriptor: MethodDescriptor) -> Any:
        """What `protocol` compiled for a method.

        kind: "decode_request", "encode_response", "encode_request", "decode_response" or "stream_response"; those of the application's
        own protocols for a server are made when it is built.
        """
        try:
            return self._codecs[protocol, kind][descriptor]
        except KeyError:
            return self._compile_late(protocol, kind, descriptor)

    def _compile_late(self, protocol: Any, kind: str, descriptor: MethodDescriptor) -> Any:
        """For clients, and for a protocol that user code chose for one call; instances with the same options share it."""
        options = protocol.options_key()
        key = (options, kind, descriptor)
        codec = self._late_codecs.get(key) if options is not None else None
        if codec is None:
            if protocol.app is None:
                protocol.set_app(self)
            call = self.interface.calls[descriptor]
            seen = View(self.interface, protocol)(call)
            codec = protocol.compile(kind, seen)
            if options is not None and seen is call:
                if len(self._late_codecs) >= MAX_LATE_CODECS:
                    self._late_codecs.clear()
                self._late_codecs[key] = codec
        if protocol in self.in_protocols or protocol in self.out_protocols:
            self._codecs.setdefault((protocol, kind), {})[descriptor] = codec
        return codec

    def answering(self, in_protocol: Any) -> Any:
        """The out protocol of the same kind as an in protocol, None where the application answers otherwise."""
        return next((protocol for protocol in self.out_protocols if type(protocol) is type(in_protocol)), None)

    def call_of(self, descriptor: MethodDescriptor) -> Call:
        """The messages of a method."""
        return self.interface.calls[descriptor]

    def process_request(self, ctx: MethodContext) -> None:
        """Call the user's function and put its result into ``ctx.out_object``, or a Fault into ``ctx.out_error``."""
        try:
            result = self._begin(ctx)
            if hasattr(result, "__await__"):
                result = run(result)
            if hasattr(result, "__aiter__"):
                result = iterate(result)
                if getattr(ctx.transport.itself, "changes_threads", False):
                    result = list(result)  # its event loop belongs to this thread
            self._succeed(ctx, result)
        except Exception as error:
            self._fail(ctx, error)

    async def aprocess_request(
        self, ctx: MethodContext, *, gather: bool | Callable[[MethodContext], bool] = True
    ) -> None:
        """The same for a caller with an event loop: a coroutine is awaited on it. gather: whether to make a list of an asynchronous
        iterator, or what says so for a call that returned one.
        """
        try:
            result = self._begin(ctx)
            if hasattr(result, "__await__"):
                result = await result
            if hasattr(result, "__aiter__") and (gather(ctx) if callable(gather) else gather):
                result = [item async for item in result]
            self._succeed(ctx, result)
        except Exception as error:
            self._fail(ctx, error)

    def call_wrapper(self, ctx: MethodContext) -> Any:
        """Call the service's `call_wrapper`. An override must call this one; it sees a coroutine for ``async def``."""
        return ctx.descriptor.service_class.call_wrapper(ctx)

    def _begin(self, ctx: MethodContext) -> Any:
        if ctx.descriptor.stream_in is not None and ctx.in_stream is None:
            ctx.in_object = with_stream(ctx.descriptor, ctx.in_object)
        ctx.fire_event("method_call")
        handler = self._handlers.get(ctx.descriptor)
        return self.call_wrapper(ctx) if handler is None else handler(ctx)

    def _succeed(self, ctx: MethodContext, result: Any) -> None:
        if ctx.out_object is None:
            results = ctx.descriptor.results
            several = results > 1 and isinstance(result, list | tuple)
            ctx.out_object = result if several else [result] if results else []
        ctx.fire_event("method_return_object")

    def _fail(self, ctx: MethodContext, error: Exception) -> None:
        if isinstance(error, Redirect):
            self._redirect(ctx, error)
            return
        ctx.out_error = self.fault_of(error, ctx)
        ctx.fire_event("method_exception_object")

    def _redirect(self, ctx: MethodContext, redirect: Redirect) -> None:
        try:
            redirect.do_redirect()
            ctx.out_error = redirect
            ctx.fire_event("method_redirect")
        except Exception as error:
            logger.exception("redirection of %r failed", ctx)
            ctx.out_error = self.fault_of(error, ctx)
            ctx.fire_event("method_redirect_exception")

    def fault_of(self, error: BaseException, ctx: MethodContext | None = None) -> Fault:
        """The error as a Fault; one that is not a Fault is logged with its traceback and becomes an InternalError."""
        if isinstance(error, Fault):
            return error
        logger.error("unexpected error in %r", ctx, exc_info=error)
        return InternalError(error)


def _service_classes(services: Iterable[Any]) -> tuple[Any, ...]:
    """The services as given. Raises DeclarationError for what is no list of Service classes."""
    if isinstance(services, type):
        raise DeclarationError(f"Application takes a list of services: write [{services.__name__}]")
    given = tuple(services)
    for service in given:
        if not (isinstance(service, type) and hasattr(service, "public_methods")):
            raise DeclarationError(f"{service!r} is not a Service class; pass the class itself, not an instance")
    return given


def _protocols(name: str, given: Any) -> tuple[Any, ...]:
    """One protocol or several as a tuple. Raises DeclarationError for a class in place of an instance."""
    protocols = () if given is None else tuple(given) if isinstance(given, list | tuple) else (given,)
    for protocol in protocols:
        if isinstance(protocol, type):
            raise DeclarationError(f"{name} is the class {protocol.__name__}; make an instance: {protocol.__name__}()")
    return protocols


def _bare_protocol() -> Any:
    from spyne.protocol._base import ProtocolBase

    return ProtocolBase()
