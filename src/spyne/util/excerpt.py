"""Values from outside, made fit to be shown: cut, printable, and never a Python repr."""

from __future__ import annotations

VALUE_LENGTH = 64

_KINDS: dict[type, str] = {
    dict: "an object",
    list: "an array",
    tuple: "an array",
    bytes: "binary data",
    type(None): "null",
}


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
    return _KINDS.get(type(value)) or f"a value of type {type(value).__name__}"
