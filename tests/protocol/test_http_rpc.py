"""HttpRpc: arguments from queries, forms, headers and cookies; results as texts and bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from tests.protocol.http_calls import FORM, FORM_DATA, TNS, call, form, part, served

from spyne import (
    AnyDict,
    AnyXml,
    Application,
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    Date,
    DateTime,
    Fault,
    File,
    Integer,
    Iterable,
    Service,
    Unicode,
    rpc,
)
from spyne.error import ResourceNotFoundError
from spyne.protocol.dictdoc import SimpleDictDocument
from spyne.protocol.http import HttpRpc
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.protocol.xml import XmlDocument
from spyne.schema import DeclarationError
from spyne.server.wsgi import WsgiApplication


class Point(ComplexModel):
    __namespace__ = TNS
    x = Integer
    y = Integer


class Asked(ComplexModel):
    __namespace__ = TNS
    token = Unicode
    X_Count = Integer(sub_name="X-Count")
    words = Unicode(max_occurs="unbounded")


class Answered(ComplexModel):
    __namespace__ = TNS
    X_Count = Integer(sub_name="X-Count")
    link = Unicode(max_occurs="unbounded")
    good = Boolean


class Echo(Service):
    @rpc(Unicode, Integer(ge=3), Array(Integer), Point, AnyDict, _returns=Unicode)
    def show(ctx, text, number, numbers, point, free):
        place = None if point is None else (point.x, point.y)
        return repr((text, number, numbers, place, free))

    @rpc(Point, _returns=Unicode, _body_style="bare")
    def bare(ctx, point):
        return repr((point.x, point.y))

    @rpc(Unicode, _returns=Unicode, _body_style="bare")
    def bare_text(ctx, text):
        return repr(text)


class Head(Service):
    __in_header__ = Asked
    __out_header__ = Answered

    @rpc(_returns=Unicode)
    def heads(ctx):
        ctx.out_header = Answered(X_Count=2, link=["a", "b"], good=True)
        return repr((ctx.in_header.token, ctx.in_header.X_Count, ctx.in_header.words))

    @rpc(Unicode)
    def inject(ctx, value):
        ctx.out_header = Answered(link=[value])


def show(text=None, number=None, numbers=None, point=None, free=None):
    """Return what the service says of its arguments."""
    return repr((text, number, numbers, point, free))


QUERIES = [
    ("", show()),
    ("text=a%20b%2Bc+d", show("a b+c d")),
    ("text=%C3%A9", show("é")),
    ("text=100%", show("100%")),
    ("text=%zz", show("%zz")),
    ("text=", show("")),
    ("text", show()),
    ("number=", show()),
    ("&&number=3&", show(number=3)),
    ("numbers=1&numbers=2", show(numbers=[1, 2])),
    ("numbers[7]=1&numbers[3]=2", show(numbers=[2, 1])),
    ("point.x=1", show(point=(1, None))),
    ("point=empty", show(point=(None, None))),
    ("free.a.b=1", show(free={"a": {"b": "1"}})),
    ("unknown=1&number.x=2", show()),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_query(query, expected):
    """The arguments are flat names in the query."""
    reply = call(served(Echo), "/show", query)
    assert (reply.status, reply.body.decode()) == (200, expected)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"text=a+b&number=&point.x=1&numbers=1&numbers=2"),
        (f"{FORM}; charset=utf-8", b"text=a%20b&number=&point.x=1&numbers=1&numbers=2\r\n"),
        (
            FORM_DATA,
            form(
                part("text", b"a b"),
                part("number", b""),
                part("point.x", b"1"),
                part("numbers", b"1"),
                part("numbers", b"2"),
            ),
        ),
    ],
)
def test_form(method, content_type, body):
    """They may come in forms of both kinds, where an empty field is null."""
    reply = call(served(Echo), "/show", "free.q=1", method, body, content_type)
    assert (reply.status, reply.body.decode()) == (200, show("a b", None, [1, 2], (1, None), {"q": "1"}))


def test_charsets():
    """A form is read in the charset that it says, each part of one in its own."""
    application = served(Echo)
    reply = call(application, "/show", "", "POST", "text=é".encode("latin-1"), f"{FORM}; charset=iso-8859-1")
    assert reply.body.decode() == show("é")
    body = form(part("text", "é".encode("latin-1"), None, "text/plain; charset=iso-8859-1"))
    assert call(application, "/show", "", "POST", body, FORM_DATA).body.decode() == show("é")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_body_without_meaning(method):
    """What GET, HEAD and DELETE send along is not read, nor a body that says no media type."""
    reply = call(served(Echo), "/show", "text=q", method, b"text=a&text=b", FORM)
    assert (reply.status, reply.body) == (200, b"" if method == "HEAD" else show("q").encode())
    assert reply.headers["content-length"] == str(len(show("q")))
    assert call(served(Echo), "/show", "text=q", "POST", b"text=a").body.decode() == show("q")


@pytest.mark.parametrize(("name", "query", "expected"), [("bare", "x=1", "(1, None)"), ("bare_text", "text=a", "'a'")])
def test_bare(name, query, expected):
    """The members of a bare argument stand by themselves; one without members is called by its name."""
    assert call(served(Echo), f"/{name}", query).body.decode() == expected


def test_options_of_names():
    """The delimiter and the strictness of arrays are options."""
    application = served(Echo, hier_delim="_", strict_arrays=True)
    assert call(application, "/show", "point_x=1").body.decode() == show(point=(1, None))
    reply = call(application, "/show", "numbers[1]=1")
    assert (reply.status, reply.text) == (400, "numbers: has the index 1 but not 0 (strict_arrays)")
    for delimiter in ("", "["):
        with pytest.raises(DeclarationError, match="hier_delim"):
            HttpRpc(hier_delim=delimiter)
    assert issubclass(HttpRpc, SimpleDictDocument)


@pytest.mark.parametrize(("validator", "status"), [("soft", 400), (None, 200)])
def test_validation(validator, status):
    """Facets and occurrence are checked by soft validation; every error of a request is told."""
    application = served(Echo, validator=validator)
    reply = call(application, "/show", "number=1&text=a&text=b")
    assert reply.status == status
    if validator:
        assert reply.text == "text: occurs 2 time(s), max_occurs=1; number: the value '1' must be >= 3"


@pytest.mark.parametrize("path", ["/a/b/show", "//show", "/show"])
def test_last_segment(path):
    """The last segment of the path names the method."""
    assert call(served(Echo), path, "number=3").status == 200


# --- headers ---


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, (None, None, None)),
        ({"HTTP_TOKEN": "a", "HTTP_X_COUNT": "3", "HTTP_WORDS": "x, y"}, ("a", 3, ["x, y"])),
        ({"HTTP_COOKIE": 'token="a b"; token=c; X-Count=4; words=w'}, ("a b", 4, ["w"])),
        ({"HTTP_TOKEN": "header", "HTTP_COOKIE": "token=cookie"}, ("header", None, None)),
        ({"HTTP_COOKIE": "; =; token"}, (None, None, None)),
    ],
)
def test_in_header(environ, expected):
    """The in-header is filled from headers of the members' names, and from cookies where there is no such header."""
    reply = call(served(Head), "/heads", **environ)
    assert (reply.status, reply.body.decode()) == (200, repr(expected))


def test_cookies_left_alone():
    """Cookies are not read where that is switched off."""
    reply = call(served(Head, parse_cookie=False), "/heads", HTTP_COOKIE="token=a")
    assert reply.body.decode() == repr((None, None, None))


def test_bad_header():
    """A header that does not fit its type is the client's fault."""
    reply = call(served(Head), "/heads", HTTP_X_COUNT="x")
    assert (reply.status, reply.text) == (400, "X-Count: the value 'x' is not an integer (xs:integer)")


def test_out_header():
    """The members of the out-header become headers of the answer."""
    fields = call(served(Head), "/heads").fields
    assert {("X-Count", "2"), ("link", "a"), ("link", "b"), ("good", "true")} <= set(fields)


@pytest.mark.parametrize("value", ["a%0D%0ASet-Cookie:%20b", "a%0Ab", "a%00b", "%E2%82%AC"])
def test_header_injection(value):
    """A returned value cannot break out of its header."""
    reply = call(served(Head), "/inject", f"value={value}")
    assert (reply.status, reply.text) == (500, "Internal Error")
    assert "set-cookie" not in reply.headers


# --- results ---

FILE = Path(__file__)


class Results(Service):
    @rpc(_returns=Integer)
    def number(ctx):
        return 5

    @rpc(_returns=Unicode)
    def text(ctx):
        return "é"

    @rpc(_returns=Unicode)
    def texts(ctx):
        yield "a"
        yield "é"

    @rpc(_returns=Iterable(Unicode))
    def stream(ctx):
        yield "a"
        yield "b"

    @rpc(_returns=Boolean)
    def yes(ctx):
        return True

    @rpc(_returns=Date)
    def nothing(ctx):
        return None

    @rpc()
    def void(ctx):
        pass

    @rpc(_returns=ByteArray)
    def binary(ctx):
        return [b"\xff", b"\x00"]

    @rpc(_returns=ByteArray)
    def pieces(ctx):
        yield b"a"
        yield bytearray(b"b")

    @rpc(_returns=AnyXml)
    def markup(ctx):
        return etree.fromstring("<a/>")

    @rpc(_returns=File)
    def data(ctx):
        return File.Value(name="a.txt", type="text/x-a", data=[b"ab", b"c"])

    @rpc(_returns=File)
    def handle(ctx):
        return File.Value(type="text/x-a", handle=FILE.open("rb"))

    @rpc(_returns=File)
    def path(ctx):
        return File.Value(path=str(FILE), type="text/x-python")

    @rpc(_returns=File)
    def odd_name(ctx):
        return File.Value(name='a"é\r\n.txt', data=[b""])

    @rpc(_returns=File)
    def gone(ctx):
        return File.Value(name="a.txt", path="/nowhere/a.txt")

    @rpc(_returns=Point)
    def point(ctx):
        return Point(x=1)

    @rpc(_returns=Point)
    def no_point(ctx):
        return None

    @rpc(_returns=Array(Integer))
    def array(ctx):
        return [1]

    @rpc(_returns=[Integer, Integer])
    def several(ctx):
        return 1, 2

    @rpc(_returns=Point)
    def other_protocol(ctx):
        ctx.out_protocol = JsonDocument()
        return Point(x=1)

    @rpc(_returns=Point)
    def own_bytes(ctx):
        ctx.out_string = [b"mine"]
        return Point(x=1)

    @rpc(_returns=Unicode)
    def own_type(ctx):
        ctx.transport.mime_type = "text/html"
        return "<p>"

    @rpc(_returns=ByteArray)
    def text_for_bytes(ctx):
        return "text"

    @rpc()
    def refused(ctx):
        raise Fault("Client.Foo", "bar é", detail={"a": "b"})

    @rpc()
    def failed(ctx):
        raise Fault("Server.Foo", "bar", "actor")

    @rpc()
    def not_found(ctx):
        raise ResourceNotFoundError("x")

    @rpc()
    def broken(ctx):
        1 / 0


PLAIN = "text/plain"
UTF_8 = "text/plain; charset=utf-8"

ANSWERS = [
    ("number", 200, UTF_8, b"5"),
    ("text", 200, UTF_8, "é".encode()),
    ("texts", 200, UTF_8, "aé".encode()),
    ("stream", 200, UTF_8, b"ab"),
    ("yes", 200, UTF_8, b"true"),
    ("nothing", 200, PLAIN, b""),
    ("void", 200, PLAIN, b""),
    ("binary", 200, PLAIN, b"\xff\x00"),
    ("pieces", 200, PLAIN, b"ab"),
    ("markup", 200, UTF_8, b"<a/>"),
    ("data", 200, "text/x-a", b"abc"),
    ("handle", 200, "text/x-a", FILE.read_bytes()),
    ("path", 200, "text/x-python", FILE.read_bytes()),
    ("gone", 404, UTF_8, b"Client.ResourceNotFound\n\nRequested resource 'a.txt' not found"),
    ("point", 500, UTF_8, b"Server\n\nInternal Error"),
    ("no_point", 200, PLAIN, b""),
    ("array", 500, UTF_8, b"Server\n\nInternal Error"),
    ("several", 500, UTF_8, b"Server\n\nInternal Error"),
    ("other_protocol", 200, "application/json", b'{"x":1}'),
    ("own_bytes", 200, PLAIN, b"mine"),
    ("own_type", 200, "text/html", b"<p>"),
    ("text_for_bytes", 500, UTF_8, b"Server\n\nInternal Error"),
    ("refused", 400, UTF_8, "Client.Foo\n\nbar é".encode()),
    ("failed", 500, UTF_8, b"Server.Foo\n\nbar"),
    ("not_found", 404, UTF_8, b"Client.ResourceNotFound\n\nRequested resource 'x' not found"),
    ("broken", 500, UTF_8, b"Server\n\nInternal Error"),
    ("unknown", 404, UTF_8, b"Client.ResourceNotFound\n\nRequested resource '{urn:http}unknown' not found"),
]


@pytest.mark.parametrize(("name", "status", "content_type", "body"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_answer(name, status, content_type, body):
    """A result is written as what it is, a fault as two lines of text."""
    reply = call(served(Results), f"/{name}")
    assert (reply.status, reply.headers["content-type"], reply.body) == (status, content_type, body)
    head = call(served(Results), f"/{name}", method="HEAD")
    assert (head.status, head.body, head.headers.get("content-length")) == (
        status,
        b"",
        reply.headers.get("content-length"),
    )


def test_results_that_cannot_be_written_are_told_at_the_start(caplog):
    """They are no error, for a method may choose another protocol; the log names them when the application is built."""
    served(Results)
    told = {record.getMessage().partition(":")[0] for record in caplog.records}
    assert told == {"point", "no_point", "array", "several", "other_protocol", "own_bytes"}


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("data", 'inline; filename="a.txt"'),
        ("path", None),
        ("odd_name", "inline; filename*=utf-8''a%22%C3%A9%0D%0A.txt"),
    ],
)
def test_file_name(name, disposition):
    """The name of a file is in Content-Disposition, whatever characters it has."""
    assert call(served(Results), f"/{name}").headers.get("content-disposition") == disposition


# --- other protocols beside it ---


@pytest.mark.parametrize(
    ("out", "content_type", "expected"),
    [
        (JsonDocument, "application/json", b'{"x":1}'),
        (XmlDocument, "text/xml", b"pointResponse"),
        (Soap11, "text/xml; charset=utf-8", b"pointResult"),
    ],
)
def test_other_protocol_out(out, content_type, expected):
    """The answer may be of any protocol, faults included."""
    application = served(Results, out=out())
    reply = call(application, "/point")
    assert (reply.status, reply.headers["content-type"]) == (200, content_type)
    assert expected in reply.body
    refused = call(application, "/refused")
    assert (refused.status, b"bar" in refused.body) == (500 if out is Soap11 else 400, True)


def test_beside_other_protocols():
    """Beside others on one address, a request without a body and a form are its own."""
    app = Application([Echo], TNS, in_protocol=[Soap11(), JsonDocument(), HttpRpc()], out_protocol=[JsonDocument()])
    application = WsgiApplication(app)
    assert call(application, "/show", "text=a").body == b'"%s"' % show("a").encode()
    assert call(application, "/show", "", "POST", b"text=b", FORM).body == b'"%s"' % show("b").encode()
    body = b'{"show": {"text": "c"}}'
    assert call(application, "/", "", "POST", body, "application/json").body == b'"%s"' % show("c").encode()


def test_no_client_side():
    """It serves requests, and does not make them."""
    app = Application([Echo], TNS, in_protocol=HttpRpc(), out_protocol=HttpRpc())
    (descriptor, *_) = app.interface.calls
    for kind in ("encode_request", "decode_response"):
        with pytest.raises(DeclarationError, match="serves requests"):
            app.codec(app.in_protocol, kind, descriptor)


def test_serialize_events():
    """Its own events are fired around the writing of an answer."""
    heard = []
    out = HttpRpc()
    for name in ("before_serialize", "serialize", "after_serialize"):
        out.event_manager.add_listener(name, lambda ctx, name=name: heard.append(name))
    call(served(Results, out=out), "/number")
    assert heard == ["before_serialize", "serialize", "after_serialize"]


def test_times_are_texts():
    """Dates in the path and the query are texts like all others."""

    class Times(Service):
        @rpc(DateTime, _returns=DateTime)
        def same(ctx, moment):
            return moment

    assert call(served(Times), "/same", "moment=2020-01-02T03:04:05Z").body == b"2020-01-02T03:04:05+00:00"
