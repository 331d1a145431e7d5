"""Frames: streams of MessagePack are cut where messages end, whatever the pieces they come in."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spyne.codec._base import DecodeError
from spyne.codec.msgpack_frames import Frames, message_id
from spyne.limits import LimitExceeded, Limits

pack = msgspec.msgpack.encode
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=300)
    | st.binary(max_size=300)
    | st.builds(msgspec.msgpack.Ext, st.integers(-128, 127), st.binary(max_size=40)),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=20),
    max_leaves=40,
)


@given(values=st.lists(VALUES, max_size=6), sizes=st.lists(st.integers(1, 400), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_messages_are_found_in_any_pieces(values, sizes):
    """What was written comes out again, message by message, and nothing is left."""
    messages = [pack(value) for value in values]
    stream, frames, found, at = b"".join(messages), Frames(Limits()), [], 0
    while at < len(stream):
        for size in sizes:
            found += frames.feed(stream[at : at + size])
            at += size
    assert found == messages
    assert frames.pending == 0


HEADERS = {
    b"\xc4\x01": 1, b"\xc5\x00\x01": 1, b"\xc6\x00\x00\x00\x01": 1, b"\xd9\x01": 1, b"\xda\x00\x01": 1, b"\xdb\x00\x00\x00\x01": 1,
    b"\xc7\x01\x05": 1, b"\xc8\x00\x01\x05": 1, b"\xc9\x00\x00\x00\x01\x05": 1, b"\xd4\x05": 1, b"\xd5\x05": 2, b"\xd6\x05": 4, b"\xd7\x05": 8,
    b"\xd8\x05": 16, b"\xdc\x00\x02": 2, b"\xdd\x00\x00\x00\x02": 2, b"\xde\x00\x02": 4, b"\xdf\x00\x00\x00\x02": 4, b"\x82": 4, b"\x92": 2,
    b"\xa3": 3, b"\xca": 4, b"\xcb": 8, b"\xcc": 1, b"\xcd": 2, b"\xce": 4, b"\xcf": 8, b"\xd0": 1, b"\xd1": 2, b"\xd2": 4, b"\xd3": 8,
    b"\x80": 0, b"\x90": 0, b"\xa0": 0, b"\xc0": 0, b"\xc2": 0, b"\xc3": 0, b"\x00": 0, b"\x7f": 0, b"\xe0": 0, b"\xff": 0,
}  # fmt: skip


@pytest.mark.parametrize(("head", "more"), HEADERS.items(), ids=[head.hex() for head in HEADERS])
def test_every_first_byte(head, more):
    """Each form has the length that the specification says, fed whole or byte by byte."""
    message = head + b"\x01" * more
    assert list(Frames(Limits()).feed(message + b"\x05")) == [message, b"\x05"]
    frames = Frames(Limits())
    assert [each for byte in message for each in frames.feed(bytes([byte]))] == [message]


REFUSED = {
    "reserved": (b"\xc1", DecodeError),
    "reserved inside": (b"\x92\x01\xc1", DecodeError),
    "array32": (b"\xdd\xff\xff\xff\xff", LimitExceeded),
    "map32": (b"\xdf\xff\xff\xff\xff", LimitExceeded),
    "bin32": (b"\xc6\xff\xff\xff\xff", LimitExceeded),
    "ext32": (b"\xc9\xff\xff\xff\xff\x01", LimitExceeded),
    "many values": (b"\xdd\x00\x00\x02\x00" + b"\x01" * 600, LimitExceeded),
    "depth": (b"\x91" * 11, LimitExceeded),
    "depth with more to come": (b"\x92" * 11, LimitExceeded),
}


@pytest.mark.parametrize(("data", "error"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data, error):
    """As soon as it is certain, without waiting for what was announced."""
    with pytest.raises(error):
        list(Frames(Limits(body=500, depth=10)).feed(data))


def test_the_limits_are_those_of_one_message():
    """As many messages as there are, each up to the limit."""
    message = pack("x" * 497)
    assert len(message) == 500
    frames = Frames(Limits(body=500, depth=10))
    assert list(frames.feed(message * 5)) == [message] * 5
    assert list(frames.feed(b"\x91" * 10 + b"\x01")) == [b"\x91" * 10 + b"\x01"]
    with pytest.raises(LimitExceeded):
        list(frames.feed(pack("x" * 498)))
    assert list(Frames(Limits(body=None, depth=None)).feed(b"\x91" * 5000 + b"\x01"))


def test_messages_before_a_broken_one_are_found():
    """They can be served before the connection is closed."""
    found = Frames(Limits()).feed(b"\x01\x02\xc1")
    assert [next(found), next(found)] == [b"\x01", b"\x02"]
    with pytest.raises(DecodeError):
        next(found)


@pytest.mark.parametrize(
    ("message", "found"), [([1, 7, None], 7), ([1, None], None), ([1], None), ({}, None), ([1, "7"], None)]
)
def test_the_number_of_a_message(message, found):
    """It is read without reading the rest; None stands for all that has none."""
    assert message_id(pack(message)) == found
    assert message_id(b"\x91" * 100_000) is None
