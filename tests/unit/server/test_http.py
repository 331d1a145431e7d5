"""HTTP as data: texts, headers and addresses, without a server."""

from __future__ import annotations

import pytest

from spyne import Application, MethodContext, Service, Unicode, rpc
from spyne.server._headers import RequestHeaders, charset_of, check_header, gen_header, host_or, status_line
from spyne.server.http import HttpBase, HttpMethodContext, HttpRedirect
from spyne.server.wsgi import WsgiApplication, WsgiMethodContext
from spyne.util.address import Address


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        (None, None),
        ("", None),
        ("text/xml", None),
        ("text/xml; charset=utf-8", "utf-8"),
        ("text/xml;charset=UTF-16", "utf-16"),
        ('text/xml; CHARSET = "iso-8859-1"; action="x"', "iso-8859-1"),
        ("text/xml; charset=", None),
        ('text/xml; charset=""', None),
        ("text/xml; xcharset=a", None),
        ("text/xml; charset=a;charset=b", "a"),
        ("text/xml; charset=" + "x" * 10_000, "x" * 10_000),
    ],
)
def test_charset(content_type, charset):
    """The charset of a Content-Type, quoted or not, in any case."""
    assert charset_of(content_type) == charset


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (200, "200 OK"),
        ("404", "404 Not Found"),
        ("404 Not Found", "404 Not Found"),
        ("404 Nobody home", "404 Nobody home"),
        (299, "299 Unknown"),
    ],
)
def test_status_line(code, line):
    """A number, or a whole line as it is."""
    assert status_line(code) == line


@pytest.mark.parametrize("code", [0, 99, 600, 1000, "", "OK", "200 OK\r\nX: y", "200\n"])
def test_what_is_no_status(code):
    """Neither other numbers nor lines with breaks."""
    with pytest.raises(ValueError, match="status"):
        status_line(code)


@pytest.mark.parametrize(
    ("name", "value"),
    [("X", "a\r\nb"), ("X", "a\nb"), ("X", "\0"), ("X", "日"), ("X\r\n", "a"), ("", "a"), ("a b", "c"), ("a:", "c")],
)
def test_what_is_no_header(name, value):
    """Line breaks, controls and text outside of Latin-1 are refused, in names and in values."""
    with pytest.raises(ValueError, match="header"):
        check_header(name, value)


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("example.com", True),
        ("example.com:8080", True),
        ("[::1]:80", True),
        ("xn--bcher-kva.example", True),
        ("", False),
        (None, False),
        ("a b", False),
        ("a/b", False),
        ("user@host", False),
        ("a:b", False),
        ("a:999999", False),
        ('"><script>', False),
        ("a\n", False),
        ("é.example", False),
        ("a" * 256, False),
    ],
)
def test_hosts(host, accepted):
    """A Host is taken when it is one, and nothing else."""
    assert host_or(host, "own") == (host if accepted else "own")


@pytest.mark.parametrize(
    ("params", "header"),
    [
        ({}, "v"),
        ({"a": "b"}, 'v; a="b"'),
        ({"file_name": "a b"}, 'v; file-name="a b"'),
        ({"a": 'q"\\'}, 'v; a="q\\"\\\\"'),
        ({"a": None}, "v; a"),
        ({"a": 5}, 'v; a="5"'),
        ({"a": "é/x"}, "v; a*=utf-8''%C3%A9%2Fx"),
        ({"a": "x\r\ny"}, "v; a*=utf-8''x%0D%0Ay"),
    ],
)
def test_header_parameters(params, header):
    """Parameters are quoted, or percent-encoded by RFC 2231."""
    assert gen_header("v", **params) == header


def test_request_headers():
    """Any spelling of a name finds a header; iterating gives the documented one."""
    headers = RequestHeaders({"x_foo": ["1", "2"]})
    assert headers["x_foo"] == headers["X-Foo"] == headers.get("x-foo") == ["1", "2"]
    assert ("X-FOO" in headers, "y" in headers, 5 in headers, headers.get("y"), list(headers)) == (
        True,
        False,
        False,
        None,
        ["x_foo"],
    )
    with pytest.raises(KeyError):
        headers["X-Bar"]


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", "/", "wsdl", True),
        ("HEAD", "/", "WSDL", True),
        ("GET", "/", "Wsdl=x", True),
        ("GET", "/", "wsdl&x", True),
        ("GET", "/a.wsdl", "", True),
        ("POST", "/a.wsdl", "wsdl", False),
        ("GET", "/", "wsdlx", False),
        ("GET", "/", "a=1&wsdl", False),
        ("GET", "/wsdl", "", False),
        ("GET", "", "", False),
    ],
)
def test_document_requests(method, path, query, expected):
    """Which requests are for the WSDL."""
    assert HttpBase.is_document_request(method, path, query) is expected


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("10.0.0.1", "80", Address("TCP4", "10.0.0.1", 80)),
        ("::1", 8080, Address("TCP6", "::1", 8080)),
        (None, "x", Address("TCP4", None, 0)),
    ],
)
def test_addresses(host, port, address):
    """An address says its family; an unknown port is 0."""
    assert Address.tcp(host, port) == address


class Demo(Service):
    @rpc(_returns=Unicode)
    def hello(ctx):
        return "x"


def context(**environ):
    """The context of a request, made as the documentation shows."""
    server = WsgiApplication(Application([Demo], "tns"))
    return WsgiMethodContext(server, {"REQUEST_METHOD": "POST", **environ}, "text/xml")


def test_context_is_a_method_context():
    """A WSGI context has the documented classes and starts without an answer."""
    ctx = context()
    assert isinstance(ctx, HttpMethodContext)
    assert isinstance(ctx, MethodContext)
    assert (ctx.transport.resp_code, ctx.transport.wsdl, ctx.transport.wsdl_error) == (None, None, None)
    assert ctx.transport.get_request_content_type() == "text/xml"


@pytest.mark.parametrize("cookie", ["a=b; c=d", "c=d;a=b", "bad[=x; a=b"])
def test_cookies(cookie):
    """A cookie's value, None for others, whatever stands beside it."""
    transport = context(HTTP_COOKIE=cookie).transport
    assert (transport.get_cookie("a") in ("b", None), transport.get_cookie("zz")) == (True, None)


def test_mime_type_follows_what_is_set():
    """`mime_type`, `content_type` and the header are one thing."""
    transport = context().transport
    assert transport.resp_headers == {"Content-Type": "application/octet-stream"}
    transport.mime_type = "text/a"
    assert (transport.resp_headers["Content-Type"], transport.content_type) == ("text/a", "text/a")
    transport.resp_headers["Content-Type"] = "text/b"
    assert (transport.mime_type, transport.header_list("text/c")) == ("text/b", [("Content-Type", "text/b")])
    transport.add_header("Content-Type", "text/d")
    assert transport.header_list("text/c") == [("Content-Type", "text/d")]


@pytest.mark.parametrize(("name", "value"), [("X", "a\r\nb"), ("X\n", "a")])
def test_add_header_refuses_line_breaks(name, value):
    """What would become another header is refused where it is added."""
    with pytest.raises(ValueError, match="header"):
        context().transport.add_header(name, value)


def test_redirect_is_only_for_http():
    """Elsewhere than on HTTP a redirection cannot be carried out."""
    ctx = MethodContext(Application([Demo], "tns"))
    with pytest.raises(AttributeError):
        HttpRedirect(ctx, "/").do_redirect()
