"""JSON's depth is known before anything recurses, and the length of its numbers before they are read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyne.codec.json_input import check_depth, check_json, check_numbers
from spyne.limits import DEFAULT_LIMITS, LimitExceeded, Limits

DEEP = {
    "C77 arrays": b"[" * 65 + b"]" * 65,
    "C77 objects": b'{"a":' * 65 + b"1" + b"}" * 65,
    "C77 mixed": b'[{"a":' * 33 + b"1" + b"}]" * 33,
    "never closed": b"[" * 100_000,
    "closers in strings": b'["]",' * 65 + b"1" + b"]" * 65,
    "closers in keys": b'{"}]":' * 65 + b"1" + b"}" * 65,
    "escaped quotes": b'["\\"]",' * 65 + b"1" + b"]" * 65,
    "escaped backslashes": b'["\\\\","]",' * 65 + b"1" + b"]" * 65,
    "one deep among many": b"[" + b"[],{}," * 5000 + b"[" * 64 + b"]" * 64 + b"]",
    "closers first": b"]" * 100 + b"[" * 65,
}


@pytest.mark.parametrize("data", DEEP.values(), ids=DEEP)
def test_too_deep(data):
    """Depth is counted outside of strings only, and names its limit."""
    with pytest.raises(LimitExceeded, match="limit depth=64"):
        check_depth(data, DEFAULT_LIMITS)
    check_depth(data, Limits(depth=None))


ALLOWED = {
    "64 arrays": b"[" * 64 + b"]" * 64,
    "many siblings": b"[" + b'{"a":[1]},' * 10_000 + b"1]",
    "openers in strings": b'["' + b"[{" * 10_000 + b'"]',
    "openers after an escaped quote": b'["\\"' + b"[" * 100 + b'"]',
    "not JSON at all": b"]" * 100,
    "empty": b"",
}


@pytest.mark.parametrize("data", ALLOWED.values(), ids=ALLOWED)
def test_not_too_deep(data):
    """What is in strings or side by side does not count."""
    check_depth(data, DEFAULT_LIMITS)


def test_body():
    """The size is checked first."""
    with pytest.raises(LimitExceeded, match="limit body=3"):
        check_json(b"[[[[", Limits(body=3, depth=1))
    check_json(b"[1]", Limits(body=3, depth=1))


def _depth(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(_depth, children), default=0)


_texts = st.text('[]{}"\\a', max_size=6)


@given(st.recursive(_texts | st.integers(), lambda v: st.lists(v, max_size=4) | st.dictionaries(_texts, v, max_size=4)))
def test_exact(value):
    """On well-formed JSON the limit is exact."""
    data, depth = json.dumps(value).encode(), _depth(value)
    check_depth(data, Limits(depth=depth))
    if depth:
        with pytest.raises(LimitExceeded):
            check_depth(data, Limits(depth=depth - 1))


@given(
    st.lists(
        _texts
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text("0123456789-.eE", max_size=40)
    ),
    st.integers(1, 40),
)
def test_numbers(values, longest):
    """What is longer than the limit is found, and what only looks like a number inside of a string is not."""
    numbers = [json.dumps(value) for value in values if not isinstance(value, str)]
    data, limits = json.dumps(values).encode(), Limits(number_text=longest)
    if max(map(len, numbers), default=0) > longest:
        with pytest.raises(LimitExceeded, match=f"limit number_text={longest} characters"):
            check_numbers(data, limits)
    else:
        check_numbers(data, limits)
    check_numbers(data, Limits(number_text=None))


def test_strings_without_an_end():
    """They are gone through once."""
    check_numbers(b'"\\' * 1_000_000 + b"9" * 2000, DEFAULT_LIMITS)
