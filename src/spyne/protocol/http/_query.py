"""Names and values as requests carry them: queries and forms (WHATWG URL §5.1, RFC 7578), cookies (RFC 6265)."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from spyne.error import InvalidInputError, RequestTooLongError
from spyne.limits import LimitExceeded, Limits, unless_off
from spyne.protocol._multipart import Part, parse_options, read_parts

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Fields", "Upload", "read_cookies", "read_form_data", "read_pairs"]


class Fields(dict[str, list[Any]]):
    """Names with their values, counted."""

    __slots__ = ("left", "most", "name_length")

    def __init__(self, limits: Limits) -> None:
        self.left = self.most = unless_off(limits.fields)
        self.name_length = unless_off(limits.name_length)

    def expect(self, count: int) -> None:
        """Raise RequestTooLongError unless that many more may come."""
        if count > self.left:
            raise _too_long("fields", self.most)

    def add(self, name: str, value: Any) -> None:
        """Take one more. Raises RequestTooLongError."""
        self.left -= 1
        if self.left < 0:
            raise _too_long("fields", self.most)
        if len(name) > self.name_length:
            raise _too_long("name_length", self.name_length)
        if name in self:
            self[name].append(value)
        else:
            self[name] = [value]


def _too_long(limit: str, most: int) -> RequestTooLongError:
    return RequestTooLongError(str(LimitExceeded(limit, most)))


def read_pairs(text: bytes, charset: str, fields: Fields, *, empty_is_null: bool) -> None:
    """The pairs of a query or an urlencoded form. A name without a value has None, and so has an empty one of a form.

    A percent sign that begins no escape stands for itself. Raises InvalidInputError for what is not in the charset.
    """
    if b"%" not in text and b"+" not in text and text.isascii() and charset in _ASCII:
        read_plain_pairs(text.decode("ascii"), fields, empty_is_null=empty_is_null)
        return
    fields.expect(text.count(b"&"))
    for pair in text.split(b"&"):
        if not pair:
            continue
        name, equals, value = pair.partition(b"=")
        null = not equals or (empty_is_null and not value)
        fields.add(_decoded(name, charset), None if null else _decoded(value, charset))


def read_plain_pairs(text: str, fields: Fields, *, empty_is_null: bool) -> None:
    """The same of a text in which nothing is escaped."""
    pairs = text.split("&")
    fields.expect(len(pairs) - 1)
    for pair in pairs:
        if pair:
            name, equals, value = pair.partition("=")
            fields.add(name, value if value or (equals and not empty_is_null) else None)


_ASCII = frozenset({"utf-8", "utf8", "us-ascii", "iso-8859-1"})
"""Charsets in which ASCII is what it is."""


def _decoded(raw: bytes, charset: str) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return text_in(unquote_to_bytes(raw) if b"%" in raw else raw, charset)


def text_in(raw: bytes, charset: str) -> str:
    """The text of bytes in a charset. Raises InvalidInputError for a charset that is not known or does not fit."""
    try:
        return raw.decode(charset)
    except (LookupError, ValueError):
        raise InvalidInputError(
            "the request is not text in the charset that it says, which is UTF-8 unless it says one"
        ) from None


class Upload:
    """A file that came with a form, for the codec: its size, media type and name, and its content."""

    __slots__ = ("content_type", "name", "part", "path", "size")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.size = part.size
        self.content_type = part.content_type
        self.name = part.filename
        self.path = part.path

    def read(self) -> bytes:
        """The whole content."""
        return self.part.bytes()

    def open(self) -> IO[bytes]:
        """The content as a file, at its start."""
        self.part.data.seek(0)
        return self.part.data


def read_form_data(
    blocks: Iterable[bytes], boundary: str | None, limits: Limits, fields: Fields, *, tmp_dir: str | None, keep: bool
) -> list[Part]:
    """The fields of a form of several parts, and those parts that are files, which whoever asks closes.

    A file that nobody chose, without name and content, is not there. Raises as `read_parts` does.
    """
    parts = read_parts(blocks, boundary, limits, tmp_dir=tmp_dir, keep=keep)
    files: list[Part] = []
    try:
        for part in parts:
            if part.name is None:
                raise InvalidInputError("a part of the form has no name")
            if not _is_file(part):
                charset = parse_options(part.content_type or "")[1].get("charset", "utf-8")
                fields.add(part.name, text_in(part.bytes(), charset) or None)
            elif part.size or part.filename:
                fields.add(part.name, Upload(part))
                files.append(part)
    except BaseException:
        release(parts, kept=keep)
        raise
    release([part for part in parts if part not in files], kept=False)
    return files


def _is_file(part: Part) -> bool:
    """Whether a part is a file: it has a name, or is of a type that is not text."""
    if part.filename is not None:
        return True
    return part.content_type is not None and not part.content_type.lower().startswith("text/")


def release(parts: Iterable[Part], *, kept: bool) -> None:
    """Close parts and remove their files. kept: also those that would stay."""
    from pathlib import Path

    for part in parts:
        part.close()
        if kept and part.path is not None:
            Path(part.path).unlink(missing_ok=True)


def read_cookies(texts: Iterable[str]) -> dict[str, list[Any]]:
    """The cookies of Cookie headers; of those that have one name the first counts (RFC 6265 §5.4)."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        for pair in text.split(";"):
            name, equals, value = pair.partition("=")
            if equals:
                found.setdefault(name.strip(), [value.strip().strip('"')])
    return found
