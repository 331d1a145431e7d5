"""JSON as it arrives: ``{"method": {"argument": 1, "rows": [ … ]}}``, the items of the last array decoded while they come in, or an
array that stands alone.

Where an item ends is found by one possessive regular expression over many items at once, which knows strings and brackets and
nothing else; the decoder of the items then checks them. Items that nest deeper than the expression are scanned bracket by bracket.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.codec._base import DecodeError
from spyne.codec._native import Malformed
from spyne.limits import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["JsonCall", "JsonItems", "JsonResult"]

_NESTED = 6
_SPACE = rb"[ \t\r\n]*+"
_STRING = rb'"(?:[^"\\]++|\\.)*+"'


def _containers(levels: int) -> bytes:
    """An array or object with that many levels inside."""
    pattern = rb'[{\[](?:[^"{}\[\]]++|' + _STRING + rb")*+[}\]]"
    for _ in range(levels):
        pattern = rb'[{\[](?:[^"{}\[\]]++|' + _STRING + rb"|" + pattern + rb")*+[}\]]"
    return pattern


_CLOSED = rb"(?:" + _containers(_NESTED) + rb"|" + _STRING + rb")"
_BARE = rb'[^",{}\[\]:\s]++'
_VALUE = rb"(?:" + _CLOSED + rb"|" + _BARE + rb"(?=[\s,\]}]))"
_ITEMS = re.compile(rb"(?:" + _SPACE + _VALUE + _SPACE + rb",)*+(?:" + _SPACE + _VALUE + rb")?+", re.DOTALL)
_ITEM = re.compile(_SPACE + rb"(" + _VALUE + rb")" + _SPACE + rb",?", re.DOTALL)
_KEY = re.compile(_SPACE + rb"(" + _STRING + rb")" + _SPACE + rb":" + _SPACE, re.DOTALL)
_START = re.compile(_SPACE + rb"\{" + _SPACE + rb'"([^"\\\x00-\x1f]{1,256})"' + _SPACE + rb":" + _SPACE + rb"\{")
_BLANK = re.compile(_SPACE)
_TOKEN = re.compile(_STRING + rb'|"|[{\[]|[}\]]', re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
"""A string from its first quote, or from anywhere but the middle of an escape, to its last one or to what has arrived."""
_LONGEST_START = 2048
_LONG = 4096
"""Bytes of a number from which on it is looked at again only when it has grown by a quarter."""
_QUOTE = 0x22
_OPENERS, _CLOSERS, _NO_VALUE = frozenset(b"{["), frozenset(b"}]"), frozenset(b",:]}")


class _Cursor:
    """The text that has arrived and was not used up, and the place in it."""

    __slots__ = ("_depth", "_is_in_string", "_patience", "_scanned", "at", "text")

    def __init__(self) -> None:
        self.text = b""
        self.at = 0
        self._patience = 0
        self._scanned = -1
        self._depth = 0
        self._is_in_string = False

    def add(self, piece: bytes) -> None:
        """Some more has arrived; what is behind the place is let go."""
        self.text = self.text[self.at :] + piece if self.at < len(self.text) else piece
        if self._scanned >= 0:
            self._scanned -= self.at
        self.at = 0

    def skip(self) -> int:
        """Pass white space; the byte that follows, -1 where the text ends."""
        found = _BLANK.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return self.text[self.at] if self.at < len(self.text) else -1

    def value(self) -> int:
        """Where the value that begins here ends, -1 where its end has not arrived."""
        text, at = self.text, self.at
        if self._scanned < 0:
            if len(text) - at < self._patience:
                return -1
            found = _ITEM.match(text, at)
            if found is not None:
                self._patience = 0
                return found.end(1)
            if text[at] not in _OPENERS and text[at] != _QUOTE:
                self._patience = (len(text) - at) * 5 // 4 if len(text) - at > _LONG else 0
                return -1
            self._scanned, self._depth, self._is_in_string = at, 0, False
        end = self._scan()
        if end >= 0:
            self._scanned = -1
        return end

    def _scan(self) -> int:
        """The same token by token, from where the last scan stopped, which may have been inside of a string."""
        text = self.text
        if self._is_in_string and not self._pass_string():
            return -1
        if self._depth == 0 and self._scanned > self.at:  # the value is that string
            return self._scanned
        for token in _TOKEN.finditer(text, self._scanned):
            byte = text[token.start()]
            self._depth += (byte in _OPENERS) - (byte in _CLOSERS)
            if byte == _QUOTE and token.end() - token.start() == 1:
                self._scanned = token.end()
                self._is_in_string = True
                self._pass_string()
                return -1
            if self._depth == 0:
                return token.end()
        self._scanned = len(text)
        return -1

    def _pass_string(self) -> bool:
        """Go on in a string; whether its end has arrived."""
        inside = _INSIDE.match(self.text, self._scanned)
        assert inside is not None
        self._scanned = inside.end()
        if self.text[self._scanned : self._scanned + 1] != b'"':
            return False
        self._scanned += 1
        self._is_in_string = False
        return True

    def close(self) -> None:
        """All has arrived: what is there is looked at once more."""
        self._patience = 0


class JsonItems:
    """The items of an array, and the end of the document behind it.

    decode_many: an array of items as bytes to their values; decode_one: a single one. What they raise is raised with `name` and index.
    phase: where the document is by now; behind: where it is after the array, "end" in a call and "over" alone.
    """

    __slots__ = ("_behind", "_cursor", "_limit", "_many", "_name", "_one", "_phase", "count", "is_closed")

    def __init__(
        self,
        cursor: _Cursor,
        name: str,
        decode_many: Callable[[bytes], list[Any]],
        decode_one: Callable[[bytes], Any],
        limit: int | None,
        phase: str,
        behind: str = "end",
    ) -> None:
        self._behind = behind
        self._cursor = cursor
        self._name = name
        self._many = decode_many
        self._one = decode_one
        self._limit = limit
        self._phase = phase
        self.count = 0
        self.is_closed = False

    def feed(self, piece: bytes) -> None:
        """Some more has arrived."""
        self._cursor.add(piece)

    def close(self) -> None:
        """The document is over; `ready` then gives the last items."""
        self.is_closed = True
        self._cursor.close()

    def ready(self) -> Iterator[Any]:
        """The items that are complete. Raises DecodeError or LimitExceeded."""
        if self._phase == "comma":
            self._next()
        while self._phase in ("first", "item"):
            run = self._run()
            if run is None:
                break
            for value in self._values(*run):
                yield value
                self.count += 1
        self._end()
        if self._limit is not None and len(self._cursor.text) - self._cursor.at > self._limit:
            raise LimitExceeded("stream_item", self._limit)

    def _run(self) -> tuple[bytes, bool] | None:
        """The text of the next items, with commas between them, and whether it is just one; None where no more are complete."""
        cursor = self._cursor
        following = cursor.skip()
        if following == -1:
            return None
        if self._phase == "first" and following == 0x5D:
            self._phase = self._behind
            cursor.at += 1
            return None
        if following in _NO_VALUE:
            raise Malformed("is not well-formed JSON: expected an item").at(self._name)
        start, end = cursor.at, cursor.at
        if cursor._scanned < 0 and not cursor._patience:
            found = _ITEMS.match(cursor.text, start)
            end = found.end() if found is not None else start
        is_one = end == start
        if is_one:
            end = cursor.value()
            if end < 0:
                return None
        cursor.at = end
        if cursor.text[end - 1] == 0x2C:
            self._phase = "item"
            return cursor.text[start : end - 1], is_one
        self._phase = "comma"
        self._next()
        return cursor.text[start:end], is_one

    def _next(self) -> None:
        """What follows an item: a comma, or the end of the array."""
        cursor = self._cursor
        following = cursor.skip()
        if following == -1:
            return
        if following not in (0x2C, 0x5D):
            raise Malformed("is not well-formed JSON: expected ',' or ']' after an item").at(self._name)
        cursor.at += 1
        self._phase = "item" if following == 0x2C else self._behind

    def _values(self, run: bytes, is_one: bool) -> Iterator[Any]:
        try:
            yield from self._many(b"[" + run + b"]")
            return
        except DecodeError:
            pass
        for item in [run] if is_one else _ITEM.findall(run + b","):
            try:
                value = self._one(item)
            except DecodeError as error:
                raise error.at(self._name, self.count) from None
            yield value

    def _end(self) -> None:
        """The brackets behind the array, and nothing after them."""
        cursor = self._cursor
        if self._phase == "end":
            following = cursor.skip()
            if following == 0x2C:
                raise DecodeError(
                    f"must be the last one: nothing may follow {self._name}, which is read while it arrives"
                ).at(self._name)
            self._close("outer", following)
        if self._phase == "outer":
            following = cursor.skip()
            if following == 0x2C:
                raise DecodeError("Need a dictionary with exactly one key as method name.")
            self._close("over", following)
        if self._phase == "over" and cursor.skip() != -1:
            raise Malformed("is not well-formed JSON: it goes on after its end")
        if self.is_closed and self._phase != "over":
            raise Malformed("is not well-formed JSON: it ends too early")

    def _close(self, phase: str, following: int) -> None:
        if following == -1:
            return
        if following != 0x7D:
            raise Malformed("is not well-formed JSON: expected '}' after the last item")
        self._cursor.at += 1
        self._phase = phase


class JsonCall:
    """The beginning of a call, up to its stream.

    find: the name of the stream of a method, None for one without. is_foreign: the document is to be read as a whole. method: its name. head:
    the arguments before the stream, an object as bytes. phase: how the items begin, or that there are none.
    """

    behind: ClassVar[str] = "end"

    __slots__ = ("_find", "_limit", "_members", "_name", "_size", "cursor", "head", "is_foreign", "method", "phase")

    def __init__(self, find: Callable[[str], str | None], limit: int | None) -> None:
        self._find = find
        self._limit = limit
        self._members: list[bytes] = []
        self._name: str | None = None
        self._size = 0
        self.cursor = _Cursor()
        self.method = ""
        self.is_foreign = False
        self.head: bytes | None = None
        self.phase = ""

    @property
    def document(self) -> bytes:
        """The call without its stream."""
        return b"{" + msgspec.json.encode(self.method) + b":" + (self.head or b"{}") + b"}"

    def feed(self, piece: bytes) -> bool:
        """Read on; whether the stream has begun, or there is none. Raises DecodeError or LimitExceeded."""
        self.cursor.add(piece)
        if self._name is None and not self._start():
            return self.is_foreign
        while self.head is None:
            if not self._member():
                break
        self._size += len(piece)
        if self._limit is not None and self._size > self._limit and self.head is None:
            raise LimitExceeded("stream_item", self._limit)
        return self.head is not None

    def _start(self) -> bool:
        cursor = self.cursor
        found = _START.match(cursor.text)
        if found is None:
            self.is_foreign = len(cursor.text) > _LONGEST_START
            return False
        self.method = found[1].decode("utf-8", "replace")
        self._name = self._find(self.method)
        self.is_foreign = self._name is None
        cursor.at = found.end()
        return not self.is_foreign

    def _member(self) -> bool:
        """Pass one member, or find the stream; False where it has not all arrived."""
        cursor = self.cursor
        following = cursor.skip()
        if following == 0x7D:
            cursor.at += 1
            return self._open("outer")
        if following == 0x2C and self._members:
            cursor.at += 1
            following = cursor.skip()
        found = _KEY.match(cursor.text, cursor.at)
        if found is None:
            if following not in (-1, 0x22):
                raise Malformed("is not well-formed JSON: expected the name of an argument")
            return False
        start = cursor.at
        name = _text(found[1])
        cursor.at = found.end()
        if name == self._name:
            return self._stream(start)
        end = cursor.value() if cursor.at < len(cursor.text) else -1
        if end < 0:
            cursor.at = start
            return False
        self._members.append(cursor.text[start:end])
        cursor.at = end
        return True

    def _stream(self, start: int) -> bool:
        cursor = self.cursor
        following = cursor.text[cursor.at : cursor.at + 4]
        if following[:1] == b"[":
            cursor.at += 1
            return self._open("first")
        if following == b"null":
            cursor.at += 4
            return self._open("end")
        if following == b"null"[: len(following)]:
            cursor.at = start
            return False
        raise DecodeError("is not an array").at(self._name or "")

    def _open(self, phase: str) -> bool:
        self.phase = phase
        self.head = b"{" + b",".join(self._members) + b"}"
        return True


class JsonResult:
    """The beginning of a result that stands alone; the attributes are those of `JsonCall`. Whatever is no array is foreign."""

    behind: ClassVar[str] = "over"

    __slots__ = ("cursor", "head", "is_foreign", "phase")

    def __init__(self) -> None:
        self.cursor = _Cursor()
        self.is_foreign = False
        self.head: bytes | None = None
        self.phase = ""

    @property
    def document(self) -> bytes:
        """What stands around the items."""
        return b"[]"

    def feed(self, piece: bytes) -> bool:
        """Read on; whether the array has begun, or there is none."""
        cursor = self.cursor
        cursor.add(piece)
        following = cursor.skip()
        if following == 0x5B:
            cursor.at += 1
            self.head, self.phase = b"{}", "first"
        else:
            self.is_foreign = following != -1
        return following != -1


def _text(key: bytes) -> str:
    try:
        return msgspec.json.decode(key, type=str)
    except msgspec.DecodeError:
        raise Malformed("is not well-formed JSON: the name of an argument is no string") from None
