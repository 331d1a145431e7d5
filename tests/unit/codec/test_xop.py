from __future__ import annotations

import io

import pytest
from lxml import etree

from spyne.codec import _xop, xml_decode, xml_fast
from spyne.codec._base import DecodeError, Options
from spyne.codec._xml_names import Element
from spyne.codec.xml_encode import compile_encoder
from spyne.model.binary import BINARY_ENCODING_HEX, ByteArray, File
from spyne.model.complex import Array, ComplexModel
from spyne.schema import Lowering, Place

XOP = "http://www.w3.org/2004/08/xop/include"
DATA = b"\x00\xff" * 40


class Part:
    """An attachment in memory, as a reader of multipart messages hands it over."""

    def __init__(self, data: bytes, content_type: str | None = None, name: str | None = None) -> None:
        self.data, self.size, self.content_type, self.name = data, len(data), content_type, name
        self.reads = 0

    def read(self) -> bytes:
        self.reads += 1
        return self.data

    def open(self) -> io.BytesIO:
        return io.BytesIO(self.data)


class Holder(ComplexModel):
    __namespace__ = "tns"
    short = ByteArray(max_len=10, min_len=2)
    plain = bytes
    doc = File
    many = Array(ByteArray)
    hexed = ByteArray(encoding=BINARY_ENCODING_HEX)


FIELD = Lowering(default_namespace="tns").field(Holder, Place("A", "tns", "f"))
DECODERS = [xml_fast.compile, xml_decode.compile_decoder]


def include(href: str = "cid:a%40b") -> str:
    return f'<xop:Include xmlns:xop="{XOP}" href="{href}"/>'


def decode(make, text, parts, *, validate=True):
    token = _xop.ATTACHMENTS.set(None if parts is None else parts.get)
    try:
        return make(FIELD, Options(validate=validate))(etree.fromstring(f'<Holder xmlns="tns">{text}</Holder>'))
    finally:
        _xop.ATTACHMENTS.reset(token)


@pytest.mark.parametrize("make", DECODERS)
def test_read(make):
    """An xop:Include gives the attachment's bytes wherever bytes may stand, alone or between white space and comments."""
    part = Part(DATA)
    text = (
        f"<plain>{include()}</plain><many><base64Binary> {include()}<!-- here -->\n</base64Binary>"
        f"<base64Binary>AAE=</base64Binary></many><hexed>{include('CID:a@b')}</hexed>"
    )
    found = decode(make, text, {"a@b": part})
    assert (found.plain, found.many, found.hexed) == (DATA, [(DATA,), (b"\x00\x01",)], (DATA,))
    assert part.reads == 3


@pytest.mark.parametrize("make", DECODERS)
@pytest.mark.parametrize(
    ("sent", "name"), [("a.txt", "a.txt"), ("../../etc/passwd", "passwd"), ("C:\\x\\a.txt", "a.txt"), ("..", None)]
)
def test_read_file(make, sent, name):
    """A File takes the attachment's open file, type and name without its directory, and reads nothing until asked."""
    part = Part(DATA, "image/png", sent)
    found = decode(make, f"<doc>{include()}</doc>", {"a@b": part}).doc
    assert (found.name, found.type, part.reads) == (name, "image/png", 0)
    assert (found.read(), b"".join(found.data), found.handle is not None) == (DATA, DATA, True)


WRONG = {
    "unknown": (f"<plain>{include('cid:x')}</plain>", "that is not in the message"),
    "scheme": (f"<plain>{include('http://example.com/x')}</plain>", "does not name an attachment by cid:"),
    "file": (f"<doc>{include('file:///etc/passwd')}</doc>", "does not name an attachment by cid:"),
    "no href": (f'<plain><Include xmlns="{XOP}"/></plain>', "does not name an attachment by cid:"),
    "text": (f"<plain>AAE={include()}</plain>", "has other content beside its xop:Include"),
    "two": (f"<plain>{include()}{include()}</plain>", "has other content beside its xop:Include"),
    "other element": ("<plain><b/></plain>", "has child elements where text is expected"),
    "too long": (f"<short>{include()}</short>", "is longer than max_len=10"),
    "too short": (f"<short>{include('cid:one')}</short>", "is shorter than min_len=2"),
}


@pytest.mark.parametrize("make", DECODERS)
@pytest.mark.parametrize("case", WRONG)
def test_refused(make, case):
    """What names no attachment, or one that breaks a facet, is refused by a rule and without the content."""
    text, rule = WRONG[case]
    with pytest.raises(DecodeError) as error:
        decode(make, text, {"a@b": Part(DATA), "one": Part(b"1")})
    assert rule in error.value.message
    assert error.value.where() in ("plain", "doc", "short")
    assert not isinstance(error.value.value, bytes)


@pytest.mark.parametrize("make", DECODERS)
def test_no_attachments(make):
    """In a message that is no multipart an xop:Include is refused."""
    with pytest.raises(DecodeError, match="without attachments"):
        decode(make, f"<plain>{include()}</plain>", None)


def test_counted_once():
    """A reference is looked up once, also where the fast decoder would have had to give up."""
    asked: list[str] = []

    def lookup(cid: str) -> Part:
        asked.append(cid)
        return Part(DATA)

    token = _xop.ATTACHMENTS.set(lookup)
    try:
        with pytest.raises(DecodeError):
            xml_fast.compile(FIELD, Options(validate=True))(
                etree.fromstring(f'<Holder xmlns="tns"><plain>{include()}</plain><hexed>zz</hexed></Holder>')
            )
    finally:
        _xop.ATTACHMENTS.reset(token)
    assert asked == ["a@b"]


def test_inline():
    """For a validator of schemas the contents are put in place as base64."""
    root = etree.fromstring(f"<a><b>{include()}</b></a>")
    token = _xop.ATTACHMENTS.set({"a@b": Part(b"\x00\x01")}.get)
    try:
        _xop.inline(root)
    finally:
        _xop.ATTACHMENTS.reset(token)
    assert etree.tostring(root) == b"<a><b>AAE=</b></a>"


class Collector:
    """Takes contents of at least `threshold` bytes."""

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold
        self.parts: list[tuple[object, int]] = []

    def __call__(self, content, size, media_type, name):
        if size < self.threshold:
            return None
        self.parts.append((content, size))
        return f"{len(self.parts)} é@x"


def encode(value, collector, options=None):
    write = compile_encoder(FIELD, Element("tns", "Holder"), options or Options(xop=True), {"tns": "t"})
    token = _xop.COLLECT.set(collector)
    try:
        return etree.fromstring(write(value).replace("<t:Holder", '<t:Holder xmlns:t="tns"', 1))
    finally:
        _xop.COLLECT.reset(token)


def test_written():
    """Long base64 goes to the collector, in chunks or not; short and hexadecimal data stay inline."""
    collect = Collector(10)
    value = Holder(plain=DATA, many=[(DATA[:40], DATA[40:]), iter([b"\x00", b"\x01"])], hexed=DATA)
    root = encode(value, collect)
    assert collect.parts == [(DATA, 80), (DATA, 80)]
    hrefs = [each.get("href") for each in root.iter(_xop.INCLUDE)]
    assert hrefs == ["cid:1%20%C3%A9@x", "cid:2%20%C3%A9@x"]
    assert [each.text for each in root.iter("{*}base64Binary")] == [None, "AAE="]
    assert root.find("{*}hexed").text == DATA.hex()


@pytest.mark.parametrize("threshold", [1, 1000])
def test_written_file(tmp_path, threshold):
    """A file on disk is handed over as blocks and read when they are asked for; below the threshold it is inline."""
    path = tmp_path / "x.bin"
    path.write_bytes(DATA)
    with path.open("rb") as handle:
        for value in (File.Value(path=str(path)), File.Value(handle=handle), File.Value(data=iter([DATA]))):
            collect = Collector(threshold)
            root = encode(Holder(doc=value), collect)
            assert [(b"".join(c) if not isinstance(c, bytes) else c, n) for c, n in collect.parts] == [
                (DATA, len(DATA))
            ] * (threshold == 1)
            assert bool(root.find("{*}doc").text) is (threshold != 1)


def test_option_and_collector():
    """Without the option, or without a collector, everything is inline."""
    collect = Collector(1)
    assert encode(Holder(plain=b"\x00\x01"), collect, Options()).find("{*}plain").text == "AAE="
    assert encode(Holder(plain=b"\x00\x01"), None).find("{*}plain").text == "AAE="
    assert not collect.parts
