"""Patterns are matched in bounded time, and as Python's engine matches them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spyne.codec._base import DecodeError
from spyne.codec._lexical_pattern import matcher
from spyne.codec._pattern_linear import Automaton, Unsupported, hazard

ENDLESS = {
    # pattern, a text that backtracking tries for ages, one that matches
    "D47 nested": ("(a+)+b", "a" * 5000, "aaab"),
    "D47 nested with an end": ("^(a+)+$", "a" * 5000 + "!", "aaa"),
    "alternatives": ("(a|a|aa)*b", "a" * 5000, "aab"),
    "alternatives that overlap": (r"(\w|\d)+x", "1" * 5000, "1x"),
    "repeats of repeats": ("([a-z]*)*[0-9]", "z" * 5000, "z0"),
    "a counted repeat": ("(a{1,9}){1,30}b", "a" * 250, "aab"),
    "one after another": (".*a.*a.*a.*a.*b", "a" * 5000, "aaaab"),
    "an address of e-mail": (r"([\w.-]+)+@([\w.-]+)+\.com", "a" * 5000, "a.b@c.com"),
    "lazy": ("(a+?)+?b", "a" * 5000, "aab"),
}


@pytest.mark.parametrize(("pattern", "endless", "good"), ENDLESS.values(), ids=ENDLESS)
def test_no_text_takes_for_ever(pattern, endless, good):
    """The text is refused in the time that reading it takes."""
    check = matcher(pattern)
    check(good)
    with pytest.raises(DecodeError, match="does not match the pattern"):
        check(endless)


def test_texts_that_are_too_long_for_a_large_pattern():
    """Size of the automaton times length of the text is bounded."""
    check = matcher("([a-z]{1,9}-){0,90}x")
    check("abc-" * 90 + "x")
    with pytest.raises(DecodeError, match="too long for its pattern"):
        check("abc-" * 10_000)


@pytest.mark.parametrize(
    ("pattern", "power"),
    [("abc", 0), ("[a-z]+", 1), ("[a-z]{3}-[0-9]{1,4}", 0), (r"\d+\.\d+", 2), ("(ab)+", 1), ("(a+)+", -1), ("(ab|cd)*", -1), ("(?:a*)?", 1)],
)  # fmt: skip
def test_how_dangerous_a_pattern_is(pattern, power):
    """Only what may be slow is matched in another way."""
    assert hazard(pattern) == power


@pytest.mark.parametrize(
    "pattern", [r"(a+)+\1", "(?=a)(a+)+", "(?i)(a+)+", r"(a+)+\b", "(a{1,99}){1,99}", "(a+|^b)+", "(?>a+)+"]
)
def test_patterns_without_an_automaton(pattern):
    """References, look-around and what is too large stay with Python's engine."""
    with pytest.raises(Unsupported):
        Automaton(pattern)
    matcher(pattern)


_leaf = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"[\s1-3]", "ab", "(?:)", "1"])
_patterns = st.recursive(
    _leaf,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,2}", "{0,2}", "{2,}"])).map(lambda p: f"({p[0]}){p[1]}")
        | st.tuples(inner, inner).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda p: f"(?:{'|'.join(p)})")
    ),
    max_leaves=5,
)  # fmt: skip


@given(_patterns, st.lists(st.text("ab1 \n", max_size=7), min_size=1, max_size=5))
def test_as_python_matches(pattern, texts):
    """The automaton takes what `re.fullmatch` takes."""
    automaton = Automaton(f"^{pattern}$" if len(texts) % 2 else pattern)
    for text in texts:
        assert automaton.fullmatch(text) == bool(re.fullmatch(pattern, text))
