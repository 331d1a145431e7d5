"""Characters: what must be escaped in XML, and what it cannot carry at all (XML 1.0 §2.2, §2.4)."""

from __future__ import annotations

from spyne.codec._base import EncodeError

# The C0 control characters that XML has no way to write, not even as references.
_FORBIDDEN = bytes(code for code in range(32) if code not in b"\t\n\r")
_NOT_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())
_LEAD = _NOT_CHARACTERS[0][0]  # one byte is found many times faster than three
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)


def escape(text: str) -> str:
    """Text for the contents of an element; a carriage return would be read back as a line feed."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if "\r" in text:
        text = text.replace("\r", "&#13;")
    return text


def escape_attribute(text: str) -> str:
    """Text for an attribute in double quotes; white space would be read back as blanks."""
    return text.translate(_ATTRIBUTE)


def check_xml_chars(data: bytes) -> None:
    """Raise EncodeError for a document in UTF-8 with characters that XML forbids; surrogates do not get as far as bytes."""
    if len(data.translate(None, _FORBIDDEN)) != len(data):
        raise EncodeError("the text has control characters, which XML cannot carry")
    if data.find(_LEAD) >= 0 and any(data.find(each) >= 0 for each in _NOT_CHARACTERS):
        raise EncodeError("the text has U+FFFE or U+FFFF, which XML cannot carry")
