"""MessagePack for the fast engine of trees, and its parser to builtins (the specification: msgpack/spec.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import DecodeError
from spyne.codec._native import PARSE_ERRORS, Malformed, NativeFormat
from spyne.codec._tree_any import depth_within
from spyne.codec._tree_format import MSGPACK, MSGPACK_2, MSGPACK_TIMESTAMPS, TreeFormat
from spyne.limits import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from spyne.codec._native import Parse

__all__ = ["NATIVE_MSGPACK", "NATIVE_MSGPACK_2", "NATIVE_MSGPACK_TIMESTAMPS", "msgpack_tree", "native_msgpack"]

_AT_BYTE = re.compile(r"MessagePack data is malformed: (.*) \(byte (\d+)\)", re.DOTALL).fullmatch
_WORDS = (
    ("trailing", "something follows its end"),
    ("opcode", "the byte 0xc1 begins no value"),
    ("hashable", "the key of a map is a map"),
)
_CONTAINERS = bytes((*range(0x80, 0xA0), *range(0xDC, 0xE0)))
"""The bytes that begin an array or a map."""
_STR = ((0xD9, 1), (0xDA, 2), (0xDB, 4))
"""The longer forms of str: the first byte and the size of the length."""
_DIGITS = b"|".join(b"%c[-+.0-9]{%d}" % (0xA0 + length, length) for length in range(1, 32))
_GOOD_DECIMAL = rb"[\x00-\x7f\xc0\xcc-\xd3\xe0-\xff]|" + _DIGITS
"""What may follow the key of a decimal: nil, an integer, or a text of up to 31 digits, as XSD writes them (part 2 §3.2.3)."""


def _malformed(error: Exception, data: bytes) -> Malformed:
    """What a MessagePack parser raised, in words that may go to the client."""
    if isinstance(error, RecursionError | LimitExceeded):
        return Malformed("nests too deep")
    if isinstance(error, UnicodeDecodeError):
        return Malformed("has a text that is not UTF-8")
    if isinstance(error, msgspec.ValidationError):
        return Malformed("has a timestamp that is out of range")
    found = _AT_BYTE(str(error))
    if found is None:
        return Malformed(f"is not well-formed MessagePack: it ends too early (byte {len(data)})")
    what = next((words for key, words in _WORDS if key in found[1]), "something is out of place")
    return Malformed(f"is not well-formed MessagePack: {what} (byte {found[2]})")


class _Extension(Exception):
    """A value of an extension type."""


def _refuse(code: int, data: memoryview) -> Any:
    raise _Extension(code)


def msgpack_tree(max_depth: int) -> Parse:
    """A parser of MessagePack to builtins that raises `DecodeError`, and LimitExceeded for what nests deeper than `max_depth`.

    Timestamps become datetime.datetime, other extension types are refused. Keys become text, whether str, bin or numbers; of one
    that comes twice, the last counts.
    """
    decode = msgspec.msgpack.Decoder(ext_hook=_refuse).decode

    def parse(data: bytes) -> Any:
        try:
            value = decode(data)
        except _Extension as error:
            raise Malformed(f"has a value of the extension type {error.args[0]}, which no type here has") from None
        except PARSE_ERRORS as error:
            raise _malformed(error, data) from None
        try:
            _tidy(value, max_depth, max_depth)
        except RecursionError:
            raise Malformed("nests too deep") from None
        return value

    return parse


def _tidy(value: Any, left: int, limit: int) -> None:
    """Make all keys text, in place, and measure the depth."""
    items: Iterable[Any]
    if type(value) is dict:
        if not left:
            raise LimitExceeded("depth", limit)
        if any(type(key) is not str for key in value):
            named = {_key(key): item for key, item in value.items()}
            value.clear()
            value.update(named)
        items = value.values()
    elif type(value) is list:
        if not left:
            raise LimitExceeded("depth", limit)
        items = value
    else:
        return
    for item in items:
        if type(item) is dict or type(item) is list:
            _tidy(item, left - 1, limit)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bytes):
        try:
            return key.decode()
        except UnicodeDecodeError:
            raise Malformed("has a key that is not UTF-8") from None
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int | float):
        return str(key)
    raise Malformed("has a key that is neither a text nor a number")


def _careful_tree(_: bool, max_depth: int) -> Parse:
    parse = msgpack_tree(max_depth)

    def read(data: bytes) -> Any:
        try:
            return parse(data)
        except LimitExceeded:
            raise DecodeError(f"is nested deeper than max_depth={max_depth}") from None

    return read


def _check_depth(data: bytes, depth: int) -> None:
    """A document with no more bytes than the limit that could begin an array or a map costs a count."""
    if len(data) - len(data.translate(None, _CONTAINERS)) > depth and not depth_within(_decode(data), depth):
        raise LimitExceeded("depth", depth)


_decode = msgspec.msgpack.Decoder().decode


def _misfits(names: Collection[str]) -> Callable[[bytes], bool]:
    searches = [_bad_decimal(name) for name in sorted(names)]
    return lambda data: any(search(data) for search in searches)


def _bad_decimal(name: str) -> Callable[[bytes], object]:
    """A search for a member of this name that both engines may not read alike; more than one way to write the key is unusual."""
    text = name.encode()
    usual = msgspec.msgpack.encode(name)
    heads = [b"%c" % code + len(text).to_bytes(size, "big") for code, size in _STR if len(text) < 1 << 8 * size]
    unusual = b"".join(b"|" + re.escape(head + text) for head in heads if head + text != usual)
    return re.compile(re.escape(usual) + b"(?!" + _GOOD_DECIMAL + b")" + unusual, re.DOTALL).search


_encode = msgspec.msgpack.Encoder().encode


def _encode_texts(value: Any) -> bytes:
    """Moments as text: msgspec writes timestamps by itself."""
    return _encode(msgspec.to_builtins(value, builtin_types=(bytes,)))


def native_msgpack(fmt: TreeFormat, encode_native: Callable[[Any], bytes]) -> NativeFormat:
    """One flavour of MessagePack; all are read alike."""
    return NativeFormat(
        format=fmt,
        decoder=lambda kind: msgspec.msgpack.Decoder(kind).decode,
        tree=_careful_tree,
        encode=_encode,
        encode_native=encode_native,
        malformed=_malformed,
        check_depth=_check_depth,
        check_text=bool,
        misfits=_misfits,
    )


NATIVE_MSGPACK = native_msgpack(MSGPACK, _encode_texts)
NATIVE_MSGPACK_TIMESTAMPS = native_msgpack(MSGPACK_TIMESTAMPS, _encode)
NATIVE_MSGPACK_2 = native_msgpack(MSGPACK_2, _encode)
