"""Events: their order, who hears them, and how listeners are inherited."""

from __future__ import annotations

import pytest

from spyne import Application, EventManager, Fault, Integer, NullServer, Service, Unicode, rpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11

NAMES = [
    "method_context_created",
    "method_call",
    "method_return_object",
    "method_exception_object",
    "method_return_document",
    "method_exception_document",
    "method_return_string",
    "method_exception_string",
    "method_context_closed",
]
PROTOCOL_NAMES = ["before_deserialize", "after_deserialize", "before_serialize", "after_serialize"]


def listen(manager, who, log, names=NAMES):
    """Note every event of a manager."""
    for name in names:
        manager.add_listener(name, lambda ctx, name=name: log.append(f"{who}.{name}" if who else name))


def build(protocol, behaviour, *, service_log=False):
    """Return an application whose method behaves so, and the log of its events."""
    log = []
    own = EventManager(None)

    class S(Service):
        @rpc(Integer, _returns=Unicode, _evmgr=own)
        def work(ctx, n):
            log.append("USER")
            return behaviour(n)

    app = Application([S], "urn:t", in_protocol=protocol(validator="soft"), out_protocol=protocol())
    listen(app.event_manager, "app", log)
    listen(app.in_protocol.event_manager, "in", log, PROTOCOL_NAMES)
    listen(app.out_protocol.event_manager, "out", log, PROTOCOL_NAMES)
    if service_log:
        listen(S.event_manager, "service", log)
        listen(own, "method", log)
    return app, log


def serve(app, request):
    """Serve one request as a transport does."""
    server = NullServer(app)
    ctx = server.make_context()
    ctx.in_string = [request]
    server.get_in_object(ctx)
    server.get_out_object(ctx)
    server.get_out_string(ctx)
    answer = b"".join(ctx.out_string)
    ctx.close()
    return answer


ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<work xmlns="urn:t"><n>%s</n></work></e:Body></e:Envelope>'
)
REQUESTS = {Soap11: lambda n: (ENVELOPE % n).encode(), JsonDocument: lambda n: b'{"work": {"n": %s}}' % str(n).encode()}
SUCCESS = [
    "app.method_context_created",
    "in.before_deserialize",
    "in.after_deserialize",
    "app.method_call",
    "USER",
    "app.method_return_object",
    "out.before_serialize",
    "out.after_serialize",
    "app.method_return_document",
    "app.method_return_string",
    "app.method_context_closed",
]
FAILURE = [
    *SUCCESS[:5],
    "app.method_exception_object",
    "out.before_serialize",
    "out.after_serialize",
    "app.method_exception_document",
    "app.method_exception_string",
    "app.method_context_closed",
]
REFUSED = [*SUCCESS[:2], *FAILURE[5:]]


def fail(n):
    raise Fault("Client.No", "no")


def crash(n):
    raise RuntimeError("secret")


@pytest.mark.parametrize("protocol", REQUESTS)
@pytest.mark.parametrize(
    ("behaviour", "argument", "expected"),
    [(str, 1, SUCCESS), (fail, 1, FAILURE), (crash, 1, FAILURE), (str, '"x"', REFUSED)],
    ids=["success", "fault", "exception", "bad argument"],
)
def test_order(protocol, behaviour, argument, expected):
    """Events come in the documented order, after success, after a failure of user code, and for a refused request."""
    app, log = build(protocol, behaviour)
    answer = serve(app, REQUESTS[protocol](argument))
    assert log == expected
    assert b"secret" not in answer


def test_who_hears():
    """The application hears an event first, then the service, then the method; creation and closing are the application's."""
    app, log = build(Soap11, str, service_log=True)
    serve(app, REQUESTS[Soap11](1))
    assert [event for event in log if "." in event and event[:3] not in ("in.", "out")] == [
        "app.method_context_created",
        *(
            f"{who}.{name}"
            for name in ("method_call", "method_return_object", "method_return_document", "method_return_string")
            for who in ("app", "service", "method")
        ),
        "app.method_context_closed",
    ]


@pytest.mark.parametrize("request_", [b"<no", (ENVELOPE % 1).replace("work", "other").encode()])
def test_errors_before_dispatch_reach_the_application(request_):
    """A request that names no method is an exception of the application only."""
    app, log = build(Soap11, str, service_log=True)
    serve(app, request_)
    assert [event for event in log if "exception" in event] == [
        "app.method_exception_object",
        "app.method_exception_document",
        "app.method_exception_string",
    ]


def test_a_listener_may_refuse_a_call():
    """A Fault raised by a listener of method_call is the answer, and user code is not called."""
    app, log = build(JsonDocument, str)
    app.event_manager.add_listener("method_call", lambda ctx: fail(None))
    assert b'"faultcode":"Client.No"' in serve(app, REQUESTS[JsonDocument](1))
    assert "USER" not in log


def test_a_listener_may_change_the_result():
    """A listener of method_return_object sees the result and may replace it."""
    app, _ = build(JsonDocument, str)

    def shout(ctx):
        ctx.out_object = [ctx.out_object[0] + "!"]

    app.event_manager.add_listener("method_return_object", shout)
    assert serve(app, REQUESTS[JsonDocument](1)) == b'"1!"'


def test_subclasses_inherit_listeners_and_not_methods():
    """Listeners of a base service hear the calls of its subclasses; those of a subclass stay its own."""
    log = []

    class Base(Service):
        @rpc
        def base(ctx): ...

    Base.event_manager.add_listener("method_call", lambda ctx: log.append("base"))

    class Child(Base):
        @rpc
        def child(ctx): ...

    Child.event_manager.add_listener("method_call", lambda ctx: log.append("child"))
    assert list(Child.public_methods) == ["child"]
    server = NullServer(Application([Base, Child], "urn:t"))
    server.service.child()
    assert log == ["base", "child"]
    server.service.base()
    assert log == ["base", "child", "base"]


def test_a_listener_is_called_once():
    """A listener added twice is called once, in its first place; one taken away is not called."""
    log = []

    def first(ctx):
        log.append("first")

    def second(ctx):
        log.append("second")

    manager = EventManager(None, {"e": [first, second]})
    manager.add_listener("e", first)
    manager.fire_event("e", None)
    assert log == ["first", "second"]
    manager.del_listener("e", first)
    manager.fire_event("e", None)
    assert log == ["first", "second", "second"]
    manager.del_listener("e")
    manager.fire_event("e", None)
    assert len(log) == 3
    with pytest.raises(KeyError):
        manager.del_listener("e", first)


def test_a_listener_may_leave_while_it_is_called():
    """A listener may remove itself while the event is being fired."""
    manager = EventManager(None)
    log = []

    def once(ctx):
        log.append(1)
        manager.del_listener("e", once)

    manager.add_listener("e", once)
    manager.add_listener("e", lambda ctx: log.append(2))
    manager.fire_event("e", None)
    manager.fire_event("e", None)
    assert log == [1, 2, 2]
