"""Spans and metrics with OpenTelemetry's own SDK as the witness."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from spyne import Application, Fault, Integer, NullServer, Service, Unicode, rpc
from spyne.observability import OpenTelemetry
from spyne.protocol.json import JsonDocument
from spyne.server.wsgi import WsgiApplication

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
