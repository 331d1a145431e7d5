"""Intervals of time as text and back."""

from __future__ import annotations

import datetime

import pytest

from spyne.model.addtl import DateSegment, DateTimeSegment, TimeSegment

DAYS = (datetime.date(2016, 3, 3), datetime.date(2016, 5, 7))
SEGMENTS = [
    (DateSegment, "[2016-03-03,2016-05-07]", (True, *DAYS, True)),
    (DateSegment, "[2016-03-03,2016-05-07[", (True, *DAYS, False)),
    (DateSegment, "]2016-03-03,2016-05-07]", (False, *DAYS, True)),
    (TimeSegment, "[01:02:03,04:05:06]", (True, datetime.time(1, 2, 3), datetime.time(4, 5, 6), True)),
    (
        DateTimeSegment,
        "[2016-03-03T00:00:00+00:00,2016-05-07T01:00:00.500000]",
        (
            True,
            datetime.datetime(2016, 3, 3, tzinfo=datetime.UTC),
            datetime.datetime(2016, 5, 7, 1, 0, 0, 500000),
            True,
        ),
    ),
]


@pytest.mark.parametrize(("tp", "text", "members"), SEGMENTS)
def test_round_trip(tp, text, members):
    """An interval reads as its ends and whether they belong to it, and writes the same text again."""
    segment = tp.from_string(text)
    assert (segment.start_inclusive, segment.start, segment.end, segment.end_inclusive) == members
    assert segment.to_string() == text


@pytest.mark.parametrize("text", ["", "(2016-03-03,2016-05-07)", "[2016-03-03,]", "[2016-13-03,2016-05-07]", "[1,2,3]"])
def test_other_text_is_refused(text):
    """What is no interval is the client's mistake."""
    with pytest.raises(ValueError, match="is not an interval"):
        DateSegment.from_string(text)


def test_ends_belong_to_the_interval_by_default():
    """An interval made without saying so is closed at both ends."""
    segment = DateSegment(start=DAYS[0], end=DAYS[1])
    assert segment.to_string() == "[2016-03-03,2016-05-07]"
