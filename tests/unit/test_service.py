"""Services: what their class says, wrappers, middleware, coroutines, and auxiliary methods."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from spyne import (
    Application,
    ComplexModel,
    DeclarationError,
    Fault,
    Ignored,
    Integer,
    Iterable,
    NullServer,
    Service,
    ServiceBase,
    Unicode,
    rpc,
    srpc,
)
from spyne.auxproc import AuxProcBase
from spyne.auxproc.sync import SyncAuxProc
from spyne.auxproc.thread import ThreadAuxProc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11


def application(*services, protocol=Soap11, **options):
    return Application(services, "urn:t", in_protocol=protocol(), out_protocol=protocol(), **options)


def wire(*services, **options):
    """Return the methods, called through both protocols."""
    return NullServer(application(*services, **options), wire=True).service


class Header(ComplexModel):
    token = Unicode


# --- the class ---


class Plain(Service):
    """A service."""

    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text

    @srpc(Integer, _returns=Integer)
    def twice(n):
        return 2 * n

    def helper(self):
        return None


def test_public_methods():
    """Decorated functions are listed by name and can be called as static methods; others are left alone."""
    assert list(Plain.public_methods) == ["echo", "twice"]
    assert (Plain.echo(None, "x"), Plain.twice(4)) == ("x", 8)
    assert Plain.public_methods["echo"].service_class is Plain
    assert ServiceBase is Service


def test_names():
    """The public name, module and key of a service are its class's unless it says otherwise."""

    class Named(Service):
        __service_name__ = "Public"
        __service_module__ = "elsewhere"
        __port_types__ = ("A", "B")

    assert (Plain.get_service_name(), Plain.get_service_class_name(), Plain.get_port_types()) == ("Plain", "Plain", ())
    assert Plain.get_internal_key() == f"{__name__}.Plain"
    assert (Named.get_service_name(), Named.get_service_module(), Named.get_port_types()) == (
        "Public",
        "elsewhere",
        ("A", "B"),
    )


def test_a_service_without_methods():
    """A service without methods may be part of an application."""

    class Empty(Service):
        pass

    assert NullServer(application(Empty, Plain)).service.twice(1) == 2


def test_initialize():
    """`initialize` is called once for each application."""
    seen = []

    class S(Service):
        @classmethod
        def initialize(cls, app):
            seen.append((cls, app))

    first, second = application(S), application(S)
    assert seen == [(S, first), (S, second)]


def test_reset_function():
    """A method's function can be replaced, for calls from anywhere."""

    class S(Service):
        @rpc(_returns=Unicode)
        def m(ctx):
            return "old"

    S.public_methods["m"].reset_function(lambda ctx: "new")
    assert wire(S).m() == "new"


# --- wrappers ---


class Wrapped(Service):
    @classmethod
    def call_wrapper(cls, ctx, args=None):
        try:
            return f"service({super().call_wrapper(ctx, args)})"
        except KeyError as error:
            raise Fault("Client.Missing", str(error)) from error

    @rpc(Unicode, _returns=Unicode)
    def get(ctx, key):
        return {"a": "A"}[key]


def test_call_wrappers():
    """A service's wrapper is inside the application's, and both see the result and the exceptions."""

    class Wrapping(Application):
        def call_wrapper(self, ctx):
            return f"app({super().call_wrapper(ctx)})"

    app = Wrapping([Wrapped], "urn:t", in_protocol=Soap11(), out_protocol=Soap11())
    assert NullServer(app, wire=True).service.get("a") == "app(service(A))"
    with pytest.raises(Fault) as caught:
        NullServer(app, wire=True).service.get("b")
    assert (caught.value.faultcode, caught.value.faultstring) == ("Client.Missing", "'b'")


def test_call_wrapper_with_other_arguments():
    """A wrapper may call the function with other arguments, and a listener with another function."""

    class S(Service):
        @classmethod
        def call_wrapper(cls, ctx, args=None):
            return super().call_wrapper(ctx, [f"<{ctx.in_object[0]}>"])

        @rpc(Unicode, _returns=Unicode)
        def echo(ctx, text):
            return text

    app = application(S)
    assert NullServer(app, wire=True).service.echo("x") == "<x>"
    app.event_manager.add_listener("method_call", lambda ctx: setattr(ctx, "function", lambda ctx, text: text * 2))
    assert NullServer(app, wire=True).service.echo("x") == "<x><x>"


def test_middleware():
    """Middleware of application, service and method wrap each other in this order, the first of a list outermost."""
    log = []

    def noting(name):
        def wrap(handler):
            def handle(ctx):
                log.append(name)
                return handler(ctx)

            return handle

        return wrap

    class S(Service):
        middleware = (noting("service"),)

        @rpc(_returns=Unicode, _middleware=[noting("method")])
        def m(ctx):
            log.append("USER")
            return "r"

    assert wire(S, middleware=[noting("app 1"), noting("app 2")]).m() == "r"
    assert log == ["app 1", "app 2", "service", "method", "USER"]


# --- coroutines and streams ---


class Asynchronous(Service):
    @rpc
    async def later(ctx, n: int) -> int:
        await asyncio.sleep(0)
        return n + 1

    @rpc(Integer, _returns=Iterable(Integer))
    async def classic(ctx, n):
        for i in range(n):
            await asyncio.sleep(0)
            yield i

    @rpc
    async def stream(ctx, n: int) -> AsyncIterator[int]:
        for i in range(n):
            yield i

    @rpc
    def plain(ctx, n: int) -> Iterator[int]:
        yield from range(n)

    @rpc
    async def refuse(ctx) -> None:
        raise Fault("Client.No", "no")


@pytest.mark.parametrize("protocol", [Soap11, JsonDocument])
def test_asynchronous_methods_in_a_synchronous_server(protocol):
    """Coroutines are run and asynchronous generators read by servers without an event loop."""
    service = wire(Asynchronous, protocol=protocol)
    assert service.later(1) == 2
    for name in ("classic", "stream", "plain"):
        assert list(service[name](3)) == [0, 1, 2]
        assert list(service[name](0) or []) == []
    with pytest.raises(Fault, match="no"):
        service.refuse()


def test_middleware_of_coroutines():
    """A middleware of an asynchronous method gets a coroutine and may return another."""

    def wrap(handler):
        async def handle(ctx):
            return await handler(ctx) * 10

        return handle

    assert wire(Asynchronous, middleware=[wrap]).later(1) == 20


def test_asynchronous_processing():
    """A server with an event loop awaits the method on it."""
    app = application(Asynchronous)
    server = NullServer(app)

    async def main():
        ctx = server.make_context()
        ctx.descriptor = Asynchronous.public_methods["later"]
        ctx.in_object = [4]
        await app.aprocess_request(ctx)
        return ctx.out_object

    assert asyncio.run(main()) == [5]


# --- results that are not sent ---


@pytest.mark.parametrize("protocol", [Soap11, JsonDocument])
def test_ignored_results(protocol):
    """An Ignored result is None on the wire; callers in the process see it."""

    class S(Service):
        @rpc(_returns=Unicode)
        def m(ctx):
            return Ignored("a", b=1)

    app = application(S, protocol=protocol)
    seen = NullServer(app).service.m()
    assert seen == Ignored("a", b=1)
    assert seen != Ignored("b")
    assert (seen.args, seen.kwargs, repr(seen)) == (("a",), {"b": 1}, "Ignored('a', b=1)")
    assert NullServer(app, wire=True).service.m() is None
    assert S.m(None) == seen


# --- auxiliary methods ---


def auxiliary(processor, log, behaviour=lambda: None):
    """Return a primary service and an auxiliary one with a method of the same name."""

    class Primary(Service):
        @rpc(Unicode, _returns=Unicode)
        def note(ctx, text):
            log.append(("primary", text))
            if text == "bad":
                raise Fault("Client.Bad", "bad")
            return text

    class Aux(Service):
        __aux__ = processor

        @rpc(Unicode, _returns=Unicode)
        def note(ctx, text):
            behaviour()
            log.append(("aux", text, ctx.aux.error and ctx.aux.error.faultcode))

    return Primary, Aux


def serve(app, request):
    server = NullServer(app)
    ctx = server.make_context()
    ctx.in_string = [request]
    contexts = server.generate_contexts(ctx)
    for each in contexts:
        server.get_in_object(each)
    server.get_out_object(contexts[0])
    server.get_out_string(contexts[0])
    server.process_aux(contexts)
    return b"".join(contexts[0].out_string)


@pytest.mark.parametrize("order", [1, -1])
def test_auxiliary_methods_run_after_the_primary(order):
    """Methods of one public name run after the primary one, whichever service is listed first; their result is ignored."""
    log = []
    app = application(*auxiliary(SyncAuxProc(), log)[::order], protocol=JsonDocument)
    assert serve(app, b'{"note": {"text": "x"}}') == b'"x"'
    assert log == [("primary", "x"), ("aux", "x", None)]


def test_auxiliary_methods_in_this_process():
    """NullServer runs auxiliary methods too."""
    log = []
    assert NullServer(application(*auxiliary(SyncAuxProc(), log))).service.note("x") == "x"
    assert log == [("primary", "x"), ("aux", "x", None)]


@pytest.mark.parametrize(("process", "expected"), [(False, []), (True, [("aux", "bad", "Client.Bad")])])
def test_auxiliary_methods_and_failures(process, expected):
    """After a failure of the primary method an auxiliary one runs only when it asks for it, and sees the fault."""
    log = []
    app = application(*auxiliary(SyncAuxProc(process_exceptions=process), log), protocol=JsonDocument)
    assert b"Client.Bad" in serve(app, b'{"note": {"text": "bad"}}')
    assert log[1:] == expected


def test_failures_of_auxiliary_methods(caplog):
    """What an auxiliary method raises is logged and changes nothing."""
    app = application(*auxiliary(SyncAuxProc(), [], behaviour=lambda: 1 / 0), protocol=JsonDocument)
    with caplog.at_level(logging.ERROR):
        assert serve(app, b'{"note": {"text": "x"}}') == b'"x"'
    assert "auxiliary method" in caplog.text


def test_auxiliary_methods_in_threads():
    """Auxiliary methods of a ThreadAuxProc run elsewhere, and the answer does not wait for them."""
    log, gate = [], threading.Event()
    processor = ThreadAuxProc(pool_size=2)
    app = application(*auxiliary(processor, log, behaviour=lambda: gate.wait(30)), protocol=JsonDocument)
    assert serve(app, b'{"note": {"text": "x"}}') == b'"x"'
    assert log == [("primary", "x")]
    gate.set()
    processor.pool.shutdown(wait=True)
    assert log[1:] == [("aux", "x", None)]


def test_processors_are_initialized_once_for_each_server():
    """A processor hears of each server before its first request."""
    seen = []

    class Noting(AuxProcBase):
        def initialize(self, server):
            seen.append(server)

    app = application(*auxiliary(Noting(), []))
    assert seen == []
    servers = [NullServer(app), NullServer(app)]
    assert seen == servers


def test_primary_and_auxiliary_methods_do_not_mix():
    """A service is primary or auxiliary as a whole."""
    with pytest.raises(DeclarationError, match="Mixed mixes primary and auxiliary methods; put the auxiliary ones"):

        class Mixed(Service):
            @rpc()
            def a(ctx): ...

            @rpc(_aux=SyncAuxProc())
            def b(ctx): ...


# --- headers ---


def test_headers_arrive_and_leave():
    """Headers of the service's class reach ``ctx.in_header``, and ``ctx.out_header`` is sent."""

    class S(Service):
        __in_header__ = Header
        __out_header__ = Header

        @rpc(_returns=Unicode)
        def m(ctx):
            ctx.out_header = Header(token=ctx.in_header.token * 2)
            return ctx.in_header.token

    server = NullServer(application(S), wire=True)
    server.set_options(soapheaders=Header(token="t"))
    assert server.service.m() == "t"
    text = NullServer(application(S), ostr=True)
    text.set_options(soapheaders=Header(token="t"))
    assert b"tt</" in b"".join(text.service.m())
