"""What the fast engine of trees has to know of one format, and the error for bytes that are not of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeAlias

import msgspec

from spyne.codec._base import DecodeError
from spyne.codec._tree_format import TreeFormat
from spyne.limits import LimitExceeded

__all__ = ["PARSE_ERRORS", "Malformed", "NativeFormat", "Parse"]

Parse: TypeAlias = Callable[[bytes], Any]

# ArithmeticError: an exponent beyond what decimal can hold.
PARSE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ArithmeticError, LimitExceeded)


class Malformed(DecodeError):
    """Bytes that are not of the format, or more of them than can be read."""


class NativeFormat(msgspec.Struct, frozen=True, kw_only=True):
    """One format that msgspec reads and writes by itself.

    format: the row that the careful engine goes by. decoder: makes a parser for one type. tree: makes a parser to builtins that
    raises `DecodeError`; it is told whether numbers must be exact and how deep the document may nest. encode: writes builtins.
    encode_native: writes objects of native classes, as the careful engine would. malformed: words what a parser raised.
    check_depth: raises LimitExceeded for what nests deeper than that. check_text: raises UnicodeDecodeError for what is not UTF-8 where
    the parser does not look. misfits: makes a search for members of these names whose decimals both engines may not read alike.
    """

    format: TreeFormat
    decoder: Callable[[Any], Parse]
    tree: Callable[[bool, int], Parse]
    encode: Callable[[Any], bytes]
    encode_native: Callable[[Any], bytes]
    malformed: Callable[[Exception, bytes], Malformed]
    check_depth: Callable[[bytes, int], None]
    check_text: Callable[[bytes], object]
    misfits: Callable[[Collection[str]], Callable[[bytes], bool]]
