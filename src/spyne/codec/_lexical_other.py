"""Text, bytes, UUIDs and enumerations as text."""

from __future__ import annotations

import enum
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64, hexlify, unhexlify
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from spyne.codec._base import DecodeError, EncodeError
from spyne.codec._lexical_facets import one_of
from spyne.codec._lexical_number import SPACE, format_bool, format_decimal, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spyne.schema.nodes import Str

_SPACE_TO_BLANK = str.maketrans(dict.fromkeys("\t\n\r", " "))
_NO_SPACE = str.maketrans(dict.fromkeys(SPACE))
_NO_SPACE_URLSAFE = str.maketrans({**dict.fromkeys(SPACE), "-": "+", "_": "/", "+": "!", "/": "!"})
_TO_URLSAFE = bytes.maketrans(b"+/", b"-_")
_HEX = "[0-9a-fA-F]"
_DASHED = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_match_uuid = re.compile(rf"(?:urn:uuid:)?(?:{_DASHED}|{_HEX}{{32}})|\{{{_DASHED}\}}").fullmatch


def same(text: str) -> str:
    """The text as it is."""
    return text


def replace(text: str) -> str:
    """White space characters to blanks (§4.3.6 `replace`)."""
    return text.translate(_SPACE_TO_BLANK)


def collapse(text: str) -> str:
    """Runs of white space to one blank, none at the ends (§4.3.6 `collapse`)."""
    return " ".join(part for part in text.translate(_SPACE_TO_BLANK).split(" ") if part)


WHITESPACE: dict[str, Callable[[str], str]] = {"preserve": same, "replace": replace, "collapse": collapse}


def read_text(data: bytes, node: Str) -> str:
    """Bytes given in place of a str, in the node's encoding (UTF-8 where it has none)."""
    try:
        return bytes(data).decode(node.encoding or "utf-8", node.encoding_errors)
    except (UnicodeDecodeError, LookupError):
        raise DecodeError(f"is not text in {node.encoding or 'utf-8'}", value=data) from None


def as_text(value: Any, node: Str) -> str:
    """What user code returned for a Str: also bytes, numbers, dates, UUIDs and enum members with such values."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, enum.Enum):
        return as_text(value.value, node)
    if isinstance(value, bool):
        return format_bool(value)
    if isinstance(value, Decimal):
        return format_decimal(value) if value.is_finite() else str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float | UUID):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return read_text(bytes(value), node)
        except DecodeError as error:
            raise EncodeError(f"expected str, got bytes of which it {error.message}") from None
    raise refused("str", value)


def parse_base64(text: str) -> bytes:
    """xs:base64Binary: padding and alphabet are checked, white space is allowed."""
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError:
        pass
    try:
        return a2b_base64(text.translate(_NO_SPACE), strict_mode=True)
    except (Base64Error, ValueError):
        raise DecodeError("is not base64 (xs:base64Binary)", value=text) from None


def parse_urlsafe(text: str) -> bytes:
    """base64 with - and _ (RFC 4648 §5), padded."""
    try:
        return a2b_base64(text.translate(_NO_SPACE_URLSAFE), strict_mode=True)
    except (Base64Error, ValueError):
        raise DecodeError("is not URL-safe base64", value=text) from None


def parse_hex(text: str) -> bytes:
    """xs:hexBinary."""
    try:
        return unhexlify(text.strip(SPACE))
    except ValueError:
        raise DecodeError("is not an even number of hexadecimal digits (xs:hexBinary)", value=text) from None


BYTES_PARSERS: dict[str, Callable[[str], bytes]] = {
    "base64": parse_base64,
    "urlsafe_base64": parse_urlsafe,
    "hex": parse_hex,
}


def as_bytes(value: Any) -> bytes:
    """What user code returned for Bytes: also other buffers and sequences or generators of them."""
    if type(value) is bytes:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Iterable) and not isinstance(value, str | dict):
        try:
            return b"".join(value)
        except TypeError:
            raise EncodeError("expected bytes, got a sequence of something else") from None
    raise refused("bytes", value)


def format_base64(value: Any) -> str:
    """xs:base64Binary on one line."""
    return b2a_base64(as_bytes(value), newline=False).decode()


def format_urlsafe(value: Any) -> str:
    """base64 with - and _ (RFC 4648 §5), padded."""
    return b2a_base64(as_bytes(value), newline=False).translate(_TO_URLSAFE).decode()


def format_hex(value: Any) -> str:
    """xs:hexBinary, lower case as Spyne 2 wrote it."""
    return hexlify(as_bytes(value)).decode()


BYTES_FORMATTERS: dict[str, Callable[[Any], str]] = {
    "base64": format_base64,
    "urlsafe_base64": format_urlsafe,
    "hex": format_hex,
}


def parse_uuid(text: str) -> UUID:
    """36 characters, 32 digits, or either after `urn:uuid:`; braces are accepted."""
    try:
        return msgspec.convert(text, UUID)
    except msgspec.ValidationError:
        trimmed = text.strip(SPACE)
        if not _match_uuid(trimmed):
            raise DecodeError("is not a UUID", value=text) from None
        return UUID(trimmed)


def as_uuid(value: Any) -> UUID:
    """What user code returned for a Uuid: also its text or its 16 bytes."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        try:
            return parse_uuid(value)
        except DecodeError:
            raise EncodeError("expected UUID, got text that is not one") from None
    if isinstance(value, bytes) and len(value) == 16:
        return UUID(bytes=value)
    raise refused("UUID", value)


def format_uuid(value: Any) -> str:
    """The 36 character form."""
    return str(value if type(value) is UUID else as_uuid(value))


def _parse_uuid_int(text: str) -> UUID:
    trimmed = text.strip(SPACE)
    if not (trimmed.isascii() and trimmed.isdigit() and len(trimmed) <= 39 and int(trimmed) < 1 << 128):
        raise DecodeError("is not a UUID as a number", value=text)
    return UUID(int=int(trimmed))


def _parse_uuid_fields(text: str) -> UUID:
    parts = [part.strip(SPACE) for part in text.strip(SPACE + "()[]").split(",")]
    try:
        if len(parts) != 6 or not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in parts):
            raise ValueError
        a, b, c, d, e, f = map(int, parts)
        return UUID(fields=(a, b, c, d, e, f))
    except ValueError:
        raise DecodeError("is not a UUID as six numbers", value=text) from None


def _uuid_bytes(little_endian: bool) -> Callable[[str], UUID]:
    def parse(text: str) -> UUID:
        data = parse_base64(text)
        if len(data) != 16:
            raise DecodeError("is not a UUID as 16 bytes", value=text)
        return UUID(bytes_le=data) if little_endian else UUID(bytes=data)

    return parse


# `serialize_as` of Uuid: how it is read and written as text.
UUID_FORMS: dict[str, tuple[Callable[[str], UUID], Callable[[Any], str]]] = {
    "hex": (parse_uuid, lambda value: as_uuid(value).hex),
    "urn": (parse_uuid, lambda value: as_uuid(value).urn),
    "int": (_parse_uuid_int, lambda value: str(as_uuid(value).int)),
    "bytes": (_uuid_bytes(False), lambda value: format_base64(as_uuid(value).bytes)),
    "bytes_le": (_uuid_bytes(True), lambda value: format_base64(as_uuid(value).bytes_le)),
    "fields": (_parse_uuid_fields, lambda value: ",".join(map(str, as_uuid(value).fields))),
}


def enum_parser(members: Mapping[str, Any]) -> Callable[[str], Any]:
    """The member of a wire text."""
    message = one_of(members)
    known = dict(members)

    def parse(text: str) -> Any:
        try:
            return known[text]
        except KeyError:
            trimmed = text.strip(SPACE)
            if trimmed in known:
                return known[trimmed]
            raise DecodeError(message, value=text) from None

    return parse


def enum_formatter(members: Mapping[str, Any]) -> Callable[[Any], str]:
    """The wire text of a member; the text itself is accepted too."""
    by_value: dict[Any, str] = {}
    unhashable: list[tuple[Any, str]] = []
    for text, value in members.items():
        try:
            by_value.setdefault(value, text)
        except TypeError:
            unhashable.append((value, text))
    message = f"expected a value that {one_of(members)}".replace("that is not one", "that is one")

    def write(value: Any) -> str:
        try:
            found = by_value.get(value)
        except TypeError:
            found = next((text for known, text in unhashable if known == value), None)
        if found is not None:
            return found
        if isinstance(value, str) and str.__str__(value) in members:
            return str.__str__(value)
        raise EncodeError(f"{message}; got {type(value).__name__}")

    return write
