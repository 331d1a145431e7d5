"""JSON as it arrives: how deep it nests and how long its numbers are, before a decoder works on it."""

from __future__ import annotations

import re

from spyne.limits import LimitExceeded, Limits, check_body

_STRING = rb'"(?:[^"\\]++|\\.)*+"?'
"""A string; one without an end goes to the document's end, for the search must not begin again inside of it."""
_FIGURES = bytes(48 if byte in b"-+.0123456789Ee" else 32 for byte in range(256))
_FLAT = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(set(range(256)) - set(b'[]{}"'))


def check_json(data: bytes, limits: Limits) -> None:
    """Refuse a body that passes ``limits.body`` or nests deeper than ``limits.depth``; well-formed or not."""
    check_body(len(data), limits)
    check_depth(data, limits)


def check_numbers(data: bytes, limits: Limits) -> None:
    """Refuse JSON with a number of more than ``limits.number_text`` characters, before a parser spends time on it.

    A run that long touches every `step`th byte of the document for a while: nearly all documents are cleared by those bytes.
    """
    limit = limits.number_text
    if limit is None or len(data) <= limit:
        return
    step = max(limit // 16, 1)
    if not (_has_run(data[::step], (limit + 1) // step) and _has_run(data, limit + 1)):
        return
    for token in re.finditer(_STRING + rb"|[-+.0-9Ee]{%d}" % (limit + 1), data, re.DOTALL):
        if not token[0].startswith(b'"'):
            raise LimitExceeded("number_text", limit)


def _has_run(data: bytes, count: int) -> bool:
    """Whether that many characters of numbers come one after another."""
    return b"0" * count in data.translate(_FIGURES)


def check_depth(data: bytes, limits: Limits) -> None:
    """Refuse JSON whose arrays and objects nest deeper than ``limits.depth``, with no Python-level loop over the document.

    Exact for well-formed JSON. Of malformed JSON it refuses at least what a decoder would have to enter too deep before it
    finds the mistake. A document with no more brackets than the limit costs two counts; others a few ns per byte, so callers
    whose types cannot recurse leave it out.
    """
    depth = limits.depth
    if depth is not None and data.count(b"[") + data.count(b"{") > depth and _is_deeper(_brackets(data), depth):
        raise LimitExceeded("depth", depth)


def _brackets(data: bytes) -> bytes:
    """The brackets outside of strings, all made square."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    bare = data.translate(_FLAT, _OTHERS).replace(b'""', b"")
    # A quote is left where a string has brackets in it: what stands between every second quote is inside of a string.
    return b"".join(bare.split(b'"')[::2]) if b'"' in bare else bare


def _is_deeper(brackets: bytes, depth: int) -> bool:
    """Each round takes the innermost pairs away, which is exactly one level of every branch."""
    for level in range(depth + 1):
        if not brackets:
            return False
        rest = brackets.replace(b"[]", b"")
        if len(rest) == len(brackets):  # unbalanced: closers that were too many, then openers that stay open
            return level + rest.count(b"[") > depth
        brackets = rest
    return True
