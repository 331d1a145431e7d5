"""Application: how it is built, what it refuses, and how it calls."""

from __future__ import annotations

import logging

import pytest

from spyne import (
    Application,
    ComplexModel,
    DeclarationError,
    Fault,
    Integer,
    Interface,
    Limits,
    MethodAlreadyExistsError,
    MethodContext,
    NullServer,
    ServerBase,
    Service,
    Unicode,
    rpc,
)
from spyne.protocol import ProtocolBase
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument


class Echo(Service):
    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        if text == "crash":
            raise RuntimeError("secret")
        if text == "stop":
            raise KeyboardInterrupt
        return text


class Again(Service):
    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text


class Same(Service):
    @rpc(Unicode, _operation_name="echo")
    def other(ctx, text): ...


def make(*services, protocol=JsonDocument, **options):
    return Application(services or [Echo], "urn:t", in_protocol=protocol(), out_protocol=protocol(), **options)


def serve(app, request, prepare=lambda ctx: None):
    """Return the context of a served request."""
    server = NullServer(app)
    ctx = server.make_context()
    ctx.in_string = [request]
    prepare(ctx)
    server.get_in_object(ctx)
    server.get_out_object(ctx)
    server.get_out_string(ctx)
    ctx.close()
    return ctx


REQUEST = b'{"echo": {"text": "x"}}'


# --- building ---


def test_attributes():
    """What was given is kept; name, limits and events have defaults."""
    app = make(config={"a": 1}, classes=[ComplexModel.produce("urn:x", "Extra", {"a": Unicode})])
    assert (app.tns, app.name, app.config, app.transport) == ("urn:t", "Application", {"a": 1}, None)
    assert app.limits == Limits()
    assert isinstance(app.interface, Interface)
    assert app.interface.get_class("{urn:x}Extra").__name__ == "Extra"
    assert app.in_protocol.app is app


def test_the_name_is_the_class_name():
    """An application is called by its class unless it is given a name."""

    class Shop(Application):
        pass

    assert Shop([Echo], "urn:t").name == "Shop"
    assert Shop([Echo], "urn:t", name="n").name == "n"


def test_without_protocols():
    """An application without protocols serves callers in its process."""
    app = Application([Echo], "urn:t")
    assert NullServer(app).service.echo("x") == "x"
    assert type(app.in_protocol) is ProtocolBase


def test_services_may_be_any_iterable():
    """Services come as a list, a tuple or a generator."""
    assert Application((each for each in [Echo]), "urn:t").services == (Echo,)


BAD = {
    "no namespace": (
        lambda: Application([Echo], ""),
        r"Application needs a target namespace, as in Application\(\[…\], tns=",
    ),
    "one class": (lambda: Application(Echo, "urn:t"), r"takes a list of services: write \[Echo\]"),
    "an instance": (
        lambda: Application([Echo()], "urn:t"),
        "is not a Service class; pass the class itself, not an instance",
    ),
    "another class": (lambda: Application([int], "urn:t"), "is not a Service class"),
    "a protocol class": (
        lambda: Application([Echo], "urn:t", in_protocol=Soap11, out_protocol=Soap11()),
        r"in_protocol is the class Soap11; make an instance: Soap11\(\)",
    ),
    "a method twice": (lambda: make(Echo, Again), r"\{urn:t\}echo is declared twice; rename one of them or give it"),
    "a name twice": (lambda: make(Echo, Same), r"\{urn:t\}echo is declared twice"),
    "no such validator": (lambda: Soap11(validator="hard"), "Soap11 has no validator 'hard'; it has None, 'soft'"),
}


@pytest.mark.parametrize(("build", "message"), BAD.values(), ids=BAD)
def test_mistakes(build, message):
    """A mistake is reported when the application is built, with the fix, as a ValueError."""
    with pytest.raises(DeclarationError, match=message) as caught:
        build()
    assert isinstance(caught.value, ValueError)


def test_a_method_twice_has_its_own_error():
    """Two methods of one name raise MethodAlreadyExistsError."""
    with pytest.raises(MethodAlreadyExistsError):
        make(Echo, Again)


def test_one_protocol_for_one_application_and_direction():
    """A protocol instance belongs to one application and one direction."""
    shared = Soap11()
    with pytest.raises(
        DeclarationError, match="in_protocol and out_protocol are one object; make an instance for each"
    ):
        Application([Echo], "urn:t", in_protocol=shared, out_protocol=shared)
    Application([Echo], "urn:t", in_protocol=shared, out_protocol=Soap11())
    with pytest.raises(DeclarationError, match="this Soap11 belongs to another application; make an instance for each"):
        Application([Again], "urn:t", in_protocol=shared, out_protocol=Soap11())


def test_one_service_in_two_applications():
    """A service may be part of several applications, with other protocols and namespaces."""
    soap, json = (
        make(protocol=Soap11),
        Application([Echo], "urn:u", in_protocol=JsonDocument(), out_protocol=JsonDocument()),
    )
    assert [NullServer(app, wire=True).service.echo("x") for app in (soap, json)] == ["x", "x"]


def test_two_types_of_one_name():
    """Two different classes may not have one public name."""
    one, two = (ComplexModel.produce("urn:x", "T", {"a": tp}) for tp in (Unicode, Integer))

    class S(Service):
        @rpc(one, two)
        def m(ctx, a, b): ...

    with pytest.raises(
        DeclarationError, match=r"two types are called \{urn:x\}T; give one of them another __type_name__"
    ):
        make(S)


def test_applications_are_forgotten():
    """An application that nobody holds goes away: there is no registry."""
    import gc
    import weakref

    app = make()
    NullServer(app, wire=True).service.echo("x")
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


# --- calling ---


def test_unexpected_exceptions(caplog):
    """An exception that is no Fault is logged once, with its traceback, and the caller learns nothing of it."""
    with caplog.at_level(logging.ERROR):
        ctx = serve(make(), b'{"echo": {"text": "crash"}}')
    assert ctx.out_string == [b'{"faultcode":"Server","faultstring":"Internal Error"}']
    assert [record.exc_info[0] for record in caplog.records] == [RuntimeError]
    with pytest.raises(Fault, match="Internal Error"):
        NullServer(make()).service.echo("crash")


def test_exits_pass_through():
    """KeyboardInterrupt and its like are not answered."""
    with pytest.raises(KeyboardInterrupt):
        serve(make(), b'{"echo": {"text": "stop"}}')


def test_user_code_may_set_the_result():
    """``ctx.out_object`` set by user code or a listener is what is sent."""

    class S(Service):
        @rpc(_returns=Unicode)
        def m(ctx):
            ctx.out_object = ["mine"]
            return "ignored"

    assert serve(make(S), b'{"m": {}}').out_string == [b'"mine"']


# --- what user code may set on the context ---


def setting(**attributes):
    """Return an application whose method sets these attributes of its context."""

    class S(Service):
        @rpc(_returns=Unicode)
        def m(ctx):
            for name, value in attributes.items():
                setattr(ctx, name, value)
            return "result"

    return make(S)


def test_out_string():
    """``ctx.out_string`` bypasses serialization."""
    assert serve(setting(out_string=[b"raw"]), b'{"m": {}}').out_string == [b"raw"]


def test_out_document():
    """``ctx.out_document`` is written in place of the result."""
    assert serve(setting(out_document={"a": [1, None]}), b'{"m": {}}').out_string == [b'{"a":[1,null]}']


def test_out_protocol():
    """``ctx.out_protocol`` chooses another protocol for one call, for results and for faults."""
    ctx = serve(setting(out_protocol=XmlDocument()), b'{"m": {}}')
    assert b"mResult>result</" in b"".join(ctx.out_string)
    ctx = serve(setting(out_protocol=XmlDocument(), out_error=Fault("Client.X", "x")), b'{"m": {}}')
    assert b"Fault" in b"".join(ctx.out_string)


def test_in_protocol():
    """``ctx.in_protocol`` reads one request by another protocol."""
    request = b'<echo xmlns="urn:t"><text>x</text></echo>'
    ctx = serve(make(), request, lambda ctx: setattr(ctx, "in_protocol", XmlDocument()))
    assert ctx.out_string == [b'"x"']


def test_a_listener_sees_the_document():
    """A listener that looks at ``ctx.out_document`` gets a tree, and what it changes is sent."""
    app = make(protocol=XmlDocument)

    def mark(ctx):
        ctx.out_document.set("seen", "yes")

    app.event_manager.add_listener("method_return_document", mark)
    ctx = serve(app, b'<echo xmlns="urn:t"><text>x</text></echo>')
    assert b'seen="yes"' in ctx.out_string[0]


def test_the_context_takes_no_new_attributes():
    """Free data has its place in ``ctx.udc``; another new attribute is a slip of the pen."""
    ctx = MethodContext(NullServer(make()))
    ctx.udc = {"mine": 1}
    with pytest.raises(AttributeError):
        ctx.mine = 1


def test_the_life_of_a_context():
    """A context is closed once; hooks run in reverse and files are closed; copies share values."""
    log = []
    app = make()
    app.event_manager.add_listener("method_context_closed", lambda ctx: log.append("closed"))
    ctx = MethodContext(NullServer(app))

    class File:
        def close(self):
            log.append("file")

    ctx.files = [File()]
    ctx.on_close(lambda: log.append(1))
    ctx.on_close(lambda: log.append(2))
    twin = ctx.copy()
    assert (twin.app, twin.transport, ctx.active) == (app, ctx.transport, True)
    ctx.close()
    ctx.close()
    assert log == ["closed", 2, 1, "file"]
    assert (ctx.active, ctx.call_end >= ctx.call_start) == (False, True)


# --- NullServer ---


def test_null_server():
    """Methods are attributes and items; arguments come by position or name, and wrong ones raise TypeError."""
    service = NullServer(make()).service
    assert service.echo("x") == service["echo"](text="x") == "x"
    assert service.echo() is None
    for args, kwargs in ((("a", "b"), {}), ((), {"nope": 1}), (("a",), {"text": "b"})):
        with pytest.raises(TypeError, match="echo"):
            service.echo(*args, **kwargs)
    with pytest.raises(AttributeError, match="nope"):
        service.nope("x")


def test_null_server_output():
    """With ostr=True a call gives what the out protocol writes."""
    assert b"".join(NullServer(make(), ostr=True).service.echo("x")) == b'"x"'


def test_null_server_factory():
    """Objects are made by their public name."""
    extra = ComplexModel.produce("urn:x", "Extra", {"a": Unicode})
    assert type(NullServer(make(classes=[extra])).factory.create("{urn:x}Extra")) is extra


def test_a_protocol_made_for_each_call_leaves_nothing_behind():
    """Protocols with the same options share what was compiled, however many are made."""

    class Late(Service):
        @rpc(_returns=Unicode)
        def late(ctx):
            ctx.out_protocol = JsonDocument(ignore_wrappers=False)
            return "here"

    server = ServerBase(Application([Late], "tns", in_protocol=JsonDocument(), out_protocol=JsonDocument()))
    for _ in range(5):
        ctx = server.make_context()
        ctx.in_string = [b'{"late": {}}']
        server.get_in_object(ctx)
        server.get_out_object(ctx)
        server.get_out_string(ctx)
        ctx.close()

    assert ctx.out_string == [b'{"lateResponse":{"lateResult":"here"}}']
    assert len(server.app._late_codecs) == 1
