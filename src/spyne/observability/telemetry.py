"""Spans of the calls that are served and of those that are made, and measurements, in the terms of OpenTelemetry."""

from __future__ import annotations

from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec

from spyne.error import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from spyne.application import Application
    from spyne.context import MethodContext
    from spyne.middleware import Handler

__all__ = ["ClientTelemetry", "OpenTelemetry"]

SCOPE = "spyne"
DURATION = "rpc.server.call.duration"


class OpenTelemetry:
    """``Application(…, middleware=[OpenTelemetry()])``: needs the extra ``spyne[telemetry]``.

    The span of a call begins before its request is parsed, is the current one while user code runs, and ends when the answer was sent.
    It continues the trace that the caller's HTTP headers name (W3C Trace Context). Attributes: ``rpc.service``, ``rpc.method``,
    ``spyne.protocol``, ``spyne.transport``, ``spyne.fault_code``; only faults of the server make its status an error. The histogram
    ``rpc.server.call.duration`` (seconds) has the same attributes.

    tracer_provider, meter_provider: the global ones unless given. An object is for one application.
    """

    def __init__(self, *, tracer_provider: Any = None, meter_provider: Any = None) -> None:
        metrics, propagate, self._trace = _api()
        self._extract = propagate.extract
        self._tracer = self._trace.get_tracer(SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(SCOPE, meter_provider=meter_provider)
        self._duration = meter.create_histogram(DURATION, unit="s", description="How long calls take, answer included.")
        self._calls: WeakKeyDictionary[MethodContext, _Call] = WeakKeyDictionary()

    def install(self, app: Application) -> None:
        """Listen to the beginnings and ends of an application's calls."""
        app.event_manager.add_listener("method_context_created", self._begin)
        app.event_manager.add_listener("method_context_closed", self._end)

    def __call__(self, handler: Handler) -> Handler:
        """The same handler inside the call's span."""

        def handle(ctx: MethodContext) -> Any:
            call = self._calls.get(ctx)
            if call is None:  # one of several calls in a request, a child of the request's span
                self._begin(ctx)
                call = self._calls[ctx]
                ctx.on_close(lambda: self._end(ctx))
            call.span.update_name(_name(ctx))
            with self._trace.use_span(call.span, record_exception=False, set_status_on_exception=False):
                result = handler(ctx)
            return self._awaited(call.span, result) if hasattr(result, "__await__") else result

        return handle

    async def _awaited(self, span: Any, result: Any) -> Any:
        with self._trace.use_span(span, record_exception=False, set_status_on_exception=False):
            return await result

    def _begin(self, ctx: MethodContext) -> None:
        headers: Mapping[str, list[str]] = getattr(ctx.transport, "headers", None) or {}
        names = ("traceparent", "tracestate", "baggage")
        carrier = {name: headers[name][0] for name in names if name in headers}
        parent = self._extract(carrier) if carrier else None
        span = self._tracer.start_span(SCOPE, context=parent, kind=self._trace.SpanKind.SERVER)
        self._calls[ctx] = _Call(span, perf_counter())

    def _end(self, ctx: MethodContext) -> None:
        call = self._calls.pop(ctx, None)
        if call is None:
            return
        found = _attributes(ctx)
        if ctx.out_error is not None and not found["spyne.fault_code"].startswith("Client"):
            call.span.set_status(self._trace.StatusCode.ERROR)
        call.span.set_attributes(found)
        call.span.end()
        self._duration.record(perf_counter() - call.start, found)


class ClientTelemetry:
    """``HttpClient(url, app, telemetry=ClientTelemetry())``: needs the extra ``spyne[telemetry]``.

    A call is a span of the kind CLIENT, a child of the caller's current span; it begins before the request is written and ends when the
    result was read, or the last item of one that is streamed. Its context goes along in the headers ``traceparent`` and ``tracestate``
    (W3C Trace Context), so that the server's span is its child. Attributes: ``rpc.service``, ``rpc.method``, ``spyne.protocol``,
    ``spyne.transport``; ``spyne.fault_code`` where the service answered with a fault, else ``error.type``. Either makes its status an error.

    tracer_provider: the global one unless given. An object may be shared by clients.
    """

    def __init__(self, *, tracer_provider: Any = None) -> None:
        _, propagate, self._trace = _api()
        self._inject = propagate.inject
        self._tracer = self._trace.get_tracer(SCOPE, tracer_provider=tracer_provider)

    @contextmanager
    def __call__(self, ctx: MethodContext) -> Iterator[Mapping[str, str]]:
        """The span of a call, and the headers that tell the server of it."""
        kind, attributes = self._trace.SpanKind.CLIENT, _said_of(ctx, ctx.out_protocol)
        span = self._tracer.start_span(_name(ctx), kind=kind, attributes=attributes)
        headers: dict[str, str] = {}
        self._inject(headers, context=self._trace.set_span_in_context(span))
        try:
            yield headers
        except GeneratorExit:
            raise
        except BaseException as error:
            span.set_status(self._trace.StatusCode.ERROR)
            span.set_attributes(_said_of_failure(error))
            raise
        finally:
            span.end()


def _api() -> Any:
    """The parts of OpenTelemetry's API. Raises ImportError, with the extra to install."""
    try:
        from opentelemetry import metrics, propagate, trace
    except ImportError:
        raise ImportError("OpenTelemetry needs its API: pip install 'spyne[telemetry]'") from None
    return metrics, propagate, trace


class _Call(msgspec.Struct, frozen=True):
    """What is known of a call that is going on: its span and when it began."""

    span: Any
    start: float


def _name(ctx: MethodContext) -> str:
    descriptor = ctx.descriptor
    return f"{descriptor.service_class.get_service_name()}/{descriptor.operation_name}"


def _attributes(ctx: MethodContext) -> dict[str, str]:
    """What is said of a call; nothing that a client made up, for every value would be a time series of its own."""
    found = _said_of(ctx, ctx.in_protocol)
    if ctx.out_error is not None:
        found["spyne.fault_code"] = str(ctx.out_error.faultcode)
    return found


def _said_of(ctx: MethodContext, protocol: Any) -> dict[str, str]:
    found = {"spyne.protocol": type(protocol).__name__, "spyne.transport": str(ctx.transport.type or "")}
    if ctx.descriptor is not None:
        found["rpc.service"], _, found["rpc.method"] = _name(ctx).partition("/")
    return found


def _said_of_failure(error: BaseException) -> dict[str, str]:
    if isinstance(error, Fault):
        return {"spyne.fault_code": str(error.faultcode)}
    return {"error.type": type(error).__qualname__}
