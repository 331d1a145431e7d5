"""WsgiApplication: what each kind of request is answered, and what happens when."""

from __future__ import annotations

import json
import logging
import socket
from io import BytesIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from spyne import Application, Array, Fault, Integer, InvalidCredentialsError, Service, Unicode, rpc, srpc
from spyne.auxproc.sync import SyncAuxProc
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.server.http import HttpRedirect
from spyne.server.wsgi import WsgiApplication, WsgiMounter
from spyne.util.wsgi_wrapper import WsgiMounter as OldMounter

ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body></e:Envelope>'


def soap(name, arguments=""):
    """A SOAP request as bytes."""
    return ENVELOPE.format(f'<{name} xmlns="tns">{arguments}</{name}>').encode()


class Broken:
    """A generator with a name: one part, then an error."""

    closed = False

    def __iter__(self):
        yield b"part"
        raise RuntimeError("secret")

    def close(self):
        self.closed = True


class Demo(Service):
    @rpc(Unicode, Integer, _returns=Array(Unicode))
    def say_hello(ctx, name, times):
        return [f"Hello, {name}"] * times

    @srpc(_returns=Unicode)
    def fail():
        raise ValueError("secret")

    @srpc(_returns=Unicode)
    def deny():
        raise InvalidCredentialsError()

    @srpc(Unicode, _returns=Unicode)
    def refuse(code):
        raise Fault(code, "No")

    @rpc(_returns=Unicode)
    def created(ctx):
        transport = ctx.transport
        transport.resp_code = 201
        transport.mime_type = "text/x-own"
        transport.add_header("X-One", "b", file_name="é x", q='r"')
        transport.add_header("Set-Cookie", "a=1")
        transport.add_header("Set-Cookie", "b=2")
        transport.resp_headers["X-Many"] = ["1", "2"]
        return "x"

    @rpc(_returns=Unicode)
    def gone(ctx):
        ctx.transport.respond("410 Gone", location="http://elsewhere/")
        return "never written"

    @rpc(Unicode, Unicode)
    def move(ctx, location, code):
        raise HttpRedirect(ctx, location, code=int(code)) if code else HttpRedirect(ctx, location)

    @rpc(Unicode, _returns=Unicode)
    def set_header(ctx, value):
        ctx.transport.resp_headers["X-Echo"] = value
        return "x"

    @rpc(_returns=Unicode)
    def raw(ctx):
        ctx.out_string = [b"ab", b"c"]
        return "x"

    @rpc(Integer)
    def stream(ctx, parts):
        def body():
            ctx.transport.resp_headers["X-Late"] = "yes"
            for number in range(parts):
                yield b"%d;" % number

        ctx.out_string = body()

    @rpc
    def broken_at_once(ctx):
        def body():
            raise Fault("Client.Late", "too late?")
            yield b""

        ctx.out_string = body()

    @rpc
    def broken_later(ctx):
        ctx.out_string = ctx.udc = Broken()

    @rpc(_returns=Unicode)
    def as_json(ctx):
        ctx.out_protocol = JsonDocument()
        return "x"

    @rpc(_returns=Unicode)
    def request_seen(ctx):
        t = ctx.transport
        return "|".join(
            map(
                str,
                (
                    t.type,
                    t.req_method,
                    t.get_request_method(),
                    t.get_request_content_type(),
                    t.get_url(),
                    t.get_path(),
                    t.get_path_and_qs(),
                    t.get_cookie("a"),
                    t.get_cookie("zz"),
                    t.headers["x_foo"],
                    t.headers.get("X-Foo"),
                    "X-Bar" in t.headers,
                    t.req_env is t.req,
                    t.remote_addr,
                    t.get_peer().host,
                    t.get_mime_type(),
                ),
            )
        )


class Documents:
    """The smallest container of interface documents."""

    def __init__(self, interface):
        self.wsdl11 = self
        self.fixed = None

    def document_for(self, url):
        return self.fixed or f"<wsdl at='{url}'/>".encode()

    def build_interface_document(self, url):
        self.fixed = self.document_for(url)

    def get_interface_document(self):
        return self.fixed


PROTOCOLS = {"soap": Soap11, "json": JsonDocument, "xml": XmlDocument}


def make(kind="soap", services=(Demo,), *, documents=Documents, limits=None, public_url=None, **options):
    """A WSGI application that speaks one protocol."""
    protocol = PROTOCOLS[kind]
    app = Application(
        services, "tns", in_protocol=protocol(), out_protocol=protocol(), documents_container=documents, limits=limits,
        public_url=public_url,
    )  # fmt: skip
    return WsgiApplication(app, **options)


# --- the table of requests ---

GOOD = {
    "soap": soap("say_hello", "<name>Ann</name><times>1</times>"),
    "json": b'{"say_hello": {"name": "Ann", "times": 1}}',
    "xml": b'<say_hello xmlns="tns"><name>Ann</name><times>1</times></say_hello>',
}
POST = {"method": "POST"}
BARE = {"content_type": None, "body": b""}

TABLE = [
    # kind, request, status, what the body has
    ("soap", {"body": GOOD["soap"]}, 200, b"Hello, Ann"),
    ("json", {"body": GOOD["json"]}, 200, b'["Hello, Ann"]'),
    ("xml", {"body": GOOD["xml"]}, 200, b"Hello, Ann"),
    ("json", {"body": GOOD["json"], "content_type": None}, 200, b'["Hello, Ann"]'),
    ("soap", {"body": GOOD["soap"], "query": "wsdl"}, 200, b"Hello, Ann"),
    *(
        ("soap", {"method": "GET", "query": query, **BARE}, 200, b"<wsdl")
        for query in ("wsdl", "WSDL", "wsdl=1", "wsdl&a=b")
    ),
    *(("soap", {"method": "GET", "path": path, **BARE}, 200, b"<wsdl") for path in ("/a.wsdl", "/.WSDL")),
    ("json", {"method": "GET", "query": "wsdl", **BARE}, 200, b"<wsdl"),
    *(
        ("soap", {"method": method, **BARE}, 405, b"Client.RequestNotAllowed")
        for method in ("GET", "PUT", "OPTIONS", "DELETE")
    ),
    ("soap", {"method": "GET", "query": "a=wsdl", **BARE}, 405, b"Client.RequestNotAllowed"),
    ("soap", {"method": "PUT", "query": "wsdl", **BARE}, 405, b"Client.RequestNotAllowed"),
    ("soap", {"body": GOOD["soap"], "content_type": None}, 405, b"Content-Type"),
    ("soap", {"body": GOOD["soap"], "content_type": ""}, 405, b"Content-Type"),
    ("json", {"method": "GET", **BARE}, 400, b"Client."),
    ("soap", {"body": soap("nothing")}, 500, b"Client.ResourceNotFound"),
    ("json", {"body": b'{"nothing": {}}'}, 404, b"Client.ResourceNotFound"),
    ("soap", {"body": b"<a"}, 500, b"Client.XMLSyntaxError"),
    ("json", {"body": b"{"}, 400, b"Client."),
    ("soap", {"body": b""}, 500, b"Client."),
    ("soap", {"body": ENVELOPE.format("").encode()}, 500, b"Client."),
    ("soap", {"body": GOOD["soap"], "content_type": "text/xml; charset=nothing"}, 500, b"Client."),
    ("json", {"body": GOOD["json"], "content_type": "application/json; charset=hex"}, 400, b"Client."),
    ("soap", {"body": soap("fail")}, 500, b"Internal Error"),
    ("json", {"body": b'{"fail": {}}'}, 500, b"Internal Error"),
    ("json", {"body": b'{"deny": {}}'}, 401, b"Client.InvalidCredentialsError"),
    ("soap", {"body": soap("deny")}, 500, b"Client.InvalidCredentialsError"),
    ("json", {"body": b'{"refuse": {"code": "Client.ResourceNotFound.User"}}'}, 404, b"No"),
    ("json", {"body": b'{"refuse": {"code": "Client.RequestNotAllowed"}}'}, 405, b"No"),
    ("json", {"body": b'{"refuse": {"code": "Client.RequestTooLong"}}'}, 413, b"No"),
    ("json", {"body": b'{"refuse": {"code": "Own"}}'}, 500, b"No"),
    ("json", {"body": GOOD["json"], "HTTP_CONTENT_ENCODING": "gzip"}, 400, b"not well-formed gzip"),
    ("json", {"body": GOOD["json"], "HTTP_CONTENT_ENCODING": "identity"}, 200, b"Hello"),
    *(
        ("json", {"body": GOOD["json"], "CONTENT_LENGTH": n}, 400, b"not a number")
        for n in ("x", "-1", "1e3", "+9", "1_0", "٣")
    ),
    ("soap", {"body": GOOD["soap"], "CONTENT_LENGTH": "abc"}, 500, b"not a number"),
    ("json", {"body": GOOD["json"], "CONTENT_LENGTH": "9999"}, 400, b"shorter"),
    ("json", {"body": GOOD["json"], "CONTENT_LENGTH": "99999999"}, 413, b"body=10485760"),
    ("json", {"body": GOOD["json"], "CONTENT_LENGTH": "9" * 5000}, 413, b"body=10485760"),
    ("soap", {"body": GOOD["soap"], "CONTENT_LENGTH": "99999999"}, 500, b"Client.RequestTooLong"),
    ("json", {"body": GOOD["json"], "CONTENT_LENGTH": None}, 200, b"Hello"),
    ("json", {"body": GOOD["json"], "CONTENT_LENGTH": ""}, 200, b"Hello"),
    ("json", {"body": GOOD["json"] + b"garbage", "CONTENT_LENGTH": str(len(GOOD["json"]))}, 200, b"Hello"),
]


@pytest.mark.parametrize(("kind", "request_", "code", "part"), TABLE)
def test_table_of_requests(call_wsgi, kind, request_, code, part):
    """Each kind of request has its status, its content type and its length."""
    answer = call_wsgi(make(kind), **request_)
    assert (answer.status[:3], part in answer.body) == (str(code), True), answer.body
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    wsdl = answer.body.startswith(b"<wsdl")
    expected = (
        "text/xml; charset=utf-8"
        if wsdl
        else {"soap": "text/xml; charset=utf-8", "json": "application/json", "xml": "text/xml"}[kind]
    )
    assert answer.headers.get_all("Content-Type") == [expected]
    assert (answer.headers["Allow"] == "POST") == (code == 405 and kind == "soap")
    assert b"secret" not in answer.body


@pytest.mark.parametrize(
    ("request_", "code"),
    [({"query": "wsdl"}, "200"), ({}, "405")],
)
def test_head_has_headers_only(call_wsgi, request_, code):
    """HEAD is answered like GET, without the body (RFC 9110 §9.3.2)."""
    head = call_wsgi(make(), method="HEAD", **BARE, **request_)
    get = call_wsgi(make(), method="GET", **BARE, **request_)
    assert (head.status[:3], head.body) == (code, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] or code == "405"


# --- bodies ---


class Endless:
    """A request body that never ends, and counts what is read of it."""

    def __init__(self):
        self.count = 0

    def read(self, size=-1):
        assert 0 <= size <= 1_000_000
        self.count += size
        return b"x" * size


@pytest.mark.parametrize("limit", [0, 1, 10_000, 8192])
def test_a_body_without_end_is_read_to_the_limit(limit):
    """Of a chunked body at most one byte past the limit is read, and the answer is 413 and names the limit."""
    stream, application, started = Endless(), make("json", max_content_length=limit), []
    environ = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    reply = application(environ, lambda *args: started.append(args))
    assert (started[0][0][:3], f"max_content_length={limit}".encode() in b"".join(reply)) == ("413", True)
    assert stream.count == limit + 1


def test_the_limit_of_the_application_counts(call_wsgi):
    """Without max_content_length the application's limit is in force, to the byte."""
    for size, code in ((len(GOOD["json"]), "200"), (len(GOOD["json"]) - 1, "413")):
        assert call_wsgi(make("json", limits=Limits(body=size)), body=GOOD["json"]).status[:3] == code


def test_a_body_in_pieces(call_wsgi):
    """A server may hand out less than was asked for, and a chunked body comes in blocks."""

    class Dribble(BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    assert call_wsgi(make("json"), body=GOOD["json"], **{"wsgi.input": Dribble(GOOD["json"])}).status == "200 OK"
    options = {"wsgi.input": Dribble(GOOD["json"]), "wsgi.input_terminated": True, "CONTENT_LENGTH": None}
    assert call_wsgi(make("json", block_length=5), body=GOOD["json"], **options).status == "200 OK"


class Dead:
    """A connection that is gone, or a stream that must not be read."""

    def read(self, size=-1):
        raise ConnectionResetError("peer")


@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({"CONTENT_LENGTH": "5"}, b"could not be read"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, b"send a Content-Length"),
        ({}, b"Client."),
    ],
)
def test_a_body_that_cannot_be_read(environ, part):
    """A dead connection is a refused request; a stream of unknown length is not read, for it may never end."""
    started = []
    reply = make("json")(
        {"REQUEST_METHOD": "POST", "wsgi.input": Dead(), **environ}, lambda *args: started.append(args)
    )
    assert (started[0][0][:3], part in b"".join(reply)) == ("400", True)


# --- answers that user code shapes ---


def test_status_and_headers_of_user_code(call_wsgi):
    """What user code sets on the transport is what is sent, parameters in the encoding of RFC 2231."""
    answer = call_wsgi(make(), body=soap("created"))
    assert answer.status == "201 Created"
    assert answer.headers["Content-Type"] == "text/x-own"
    assert answer.headers["X-One"] == 'b; file-name*=utf-8\'\'%C3%A9%20x; q="r\\""'
    assert (answer.headers.get_all("Set-Cookie"), answer.headers.get_all("X-Many")) == (["a=1", "b=2"], ["1", "2"])


def test_respond_answers_at_once(call_wsgi):
    """`respond` sends a status and headers with an empty body."""
    answer = call_wsgi(make(), body=soap("gone"))
    assert (answer.status, answer.headers["Location"], answer.body) == ("410 Gone", "http://elsewhere/", b"")


@pytest.mark.parametrize(
    ("location", "code", "status"),
    [("http://x/?a=<b>", "", "302 Found"), ("/y", "303", "303 See Other"), ("/z", "307", "307 Temporary Redirect")],
)
def test_redirection(call_wsgi, location, code, status):
    """HttpRedirect is a status, a Location and a page that escapes it."""
    arguments = f"<location>{location.replace('<', '&lt;')}</location>" + (f"<code>{code}</code>" if code else "")
    answer = call_wsgi(make(), body=soap("move", arguments))
    assert (answer.status, answer.headers["Location"]) == (status, location)
    assert (answer.headers["Content-Type"], b"<b>" in answer.body) == ("text/html; charset=utf-8", False)


@pytest.mark.parametrize(
    "body",
    [
        soap("move", "<location>/a&#13;&#10;Set-Cookie: x=1</location>"),
        soap("set_header", "<value>a&#10;b</value>"),
        soap("set_header", "<value>日本</value>"),
    ],
)
def test_headers_cannot_be_injected(call_wsgi, body):
    """A value with line breaks never becomes a header: the answer is a fault without detail."""
    answer = call_wsgi(make(), body=body)
    assert (answer.status[:3], answer.headers["Set-Cookie"], b"Internal Error" in answer.body) == ("500", None, True)


def test_out_string_of_user_code(call_wsgi):
    """A list of parts is sent as it is, with its length."""
    answer = call_wsgi(make(), body=soap("raw"))
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == ("200 OK", b"abc", "3")


@pytest.mark.parametrize(("parts", "body"), [(3, b"0;1;2;"), (1, b"0;"), (0, b"")])
@pytest.mark.parametrize("chunked", [True, False])
def test_streams(call_wsgi, parts, body, chunked):
    """A generator is streamed without a length, or gathered where chunked=False; its first part may still set headers."""
    answer = call_wsgi(make(chunked=chunked), body=soap("stream", f"<parts>{parts}</parts>"))
    assert (answer.status, answer.body, answer.headers["X-Late"]) == ("200 OK", body, "yes")
    assert answer.headers["Content-Length"] == (None if chunked else str(len(body)))


def test_a_stream_that_fails_at_once_is_a_fault(call_wsgi):
    """Before the first part is out, an error is a fault like any other."""
    answer = call_wsgi(make(), body=soap("broken_at_once"))
    assert (answer.status[:3], b"Client.Late" in answer.body) == ("500", True)


def test_a_stream_that_fails_later_breaks_off(caplog):
    """After the first part is out, the error reaches the server, which aborts; it is logged, and the generator is closed."""
    seen, application = [], make()
    application.event_manager.add_listener("wsgi_close", lambda ctx: seen.append(ctx.udc.closed))
    body = soap("broken_later")
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    reply = application(environ, lambda *args: None)
    parts = iter(reply)
    assert next(parts) == b"part"
    with caplog.at_level(logging.ERROR), pytest.raises(RuntimeError):
        next(parts)
    assert (seen, "broke off" in caplog.text) == ([True], True)
    reply.close()
    assert seen == [True]


def test_a_stream_that_nobody_reads_is_released():
    """A client that goes away after the first part leaves nothing open."""
    seen, application = [], make()
    application.event_manager.add_listener("wsgi_close", lambda ctx: seen.append("closed"))
    body = soap("stream", "<parts>1000000</parts>")
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    reply = application(environ, lambda *args: None)
    assert next(iter(reply)) == b"0;"
    reply.close()
    assert seen == ["closed"]


def test_another_protocol_for_one_answer(call_wsgi):
    """Setting ctx.out_protocol changes the content type with the body."""
    answer = call_wsgi(make(), body=soap("as_json"))
    assert (answer.headers["Content-Type"], json.loads(answer.body)) == ("application/json", "x")


def test_what_the_transport_context_tells(call_wsgi):
    """The documented attributes and methods of the HTTP transport context."""
    environ = {"HTTP_HOST": "h.example:8080", "HTTP_X_FOO": "1", "HTTP_COOKIE": "a=b; c=d", "REMOTE_ADDR": "10.0.0.7"}
    answer = call_wsgi(
        make(),
        body=soap("request_seen"),
        path="/svc",
        SCRIPT_NAME="/app",
        query="q=1",
        HTTP_X_FORWARDED_FOR="6.6.6.6",
        **environ,
    )
    seen = answer.body.decode().partition("request_seenResult>")[2].partition("<")[0].split("|")
    assert seen == [
        "http", "POST", "POST", "text/xml; charset=utf-8", "http://h.example:8080/app/svc", "/svc", "/svc?q=1", "b", "None",
        "['1']", "['1']", "False", "True", "10.0.0.7", "10.0.0.7", "text/xml; charset=utf-8",
    ]  # fmt: skip


# --- documents ---


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"path": "/svc", "SCRIPT_NAME": "/app", "HTTP_HOST": "a.example:81"}, "http://a.example:81/app/svc"),
        ({"path": "/svc", "HTTP_HOST": "a.example", "wsgi.url_scheme": "https"}, "https://a.example/svc"),
        ({"path": "/a.wsdl", "HTTP_HOST": "[::1]:80"}, "http://[::1]:80/a"),
        ({"path": "/a b", "HTTP_HOST": "h"}, "http://h/a%20b"),
        ({"path": "/é".encode().decode("latin-1"), "HTTP_HOST": "h"}, "http://h/%C3%A9"),
        ({"path": "/<x>", "HTTP_HOST": 'evil"><x'}, "http://own.example/%3Cx%3E"),
        ({"HTTP_HOST": "a@b", "SERVER_PORT": "8000"}, "http://own.example:8000/"),
        ({"HTTP_HOST": "h", "HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PROTO": "https"}, "http://h/"),
    ],
)
def test_address_in_the_document(call_wsgi, environ, address):
    """The address is the request's own, the Host only when it is one, and forwarding headers are not believed."""
    own = {"SERVER_NAME": "own.example", "SERVER_PORT": "80"}
    answer = call_wsgi(make(), **{"method": "GET", "query": "wsdl", **BARE, **own, **environ})
    assert answer.body == f"<wsdl at='{address}'/>".encode()


def test_no_host_sticks(call_wsgi):
    """The address of one caller is not the next one's."""
    application = make()
    for host in ("first.example", "second.example", "first.example"):
        answer = call_wsgi(application, method="GET", query="wsdl", HTTP_HOST=host, **BARE)
        assert answer.body == f"<wsdl at='http://{host}/'/>".encode()


def test_fixed_addresses(call_wsgi):
    """The application's public_url, and the document that was built by hand, are served whoever asks."""
    get = {"method": "GET", "query": "wsdl", "HTTP_HOST": "other.example", **BARE}
    assert b"https://public/x" in call_wsgi(make(public_url="https://public/x"), **get).body
    application = make()
    application.doc.wsdl11.build_interface_document("http://by.hand/")
    assert b"http://by.hand/" in call_wsgi(application, **get).body


def test_document_events(call_wsgi):
    """Listeners of `wsdl` may change the document or forbid it; a failure is told to `wsdl_exception` and not to the client."""
    get = {"method": "GET", "query": "wsdl", **BARE}
    application, seen = make(), []
    application.event_manager.add_listener("wsdl", lambda ctx: setattr(ctx.transport, "wsdl", b"<other/>"))
    assert call_wsgi(application, **get).body == b"<other/>"

    def forbid(ctx):
        raise InvalidCredentialsError("not for you")

    application.event_manager.add_listener("wsdl", forbid)
    application.event_manager.add_listener("wsdl_exception", lambda ctx: seen.append(type(ctx.transport.wsdl_error)))
    answer = call_wsgi(application, **get)
    assert (answer.status[:3], answer.body, seen) == ("401", b"not for you", [InvalidCredentialsError])

    def fail(interface):
        raise RuntimeError("secret")

    answer = call_wsgi(make(documents=fail), **get)
    assert (answer.status[:3], b"secret" in answer.body) == ("500", False)


# --- events ---

EVENTS = [
    "method_context_created",
    "method_call",
    "method_return_object",
    "method_exception_object",
    "method_redirect",
    "method_return_document",
    "method_exception_document",
    "method_return_string",
    "method_exception_string",
    "method_context_closed",
]
OWN_EVENTS = ["wsgi_call", "wsgi_return", "wsgi_exception", "wsgi_close", "wsdl", "wsdl_exception"]


def listening(application):
    """Note every event in order."""
    seen = []
    for name in EVENTS:
        application.app.event_manager.add_listener(name, lambda ctx, name=name: seen.append(name))
    for name in OWN_EVENTS:
        application.event_manager.add_listener(name, lambda ctx, name=name: seen.append(name))
    for way, protocol in (("in", application.app.in_protocol), ("out", application.app.out_protocol)):
        for name in ("before_deserialize", "after_deserialize", "before_serialize", "after_serialize"):
            protocol.event_manager.add_listener(name, lambda ctx, name=f"{way}:{name}": seen.append(name))
    return seen


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (
            GOOD["soap"],
            (
                "method_context_created wsgi_call in:before_deserialize in:after_deserialize method_call method_return_object "
                "out:before_serialize out:after_serialize method_return_document method_return_string wsgi_return sent "
                "method_context_closed wsgi_close"
            ),
        ),
        (
            soap("deny"),
            (
                "method_context_created wsgi_call in:before_deserialize in:after_deserialize method_call method_exception_object "
                "out:before_serialize out:after_serialize method_exception_document method_exception_string wsgi_exception sent "
                "method_context_closed wsgi_close"
            ),
        ),
        (
            b"<a",
            (
                "method_context_created wsgi_call method_exception_object out:before_serialize out:after_serialize "
                "method_exception_document method_exception_string wsgi_exception sent method_context_closed wsgi_close"
            ),
        ),
        (
            soap("move", "<location>/</location>"),
            (
                "method_context_created wsgi_call in:before_deserialize in:after_deserialize method_call method_redirect "
                "wsgi_return sent method_context_closed wsgi_close"
            ),
        ),
    ],
)
def test_order_of_events(body, order):
    """The documented order; the closing events come after the body was sent."""
    application = make()
    seen = listening(application)
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "text/xml",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    reply = application(environ, lambda *args: None)
    parts = iter(reply)
    next(parts)
    seen.append("sent")
    assert list(parts) == []
    reply.close()
    assert seen == order.split()


def test_events_of_a_document(call_wsgi):
    """A document has a context, but it is no call."""
    application = make()
    seen = listening(application)
    call_wsgi(application, method="GET", query="wsdl", **BARE)
    assert seen == ["method_context_created", "wsdl", "method_context_closed"]


@pytest.mark.parametrize("name", [*EVENTS, *OWN_EVENTS])
@pytest.mark.parametrize("body", [GOOD["soap"], soap("deny"), b"<a", soap("move", "<location>/</location>")])
def test_listeners_that_fail(call_wsgi, name, body):
    """A listener that raises makes a fault, or a line in the log; never an exception out of the callable."""

    def fail(ctx):
        raise RuntimeError("secret")

    application = make()
    for manager in (application.app.event_manager, application.event_manager):
        manager.add_listener(name, fail)
    answer = call_wsgi(application, body=body)
    assert (answer.status[:3] in ("200", "302", "500"), b"secret" in answer.body) == (True, False)


def test_a_listener_may_refuse_a_call(call_wsgi):
    """A Fault out of wsgi_call is the answer, and the user function is not called."""

    def refuse(ctx):
        raise InvalidCredentialsError("who are you?")

    application = make("json")
    seen = listening(application)
    application.event_manager.add_listener("wsgi_call", refuse)
    answer = call_wsgi(application, body=GOOD["json"])
    assert (answer.status[:3], b"who are you?" in answer.body, "method_call" in seen) == ("401", True, False)


def test_auxiliary_methods_run_beside_the_primary_one(call_wsgi):
    """They run after the primary method, and their failures are nobody's business."""
    seen = []

    class Primary(Service):
        @srpc(Unicode, _returns=Unicode)
        def note(text):
            seen.append(f"primary {text}")
            return text

    class Auxiliary(Service):
        __aux__ = SyncAuxProc()

        @srpc(Unicode, _returns=Unicode)
        def note(text):
            seen.append(f"auxiliary {text}")
            raise RuntimeError("secret")

    application = make(services=(Primary, Auxiliary))
    answer = call_wsgi(application, body=soap("note", "<text>x</text>"))
    assert (answer.status, seen) == ("200 OK", ["primary x", "auxiliary x"])


def test_a_failure_of_the_protocol_itself(call_wsgi):
    """Even a protocol that can write nothing, not even faults, ends in a plain 500."""

    class Mute(JsonDocument):
        def serialize(self, ctx, message="response"):
            raise RuntimeError("secret")

    app = Application([Demo], "tns", in_protocol=JsonDocument(), out_protocol=Mute())
    answer = call_wsgi(WsgiApplication(app), body=GOOD["json"])
    assert (answer.status[:3], answer.headers["Content-Type"], answer.body) == (
        "500",
        "text/plain; charset=utf-8",
        b"Internal Error",
    )


# --- several applications ---


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("/a", "200", b"soap"),
        ("/a/b", "200", b"soap"),
        ("/b", "200", b"json"),
        ("/c/a", "404", b"Not found"),
        ("/", "404", b"Not found"),
    ],
)
def test_mounter(call_wsgi, path, status, part):
    """The first segment of the path chooses; applications are wrapped, and what is not there is 404."""

    def documents(name):
        return lambda interface: type(
            "D", (Documents,), {"document_for": lambda self, url: f"<{name} {url}/>".encode()}
        )(interface)

    mounter = WsgiMounter(
        {"a": make(documents=documents("soap")), "/b/": make("json", documents=documents("json")).app}
    )
    answer = call_wsgi(mounter, method="GET", path=path, query="wsdl", HTTP_HOST="h", **BARE)
    assert (answer.status[:3], part in answer.body) == (status, True)
    assert status == "404" or f"http://h{path}".encode() in answer.body
    assert OldMounter is WsgiMounter


def test_mounter_with_a_default(call_wsgi):
    """The empty name takes what no other name does."""
    mounter = WsgiMounter({"a": make(), "": make("json")})
    assert call_wsgi(mounter, path="/other", body=GOOD["json"]).status == "200 OK"


# --- a real server ---


def test_over_a_real_server(serve):
    """Wsgiref's server serves calls, faults and the document."""
    url = serve(make())
    with urlopen(Request(url, GOOD["soap"], {"Content-Type": "text/xml"}), timeout=10) as response:
        assert (response.status, b"Hello, Ann" in response.read()) == (200, True)
    with urlopen(f"{url}/svc?wsdl", timeout=10) as response:
        assert response.read() == f"<wsdl at='{url}/svc'/>".encode()
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(url, soap("nothing"), {"Content-Type": "text/xml"}), timeout=10)
    with caught.value as response:
        assert (response.code, b"Client.ResourceNotFound" in response.read()) == (500, True)


def test_a_request_without_length_does_not_hang(serve):
    """A POST without a length has no body (RFC 9112 §6.3); the server answers though the connection stays open."""
    host, _, port = serve(make()).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/xml\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.0 500")
