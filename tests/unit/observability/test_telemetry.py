"""Spans and metrics with OpenTelemetry's own SDK as the witness."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from spyne import Application, Fault, Integer, Iterable, NullServer, Service, Unicode, rpc
from spyne.client import ResponseError
from spyne.client.http import HttpClient
from spyne.observability import ClientTelemetry, OpenTelemetry
from spyne.protocol.json import JsonDocument
from spyne.server.asgi import AsgiApplication
from spyne.server.wsgi import WsgiApplication
from spyne.testing import AsyncClient, Client

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


class Demo(Service):
    @rpc(Integer, Integer, _returns=Integer)
    def add(ctx, a, b):
        Demo.tracer.start_span("inner").end()
        return a + b

    @rpc(_returns=Integer)
    async def later(ctx):
        await asyncio.sleep(0)
        Demo.tracer.start_span("inner").end()
        return 1

    @rpc(Unicode)
    def refuse(ctx, code):
        raise Fault(code, "no")

    @rpc()
    def fail(ctx):
        raise RuntimeError("secret")

    @rpc(Integer, _returns=Iterable(Integer))
    def count(ctx, to):
        yield from range(to)


@pytest.fixture
def observed():
    """A WSGI application, its spans and its metrics."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    Demo.tracer = provider.get_tracer("user")
    watch = OpenTelemetry(tracer_provider=provider, meter_provider=MeterProvider([reader]))
    app = Application([Demo], "tns", name="Shop", in_protocol=JsonDocument(validator="soft"), middleware=[watch])
    return WsgiApplication(app), exporter, reader


def send(call_wsgi, application, body, **environ):
    return call_wsgi(application, body=body, content_type="application/json", **environ)


def test_a_call_is_a_span(observed, call_wsgi):
    """The span has the call's names, continues the caller's trace, and is the parent of what user code does."""
    application, exporter, _ = observed
    send(call_wsgi, application, b'{"add": {"a": 1, "b": 2}}', HTTP_TRACEPARENT=PARENT)
    inner, span = exporter.get_finished_spans()
    assert (span.name, span.kind, span.status.status_code) == ("Demo/add", trace.SpanKind.SERVER, StatusCode.UNSET)
    assert span.attributes == {
        "rpc.service": "Demo",
        "rpc.method": "add",
        "spyne.protocol": "JsonDocument",
        "spyne.transport": "http",
    }
    assert f"{span.context.trace_id:032x}" == TRACE
    assert inner.parent.span_id == span.context.span_id


def test_coroutines_have_their_span(observed, call_wsgi):
    """The span is the current one while a coroutine runs, too."""
    application, exporter, _ = observed
    send(call_wsgi, application, b'{"later": {}}')
    inner, span = exporter.get_finished_spans()
    assert inner.parent.span_id == span.context.span_id


@pytest.mark.parametrize(
    ("body", "name", "code", "status"),
    [
        (b'{"refuse": {"code": "Client.Sad"}}', "Demo/refuse", "Client.Sad", StatusCode.UNSET),
        (b'{"fail": {}}', "Demo/fail", "Server", StatusCode.ERROR),
        (b'{"add": {"a": "x"}}', "spyne", "Client.ValidationError", StatusCode.UNSET),
        (b"{", "spyne", "Client.JsonDecodeError", StatusCode.UNSET),
    ],
)
def test_faults(observed, call_wsgi, caplog, body, name, code, status):
    """A fault is on the span by its code, also one of parsing; only the server's own are errors, and none leaks its text."""
    application, exporter, _ = observed
    with caplog.at_level("CRITICAL"):
        send(call_wsgi, application, body)
    span = exporter.get_finished_spans()[-1]
    assert (span.name, span.attributes["spyne.fault_code"], span.status.status_code) == (name, code, status)
    assert "secret" not in span.to_json()


def test_durations(observed, call_wsgi):
    """Every call is measured once, under its names."""
    application, _, reader = observed
    for _ in range(3):
        send(call_wsgi, application, b'{"add": {"a": 1, "b": 2}}')
    (resource,) = reader.get_metrics_data().resource_metrics
    (metric,) = resource.scope_metrics[0].metrics
    (point,) = metric.data.data_points
    assert (metric.name, metric.unit, point.count) == ("rpc.server.call.duration", "s", 3)
    assert point.attributes["rpc.method"] == "add"


def test_without_http(observed):
    """A transport without headers is watched as well."""
    application, exporter, _ = observed
    assert NullServer(application.app).service.add(1, 2) == 3
    assert exporter.get_finished_spans()[-1].name == "Demo/add"


# --- the calls that clients make ------------------------------------------------------------------------------------------------


@pytest.fixture
def calling(observed):
    """Makes clients of the observed application, and gives their spans: the client's ones of all that are finished."""
    server, exporter, _ = observed
    watch = ClientTelemetry(tracer_provider=trace_provider(exporter))

    def make(kind=Client, **options):
        served = AsgiApplication(server.app) if kind is AsyncClient else server
        return kind(served, telemetry=watch, **options)

    return make, exporter


def trace_provider(exporter):
    """A provider of its own, as in another process, whose spans go to the same place."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def spans_of(exporter):
    """The finished spans by kind."""
    return {span.kind: span for span in exporter.get_finished_spans()}


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_client_and_server_are_one_trace(calling, kind):
    """The server's span is the child of the client's, and that of the caller's current one."""
    make, exporter = calling
    client = make(kind)
    caller = trace.NonRecordingSpan(
        trace.SpanContext(int(TRACE, 16), 7, True, trace.TraceFlags(1), trace.TraceState([("vendor", "it")]))
    )

    async def wait():
        return await client.call("add", 1, 2)

    with trace.use_span(caller):
        assert (asyncio.run(wait()) if kind is AsyncClient else client.call("add", 1, 2)) == 3
    spans = spans_of(exporter)
    ours, served = spans[trace.SpanKind.CLIENT], spans[trace.SpanKind.SERVER]
    assert f"{ours.context.trace_id:032x}" == f"{served.context.trace_id:032x}" == TRACE
    assert (ours.parent.span_id, served.parent.span_id) == (7, ours.context.span_id)
    assert served.context.trace_state.get("vendor") == "it"
    assert (ours.name, ours.status.status_code) == ("Demo/add", StatusCode.UNSET)
    assert ours.attributes == served.attributes
    assert ours.start_time <= served.start_time <= served.end_time <= ours.end_time


def test_nothing_is_said_unless_asked_for(observed):
    """A client without telemetry sends no headers and makes no spans."""
    server, exporter, _ = observed
    client = Client(server)
    seen = []
    client.http.event_hooks = {"request": [lambda request: seen.append(request.headers)]}
    with trace.use_span(trace.NonRecordingSpan(trace.SpanContext(5, 7, True, trace.TraceFlags(1)))):
        client.call("add", 1, 2)
    assert "traceparent" not in seen[0]
    assert trace.SpanKind.CLIENT not in spans_of(exporter)


def test_faults_of_calls(calling):
    """A fault is on the client's span by its code, and any fault is an error there; its text is not."""
    make, exporter = calling
    with pytest.raises(Fault):
        make().call("refuse", "Client.Sad")
    span = spans_of(exporter)[trace.SpanKind.CLIENT]
    assert (span.attributes["spyne.fault_code"], span.status.status_code) == ("Client.Sad", StatusCode.ERROR)
    assert not span.events
    assert span.status.description is None


def test_an_answer_that_is_none(calling):
    """What is no fault is named by its type."""
    make, exporter = calling
    with pytest.raises(ResponseError):
        make(max_response_length=0).call("add", 1, 2)
    span = spans_of(exporter)[trace.SpanKind.CLIENT]
    assert (span.attributes["error.type"], span.status.status_code) == ("ResponseError", StatusCode.ERROR)


def test_a_server_that_is_not_there(observed):
    """A call without an answer is a span, too."""
    server, exporter, _ = observed
    watch = ClientTelemetry(tracer_provider=trace_provider(exporter))
    with (
        HttpClient("http://127.0.0.1:9/", server.app, telemetry=watch, timeout=5) as client,
        pytest.raises(ConnectionError),
    ):
        client.service.add(1, 2)
    assert spans_of(exporter)[trace.SpanKind.CLIENT].attributes["error.type"] == "ConnectionError"


@pytest.mark.parametrize("asked", [0, 1, 3])
def test_streams_end_with_their_last_item(calling, asked):
    """The span of a stream ends when its items do, or when nobody wants more; the user's own errors are not on it."""
    make, exporter = calling
    with pytest.raises(ZeroDivisionError), make().service.count.stream(3) as items:  # noqa: PT012 - what is between is the point
        assert trace.SpanKind.CLIENT not in spans_of(exporter)
        assert [next(items, None) for _ in range(asked)] == [0, 1, 2][:asked]
        assert trace.SpanKind.CLIENT not in spans_of(exporter)
        if asked == 3:
            assert next(items, None) is None
            assert trace.SpanKind.CLIENT in spans_of(exporter)
        _ = 1 // 0
    span = spans_of(exporter)[trace.SpanKind.CLIENT]
    assert (span.name, span.status.status_code) == ("Demo/count", StatusCode.UNSET)
    assert "error.type" not in span.attributes


def test_a_telemetry_of_ones_own():
    """Any function that gives a context manager with headers will do."""
    seen = []

    @contextmanager
    def watch(ctx):
        seen.append(ctx.descriptor.operation_name)
        yield {"X-Call": "7"}
        seen.append("left")

    client = Client(Application([Demo], "tns", in_protocol=JsonDocument()), telemetry=watch)
    Demo.tracer = trace.NoOpTracer()
    client.http.event_hooks = {"request": [lambda request: seen.append(request.headers["x-call"])]}
    assert client.call("add", 1, 2) == 3
    assert seen == ["add", "7", "left"]
