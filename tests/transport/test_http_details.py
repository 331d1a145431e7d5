"""What HTTP offers beside calls: compression both ways, pages of other origins, entity tags, request ids, proxies."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from io import BytesIO

import brotli
import pytest
from backports import zstd

from spyne import Application, DeclarationError, Integer, Service, Unicode, rpc
from spyne.limits import Limits
from spyne.protocol.json import JsonDocument
from spyne.server._coding import choose_coding, codings
from spyne.server._proxies import Forwarded, Proxies
from spyne.server.http import Cors
from spyne.server.wsgi import WsgiApplication

JSON = "application/json"
CODERS = {
    "gzip": (gzip.compress, gzip.decompress),
    "x-gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
    "br": (brotli.compress, brotli.decompress),
    "zstd": (zstd.compress, zstd.decompress),
}


class Demo(Service):
    @rpc(Unicode, _returns=Unicode)
    def echo(ctx, text):
        return text

    @rpc(Integer, _returns=Unicode)
    def stream(ctx, parts):
        ctx.out_string = (b"part %d\n" % number for number in range(parts))

    @rpc(_returns=Unicode)
    def image(ctx):
        ctx.transport.mime_type = "image/png"
        ctx.out_string = [b"\0" * 5000]

    @rpc(_returns=Unicode)
    def where(ctx):
        transport = ctx.transport
        return f"{transport.remote_addr} {transport.get_url()} {transport.request_id}"


def serve(limits=None, **options):
    """Return a WSGI application with options of HTTP."""
    return WsgiApplication(Application([Demo], "tns", in_protocol=JsonDocument(), limits=limits), **options)


def request(text):
    """Return a call of echo."""
    return json.dumps({"echo": {"text": text}}).encode()


def test_all_codings_are_tested():
    """With the optional libraries every coding is there."""
    assert codings() == ("zstd", "br", "gzip", "deflate")


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("coding", CODERS)
def test_compressed_requests(call_wsgi, coding, length):
    """A compressed request is read as if it were not, whether its length is known or not."""
    body = CODERS[coding][0](request("fine " * 50_000))
    environ = {} if length else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    reply = call_wsgi(serve(), body=body, content_type=JSON, HTTP_CONTENT_ENCODING=coding.upper(), **environ)
    assert (reply.status, json.loads(reply.body)) == ("200 OK", "fine " * 50_000)


def test_bare_deflate(call_wsgi):
    """Deflate without zlib's wrapping is read as well: some clients send it so."""
    encoder = zlib.compressobj(wbits=-15)
    body = encoder.compress(request("fine")) + encoder.flush()
    assert call_wsgi(serve(), body=body, content_type=JSON, HTTP_CONTENT_ENCODING="deflate").status == "200 OK"


@pytest.mark.parametrize("coding", CODERS)
@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda body: body[:-3], "400"),
        (lambda body: body[: len(body) // 2], "400"),
        (lambda body: body + b"garbage", "400"),
        (lambda body: b"garbage" + body, "400"),
        (lambda body: body[:20] + bytes(20) + body[40:], "400"),
        (lambda body: b"", "400"),
    ],
    ids=["cut", "half", "more", "garbage", "zeros", "empty"],
)
def test_damaged_compression(call_wsgi, coding, damage, status):
    """What is not well-formed, ends early or goes on after its end is a Client fault without a word of the library."""
    body = damage(CODERS[coding][0](request("".join(map(chr, range(32, 1000))))))
    reply = call_wsgi(serve(), body=body, content_type=JSON, HTTP_CONTENT_ENCODING=coding)
    assert reply.status[:3] == status
    assert json.loads(reply.body)["faultcode"].startswith("Client.")
    assert b"zlib" not in reply.body
    assert b"Error" not in reply.body.replace(b"DecodeError", b"")


@pytest.mark.parametrize("coding", CODERS)
def test_a_bomb_costs_no_memory(call_wsgi, coding):
    """G68: what a small body unpacks to is counted while it is unpacked."""
    bomb = CODERS[coding][0](b" " * 200_000_000)
    application = serve(Limits(body=1_000_000))
    call_wsgi(application, body=request("warm"), content_type=JSON)
    tracemalloc.start()
    reply = call_wsgi(application, body=bomb, content_type=JSON, HTTP_CONTENT_ENCODING=coding)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reply.status[:3] == "413"
    assert b"body=1000000" in reply.body
    assert peak < 8_000_000


def test_a_ratio_beyond_all_measure(call_wsgi):
    """Where a large body is allowed, one that is nearly all compression is not."""
    body = gzip.compress(b" " * 30_000_000)
    reply = call_wsgi(serve(Limits(body=None)), body=body, content_type=JSON, HTTP_CONTENT_ENCODING="gzip")
    assert b"compression_ratio=100" in reply.body


def test_layers_are_refused(call_wsgi):
    """A coding inside another is refused, and the codings that are taken are named (RFC 9110 section 15.5.16)."""
    reply = call_wsgi(serve(), body=b"", content_type=JSON, HTTP_CONTENT_ENCODING="gzip, gzip")
    assert reply.status == "415 Unsupported Media Type"
    assert reply.headers["Accept-Encoding"] == "zstd, br, gzip, deflate"


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("*", "zstd"),
        ("identity", None),
        ("gzip;q=0", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("compress", None),
        ("", None),
        ("deflate, *;q=0", "deflate"),
    ],
)
def test_accept_encoding(accept, coding):
    """The client's weights decide, then the order of preference here (RFC 9110 section 12.5.3)."""
    assert choose_coding(accept) == coding


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_compressed_answers(call_wsgi, coding):
    """An answer that is long enough is compressed for a client that accepts it; the WSDL too; streams part by part."""
    application = serve(compress=1000)
    unpack = CODERS[coding][1]
    reply = call_wsgi(application, body=request("x" * 2000), content_type=JSON, HTTP_ACCEPT_ENCODING=coding)
    assert json.loads(unpack(reply.body)) == "x" * 2000
    assert (reply.headers["Content-Encoding"], reply.headers["Vary"]) == (coding, "Accept-Encoding")
    assert int(reply.headers["Content-Length"]) == len(reply.body) < 500
    wsdl = call_wsgi(
        application, method="GET", query="wsdl", content_type="", CONTENT_LENGTH="", HTTP_ACCEPT_ENCODING=coding
    )
    assert unpack(wsdl.body).startswith(b"<?xml")
    stream = call_wsgi(application, body=b'{"stream": {"parts": 500}}', content_type=JSON, HTTP_ACCEPT_ENCODING=coding)
    assert unpack(stream.body).count(b"part") == 500
    assert "Content-Length" not in stream.headers


def test_each_part_of_a_compressed_stream_goes_out():
    """A part can be unpacked before the next one is made."""
    taken = []

    def parts():
        for number in range(3):
            taken.append(number)
            yield b"part %d" % number

    class Parts(Service):
        @rpc
        def go(ctx) -> str:
            ctx.out_string = parts()
            return ""

    application = WsgiApplication(Application([Parts], "tns", in_protocol=JsonDocument()), compress=0)
    environ = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": BytesIO(b'{"go": {}}'),
        "CONTENT_LENGTH": "10",
        "HTTP_ACCEPT_ENCODING": "gzip",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    body = iter(application(environ, lambda *_: None))
    assert zlib.decompressobj(31).decompress(next(body)) == b"part 0"
    assert taken == [0]


@pytest.mark.parametrize(
    ("body", "accept"),
    [
        (request("short"), "gzip"),
        (request("x" * 2000), "identity"),
        (request("x" * 2000), None),
        (b'{"image": {}}', "gzip"),
    ],
)
def test_what_is_not_compressed(call_wsgi, body, accept):
    """Short answers, answers that nobody wants compressed, and those that are compressed already, go out as they are."""
    reply = call_wsgi(serve(compress=1000), body=body, content_type=JSON, HTTP_ACCEPT_ENCODING=accept)
    assert "Content-Encoding" not in reply.headers


def test_entity_tag_of_the_wsdl(call_wsgi):
    """A WSDL that the client has already is not sent again."""
    application = serve()
    ask = {"method": "GET", "query": "wsdl", "content_type": "", "CONTENT_LENGTH": ""}
    first = call_wsgi(application, **ask)
    tag = first.headers["ETag"]
    for known in (tag, f'"x", {tag.removeprefix("W/")}', "*"):
        reply = call_wsgi(application, HTTP_IF_NONE_MATCH=known, **ask)
        assert (reply.status, reply.body, reply.headers["ETag"]) == ("304 Not Modified", b"", tag)
    assert call_wsgi(application, HTTP_IF_NONE_MATCH='"other"', **ask).body == first.body
    assert call_wsgi(application, HTTP_IF_NONE_MATCH=tag, HTTP_HOST="other", **ask).status == "200 OK"


PAGE = "https://app.example.com"


def preflight(call_wsgi, cors, origin=PAGE):
    """Ask as a browser asks before a request."""
    return call_wsgi(
        serve(cors=cors),
        method="OPTIONS",
        content_type="",
        CONTENT_LENGTH="",
        HTTP_ORIGIN=origin,
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
    )


def test_cors(call_wsgi):
    """A page of an origin that is named may call, and reads what is exposed; another one may not."""
    cors = Cors(origins=[PAGE], expose=["X-Request-Id"], credentials=True)
    reply = preflight(call_wsgi, cors)
    assert reply.status == "204 No Content"
    assert reply.headers["Access-Control-Allow-Origin"] == PAGE
    assert reply.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Content-Type" in reply.headers["Access-Control-Allow-Headers"]
    assert reply.headers["Vary"] == "Origin"
    answer = call_wsgi(serve(cors=cors), body=request("x"), content_type=JSON, HTTP_ORIGIN=PAGE)
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Request-Id"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    for origin in ("https://evil.example.com", "null", PAGE + ".evil.com", None):
        assert "Access-Control-Allow-Origin" not in preflight(call_wsgi, cors, origin).headers


def test_cors_for_all(call_wsgi):
    """With ``*`` every page may call, and faults can be read as well."""
    cors = Cors(origins=["*"])
    assert preflight(call_wsgi, cors).headers["Access-Control-Allow-Origin"] == "*"
    answer = call_wsgi(serve(cors=cors), body=b"{", content_type=JSON, HTTP_ORIGIN=PAGE)
    assert (answer.status[:3], answer.headers["Access-Control-Allow-Origin"]) == ("400", "*")


@pytest.mark.parametrize(
    "wrong",
    [
        {"origins": "https://a"},
        {"origins": ["*"], "credentials": True},
        {"origins": ["a.com"]},
        {"origins": ["https://a/x"]},
    ],
)
def test_cors_mistakes(wrong):
    """What browsers would refuse is refused when the record is made."""
    with pytest.raises(DeclarationError):
        Cors(**wrong)


def test_request_id(call_wsgi):
    """The id of a request is taken from the header, or made, and sent back; one with strange characters is not believed."""
    application = serve(request_id_header="X-Request-Id")
    reply = call_wsgi(application, body=b'{"where": {}}', content_type=JSON, HTTP_X_REQUEST_ID="abc-1")
    assert reply.headers["X-Request-Id"] == "abc-1"
    assert json.loads(reply.body).endswith(" abc-1")
    for strange in (None, "a b", "x" * 200, "é"):
        reply = call_wsgi(application, body=b"{}", content_type=JSON, HTTP_X_REQUEST_ID=strange)
        assert len(reply.headers["X-Request-Id"]) == 32


FORWARDED = [
    # headers, what is believed of them when the peer and 10.0.0.0/8 are trusted
    ({}, (None, None, None)),
    ({"forwarded": ["for=192.0.2.1;proto=https;host=api.example.com"]}, ("192.0.2.1", "https", "api.example.com")),
    ({"forwarded": ['For="[2001:db8::1]:4711"; Proto=HTTPS']}, ("2001:db8::1", "https", None)),
    ({"forwarded": ["for=6.6.6.6, for=192.0.2.1;proto=https"]}, ("192.0.2.1", "https", None)),
    ({"forwarded": ["for=192.0.2.1;proto=https", "for=10.0.0.7;proto=http"]}, ("192.0.2.1", "https", None)),
    ({"forwarded": ['for="a,b;proto=https"']}, (None, None, None)),
    ({"forwarded": ["proto=gopher;host=a/b"]}, (None, None, None)),
    ({"x_forwarded_for": ["192.0.2.1"], "x_forwarded_proto": ["https"]}, ("192.0.2.1", "https", None)),
    ({"x_forwarded_for": ["6.6.6.6, 192.0.2.1, 10.0.0.7"], "x_forwarded_host": ["api"]}, ("192.0.2.1", None, "api")),
    ({"x_forwarded_proto": ["https"]}, (None, "https", None)),
    ({"x_forwarded_for": ["192.0.2.1:4711"]}, ("192.0.2.1", None, None)),
    ({"forwarded": ["for=_hidden;host=api, for=10.0.0.8"]}, ("_hidden", None, "api")),
    ({"forwarded": [","] * 1000}, (None, None, None)),
    ({"forwarded": ['for="' * 20000]}, (None, None, None)),
]


@pytest.mark.parametrize(("headers", "expected"), FORWARDED)
def test_forwarded(headers, expected):
    """Forwarded (RFC 7239) and its older kin are believed from the nearest hop on, as far as trust goes."""
    addr, scheme, host = expected
    found = Proxies(["127.0.0.1", "10.0.0.0/8"]).read("127.0.0.1", headers)
    assert found == Forwarded(addr=addr, scheme=scheme, host=host)
    assert Proxies(["10.0.0.0/8"]).read("127.0.0.1", headers) == Forwarded()


def test_proxies_in_the_wsdl(call_wsgi):
    """The address in the WSDL is the one outside when the proxy is trusted, and the connection's own otherwise."""
    ask = {
        "method": "GET",
        "query": "wsdl",
        "content_type": "",
        "CONTENT_LENGTH": "",
        "REMOTE_ADDR": "10.0.0.9",
        "HTTP_X_FORWARDED_PROTO": "https",
        "HTTP_X_FORWARDED_HOST": "api.example.com",
    }
    assert b'location="https://api.example.com/"' in call_wsgi(serve(trusted_proxies=["10.0.0.0/8"]), **ask).body
    assert b"api.example.com" not in call_wsgi(serve(), **ask).body
    with pytest.raises(DeclarationError, match="trusted_proxies"):
        serve(trusted_proxies=["everybody"])
