r"""Regular expressions of XSD (XSD 1.0 part 2, appendix F) as Python's.

Patterns are anchored at both ends. Since most are written by Python programmers, `^`, `$`, groups and look-around keep
Python's meaning; added to it are `\i` `\c` `\p{…}` and class subtraction.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from spyne.codec._base import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

PATTERN_LENGTH = 64 * 1024
BACKTRACKING = 1_000_000
"""Steps that backtracking may take for one text."""

# Characters that may begin an XML name, and those that may follow (XML 1.0, fifth edition, §2.3).
_NAME_START = ":A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
_NAME = _NAME_START + "\\-.0-9\xb7\u0300-\u036f\u203f-\u2040"
_NAME_CLASSES = {"i": _NAME_START, "c": _NAME}
_SPECIAL = re.compile(r"\\[icICpP]|-\[")


@lru_cache(maxsize=64)
def _category(name: str) -> str:
    """The characters of a Unicode category (`L`, `Lu`…) as the inside of a character class."""
    import unicodedata  # only patterns with \\p need it

    ranges: list[tuple[int, int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(name):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
    if not ranges:
        raise ValueError(f"unknown character category \\p{{{name}}}")
    return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges)


def _escape(pattern: str, at: int) -> tuple[str, bool, int]:
    """An XSD escape at `at`: the inside of its character class, whether it is negated, and where it ends."""
    letter = pattern[at + 1]
    if letter in "icIC":
        return _NAME_CLASSES[letter.lower()], letter.isupper(), at + 2
    end = pattern.find("}", at)
    if pattern[at + 2 : at + 3] != "{" or end < 0:
        raise ValueError("\\p must be followed by a category in braces")
    return _category(pattern[at + 3 : end]), letter == "P", end + 1


def _read_class(pattern: str, at: int) -> tuple[str, int]:
    """A character class that begins at `at`, in Python's syntax, and where it ends."""
    inside, i = "", at + 1
    if pattern[i : i + 1] == "^":
        inside, i = "^", i + 1
    subtracted = ""
    start = i
    while i < len(pattern) and (pattern[i] != "]" or i == start):
        if pattern[i] == "\\" and pattern[i + 1 : i + 2] in tuple("icICpP"):
            chars, negated, i = _escape(pattern, i)
            if negated:
                raise ValueError("a negated escape inside a character class is not supported")
            inside += chars
        elif pattern[i] == "\\":
            inside, i = inside + pattern[i : i + 2], i + 2
        elif pattern.startswith("-[", i):
            subtracted, i = _read_class(pattern, i + 1)
        else:
            inside, i = inside + ("\\[" if pattern[i] == "[" else pattern[i]), i + 1
    if i >= len(pattern):
        raise ValueError("a character class is not closed")
    return (f"(?:(?!{subtracted})[{inside}])" if subtracted else f"[{inside}]"), i + 1


def translate(pattern: str) -> str:
    """The pattern in Python's syntax; ValueError for what Python's `re` has no form for."""
    if not _SPECIAL.search(pattern):
        return pattern
    out, i = "", 0
    while i < len(pattern):
        if pattern[i] == "\\" and pattern[i + 1 : i + 2] in tuple("icICpP"):
            chars, negated, i = _escape(pattern, i)
            out += f"[^{chars}]" if negated else f"[{chars}]"
        elif pattern[i] == "\\":
            out, i = out + pattern[i : i + 2], i + 2
        elif pattern[i] == "[":
            text, i = _read_class(pattern, i)
            out += text
        else:
            out, i = out + pattern[i], i + 1
    return out


def matcher(pattern: str) -> Callable[[str], None]:
    """A function that raises `DecodeError` for text the whole of which does not match; longer than 64 KiB is not tried.

    The time is bounded: where backtracking could take long for a text, an automaton matches it, if the pattern has one.
    """
    try:
        translated = translate(pattern)
        match = _bounded(translated, re.compile(translated).fullmatch)
    except (ValueError, re.error) as error:
        raise ValueError(f"pattern {pattern!r} cannot be used: {error}") from None

    def check(text: str) -> None:
        if len(text) > PATTERN_LENGTH:
            raise DecodeError(f"is longer than {PATTERN_LENGTH} characters, too long for its pattern", value=text)
        if not match(text):
            raise DecodeError(f"does not match the pattern {pattern}", value=text)

    return check


def _bounded(pattern: str, match: Callable[[str], object]) -> Callable[[str], object]:
    if sum(map(pattern.count, "*+{")) < 2 and "|" not in pattern:
        return match  # the automaton's module is loaded for those that may need it
    from spyne.codec._pattern_linear import Automaton, Unsupported, hazard

    power = hazard(pattern)
    if power in (0, 1):
        return match
    try:
        automaton = Automaton(pattern)
    except Unsupported:
        return match
    quick = 0 if power < 0 else int(BACKTRACKING ** (1 / power))

    def match_in_time(text: str) -> object:
        if len(text) <= quick:
            return match(text)
        if len(text) > automaton.longest:
            raise DecodeError(f"is longer than {automaton.longest} characters, too long for its pattern", value=text)
        return automaton.fullmatch(text)

    return match_in_time
