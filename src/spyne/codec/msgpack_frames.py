"""A stream of MessagePack, cut into its messages as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from spyne.codec._native import Malformed
from spyne.limits import LimitExceeded, Limits, unless_off

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Frames", "message_id"]

_SIZES = {
    **dict.fromkeys((*range(0x80), *range(0xE0, 0x100), 0xC0, 0xC2, 0xC3), 1),
    **{0xA0 + length: 1 + length for length in range(32)},
    0xCA: 5,
    0xCB: 9,
    0xCC: 2,
    0xCD: 3,
    0xCE: 5,
    0xCF: 9,
    0xD0: 2,
    0xD1: 3,
    0xD2: 5,
    0xD3: 9,
    0xD4: 3,
    0xD5: 4,
    0xD6: 6,
    0xD7: 10,
    0xD8: 18,
}
_FIXED = bytes(_SIZES.get(code, 0) for code in range(256))
"""Bytes of a value by its first one, 0 where that does not say."""
_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4}
"""Bytes of the length of str, bin and ext."""
_EXTENSIONS = frozenset({0xC7, 0xC8, 0xC9})
_COUNTS = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}
"""Bytes of the number of entries of arrays and maps, and the values of an entry."""


class Frames:
    """Finds where messages end, looking at each byte of a header once and never at those of a text.

    It holds at most one message that is not complete. Only the limits ``body``, of one message, and ``depth`` count.
    """

    def __init__(self, limits: Limits) -> None:
        self._most = unless_off(limits.body)
        self._limits = limits
        self._deepest = unless_off(limits.depth)
        self._data = bytearray()
        self._at = 0  # where the next value begins; past the end of the data while a text is coming
        self._left = 1  # values to come on this level
        self._outer: list[int] = []  # and on those around it

    @property
    def pending(self) -> int:
        """Bytes of the message that is not complete yet."""
        return len(self._data)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that are complete now, which must all be taken before more is fed. Raises Malformed for what is no MessagePack,
        LimitExceeded for what is too large; nothing more can be read after that.
        """
        self._data += data
        begin = 0
        try:
            while self._scan(begin):
                message = bytes(self._data[begin : self._at])
                begin, self._left = self._at, 1
                yield message
        finally:
            del self._data[:begin]
            self._at -= begin

    def _scan(self, begin: int) -> bool:
        """Go on to the end of the message, or of the data: whether the message is complete."""
        data, at, left, outer = self._data, self._at, self._left, self._outer
        size = len(data)
        while left and at < size:
            code = data[at]
            step = _FIXED[code]
            if step:
                at += step
                left -= 1
            elif code in _LENGTHS:
                head = at + 1 + _LENGTHS[code]
                if head > size:
                    break
                at = head + int.from_bytes(data[at + 1 : head], "big") + (code in _EXTENSIONS)
                left -= 1
            else:
                found = self._entries(at, size)
                if found is None:
                    break
                at, count = found
                outer.append(left - 1)
                left = count
                if len(outer) > self._deepest:
                    raise LimitExceeded("depth", self._deepest)
                if at + count - begin > self._most:
                    raise LimitExceeded("body", self._most)
            while not left and outer:
                left = outer.pop()
        self._at, self._left = at, left
        if max(at, size if left else at) - begin > self._most:
            raise LimitExceeded("body", self._most)
        return not left and at <= size

    def _entries(self, at: int, size: int) -> tuple[int, int] | None:
        """Where the first entry of an array or a map begins, and how many values there are; None while the header is cut off."""
        code = self._data[at]
        if code < 0x90:
            return at + 1, (code & 15) * 2
        if code < 0xA0:
            return at + 1, code & 15
        if code not in _COUNTS:
            raise Malformed("is not well-formed MessagePack: the byte 0xc1 begins no value")
        length, values = _COUNTS[code]
        head = at + 1 + length
        return None if head > size else (head, int.from_bytes(self._data[at + 1 : head], "big") * values)


_parts = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_number = msgspec.msgpack.Decoder(int).decode


def message_id(message: bytes) -> int | None:
    """The second item of a message, where msgpack-rpc has its number; None for anything else."""
    try:
        return _number(_parts(message)[1])
    except (msgspec.MsgspecError, RecursionError, IndexError):
        return None
