"""Messages of several parts (RFC 2046 §5.1): forms with files (RFC 7578), SOAP with attachments, MTOM.

A message is read block by block; the content of a large part goes to a temporary file, never to memory.
"""

from __future__ import annotations

import binascii
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import IO, Any, Final, TypeAlias

import msgspec

from spyne.error import InvalidInputError, RequestTooLongError
from spyne.limits import LimitExceeded, Limits, unless_off

__all__ = ["Part", "parse_options", "read_parts"]

File: TypeAlias = IO[bytes]

SPOOL_SIZE: Final = 512 * 1024
"""Bytes of a part that are kept in memory before it becomes a file."""

MAX_PREAMBLE: Final = 16 * 1024
MAX_BOUNDARY: Final = 200
"""RFC 2046 §5.1.1 has 70; some senders use more."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? @]*[0-9A-Za-z'()+_,\-./:=?@]")
_OPTION = re.compile(r";[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|([^;\"]*))")
_ESCAPE = re.compile(r'\\(["\\])')
_BLANKS = b" \t\r\n"

_quiet = logging.getLogger(f"{__name__}.parser")
_quiet.disabled = True  # what the parser says of bad input is in the fault; the parser itself repeats the input


class Part(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One part of a message.

    headers: lower-case name to value; of those that came more than once, values joined by commas. name, filename: from
    Content-Disposition, None where it has none; the file name without directories. content_type: with its parameters, None
    where there is none. data: the content, transfer encoding taken off, as a file at its start. size: bytes of it. path: where
    it lies on disk, None while it is in memory.
    """

    headers: Mapping[str, str]
    name: str | None
    filename: str | None
    content_type: str | None
    data: File
    size: int
    path: str | None = None

    def bytes(self) -> bytes:
        """The whole content."""
        self.data.seek(0)
        return self.data.read()

    def close(self) -> None:
        """Release the content; a temporary file is removed unless it was asked to be kept, or was moved away."""
        with suppress(FileNotFoundError):
            self.data.close()


def read_parts(
    blocks: Iterable[bytes],
    boundary: str | None,
    limits: Limits,
    *,
    tmp_dir: str | None = None,
    keep: bool = False,
    spool_size: int = SPOOL_SIZE,
) -> list[Part]:
    """The parts of a message, in order; whoever asks closes them.

    blocks: the body, piece by piece. boundary: from the Content-Type. limits: parts, part_headers, part_header_size, and fields
    for those parts that are fields of a form. tmp_dir: where the files of parts beyond `spool_size` bytes are made, the
    system's place unless set. keep: make a file of every part that is no field of a form, and leave it there when it is closed.

    Raises InvalidInputError for what is malformed, RequestTooLongError for what passes a limit, and whatever `blocks` raises;
    nothing is left open or on disk then. Needs python-multipart: ``pip install spyne[multipart]``.
    """
    reader = _Reader(limits, tmp_dir, keep, spool_size)
    try:
        reader.feed_all(blocks, _checked_boundary(boundary))
    except BaseException:
        reader.discard()
        raise
    return reader.parts


def parse_options(value: str) -> tuple[str, dict[str, str]]:
    """A header's value and its parameters by lower-case name: ``form-data; name="a"`` (RFC 2045 §5.1, RFC 2231 §4).

    Raises InvalidInputError for a parameter that comes twice.
    """
    first, separator, rest = value.partition(";")
    options: dict[str, str] = {}
    for match in _OPTION.finditer(separator + rest):
        name, quoted, plain = match.groups()
        name = name.lower()
        if name in options:
            raise InvalidInputError("a header has a parameter twice", name)
        options[name] = _ESCAPE.sub(r"\1", quoted) if quoted is not None else plain.strip()
    for name in [name for name in options if name.endswith("*")]:
        text = _extended(options.pop(name))
        if text is not None:
            options[name[:-1]] = text
    return first.strip().lower(), options


def _extended(value: str) -> str | None:
    """A value of the form ``utf-8'en'%e2%82%ac`` (RFC 8187 §3.2), None where it is not one."""
    from urllib.parse import unquote_to_bytes

    charset, _, rest = value.partition("'")
    _, quote, text = rest.partition("'")
    if not quote or charset.lower() not in ("utf-8", "iso-8859-1", "us-ascii"):
        return None
    return unquote_to_bytes(text).decode(charset, "replace")


def _checked_boundary(boundary: str | None) -> bytes:
    if not boundary:
        raise InvalidInputError("the Content-Type of a multipart message has no boundary")
    if len(boundary) > MAX_BOUNDARY or not _BOUNDARY.fullmatch(boundary):
        raise InvalidInputError(
            f"the boundary of a multipart message has up to {MAX_BOUNDARY} of RFC 2046's characters"
        )
    return boundary.encode("ascii")


def _parser_library() -> Any:
    """python-multipart, which only this module needs."""
    try:
        from python_multipart import multipart
    except ImportError:
        raise ImportError(
            "multipart messages need the package python-multipart: pip install spyne[multipart]"
        ) from None
    return multipart


class _Reader:
    """Follows the parser: collects the headers of a part, then its content, and makes a `Part` at its end."""

    def __init__(self, limits: Limits, tmp_dir: str | None, keep: bool, spool_size: int) -> None:
        self.parts: list[Part] = []
        self.limits = limits
        self.tmp_dir = tmp_dir
        self.keep = keep
        self.spool_size = spool_size
        self.sink: _Sink | None = None
        self.write: Callable[[bytes], None] = _ignore
        self.finish: Callable[[], None] = _nothing
        self.headers: dict[str, str] = {}
        self.lines = 0
        self.counts = {"parts": 0, "fields": 0}
        self.field = b""
        self.value = b""
        self.ended = False
        self.about: tuple[str | None, str | None] = (None, None)

    def feed_all(self, blocks: Iterable[bytes], boundary: bytes) -> None:
        """Read the message to its end. What comes after the last boundary is read and left out."""
        library = _parser_library()
        callbacks = {f"on_{name}": getattr(self, name) for name in _CALLBACKS}
        # The parser's own bounds are out of the way; they are checked in `header_begin` and `grow`.
        off = 1 << 30
        parser = library.MultipartParser(boundary, callbacks, max_header_count=off, max_header_size=off)
        parser.logger = _quiet
        try:
            for block in _after_preamble(blocks, b"--" + boundary):
                parser.write(block)
        except library.MultipartParseError:
            raise InvalidInputError("the multipart message is malformed") from None
        if not self.ended:
            raise InvalidInputError("the multipart message ends before its last boundary")

    def discard(self) -> None:
        """Release all that was read."""
        for part in self.parts:
            part.close()
            _remove(part.path)
        if self.sink is not None:
            self.sink.file.close()
            _remove(self.sink.path)

    # --- what the parser calls ---

    def part_begin(self) -> None:
        self.headers = {}
        self.lines = 0

    def header_begin(self) -> None:
        self.lines += 1
        self.check("part_headers", self.lines)
        self.field = self.value = b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self.field += self.grow(data, start, end)

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += self.grow(data, start, end)

    def grow(self, data: bytes, start: int, end: int) -> bytes:
        """The piece of a header line, unless the line becomes too long with it."""
        self.check("part_header_size", len(self.field) + len(self.value) + end - start)
        return data[start:end]

    def header_end(self) -> None:
        name = self.field.decode("ascii").lower()
        text = _header_text(self.value)
        if name not in self.headers:
            self.headers[name] = text
        elif name.startswith("content-"):
            raise InvalidInputError("a part has a header twice", name)
        else:
            self.headers[name] += f", {text}"

    def headers_finished(self) -> None:
        disposition, options = parse_options(self.headers.get("content-disposition", ""))
        name, filename = options.get("name"), options.get("filename")
        self.about = (name, None if filename is None else _base_name(filename))
        is_field = disposition == "form-data" and filename is None
        self.count("fields" if is_field else "parts")
        keep = self.keep and not is_field
        self.sink = _Sink(self.tmp_dir, 0 if keep else self.spool_size, keep=keep)
        self.write, self.finish = _decoded(self.headers.get("content-transfer-encoding", ""), self.sink.write)

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self.write(data[start:end])

    def part_end(self) -> None:
        self.finish()
        sink, self.sink = self.sink, None
        if sink is None:
            raise InvalidInputError("the multipart message is malformed")
        name, filename = self.about
        sink.file.seek(0)
        self.parts.append(
            Part(
                headers=self.headers,
                name=name,
                filename=filename,
                content_type=self.headers.get("content-type") or None,
                data=sink.file,
                size=sink.size,
                path=sink.path,
            )
        )

    def end(self) -> None:
        self.ended = True

    # --- limits ---

    def count(self, limit: str) -> None:
        self.counts[limit] += 1
        self.check(limit, self.counts[limit])

    def check(self, limit: str, found: int) -> None:
        """Raise RequestTooLongError for a number beyond the limit of that name."""
        most = unless_off(getattr(self.limits, limit))
        if found > most:
            raise RequestTooLongError(str(LimitExceeded(limit, most)))


_CALLBACKS = (
    "part_begin",
    "part_data",
    "part_end",
    "header_begin",
    "header_field",
    "header_value",
    "header_end",
    "headers_finished",
    "end",
)


class _Sink:
    """The content of a part while it comes in: in memory up to a size, then in a file."""

    def __init__(self, tmp_dir: str | None, spool_size: int, *, keep: bool) -> None:
        self.file: File = BytesIO()
        self.size = 0
        self.path: str | None = None
        self.tmp_dir = tmp_dir
        self.spool_size = spool_size
        self.keep = keep

    def write(self, data: bytes) -> None:
        """Take some more."""
        self.size += len(data)
        if self.path is None and self.size > self.spool_size:
            self._move_to_disk()
        self.file.write(data)

    def _move_to_disk(self) -> None:
        from tempfile import NamedTemporaryFile

        held = self.file
        file: Any = NamedTemporaryFile(prefix="spyne-", dir=self.tmp_dir, delete=not self.keep)  # noqa: SIM115 - closed with its part
        self.file, self.path = file, file.name
        held.seek(0)
        file.write(held.read())


def _remove(path: str | None) -> None:
    """Remove a file that was to be kept, had the message been good."""
    from pathlib import Path

    if path is not None:
        Path(path).unlink(missing_ok=True)


def _after_preamble(blocks: Iterable[bytes], start: bytes) -> Iterable[bytes]:
    """The body from its first boundary on: what stands before is for readers that do not know MIME (RFC 2046 §5.1.1)."""
    held: bytes | None = b""
    for block in blocks:
        if held is None:
            yield block
            continue
        held += block
        at = 0 if held.startswith(start) else held.find(b"\n" + start) + 1
        if at or held.startswith(start):
            yield held[at:]
            held = None
        elif len(held) > MAX_PREAMBLE:
            break
    if held is not None:
        raise InvalidInputError("the multipart message does not begin with its boundary")


def _header_text(value: bytes) -> str:
    """A header's value as text: UTF-8 as browsers send it, or else Latin-1."""
    if b"\n" in value or b"\0" in value:
        raise InvalidInputError("a header of a part has characters that are not allowed")
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _base_name(filename: str) -> str:
    """The file name without directories and characters that do not show; senders may put anything there (RFC 7578 §4.2)."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable())
    return "" if name in (".", "..") else name


# --- transfer encodings (RFC 2045 §6) ---


def _decoded(encoding: str, write: Callable[[bytes], None]) -> tuple[Callable[[bytes], None], Callable[[], None]]:
    """Functions that take the content as it came and that end it."""
    name = encoding.strip().lower()
    if name in ("", "7bit", "8bit", "binary"):
        return write, _nothing
    if name not in _DECODERS:
        raise InvalidInputError("a part has a Content-Transfer-Encoding that is not known")
    decoder = _DECODERS[name](write)
    return decoder.write, decoder.finish


class _Base64:
    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.held = b""
        self.padded = False
        self.take = write

    def write(self, data: bytes) -> None:
        data = self.held + data.translate(None, _BLANKS)
        whole = len(data) - len(data) % 4
        self.held = data[whole:]
        self._decode(data[:whole])

    def finish(self) -> None:
        self._decode(self.held)

    def _decode(self, data: bytes) -> None:
        try:
            if not data:
                return
            if self.padded:
                raise binascii.Error
            self.padded = data.endswith(b"=")
            self.take(binascii.a2b_base64(data, strict_mode=True))
        except binascii.Error:
            raise InvalidInputError("a part is not the base64 that its header says") from None


class _QuotedPrintable:
    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.held = b""
        self.take = write

    def write(self, data: bytes) -> None:
        """All but the start of an escape at the end."""
        data = self.held + data
        escape = data.find(b"=", max(0, len(data) - 2))
        end = len(data) if escape < 0 else escape
        self.held = data[end:]
        self.take(binascii.a2b_qp(data[:end]))

    def finish(self) -> None:
        self.take(binascii.a2b_qp(self.held))


_DECODERS: dict[str, Any] = {"base64": _Base64, "quoted-printable": _QuotedPrintable}


def _ignore(data: bytes) -> None:
    """No part has begun."""


def _nothing() -> None:
    """Nothing is held back."""
