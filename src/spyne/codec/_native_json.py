"""JSON for the fast engine of trees, and its parsers to builtins."""

from __future__ import annotations

import decimal
import re
from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import DecodeError, cut
from spyne.codec._native import PARSE_ERRORS, Malformed, NativeFormat
from spyne.codec._tree_format import JSON
from spyne.codec.json_input import check_depth
from spyne.limits import LimitExceeded, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from spyne.codec._native import Parse

__all__ = ["NATIVE_JSON", "json_tree", "reject_duplicates"]

# What may follow the key of a decimal. The decoder has found that the string is a number to Python's Decimal already, which
# would also take `1_0`, `1e5` or `NaN`; of the characters allowed here it takes only what XSD does (part 2 §3.2.3).
_GOOD_DECIMAL = rb'[ \t\r\n]*(?:"[-+.0-9]{1,1024}"|-?[0-9.]{1,1000}[,}\] \t\r\n]|null)'
_AT_BYTE = re.compile(r"JSON is malformed: (.*) \(byte (\d+)\)").fullmatch
_HALF_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])").search
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]").search


def _malformed(error: Exception, data: bytes) -> Malformed:
    """What a JSON parser raised, in words that may go to the client."""
    if isinstance(error, RecursionError | LimitExceeded):
        return Malformed("nests too deep")
    if isinstance(error, UnicodeDecodeError):
        return Malformed("is not UTF-8")
    if not isinstance(error, msgspec.DecodeError) or isinstance(error, msgspec.ValidationError):
        return Malformed("has a number that is out of range")
    said = str(error)
    found = _AT_BYTE(said)
    if "surrogate" in said or (found is None and _HALF_PAIR(data.replace(rb"\\", b""))):
        return Malformed("has half of a surrogate pair" + (f" (byte {found[2]})" if found else ""))
    what, place = (found[1], found[2]) if found else ("it ends too early", len(data))
    return Malformed(f"is not well-formed JSON: {what} (byte {place})")


def json_tree(*, exact: bool = False) -> Parse:
    """A parser of JSON to builtins that raises `DecodeError`. exact: numbers with a point or exponent as decimal.Decimal."""
    decode = (msgspec.json.Decoder(float_hook=decimal.Decimal) if exact else msgspec.json.Decoder()).decode

    def parse(data: bytes) -> Any:
        try:
            return decode(data)
        except PARSE_ERRORS as error:
            raise _malformed(error, data) from None

    return parse


def _check_depth(data: bytes, depth: int) -> None:
    check_depth(data, Limits(depth=depth))


def _check_text(data: bytes) -> None:
    if not data.isascii():
        str(data, "utf-8")  # msgspec does not look into members that it skips


def _misfits(names: Collection[str]) -> Callable[[bytes], bool]:
    searches = [_bad_decimal(name) for name in sorted(names)]
    return lambda data: _has_spelled_key(data) or any(search(data) for search in searches)


def _bad_decimal(name: str) -> Callable[[bytes], object]:
    """A search for a member of this name that both engines may not read alike."""
    return re.compile(re.escape(msgspec.json.encode(name)) + rb"[ \t\r\n]*:(?!" + _GOOD_DECIMAL + rb")").search


def _has_spelled_key(data: bytes) -> bool:
    """Whether a key may be written with escapes, so that a search for it would miss it."""
    return b"\\" in data and _ESCAPED_ASCII(data) is not None


_encode = msgspec.json.Encoder().encode

NATIVE_JSON = NativeFormat(
    format=JSON,
    decoder=lambda kind: msgspec.json.Decoder(kind).decode,
    tree=lambda exact, _: json_tree(exact=exact),
    encode=_encode,
    encode_native=_encode,
    malformed=_malformed,
    check_depth=_check_depth,
    check_text=_check_text,
    misfits=_misfits,
)


def reject_duplicates(data: bytes) -> None:
    """Raise `DecodeError` if an object in the JSON text has a key twice (RFC 8259 §4 leaves its meaning open)."""
    import json  # only applications that ask for it pay for it

    def pairs(found: list[tuple[str, Any]]) -> None:
        names: set[str] = set()
        for name, _ in found:
            if name in names:
                raise DecodeError(f"has the key '{cut(name)}' twice")
            names.add(name)

    try:
        json.loads(data, object_pairs_hook=pairs, parse_int=str, parse_float=str)
    except RecursionError:
        raise Malformed("nests too deep") from None
    except DecodeError:
        raise
    except ValueError:
        raise Malformed("is not well-formed JSON") from None
