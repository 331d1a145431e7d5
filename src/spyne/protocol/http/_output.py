"""What HttpRpc answers: a text, bytes, a file, or a stream of them; ranges and conditional requests (RFC 9110 §13, §14)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

import msgspec

from spyne.codec import flat
from spyne.codec._base import EncodeError, Options
from spyne.codec._tree_any import any_encoder
from spyne.codec._tree_format import JSON
from spyne.codec.text import formatter
from spyne.const.http import STATUS
from spyne.error import ResourceNotFoundError
from spyne.model.binary import FileBlocks, FileValue
from spyne.schema import Any as AnyNode
from spyne.schema import Array, Bytes, Field, Scalar, Str, Struct, resolve

if TYPE_CHECKING:
    from spyne.interface._base import Call

__all__ = ["Content", "ResultWriter", "header_writer", "result_writer", "send"]

BLOCK = 64 * 1024
MAX_RANGES = 16
_RANGE = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


class Content(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What is to be sent.

    blocks: the bytes, or pieces of them. handle: the file that they are read from instead. size: bytes of it, None where nobody
    knows. content_type: None leaves it to the protocol. name: of the file. version: tells one content of a file on disk from the
    next, as (seconds since 1970, entity tag). is_file, is_text: what it is; a text is in UTF-8.
    """

    blocks: Iterable[bytes] = ()
    handle: IO[bytes] | None = None
    size: int | None = None
    content_type: str | None = None
    name: str | None = None
    version: tuple[float, str] | None = None
    is_file: bool = False
    is_text: bool = False


# --- from a result to content, compiled once -----------------------------------------------------------------------------------


class ResultWriter(msgspec.Struct, frozen=True, eq=False):
    """How the result of a method is written. problem: why it cannot be, empty where it can. text: the function from a value to
    text, for results that are no more than that.
    """

    write: Callable[[Any], Content]
    problem: str = ""
    text: Callable[[Any], str] | None = None


def result_writer(call: Call, options: Options) -> ResultWriter:
    """The writer of a method's result."""
    results = call.descriptor.results
    if results == 0:
        return ResultWriter(lambda _: Content(size=0))
    if results > 1:
        return _unwritable("several results")
    message = call.response
    node = resolve(message.field.type)
    field = node.fields[0] if message.wrapped and isinstance(node, Struct) else message.field
    return _field_writer(field, options)


def _field_writer(field: Field, options: Options) -> ResultWriter:
    node = resolve(field.type)
    if isinstance(node, Array) and node.stream:
        field, node = node.item, resolve(node.item.type)
        if not isinstance(node, Bytes | Str):
            return _unwritable("a sequence")
    elif field.repeated or isinstance(node, Array):
        return _unwritable("an array")
    if isinstance(node, Bytes):
        return ResultWriter(lambda value: _bytes_content(value))
    if isinstance(node, Scalar):
        text = formatter(node, binary=options.binary_encoding)
        return ResultWriter(_text_writer(text), text=text)
    if isinstance(node, AnyNode) and node.flavour != "dict":
        return ResultWriter(_free_writer(any_encoder(node, options, JSON)))
    return _unwritable("an object")


def _unwritable(what: str) -> ResultWriter:
    problem = f"HttpRpc writes texts, bytes and files, not {what}"

    def refuse(value: Any) -> Content:
        if value is None:
            return Content(size=0)
        raise EncodeError(f"{problem}; give the application another out_protocol, such as JsonDocument()")

    return ResultWriter(refuse, problem)


def _text_writer(text: Callable[[Any], str]) -> Callable[[Any], Content]:
    def write(value: Any) -> Content:
        if value is None:
            return Content(size=0)
        values = value if isinstance(value, Iterator) else (value,)
        return Content(blocks=(text(each).encode() for each in values if each is not None), is_text=True)

    return write


def _free_writer(to_tree: Callable[[Any], Any]) -> Callable[[Any], Content]:
    def write(value: Any) -> Content:
        if value is None or isinstance(value, bytes | bytearray | FileValue | Iterator):
            return _bytes_content(value)
        tree = to_tree(value)
        if isinstance(tree, dict | list):
            raise EncodeError(f"expected a text or bytes, got {type(value).__name__}")
        data = str(tree).encode()
        return Content(blocks=[data], size=len(data), is_text=True)

    return write


def _bytes_content(value: Any) -> Content:
    """Bytes, pieces of them, a generator of them, or a file."""
    if value is None:
        return Content(size=0)
    if isinstance(value, FileValue):
        return _file_content(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return Content(blocks=[bytes(value)], size=len(value))
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise EncodeError(f"expected bytes, got {type(value).__name__}")
    if isinstance(value, list | tuple):
        pieces = [_as_bytes(piece) for piece in value]
        return Content(blocks=pieces, size=sum(map(len, pieces)))
    return Content(blocks=map(_as_bytes, value))


def _as_bytes(piece: Any) -> bytes:
    if isinstance(piece, bytes):
        return piece
    if isinstance(piece, bytearray | memoryview):
        return bytes(piece)
    if isinstance(piece, list | tuple):
        return b"".join(map(_as_bytes, piece))
    raise EncodeError(f"expected bytes, got {type(piece).__name__}")


def _file_content(value: FileValue) -> Content:
    """A file: what it has in memory, else what its handle or its path leads to."""
    about: dict[str, Any] = {"content_type": value.type or None, "name": value.name or None, "is_file": True}
    if value.data is not None and not isinstance(value.data, FileBlocks):
        return msgspec.structs.replace(_bytes_content(value.data), **about)
    handle, version = value.handle, None
    if handle is None:
        if value.path is None:
            return Content(size=0, **about)
        handle, version = _opened(value)
    size = handle.seek(0, os.SEEK_END) if handle.seekable() else None
    return Content(handle=handle, size=size, version=version, **about)


def _opened(value: FileValue) -> tuple[IO[bytes], tuple[float, str]]:
    """The open file of a path and its version. Raises ResourceNotFoundError for one that is not there."""
    try:
        handle = open(value.path or "", "rb")  # noqa: PTH123, SIM115 - pathlib is slow to import; closed with the call
    except (FileNotFoundError, IsADirectoryError):
        raise ResourceNotFoundError(value.name or "file") from None
    state = os.fstat(handle.fileno())
    return handle, (state.st_mtime, f'"{state.st_mtime_ns:x}-{state.st_size:x}"')


# --- headers -------------------------------------------------------------------------------------------------------------------


def header_writer(call: Call, options: Options) -> Callable[[Any, Any], None]:
    """A function that adds the members of header objects to the headers of an answer; it gets the transport and the objects."""
    writers = []
    for field in call.response.headers:
        node = resolve(field.type)
        if isinstance(node, Struct):
            writers.append((node.cls, flat.compile_encoder(field, options, delimiter="-")))

    def write(transport: Any, given: Any) -> None:
        for header in given if isinstance(given, list | tuple) else (given,):
            encode = next((encode for cls, encode in writers if isinstance(header, cls)), None)
            if header is None:
                continue
            if encode is None:
                raise EncodeError(
                    f"the method declares no header for a {type(header).__name__}; name it in _out_header"
                )
            for name, texts in encode(header).items():
                for text in texts:
                    if text is not None:
                        transport.add_header(name, text)

    return write


# --- from content to an answer -------------------------------------------------------------------------------------------------


def send(ctx: Any, content: Content) -> Iterable[bytes]:
    """The body of an answer; what HTTP says of it goes into the transport's status and headers.

    A request for a part of it, or for it only if it is another version, is answered by that (RFC 9110 §13.2.2).
    """
    transport = ctx.transport
    if content.handle is not None:
        ctx.on_close(content.handle.close)
    if not hasattr(transport, "req_method"):  # no HTTP
        return _whole(content)
    if not content.is_file and (content.is_text or content.size == 0 or "range" not in transport.headers):
        return _whole(content)
    headers = transport.resp_headers
    if content.is_file:
        _describe(content, transport, headers)
    if transport.resp_code is None and transport.req_method in ("GET", "HEAD"):
        if _is_known(transport.headers, headers):
            transport.resp_code = STATUS[304]
            return []
        part = _partial(content, transport, headers)
        if part is not None:
            return part
    if type(content.blocks) is not list and content.size is not None:
        headers.setdefault("Content-Length", str(content.size))
    return _whole(content)


def _describe(content: Content, transport: Any, headers: dict[str, Any]) -> None:
    """The headers of a file, but for those that user code has set."""
    if content.name is not None:
        headers.setdefault("Content-Disposition", transport.gen_header("inline", filename=content.name))
    if content.version is not None:
        from email.utils import formatdate  # on demand: it loads sockets

        modified, tag = content.version
        headers.setdefault("ETag", tag)
        headers.setdefault("Last-Modified", formatdate(int(modified), usegmt=True))
    if content.size is not None:
        headers.setdefault("Accept-Ranges", "bytes")


def _whole(content: Content) -> Iterable[bytes]:
    if content.handle is None:
        return content.blocks if isinstance(content.blocks, list | Iterator) else list(content.blocks)
    return _slice(content, 0, content.size)


def _slice(content: Content, start: int, length: int | None) -> Iterator[bytes]:
    """Some of the bytes; all from `start` where the length is not known."""
    if content.handle is None:
        data = b"".join(content.blocks)
        yield data if length is None else data[start : start + length]
        return
    if content.size is not None:
        content.handle.seek(start)
    left = length
    while left is None or left > 0:
        block = content.handle.read(BLOCK if left is None else min(BLOCK, left))
        if not block:
            break
        if left is not None:
            left -= len(block)
        yield block


def _is_known(asked: Any, headers: dict[str, Any]) -> bool:
    """Whether the client has this version already (RFC 9110 §13.1.2, §13.1.3)."""
    tag, modified = _header(headers, "etag"), _header(headers, "last-modified")
    wanted = asked.get("if-none-match")
    if wanted:
        tags = ", ".join(wanted)
        return tag is not None and (tags.strip() == "*" or _opaque(tag) in map(_opaque, _ETAG.findall(tags)))
    since, last = _time(_first(asked, "if-modified-since")), _time(modified)
    return since is not None and last is not None and last <= since


def _header(headers: dict[str, Any], name: str) -> str | None:
    return next((str(value) for each, value in headers.items() if each.lower() == name), None)


def _first(asked: Any, name: str) -> str | None:
    values = asked.get(name)
    return values[0] if values else None


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")


def _time(text: str | None) -> float | None:
    """A date of HTTP as seconds since 1970, None for what is none."""
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


# --- ranges (RFC 9110 §14) -----------------------------------------------------------------------------------------------------


def _partial(content: Content, transport: Any, headers: dict[str, Any]) -> Iterable[bytes] | None:
    """The ranges that were asked for, None where all of the content is the answer."""
    size, asked = content.size, _first(transport.headers, "range")
    if asked is None or size is None or transport.req_method != "GET" or not _is_same(transport.headers, headers):
        return None
    ranges = _ranges(asked, size)
    if ranges is None:
        return None
    if not ranges:
        transport.resp_code = STATUS[416]
        headers["Content-Range"] = f"bytes */{size}"
        return []
    transport.resp_code = STATUS[206]
    if len(ranges) > 1:
        return _several(content, size, ranges, transport)
    ((start, length),) = ranges
    headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    headers["Content-Length"] = str(length)
    return _slice(content, start, length)


def _is_same(asked: Any, headers: dict[str, Any]) -> bool:
    """Whether the range is of the version that there is; without If-Range it is taken to be (RFC 9110 §13.1.5)."""
    wanted = _first(asked, "if-range")
    if wanted is None:
        return True
    wanted = wanted.strip()
    if wanted.endswith('"'):
        return wanted[:1] == '"' and wanted == _header(headers, "etag")
    return wanted == _header(headers, "last-modified")


def _ranges(text: str, size: int) -> list[tuple[int, int]] | None:
    """The ranges as start and length, those beyond the end left out; None for what is none, or too much of it."""
    unit, _, spec = text.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    matches = [_RANGE.fullmatch(each.strip()) for each in spec.split(",", MAX_RANGES)]
    if len(matches) > MAX_RANGES:
        return None
    found = []
    for match in matches:
        if match is None or not (match[1] or match[2]):
            return None
        start, end = int(match[1] or 0), int(match[2]) if match[2] else size - 1
        if not match[1]:
            start, end = max(size - end, 0) if end else size, size - 1
        elif end < start and match[2]:
            return None
        if start < size:
            found.append((start, min(end, size - 1) - start + 1))
    return found if sum(length for _, length in found) <= size else None


def _several(content: Content, size: int, ranges: list[tuple[int, int]], transport: Any) -> Iterator[bytes]:
    """The ranges as parts of one message (RFC 9110 §14.6)."""
    boundary = os.urandom(16).hex()
    kind = transport.mime_type
    transport.mime_type = f"multipart/byteranges; boundary={boundary}"
    content_type = content.content_type or kind

    def parts() -> Iterator[bytes]:
        for start, length in ranges:
            end = start + length - 1
            yield (
                f"--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: bytes {start}-{end}/{size}\r\n\r\n"
            ).encode("latin-1", "replace")
            yield from _slice(content, start, length)
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    return parts()
