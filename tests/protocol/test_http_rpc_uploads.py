"""Files that come with forms: how the service gets them, and what is left of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.protocol.http_calls import FORM_DATA, call, form, part, served

from spyne import Array, ByteArray, Fault, File, Integer, Service, Unicode, rpc

LARGE = b"0123456789abcdef" * 65536


class Uploads(Service):
    seen: list = []

    @rpc(File, Unicode, _returns=Unicode)
    def one(ctx, file, note):
        if file is None:
            return repr((None, note))
        Uploads.seen.append(file)
        assert b"".join(file.data) == b"".join(file.data) == file.read()
        return repr((file.name, file.type, len(file.read()), note))

    @rpc(Array(File), _returns=Unicode)
    def array(ctx, files):
        return repr([(file.name, file.read()) for file in files])

    @rpc(File(max_occurs="unbounded"), _returns=Unicode)
    def repeated(ctx, files):
        return repr([(file.name, file.read()) for file in files])

    @rpc(ByteArray(max_len=4), Unicode, Integer, _returns=Unicode)
    def other(ctx, data, text, number):
        return repr((data, text, number))

    @rpc(File)
    def fail(ctx, file):
        raise Fault("Client.No", "no")

    @rpc(File, _returns=File)
    def back(ctx, file):
        return file

    @rpc(File)
    def move(ctx, file):
        Path(file.path).rename(Path(file.path).with_suffix(".kept"))


def post(application, name, *parts):
    """Return the answer to a form."""
    return call(application, f"/{name}", "", "POST", form(*parts), FORM_DATA)


@pytest.fixture
def application(tmp_path):
    """A service whose temporary files are in a directory of their own."""
    Uploads.seen.clear()
    return served(Uploads, tmp_dir=str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"hello", LARGE], ids=["empty", "small", "large"])
def test_file(application, tmp_path, content):
    """A file has its name, type and content while the call lasts, and nothing is left of it."""
    reply = post(application, "one", part("file", content, "a.txt", "text/x-a"), part("note", b"n"))
    assert reply.body.decode() == repr(("a.txt", "text/x-a", len(content), "n"))
    (file,) = Uploads.seen
    assert (file.path is None) == (content is not LARGE)
    assert file.path is None or Path(file.path).parent == tmp_path
    assert file.handle.closed
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"hello", LARGE], ids=["small", "large"])
def test_kept(tmp_path, content):
    """Where they are not removed, every file is on disk and stays there."""
    application = served(Uploads, tmp_dir=str(tmp_path), tmp_delete_on_close=False)
    assert post(application, "one", part("file", content, "a.txt"), part("note", b"n" * 9)).status == 200
    (path,) = tmp_path.iterdir()
    assert path.read_bytes() == content
    assert (
        post(application, "one", part("file", content, "a.txt"), part("note", b"1"), part("note", b"2")).status == 400
    )
    assert list(tmp_path.iterdir()) == [path], "a request that is refused leaves nothing"


def test_moved_away(application, tmp_path):
    """The service may move a file out of the way."""
    assert post(application, "move", part("file", LARGE, "a.txt")).status == 200
    assert [path.suffix for path in tmp_path.iterdir()] == [".kept"]


@pytest.mark.parametrize("name", ["array", "repeated"])
def test_several_files(application, name):
    """Several files under one name are a list, in order."""
    reply = post(application, name, part("files", b"1", "a"), part("files", b"2", "b"), part("files[0]", b"3", "c"))
    assert reply.body.decode() == repr([("a", b"1"), ("b", b"2"), ("c", b"3")])


def test_names_of_files(application):
    """Directories and what does not show are taken off a file's name."""
    sent = ["../../etc/passwd", "C:\\dir\\a.txt", "..", "a\x07b", "é.txt", 'q\\"t']
    found = []
    for name in sent:
        assert post(application, "one", part("file", b"x", name)).status == 200
        found.append(Uploads.seen.pop().name)
    assert found == ["passwd", "a.txt", None, "ab", "é.txt", 'q"t']


def test_encoded_name(application):
    """A name may be sent in the form of RFC 8187."""
    head = b"Content-Disposition: form-data; name=file; filename=x; filename*=UTF-8''%e2%82%ac%20.txt\r\n\r\nabc"
    assert post(application, "one", head).status == 200
    assert Uploads.seen.pop().name == "€ .txt"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([part("data", b"\xff\x00", "a")], ([b"\xff\x00"], None, None)),
        ([part("data", b"\xff\x00", None, "application/octet-stream")], ([b"\xff\x00"], None, None)),
        ([part("data", b"/wA=")], ([b"\xff\x00"], None, None)),
        ([part("text", "é".encode(), "a"), part("number", b"3", "b")], (None, "é", 3)),
        ([part("data", b"", "")], (None, None, None)),
    ],
)
def test_other_types(application, parts, expected):
    """A file goes into an argument of bytes as it is, into others as text; one that nobody chose is not there."""
    data, text, number = expected
    reply = post(application, "other", *parts)
    assert reply.body.decode() == repr((None if data is None else tuple(data), text, number))


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([part("data", b"12345", "a")], "data: is longer than max_len=4"),
        ([part("text", b"\xff", "a")], "text: is a file that is not text in UTF-8"),
        ([part("number", b"x", "a")], "number: the value 'x' is not an integer (xs:integer)"),
    ],
)
def test_refused(application, tmp_path, parts, text):
    """A file that does not fit its argument is refused, and removed."""
    reply = post(application, "other", *parts)
    assert (reply.status, reply.text) == (400, text)
    assert not list(tmp_path.iterdir())


def test_fault(application, tmp_path):
    """Nothing is left of a file when the method fails."""
    assert post(application, "fail", part("file", LARGE, "a")).status == 400
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"hello", LARGE], ids=["small", "large"])
def test_there_and_back(application, tmp_path, content):
    """A file that came may be what goes back, streamed from where it lies."""
    reply = post(application, "back", part("file", content, "a.txt", "text/x-a"))
    assert (reply.headers["content-type"], reply.headers["content-length"]) == ("text/x-a", str(len(content)))
    assert reply.body == content
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("encoding", "raw"), [("base64", b"aGVs\r\nbG8="), ("quoted-printable", b"he=6Cl=\r\no"), ("8bit", b"hello")]
)
def test_transfer_encodings(application, encoding, raw):
    """Parts may be encoded for transfer, as old senders do."""
    lines = f"Content-Transfer-Encoding: {encoding}"
    post(application, "one", part("file", raw, "a", None, lines))
    assert post(application, "one", part("note", raw, None, None, lines)).body.decode() == repr((None, "hello"))
