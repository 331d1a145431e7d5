from __future__ import annotations

from pathlib import Path

import pytest

from spyne.codec.text import formatter, parser
from spyne.model.binary import (
    BINARY_ENCODING_BASE64,
    BINARY_ENCODING_HEX,
    BINARY_ENCODING_URLSAFE_BASE64,
    ByteArray,
    File,
    HybridFileStore,
)
from spyne.model.primitive import NATIVE_MAP
from spyne.schema import DeclarationError, Lowering, Place, nodes

DATA = b"\xfb\xff\xfe"
TYPES = [
    (ByteArray, "base64Binary", "+//+"),
    (ByteArray(encoding=BINARY_ENCODING_BASE64), "base64Binary", "+//+"),
    (ByteArray(encoding=BINARY_ENCODING_HEX), "hexBinary", "fbfffe"),
    (ByteArray(encoding=BINARY_ENCODING_URLSAFE_BASE64), "string", "-__-"),
    (ByteArray(min_occurs=1), "base64Binary", "+//+"),
]


def node_of(tp):
    return Lowering(default_namespace="tns").field(tp, Place("A", "tns", "f")).type


@pytest.mark.parametrize(("tp", "name", "text"), TYPES)
def test_encodings(tp, name, text):
    """Each encoding has its XSD type and its text; input is a tuple of one chunk, output bytes or chunks."""
    node = node_of(tp)
    assert (type(node), node.name, node.namespace) == (nodes.Bytes, name, nodes.XSD_NAMESPACE)
    read = parser(node, validate=True)(text)
    assert read == (DATA,)
    for value in (DATA, [DATA], (DATA[:1], DATA[1:]), bytearray(DATA), memoryview(DATA), iter([DATA])):
        assert formatter(node)(value).lower() == text.lower()


def test_native_bytes():
    """The annotation bytes gives bytes, not chunks."""
    node = node_of(NATIVE_MAP[bytes])
    assert parser(node, validate=True)("+//+") == DATA
    assert formatter(node)(DATA) == "+//+"


def test_text_is_not_binary():
    """A str is refused on output: nobody knows its encoding."""
    with pytest.raises(TypeError):
        formatter(node_of(ByteArray))("abc")


@pytest.mark.parametrize(
    "declare", [lambda: ByteArray(encoding="rot13"), lambda: ByteArray(min_len=-1), lambda: File(mode="X")]
)
def test_mistakes(declare):
    """Unknown encodings, modes and impossible lengths are refused where they are declared."""
    with pytest.raises(DeclarationError):
        declare()


def test_named_variant():
    """A restricted and named variant lives in the namespace that Spyne 2 gave it."""
    node = node_of(ByteArray(type_name="Three", max_len=3))
    assert (node.name, node.namespace, node.base.name, node.facets.max_len) == (
        "Three",
        "spyne.model.binary",
        "base64Binary",
        3,
    )


def test_file_round_trip(tmp_path: Path):
    """A file is read as a File.Value and written from memory, from an open handle or from its path."""
    path = tmp_path / "x.bin"
    path.write_bytes(DATA)
    node = node_of(File(type="image/png"))
    value = parser(node, validate=True)("+//+")
    assert (value.read(), value.type) == (DATA, "image/png")
    with path.open("rb") as handle:
        for out in (File.Value(data=[DATA]), File.Value(path=str(path)), File.Value(handle=handle), DATA, [DATA]):
            assert formatter(node)(out) == "+//+"


def test_rollover(tmp_path: Path):
    """Rollover gives data in memory a file, and a file on disk its data and its name."""
    memory = File.Value(name="a.txt", data=[b"x", b"y"])
    memory.rollover()
    assert Path(memory.path).read_bytes() == b"xy"
    assert memory.handle.read() == b"xy"
    memory.handle.close()
    path = tmp_path / "b.txt"
    path.write_bytes(DATA)
    disk = File.Value(path=str(path))
    disk.rollover()
    assert (disk.name, b"".join(disk.data), disk.abspath) == ("b.txt", DATA, str(path))
    disk.handle.close()


@pytest.mark.parametrize("name", ["a/b", "/x", "..", "a\\b", ".", "a\0b"])
def test_file_names_have_no_directory(name):
    """A name that would leave its directory is refused as the client's mistake."""
    with pytest.raises(ValueError, match=r"directory|name"):
        File.Value(name=name)


def test_file_store_is_a_record():
    """HybridFileStore is what the database layer reads."""
    store = HybridFileStore("/files", type=File)
    assert (store.store_path, store.db_format, store.type) == ("/files", "json", File)
