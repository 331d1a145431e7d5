"""Bytes and files."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.model._adapt import chain
from spyne.model._base import SimpleModel
from spyne.schema import DeclarationError, nodes
from spyne.util.excerpt import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "BINARY_ENCODING_BASE64",
    "BINARY_ENCODING_HEX",
    "BINARY_ENCODING_URLSAFE_BASE64",
    "BINARY_ENCODING_USE_DEFAULT",
    "ByteArray",
    "File",
    "HybridFileStore",
]

BINARY_ENCODING_BASE64 = "base64"
BINARY_ENCODING_HEX = "hex"
BINARY_ENCODING_URLSAFE_BASE64 = "urlsafe_base64"
BINARY_ENCODING_USE_DEFAULT = None
DEFAULT_MEDIA_TYPE = "application/octet-stream"
BLOCK = 64 * 1024

ENCODINGS: Mapping[Any, str] = {
    None: "base64Binary",
    BINARY_ENCODING_BASE64: "base64Binary",
    BINARY_ENCODING_HEX: "hexBinary",
    BINARY_ENCODING_URLSAFE_BASE64: "string",
}
"""Each encoding's XSD type; the URL-safe alphabet is not in XSD's base64Binary (XSD 1.0 part 2 §3.2.16)."""


class ByteArray(SimpleModel):
    """Bytes as a sequence of chunks: a list of bytes on input, that or bytes on output; XSD base64Binary.

    encoding: base64, hex or urlsafe_base64; unset, the protocol decides.
    """

    _kind = nodes.Bytes
    __type_name__ = "base64Binary"
    Value: ClassVar[Any] = list

    class Attributes(SimpleModel.Attributes):
        """Customizations of binary data; lengths are in bytes."""

        encoding: str | None = None
        min_len: Any = 0
        max_len: Any = float("inf")

    @classmethod
    def _check_attributes(cls) -> None:
        super()._check_attributes()
        if cls.Attributes.encoding not in ENCODINGS:
            raise DeclarationError(
                f"{cls.__name__}(encoding={cls.Attributes.encoding!r}): must be base64, hex or urlsafe_base64"
            )

    @classmethod
    def _variant_namespace(cls, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """An encoding of its own means an XSD type of its own."""
        body = super()._variant_namespace(attributes)
        encoding = attributes.get("encoding")
        if encoding in ENCODINGS and "encoding" in attributes and "__type_name__" not in body:
            body |= {"__type_name__": ENCODINGS[encoding], "__namespace__": nodes.XSD_NAMESPACE}
        return body

    @classmethod
    def _options(cls) -> Mapping[str, Any]:
        return {"encoding": cls.Attributes.encoding}

    @classmethod
    def _load(cls) -> Callable[[Any], Any] | None:
        return chain(_one_chunk, super()._load())

    @classmethod
    def _dump(cls) -> Callable[[Any], Any] | None:
        return chain(super()._dump(), join)


class Bytes(ByteArray):
    """The annotation `bytes`: one bytes object both ways."""

    __type_name__ = "base64Binary"
    Value = bytes

    @classmethod
    def _load(cls) -> Callable[[Any], Any] | None:
        return cls.Attributes.parser


def _one_chunk(data: bytes) -> tuple[bytes]:
    return (data,)


def join(value: Any) -> bytes:
    """The bytes of a value: bytes-like, or an iterable of such.

    Raises TypeError for text, whose encoding nobody knows.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        raise TypeError("binary data must be bytes or a sequence of bytes, not str")
    return b"".join(value)


class FileValue:
    """A file: its name, media type and content, in memory (`data`, chunks of bytes) or on disk (`path`, `handle`).

    move: whether a store may move the file at `path` in place of copying it. Raises ValueError for a `name` with a
    directory part.
    """

    def __init__(
        self,
        name: str | None = None,
        path: str | None = None,
        type: str = DEFAULT_MEDIA_TYPE,
        data: Any = None,
        handle: IO[bytes] | None = None,
        move: bool = False,
        **more: Any,
    ) -> None:
        self.name = name
        if name is not None and _has_directory(name):
            raise invalid_name(name)
        self.path = path
        self.type = type
        self.data = (data,) if isinstance(data, bytes) else data
        self.handle = handle
        self.move = move
        self.abspath = os.path.abspath(path) if path is not None else None  # noqa: PTH100 - pathlib is slow to import
        self.__dict__.update(more)

    def __repr__(self) -> str:
        return f"File.Value(name={self.name!r}, path={self.path!r}, type={self.type!r})"

    def rollover(self) -> None:
        """Open the file at `path` for reading, or write `data` to a temporary file and open that."""
        import tempfile
        from pathlib import Path

        if self.handle is None and self.path is not None:
            self.handle = Path(self.path).open("rb")  # noqa: SIM115 - closed by whoever closes the value
        elif self.handle is None:
            handle: Any = tempfile.NamedTemporaryFile()  # noqa: SIM115 - lives as long as the value
            for chunk in self.data or ():
                handle.write(chunk)
            handle.flush()
            handle.seek(0)
            self.handle, self.path, self.abspath = handle, handle.name, handle.name
        if self.name is None and self.path is not None:
            self.name = Path(self.path).name
        if self.data is None:
            self.data = (self.read(),)

    def read(self) -> bytes:
        """The whole content."""
        from pathlib import Path

        if self.data is not None:
            return join(self.data)
        if self.handle is not None:
            self.handle.seek(0)
            return self.handle.read()
        return Path(self.path).read_bytes() if self.path is not None else b""


def _has_directory(name: str) -> bool:
    return "/" in name or "\\" in name or name in (".", "..") or "\0" in name


def invalid_name(name: str) -> Exception:
    """The error for a file name that would leave its directory."""
    return ValueError(f"the file name '{cut(name)}' must not contain a directory")


class File(SimpleModel):
    """A file, as `File.Value`; XSD base64Binary. type: its media type. mode: BINARY or TEXT, with `encoding` for text."""

    _kind = nodes.Bytes
    _home = "spyne.model.binary"
    __type_name__ = "base64Binary"
    Value: ClassVar[Any] = FileValue
    BINARY = "B"
    TEXT = "T"

    class Attributes(SimpleModel.Attributes):
        """Customizations of files."""

        type: Any = None
        mode: str = "B"
        encoding: str | None = None
        contents: Any = None

    @classmethod
    def _check_attributes(cls) -> None:
        super()._check_attributes()
        if cls.Attributes.mode not in (cls.BINARY, cls.TEXT):
            raise DeclarationError(f"File(mode={cls.Attributes.mode!r}): must be File.BINARY or File.TEXT")

    @classmethod
    def _options(cls) -> Mapping[str, Any]:
        """How formats with attachments hand over and take files without reading them into memory."""
        kind, info = cls._media_type(), cls.Annotations.appinfo
        hints = {
            "load_attachment": chain(lambda attachment: _from_attachment(attachment, kind), cls.Attributes.parser),
            "attach": chain(cls.Attributes.sanitizer, attach),
        }
        return {"hints": hints if info is None else {**hints, "appinfo": info}}

    @classmethod
    def _media_type(cls) -> str | None:
        media_type = cls.Attributes.type
        return media_type if isinstance(media_type, str) else None

    @classmethod
    def _load(cls) -> Callable[[Any], Any] | None:
        kind = cls._media_type() or DEFAULT_MEDIA_TYPE
        return chain(lambda data: FileValue(data=(data,), type=kind), super()._load())

    @classmethod
    def _dump(cls) -> Callable[[Any], Any] | None:
        return chain(super()._dump(), _file_bytes)


class FileBlocks:
    """The content of an open file, or of the one at a path, in blocks; from its start each time it is iterated over."""

    def __init__(self, source: IO[bytes] | str) -> None:
        self.source = source

    def __iter__(self) -> Iterator[bytes]:
        if isinstance(self.source, str):
            with open(self.source, "rb") as handle:  # noqa: PTH123 - pathlib is slow to import
                yield from _blocks(handle)
        else:
            yield from _blocks(self.source)


def _blocks(handle: IO[bytes]) -> Iterator[bytes]:
    handle.seek(0)
    while block := handle.read(BLOCK):
        yield block


def _from_attachment(attachment: Any, kind: str | None) -> FileValue:
    """The file of an attachment, its content on disk; the declared media type counts before the sent one."""
    handle = attachment.open()
    name = (attachment.name or "").replace("\\", "/").rpartition("/")[2]
    return FileValue(
        name=None if not name or _has_directory(name) else name,
        path=getattr(attachment, "path", None),
        type=kind or attachment.content_type or DEFAULT_MEDIA_TYPE,
        data=FileBlocks(handle),
        handle=handle,
    )


def attach(value: Any) -> tuple[Any, int, str | None, str | None]:
    """What is needed to send a file beside a document: bytes or blocks, how many bytes, media type, name."""
    if not isinstance(value, FileValue):
        data = join(value)
        return data, len(data), None, None
    return *_content(value), value.type, value.name


def _content(value: FileValue) -> tuple[Any, int]:
    if value.data is None or isinstance(value.data, FileBlocks):
        if value.handle is not None:
            return FileBlocks(value.handle), value.handle.seek(0, os.SEEK_END)
        if value.path is not None:
            return FileBlocks(value.path), os.stat(value.path).st_size  # noqa: PTH116 - pathlib is slow to import
    data = value.read()
    return data, len(data)


def _file_bytes(value: Any) -> bytes:
    return value.read() if isinstance(value, FileValue) else join(value)


class HybridFileStore(msgspec.Struct, frozen=True):
    """Files in the directory `store_path`, their names and types in a database column of `db_format`."""

    store_path: str
    db_format: str = "json"
    type: Any = None
