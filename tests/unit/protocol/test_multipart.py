"""Reading messages of several parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.protocol.http_calls import BOUNDARY, blocks, form, part

from spyne.error import Fault, InvalidInputError, RequestTooLongError
from spyne.limits import Limits
from spyne.protocol._multipart import parse_options, read_parts

SIZES = (1, 2, 7, 64, 100_000)
LARGE = b"\r\n--a-boundar" * 60_000


def read(body, limits=None, size=8192, **options):
    """Return the parts of a body that comes in blocks."""
    return read_parts(blocks(body, size), BOUNDARY, limits or Limits(), **options)


@pytest.mark.parametrize("size", SIZES)
def test_parts(size):
    """Parts are the same whatever the blocks that they come in."""
    body = b"a preamble\r\n" + form(
        part("a", b"1"),
        part("f", b"\r\n--a-boundar\r\n-", "a.txt", "text/x", "X-A: 1", "X-A: 2"),
        b"\r\n\r\nno headers"[2:],
    )
    body += b"an epilogue"
    first, second, third = read(body, size=size)
    assert (first.name, first.filename, first.content_type, first.bytes(), first.size) == ("a", None, None, b"1", 1)
    assert (second.name, second.filename, second.content_type) == ("f", "a.txt", "text/x")
    assert (second.bytes(), second.headers["x-a"]) == (b"\r\n--a-boundar\r\n-", "1, 2")
    assert (third.headers, third.name, third.bytes()) == ({}, None, b"no headers")
    assert first.data.read() == b""


def test_large_part(tmp_path):
    """A large part is a file in the directory, until it is closed."""
    (found,) = read(form(part("f", LARGE, "a")), tmp_dir=str(tmp_path))
    assert [str(path) for path in tmp_path.iterdir()] == [found.path]
    assert found.data.read() == found.bytes() == LARGE
    assert found.size == len(LARGE)
    found.close()
    assert not list(tmp_path.iterdir())
    (found,) = read(form(part("f", b"abcd", "a")), tmp_dir=str(tmp_path), spool_size=3)
    assert found.path is not None
    found.close()


def test_kept_part(tmp_path):
    """Where files are kept, each part but the fields of a form is one, and stays."""
    field, file = read(form(part("a", b"1"), part("f", b"2", "a")), tmp_dir=str(tmp_path), keep=True)
    assert field.path is None
    file.close()
    assert Path(file.path).read_bytes() == b"2"


MALFORMED = {
    "nothing": b"",
    "no boundary": b"hello",
    "long preamble": b"x" * 20_000,
    "cut in a head": form(part("a", b"1"))[:40],
    "cut in a body": form(part("a", b"1"), end=False),
    "cut in the last boundary": form(part("a", b"1"))[:-4],
    "no end of line after the boundary": b"--a-boundaryX\r\n\r\n1\r\n--a-boundary--\r\n",
    "another boundary": form(part("a", b"1"), boundary="other"),
    "a header without a colon": form(b"Content-Disposition\r\n\r\n1"),
    "a header with a blank in its name": form(b"Content Disposition: x\r\n\r\n1"),
    "a header without a name": form(b": x\r\n\r\n1"),
    "a header with a line feed": form(b"X: a\nb\r\n\r\n1"),
    "a header with a null": form(b"X: a\0b\r\n\r\n1"),
    "a folded header": form(b"X: a\r\n b\r\n\r\n1"),
    "a content header twice": form(b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n1"),
    "a parameter twice": form(b'Content-Disposition: form-data; name="a"; name="b"\r\n\r\n1'),
    "an unknown transfer encoding": form(b"Content-Transfer-Encoding: x-uuencode\r\n\r\n1"),
    "no base64": form(b"Content-Transfer-Encoding: base64\r\n\r\n1$"),
    "base64 cut off": form(b"Content-Transfer-Encoding: base64\r\n\r\nYWJ"),
    "base64 after its end": form(b"Content-Transfer-Encoding: base64\r\n\r\nYQ==" + b"YQ==" * 3000),
}


@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed(body, size, tmp_path):
    """What is malformed is the client's fault, and nothing is left of the parts before it."""
    before = form(part("f", LARGE, "a"), end=False)
    for start in (b"", before) if b"boundaryX" not in body else (b"",):
        with pytest.raises(InvalidInputError):
            read(start + body, size=size if not start else 8192, tmp_dir=str(tmp_path), keep=True)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("boundary", [None, "", "a" * 201, "a\r\nb", "é", "a ", "a;b"])
def test_bad_boundary(boundary):
    """A boundary is of the characters that RFC 2046 has for it."""
    with pytest.raises(InvalidInputError, match="boundary"):
        read_parts([b""], boundary, Limits())


@pytest.mark.parametrize(
    ("limits", "body", "named"),
    [
        ({"parts": 2}, form(*[part("f", b"", "a")] * 3), "parts=2"),
        ({"parts": 2}, form(*[b"\r\n"] * 3), "parts=2"),
        ({"fields": 2}, form(*[part("f", b"")] * 3), "fields=2"),
        ({"part_headers": 2}, form(b"A: 1\r\nB: 2\r\nC: 3\r\n\r\n"), "part_headers=2"),
        ({"part_header_size": 9}, form(b"A: 1234567890\r\n\r\n"), "part_header_size=9"),
        ({"part_header_size": 9}, form(b"A1234567890: 1\r\n\r\n"), "part_header_size=9"),
        ({}, form(*[part("f", b"", "a")] * 100_000), "parts=50"),
        ({}, form(b"A: b\r\n" * 100_000 + b"\r\n"), "part_headers=64"),
        ({}, form(b"A: " + b"b" * 10_000_000 + b"\r\n\r\n"), "part_header_size=4096"),
    ],
)
def test_limits(limits, body, named):
    """Parts and their headers are counted while they are read."""
    with pytest.raises(RequestTooLongError, match=named):
        read(body, Limits(**limits))


def test_limits_switched_off():
    """A limit of None is none."""
    off = Limits(parts=None, fields=None, part_headers=None, part_header_size=None)
    assert (
        len(read(form(*[part("f", b"", "a")] * 60, *[part("f", b"")] * 1100, b"A: " + b"b" * 9999 + b"\r\n\r\n"), off))
        == 1161
    )


def test_blocks_that_fail(tmp_path):
    """What reading the request raises goes through, and nothing is left."""

    def failing():
        yield form(part("f", LARGE, "a"), part("g", LARGE, "b"), end=False)
        raise Fault("Client.Test", "enough")

    with pytest.raises(Fault, match="enough"):
        read_parts(failing(), BOUNDARY, Limits(), tmp_dir=str(tmp_path), keep=True)
    assert not list(tmp_path.iterdir())


def test_near_boundaries():
    """A flood of what is almost the boundary is content."""
    flood = (b"\r\n--a-boundarx" * 1000 + b"\r" * 1000 + b"\r\n--a-boundary"[:-1]) * 20
    for size in (3, 4096):
        (found,) = read(form(part("f", flood, "a")), size=size)
        assert found.bytes() == flood


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("multipart/form-data; boundary=abc", ("multipart/form-data", {"boundary": "abc"})),
        (
            'Multipart/X; Boundary="a;b\\"c" ; charset = utf-8',
            ("multipart/x", {"boundary": 'a;b"c', "charset": "utf-8"}),
        ),
        ('form-data; name="C:\\a"', ("form-data", {"name": "C:\\a"})),
        ("a; f*=utf-8'en'%e2%82%ac; f=x", ("a", {"f": "€"})),
        ("a; f*=what'%41; f=x", ("a", {"f": "x"})),
        ("a", ("a", {})),
        ("", ("", {})),
    ],
)
def test_options(value, expected):
    """The parameters of a header's value."""
    assert parse_options(value) == expected
