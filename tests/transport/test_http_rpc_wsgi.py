"""Files over HTTP: ranges, and requests for what has changed."""

from __future__ import annotations

import os
import re
from email.utils import formatdate
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import httpx
import pytest
from tests.protocol.http_calls import call, served

from spyne import ByteArray, File, Service, Unicode, rpc

CONTENT = bytes(range(256)) * 600
SIZE = len(CONTENT)
MODIFIED = 1_600_000_000


@pytest.fixture
def files(tmp_path):
    """A service that hands out one content in several ways."""
    path = tmp_path / "content.bin"
    path.write_bytes(CONTENT)
    os.utime(path, (MODIFIED, MODIFIED))

    class Files(Service):
        @rpc(_returns=File)
        def path(ctx):
            return File.Value(path=str(path), name="content.bin", type="application/x-content")

        @rpc(_returns=File)
        def data(ctx):
            return File.Value(data=[CONTENT[:1000], CONTENT[1000:]])

        @rpc(_returns=File)
        def tagged(ctx):
            ctx.transport.resp_headers["ETag"] = '"mine"'
            return File.Value(data=[CONTENT])

        @rpc(_returns=ByteArray)
        def plain(ctx):
            return [CONTENT]

        @rpc(_returns=ByteArray)
        def stream(ctx):
            yield CONTENT

        @rpc(_returns=Unicode)
        def text(ctx):
            return "abc"

        @rpc(_returns=File)
        def created(ctx):
            ctx.transport.resp_code = 201
            return File.Value(path=str(path))

    return served(Files)


@pytest.mark.parametrize("name", ["path", "data", "plain"])
@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=10-19", 10, 19),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        ("bytes=-99999999", 0, SIZE - 1),
        (f"bytes={SIZE - 1}-{SIZE + 5}", SIZE - 1, SIZE - 1),
        ("BYTES = 900-1100", 900, 1100),
        ("bytes=5-6, 99999999-", 5, 6),
    ],
)
def test_range(files, name, wanted, start, end):
    """A part of a content of known size is answered by that part alone."""
    reply = call(files, f"/{name}", HTTP_RANGE=wanted)
    assert (reply.status, reply.headers["content-range"]) == (206, f"bytes {start}-{end}/{SIZE}")
    assert reply.headers["content-length"] == str(end - start + 1)
    assert reply.body == CONTENT[start : end + 1]


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=5-3",
        "bytes=a-b",
        "bytes=-",
        "bytes=",
        "items=0-1",
        "0-1",
        "bytes=1-2-3",
        "bytes=0-,0-",
        "bytes=" + "0-0," * 50,
    ],
)
def test_ranges_that_are_none(files, wanted):
    """What is no range, or asks for more than there is, is answered by the whole."""
    reply = call(files, "/path", HTTP_RANGE=wanted)
    assert (reply.status, reply.body == CONTENT) == (200, True)


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", "bytes=99999999-", "bytes=-0"])
def test_ranges_beyond_the_end(files, wanted):
    """A range beyond the end cannot be satisfied."""
    reply = call(files, "/path", HTTP_RANGE=wanted)
    assert (reply.status, reply.headers["content-range"], reply.body) == (416, f"bytes */{SIZE}", b"")


def test_several_ranges(files):
    """Several ranges come as parts of one message."""
    reply = call(files, "/path", HTTP_RANGE="bytes=0-1,10-12,-1")
    kind, _, boundary = reply.headers["content-type"].partition("; boundary=")
    assert (reply.status, kind) == (206, "multipart/byteranges")
    parts = reply.body.split(f"--{boundary}".encode())
    found = [re.fullmatch(rb"\r\n(.*?)\r\n\r\n(.*)\r\n", part, re.DOTALL).groups() for part in parts[1:-1]]
    expected = [(0, 1), (10, 12), (SIZE - 1, SIZE - 1)]
    assert [body for _, body in found] == [CONTENT[start : end + 1] for start, end in expected]
    assert [
        f"bytes {start}-{end}/{SIZE}".encode() in head for (head, _), (start, end) in zip(found, expected, strict=True)
    ]
    assert all(b"Content-Type: application/x-content" in head for head, _ in found)
    assert parts[-1] == b"--\r\n"


@pytest.mark.parametrize(("name", "method"), [("text", "GET"), ("stream", "GET"), ("path", "HEAD"), ("path", "POST")])
def test_ranges_that_do_not_apply(files, name, method):
    """Texts, streams of unknown length and other methods have no ranges."""
    assert call(files, f"/{name}", method=method, HTTP_RANGE="bytes=0-0").status == 200


def test_headers_of_a_file(files):
    """A file on disk says its size, name, version and date, the same for HEAD."""
    reply, head = call(files, "/path"), call(files, "/path", method="HEAD")
    assert reply.fields == head.fields
    assert head.body == b""
    assert {
        name: reply.headers[name]
        for name in ("content-length", "last-modified", "accept-ranges", "content-disposition")
    } == {
        "content-length": str(SIZE),
        "last-modified": formatdate(MODIFIED, usegmt=True),
        "accept-ranges": "bytes",
        "content-disposition": 'inline; filename="content.bin"',
    }


def test_unchanged(files):
    """Who has the version that there is gets no other copy of it."""
    tag = call(files, "/path").headers["etag"]
    date, earlier = formatdate(MODIFIED, usegmt=True), formatdate(MODIFIED - 1, usegmt=True)
    for status, environ in [
        (304, {"HTTP_IF_NONE_MATCH": tag}),
        (304, {"HTTP_IF_NONE_MATCH": f'"a", W/{tag}'}),
        (304, {"HTTP_IF_NONE_MATCH": "*"}),
        (200, {"HTTP_IF_NONE_MATCH": '"a"'}),
        (200, {"HTTP_IF_NONE_MATCH": '"a"', "HTTP_IF_MODIFIED_SINCE": date}),
        (304, {"HTTP_IF_MODIFIED_SINCE": date}),
        (200, {"HTTP_IF_MODIFIED_SINCE": earlier}),
        (200, {"HTTP_IF_MODIFIED_SINCE": "yesterday"}),
        (304, {"HTTP_IF_NONE_MATCH": tag, "HTTP_RANGE": "bytes=0-1"}),
    ]:
        reply = call(files, "/path", **environ)
        assert (reply.status, reply.body) == (status, b"" if status == 304 else CONTENT), environ
        assert reply.headers["etag"] == tag
    assert call(files, "/path", method="POST", HTTP_IF_NONE_MATCH=tag).status == 200
    assert call(files, "/created", HTTP_IF_NONE_MATCH=tag).status == 201


def test_own_tag(files):
    """A tag that user code has set counts."""
    assert call(files, "/tagged", HTTP_IF_NONE_MATCH='"mine"').status == 304
    assert call(files, "/tagged").headers["etag"] == '"mine"'


def test_if_range(files):
    """A part is sent only of the version that the client has parts of."""
    tag, date = call(files, "/path").headers["etag"], formatdate(MODIFIED, usegmt=True)
    for value, status in [(tag, 206), (date, 206), ('"a"', 200), (f"W/{tag}", 200), (formatdate(0, usegmt=True), 200)]:
        assert call(files, "/path", HTTP_RANGE="bytes=0-1", HTTP_IF_RANGE=value).status == status, value


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files in /proc")  # noqa: PTH112
@pytest.mark.parametrize(
    "environ", [{}, {"HTTP_RANGE": "bytes=0-1"}, {"HTTP_IF_NONE_MATCH": "*"}, {"REQUEST_METHOD": "HEAD"}]
)
def test_files_are_closed(files, environ):
    """Every file is closed with its call, sent or not."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(3):
        call(files, "/path", **environ)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


class Quiet(WSGIRequestHandler):
    """A handler that does not log."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def address(files):
    """The address of a real server, watched for PEP 3333."""
    server = make_server("127.0.0.1", 0, validator(files), handler_class=Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_over_a_socket(address):
    """A client of HTTP resumes a download and asks again for what it has."""
    with httpx.Client(base_url=address) as client:
        first = client.get("/path")
        assert first.content == CONTENT
        rest = client.get("/path", headers={"Range": f"bytes={SIZE // 2}-", "If-Range": first.headers["etag"]})
        assert (rest.status_code, rest.content) == (206, CONTENT[SIZE // 2 :])
        again = client.get("/path", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.head("/path").headers["content-length"] == str(SIZE)
        assert client.options("/path").status_code == 204
        assert client.get("/stream").content == CONTENT
