"""Clients: calls over a real server, and every way in which an answer can fail to come."""

from __future__ import annotations

import socket
import threading
from decimal import Decimal

import pytest

from spyne import (
    Application,
    Array,
    ComplexModel,
    Fault,
    Integer,
    Iterable,
    NullServer,
    Service,
    Unicode,
    rpc,
    srpc,
)
from spyne.client import RemoteProcedureBase, ResponseError
from spyne.client.http import HttpClient
from spyne.model.primitive import Decimal as DecimalType
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.server.wsgi import WsgiApplication


class Session(ComplexModel):
    __namespace__ = "tns"
    token = Unicode


class Person(ComplexModel):
    __namespace__ = "tns"
    name = Unicode
    age = Integer


class NotFoundFault(Fault):
    CODE = "Client.PersonNotFound"

    def __init__(self, name):
        super().__init__(self.CODE, f"there is no {name}")


class Demo(Service):
    @rpc(Unicode, Integer(default=1), _returns=Iterable(Unicode))
    def say_hello(ctx, name, times):
        for _ in range(times):
            yield f"Hello, {name}"

    @srpc(Person, _returns=Person, _throws=NotFoundFault)
    def older(person):
        if person.name == "nobody":
            raise NotFoundFault(person.name)
        return Person(name=person.name, age=person.age + 1)

    @srpc(Unicode, _returns=(Unicode, Integer))
    def pair(text):
        return text, len(text)

    @srpc(Unicode)
    def nothing(text):
        pass

    @srpc(Array(DecimalType), _returns=DecimalType)
    def total(values):
        return sum(values)

    @rpc(_in_header=Session, _out_header=Session, _returns=Unicode)
    def who(ctx):
        ctx.out_header = Session(token=f"{ctx.in_header.token}!")
        return ctx.in_header.token

    @rpc(Unicode, _returns=Unicode)
    def header(ctx, name):
        return "|".join(ctx.transport.headers.get(name, ()))

    @srpc(_returns=Unicode)
    def crash():
        raise ValueError("secret")

    @srpc(Integer, _returns=Unicode)
    def long(size):
        return "x" * size


PROTOCOLS = {"soap": Soap11, "json": JsonDocument, "xml": XmlDocument}


def make(kind):
    """An application that speaks one protocol."""
    return Application([Demo], "tns", in_protocol=PROTOCOLS[kind](), out_protocol=PROTOCOLS[kind]())


@pytest.fixture(params=PROTOCOLS)
def kind(request):
    """The name of a protocol."""
    return request.param


@pytest.fixture(params=["http", "wire"])
def service(request, kind, serve):
    """A service behind a real HTTP server, and the same in this process through both protocols."""
    if request.param == "wire":
        return NullServer(make(kind), wire=True).service
    return HttpClient(serve(WsgiApplication(make(kind))), make(kind), timeout=10).service


def test_results(service):
    """Arguments by position, by name and left out; results of every shape."""
    assert list(service.say_hello("Ann", 2)) == ["Hello, Ann", "Hello, Ann"]
    assert list(service.say_hello(name="Ann", times=2)) == ["Hello, Ann", "Hello, Ann"]
    assert list(service["say_hello"]("Ann")) == ["Hello, Ann"]
    older = service.older(Person(name="Ann", age=3))
    assert (type(older), older.name, older.age) == (Person, "Ann", 4)
    assert list(service.pair("abc")) == ["abc", 3]
    assert service.nothing("abc") is None
    assert service.total([Decimal("1.10"), Decimal("2.05")]) == Decimal("3.15")


def test_faults(service):
    """A declared fault comes back as its class, others as Fault, and unexpected errors without detail."""
    with pytest.raises(NotFoundFault) as caught:
        service.older(Person(name="nobody", age=3))
    assert (caught.value.faultcode, caught.value.faultstring) == ("Client.PersonNotFound", "there is no nobody")
    with pytest.raises(Fault) as caught:
        service.crash()
    assert (caught.value.faultcode, caught.value.faultstring) == ("Server", "Internal Error")


@pytest.mark.parametrize(("args", "kwargs"), [(("a", 1, 2), {}), ((), {"nobody": 1}), (("a",), {"name": "b"})])
def test_wrong_arguments(args, kwargs):
    """Arguments that the method does not have are refused as Python would, before anything is sent."""
    client = HttpClient("http://127.0.0.1:1/", make("json"))
    with pytest.raises(TypeError):
        client.service.say_hello(*args, **kwargs)


def test_wrong_names():
    """A method or a type that the application does not have."""
    client = HttpClient("http://127.0.0.1:1/", make("json"))
    with pytest.raises(AttributeError, match="say_goodbye"):
        client.service.say_goodbye
    assert isinstance(client.factory.create("{tns}Person"), Person)
    assert isinstance(client.factory.create("Person"), Person)
    with pytest.raises(KeyError):
        client.factory.create("Nobody")
    with pytest.raises(ValueError, match="file:"):
        HttpClient("file:///etc/hostname", make("json"))


@pytest.mark.parametrize("option", ["out_header", "soapheaders"])
def test_soap_headers(serve, option):
    """Headers go out by set_options and come back in the procedure's context."""
    client = HttpClient(serve(WsgiApplication(make("soap"))), make("soap"), timeout=10)
    client.set_options(**{option: Session(token="t1")})
    who = client.service.who
    assert who() == "t1"
    assert who.ctx.in_header.token == "t1!"
    server = NullServer(make("soap"), wire=True)
    server.set_options(soapheaders=Session(token="t2"))
    assert server.service.who() == "t2"


def test_http_headers(serve):
    """SOAPAction, content type and the client's own headers, which win."""
    url = serve(WsgiApplication(make("soap")))
    client = HttpClient(url, make("soap"), headers={"x-own": "1"})
    assert client.service.header("SOAPAction") == '"header"'
    assert client.service.header("Content-Type") == "text/xml; charset=utf-8"
    assert client.service.header("X-Own") == "1"
    assert HttpClient(url, make("soap"), headers={"soapaction": '""'}).service.header("soapaction") == '""'
    assert HttpClient(serve(WsgiApplication(make("json"))), make("json")).service.header("accept") == "application/json"


def answering(status, body, *headers):
    """A WSGI application that gives everybody the same answer."""

    def application(environ, start_response):
        start_response(status, [("Content-Type", "text/html"), ("Content-Length", str(len(body))), *headers])
        return [body]

    return application


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        ("502 Bad Gateway", b"<html>proxy</html>", "HTTP 502"),
        ("404 Not Found", b"", "HTTP 404"),
        ("302 Found", b"", "HTTP 302"),
        ("200 OK", b"<html>hello</html>", "HTTP 200"),
        ("200 OK", b"\xff\xfe not xml", "HTTP 200"),
        ("503 Busy", b"[]", "HTTP 503"),
    ],
)
@pytest.mark.parametrize("kind", ["soap", "json"])
def test_answers_that_are_none(serve, status, body, words, kind):
    """What is neither a result nor a fault of the protocol is a ResponseError that shows status and body."""
    client = HttpClient(serve(answering(status, body, ("Location", "http://127.0.0.1:1/"))), make(kind), timeout=10)
    with pytest.raises(ResponseError, match=words) as caught:
        client.service.older(Person(name="a", age=1))
    assert (caught.value.status, caught.value.body) == (int(status[:3]), body)


def test_an_accepted_one_way_call(serve):
    """An empty success is the answer of a method without a result."""
    client = HttpClient(serve(answering("202 Accepted", b"")), make("soap"), timeout=10)
    assert client.service.nothing("x") is None


def test_a_response_over_the_limit(serve):
    """A response is read to the limit and not further."""
    url = serve(WsgiApplication(make("json")))
    client = HttpClient(url, make("json"), max_response_length=102)
    assert len(client.service.long(100)) == 100
    with pytest.raises(ResponseError, match="max_response_length=102"):
        client.service.long(101)


def test_nobody_listens():
    """A refused connection is a ConnectionError."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = HttpClient(f"http://127.0.0.1:{unused.getsockname()[1]}/", make("json"), timeout=10)
        with pytest.raises(ConnectionError, match="no connection"):
            client.service.crash()


@pytest.mark.parametrize(
    "answer", [None, b"", b"HTTP/1.0 200 OK\r\nContent-Length: 50\r\n\r\nhalf", b"garbage\r\n\r\n"]
)
def test_a_server_that_breaks_off(answer):
    """A server that says nothing is a TimeoutError; one that hangs up or stammers is a ConnectionError."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def serve():
            connection, _ = server.accept()
            with connection:
                request = b""
                while not request.endswith(b"}"):
                    request += connection.recv(65536)
                if answer is None:
                    done.wait(10)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        client = HttpClient(
            f"http://127.0.0.1:{server.getsockname()[1]}/", make("json"), timeout=0.3 if answer is None else 10
        )
        with pytest.raises(TimeoutError if answer is None else ConnectionError):
            client.service.crash()
        done.set()
        thread.join()


def test_one_client_in_many_threads(serve):
    """A client may be shared: each call has its own context."""
    client = HttpClient(serve(WsgiApplication(make("json"))), make("json"), timeout=10)
    results = []
    threads = [
        threading.Thread(target=lambda n=n: results.append((n, client.service.older(Person(name="a", age=n)).age)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(n, n + 1) for n in range(8)]


def test_the_base_procedure_sends_nothing():
    """A procedure without `__call__` says so."""
    with pytest.raises(NotImplementedError):
        RemoteProcedureBase(None, make("json"), "crash")()
