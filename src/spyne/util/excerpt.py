"""Values from outside, made fit to be shown: cut, printable, and never a Python repr."""

from __future__ import annotations

from datetime import date, time
from uuid import UUID

VALUE_LENGTH = 64

_BRACKETS: dict[type, str] = {dict: "{}", list: "[]", tuple: "[]"}


def cut(value: object, length: int = VALUE_LENGTH) -> str:
    """The wire value as shown in errors: at most `length` characters, unprintable ones escaped."""
    text = value if isinstance(value, str) else describe(value)
    if len(text) > length:
        text = text[:length] + "…"
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def describe(value: object) -> str:
    """A wire value that is not text, in the words of the formats rather than of Python."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value) if not isinstance(value, int) or value.bit_length() < 4096 else "a very long number"
    if type(value).__name__ == "Decimal":  # a number of JSON that was read exactly
        return str(value)
    if isinstance(value, date | time | UUID):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return "binary data"
    around = _BRACKETS.get(type(value))
    if around is None:
        return "a value of another kind"
    return f"{around[0]}…{around[1]}" if value else around
