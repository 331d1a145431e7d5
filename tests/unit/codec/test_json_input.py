"""JSON's depth is known before anything recurses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyne.codec.json_input import check_depth, check_json
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
