"""A transport and a protocol of one's own, written the way the documentation tells it, with public names only."""

from __future__ import annotations

import pytest

from spyne import (
    Application,
    Array,
    ClientBase,
    Fault,
    Integer,
    MethodContext,
    RemoteProcedureBase,
    RemoteService,
    ServerBase,
    Service,
    Unicode,
    rpc,
)
from spyne.protocol import ProtocolBase
from spyne.server.wsgi import WsgiApplication

# --- a protocol: one line of text, the method and its arguments separated by bars ---


class Bars(ProtocolBase):
    """``say_hello|Dave|2`` is answered by ``ok|Hello, Dave|Hello, Dave`` or ``error|Client.Rude|Say please``."""

    mime_type = "text/x-bars"

    def create_in_document(self, ctx, charset=None):
        text = b"".join(ctx.in_string).decode(charset or "utf-8")
        if not text.strip():
            raise Fault("Client.Empty", "The line is empty")
        ctx.in_document = text.strip().split("|")

    def decompose_incoming_envelope(self, ctx, message=ProtocolBase.REQUEST):
        first, *ctx.in_body_doc = ctx.in_document
        if message == self.REQUEST:
            ctx.method_request_string = first
        elif first == "error":
            ctx.in_error = Fault(*ctx.in_body_doc)

    def deserialize(self, ctx, message=ProtocolBase.REQUEST):
        if message == self.RESPONSE:
            ctx.in_object = ctx.in_body_doc
            return
        fields = ctx.descriptor.in_message.get_flat_type_info(ctx.descriptor.in_message).values()
        try:
            ctx.in_object = [
                int(v) if issubclass(t, Integer) else v for t, v in zip(fields, ctx.in_body_doc, strict=True)
            ]
        except ValueError:
            raise Fault("Client.Bars", "The arguments do not fit") from None

    def serialize(self, ctx, message=ProtocolBase.RESPONSE):
        if message == self.REQUEST:
            ctx.out_document = [ctx.descriptor.name, *ctx.out_object]
        elif ctx.out_error is not None:
            ctx.out_document = ["error", ctx.out_error.faultcode, ctx.out_error.faultstring]
        else:
            ctx.out_document = ["ok", *ctx.out_object[0]]

    def create_out_string(self, ctx, charset=None):
        ctx.out_string = ["|".join(map(str, ctx.out_document)).encode(charset or "utf-8")]


# --- a transport: a list that is a queue ---


class Worker(ServerBase):
    """Takes requests out of a list and puts the answers into another."""

    transport = "http://example.com/queue"

    def __init__(self, queue, app):
        super().__init__(app)
        self.queue = queue
        self.answers = []

    def serve_forever(self):
        for task_id, task in enumerate(self.queue):
            ctx = MethodContext(self)
            ctx.in_string = [task]
            ctx.transport.task_id = task_id
            self.get_in_object(ctx)
            if ctx.in_error is None:
                self.get_out_object(ctx)
            self.get_out_string(ctx)
            self.answers.append(b"".join(ctx.out_string))
            ctx.close()
        self.queue.clear()


class EnqueueProcedure(RemoteProcedureBase):
    """Puts the call into the queue; nobody waits for the answer."""

    def __init__(self, queue, app, name, out_header):
        RemoteProcedureBase.__init__(self, queue, app, name, out_header)
        self.queue = queue

    def __call__(self, *args, **kwargs):
        self.get_out_object(args, kwargs)
        self.get_out_string()
        self.queue.append(b"".join(self.ctx.out_string))


class Producer(ClientBase):
    """Calls methods by putting them into a list."""

    def __init__(self, queue, app):
        ClientBase.__init__(self, queue, app)
        self.service = RemoteService(EnqueueProcedure, queue, app)


class DirectProcedure(RemoteProcedureBase):
    """Gives the request to a worker and reads its answer."""

    def __call__(self, *args, **kwargs):
        self.get_out_object(args, kwargs)
        self.get_out_string()
        worker = Worker([b"".join(self.ctx.out_string)], self.app)
        worker.serve_forever()
        self.ctx.in_string = worker.answers
        self.get_in_object()
        if self.ctx.in_error is not None:
            raise self.ctx.in_error
        return self.ctx.in_object


# --- the service ---


class Hello(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    def say_hello(ctx, name, times):
        if name == "you":
            raise Fault("Client.Rude", "Say please")
        if name == "nobody":
            raise RuntimeError("secret")
        return [f"Hello, {name}"] * times


@pytest.fixture
def app():
    """An application that speaks the protocol of this file both ways."""
    return Application([Hello], tns="urn:bars", in_protocol=Bars(), out_protocol=Bars())


@pytest.mark.parametrize(
    ("request_line", "answer"),
    [
        ("say_hello|Dave|2", "ok|Hello, Dave|Hello, Dave"),
        ("say_hello|José|1", "ok|Hello, José"),
        ("say_hello|you|1", "error|Client.Rude|Say please"),
        ("say_hello|nobody|1", "error|Server|Internal Error"),
        ("say_hello|Dave|many", "error|Client.Bars|The arguments do not fit"),
        ("say_goodbye|Dave", "error|Client.ResourceNotFound|Requested resource 'say_goodbye' not found"),
        ("", "error|Client.Empty|The line is empty"),
    ],
)
def test_new_protocol_over_a_new_transport(app, request_line, answer):
    """A request makes the whole way through a foreign transport and a foreign protocol, faults included."""
    worker = Worker([request_line.encode()], app)
    worker.serve_forever()
    assert worker.answers == [answer.encode()]


def test_new_client_and_new_server(app):
    """The producer writes what the worker reads, and events see what the transport noted."""
    queue, seen = [], []
    Hello.event_manager.add_listener("method_call", lambda ctx: seen.append(ctx.transport.task_id))
    try:
        producer = Producer(queue, app)
        for name in ("Ann", "Bob"):
            producer.service.say_hello(name, times=1)
        assert queue == [b"say_hello|Ann|1", b"say_hello|Bob|1"]
        worker = Worker(queue, app)
        worker.serve_forever()
    finally:
        Hello.event_manager.del_listener("method_call")
    assert (worker.answers, seen) == ([b"ok|Hello, Ann", b"ok|Hello, Bob"], [0, 1])


def test_a_client_reads_results_and_faults(app):
    """A new client gets the result, and a fault as an exception."""
    service = RemoteService(DirectProcedure, None, app)
    assert service.say_hello("Dave", 2) == ["Hello, Dave", "Hello, Dave"]
    with pytest.raises(Fault, match="Say please") as caught:
        service.say_hello("you", 1)
    assert caught.value.faultcode == "Client.Rude"


def test_a_procedure_can_be_called_again(app):
    """The second call of one procedure starts with a fresh context, and both spellings of the calling steps work."""
    say_hello = RemoteService(DirectProcedure, None, app)["say_hello"]
    assert [say_hello("Ann", 1), say_hello("Bob", 1)] == [["Hello, Ann"], ["Hello, Bob"]]
    ctx = say_hello.make_context()
    say_hello.get_out_object(ctx, ("Cid", 1), {})
    say_hello.get_out_string(ctx)
    assert ctx.out_string == [b"say_hello|Cid|1"]


def test_new_protocol_over_wsgi(app, call_wsgi):
    """A foreign protocol is served by the shipped WSGI transport with its own content type and status codes."""
    answer = call_wsgi(WsgiApplication(app), body=b"say_hello|Dave|1", content_type="text/x-bars; charset=utf-8")
    assert (answer.status, answer.headers["Content-Type"], answer.body) == ("200 OK", "text/x-bars", b"ok|Hello, Dave")
    answer = call_wsgi(WsgiApplication(app), body=b"say_goodbye")
    assert answer.status == "404 Not Found"
