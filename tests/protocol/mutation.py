"""Valid messages with something wrong: the strategy that the property tests of all protocols share.

``@given(body=mutated(GOOD, TAKE))`` draws one of the given messages after one to eight wounds: bytes deleted, doubled,
flipped, cut off, overwritten, or taken over from another message, and byte strings put in that parsers stumble over.
``hostile(...)`` draws random bytes as well. The rest is the caller's: whatever came in, the answer is the protocol's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

__all__ = ["INTERESTING", "hostile", "mutated"]

INTERESTING: tuple[bytes, ...] = (
    # numbers at the edges of their kinds
    b"0", b"-1", b"1e999", b"-0", b"NaN", b"Infinity", b"127", b"128", b"65536", b"2147483648", b"9223372036854775808",
    b"1" * 400, b"1_000", b"0x10", b"\xd9\xa1",
    # what text may not hold, and what is no text
    b"\x00", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1b",
    b"\r\n", b"\r\n\r\n", b"\x7f", b"\xe2\x80\xa8", b"\\u0000", b"\\ud800",
    # XML
    b"<", b">", b"&", b"]]>", b"<!--", b"-->", b"<?x y?>", b"<![CDATA[", b"<!DOCTYPE a>", b"&lt;", b"&#0;", b"&#xD800;", b"&a;",
    b' xsi:nil="true"', b' xmlns=""', b' href="#a"', b' id="a"', b"/>", b"<a>", b"</a>",
    # JSON and YAML
    b"null", b"true", b"{", b"}", b"[", b"]", b"[" * 70, b"{}", b"[]", b'""', b",", b":", b'"', b"\\", b": ", b"\n- ", b"&a ",
    b"*a", b"!!python/object:os.system", b"!!binary ", b"<<: *a", b"\n---\n", b"%YAML 9.9\n", b"\t",
    # MessagePack: nil, the reserved byte, and lengths that nothing follows
    b"\xc0", b"\xc1", b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",
    b"\xcf" + b"\xff" * 8, b"\xd3\x80" + b"\x00" * 7, b"\xc7\x00\x01", b"\xd7\xff", b"\x91" * 70, b"\x81" * 70,
    # URLs, forms, multipart
    b"%", b"%00", b"%zz", b"%ff", b"&", b"=", b";", b"+", b"..", b"//", b"[999999999]", b"[-1]", b".a.b", b"--", b"\r\n--", b'";',
    b"; charset=utf-7", b"Content-Length: 1\r\n",
)  # fmt: skip
"""Byte strings that some parser has stumbled over."""

Wound = Callable[[bytes, st.DrawFn, Sequence[bytes]], bytes]
LONGEST = 64  # of a piece that is deleted, doubled or overwritten


def _piece(message: bytes, draw: st.DrawFn) -> tuple[int, int]:
    """The two ends of a piece of the message."""
    start = draw(st.integers(0, len(message)))
    return start, draw(st.integers(start, min(len(message), start + LONGEST)))


def _delete(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    start, end = _piece(message, draw)
    return message[:start] + message[end:]


def _double(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    start, end = _piece(message, draw)
    return message[:start] + message[start:end] * draw(st.integers(2, 40)) + message[end:]


def _flip(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    if not message:
        return message
    at, bit = draw(st.integers(0, len(message) - 1)), draw(st.integers(0, 7))
    return message[:at] + bytes([message[at] ^ 1 << bit]) + message[at + 1 :]


def _truncate(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    return message[: draw(st.integers(0, len(message)))]


def _insert(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    at = draw(st.integers(0, len(message)))
    return message[:at] + draw(st.sampled_from(INTERESTING)) + message[at:]


def _overwrite(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    start, end = _piece(message, draw)
    return message[:start] + draw(st.sampled_from(INTERESTING) | st.binary(max_size=8)) + message[end:]


def _splice(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    """The beginning of the message, and the end of another one or of itself."""
    other = draw(st.sampled_from(others))
    return message[: draw(st.integers(0, len(message)))] + other[draw(st.integers(0, len(other))) :]


def _swap(message: bytes, draw: st.DrawFn, others: Sequence[bytes]) -> bytes:
    """Two neighbouring pieces change places."""
    start, middle = _piece(message, draw)
    end = draw(st.integers(middle, min(len(message), middle + LONGEST)))
    return message[:start] + message[middle:end] + message[start:middle] + message[end:]


WOUNDS: tuple[Wound, ...] = (_insert, _overwrite, _delete, _flip, _truncate, _double, _splice, _swap)


@st.composite
def mutated(draw: st.DrawFn, *messages: bytes, most: int = 8) -> bytes:
    """One of the messages after one to `most` wounds."""
    message = draw(st.sampled_from(messages))
    for wound in draw(st.lists(st.sampled_from(WOUNDS), min_size=1, max_size=most)):
        message = wound(message, draw, messages)
    return message


def hostile(*messages: bytes, most: int = 8) -> st.SearchStrategy[bytes]:
    """Wounded messages, random bytes, and interesting strings one after the other."""
    strings = st.lists(st.sampled_from(INTERESTING), max_size=12).map(b"".join)
    return st.one_of(mutated(*messages, most=most), st.binary(max_size=200), strings)
