"""What HTTP's texts mean: content types, status lines, header fields (RFC 9110)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spyne.const.http import STATUS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "RequestHeaders",
    "charset_of",
    "check_header",
    "encode_path",
    "entity_tag",
    "gen_header",
    "host_or",
    "is_known",
    "is_multipart",
    "status_line",
]

_CHARSETS: Mapping[str | None, str | None] = {
    None: None,
    "": None,
    "application/json": None,
    "application/soap+xml; charset=utf-8": "utf-8",
    "text/xml": None,
    "text/xml; charset=UTF-8": "utf-8",
    "text/xml; charset=utf-8": "utf-8",
    "text/xml;charset=UTF-8": "utf-8",
    "text/xml;charset=utf-8": "utf-8",
}
"""The charsets of the content types that most clients send."""

_CHARSET = re.compile(r';[ \t]*charset[ \t]*=[ \t]*(?:"([^"\\]*)"|([^;, \t"]*))', re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_STATUS = re.compile(r"[1-5][0-9]{2} [\x20-\x7e\x80-\xff]*")
_SIMPLE_PATH = re.compile(r"[A-Za-z0-9_.~/-]*")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_STATUS_LINES = frozenset(STATUS.values())


def charset_of(content_type: str | None) -> str | None:
    """The charset that a Content-Type names, in lower case; None where it names none."""
    try:
        return _CHARSETS[content_type]
    except KeyError:
        match = _CHARSET.search(content_type or "")
        return (match[1] if match[1] is not None else match[2]).strip().lower() or None if match else None


def entity_tag(document: bytes) -> str:
    """A weak entity tag for a document (RFC 9110 §8.8.3): the same for every content coding."""
    from hashlib import blake2b

    return f'W/"{blake2b(document, digest_size=12).hexdigest()}"'


def is_known(tag: str, if_none_match: Any) -> bool:
    """Whether the client has the document already, by its If-None-Match (RFC 9110 §13.1.2)."""
    known = {item.strip().removeprefix("W/") for value in if_none_match or () for item in value.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


def is_multipart(content_type: str | None) -> bool:
    """Whether a Content-Type is of several parts (RFC 2046 §5.1)."""
    if content_type is None or content_type in _CHARSETS:  # most are one of these
        return False
    return content_type.lstrip()[:10].lower() == "multipart/"


def status_line(code: int | str) -> str:
    """``404`` or ``"404"`` as ``"404 Not Found"``; a whole status line as it is. Raises ValueError for what is neither."""
    if code in _STATUS_LINES:
        return str(code)
    text = STATUS.get(int(code), f"{int(code)} Unknown") if isinstance(code, int) or code.isdigit() else code
    if not _STATUS.fullmatch(text):
        raise ValueError("a status is a number from 100 to 599, or such a number and a phrase without line breaks")
    return text


def check_header(name: str, value: str) -> tuple[str, str]:
    """A header field as it is; raises ValueError for one that would break out of its line (RFC 9110 §5.5)."""
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError("a header needs a token for a name, and a value of Latin-1 text without line breaks")
    return name, value


def host_or(host: str | None, default: str) -> str:
    """The Host that a client sent when it is one (RFC 3986 §3.2.2, ASCII only), else the default."""
    return host if host and _HOST.fullmatch(host) else default


def gen_header(_value: str, **params: Any) -> str:
    """A header's value with its parameters: quoted, or percent-encoded in UTF-8 where they are not ASCII (RFC 2231).

    An underscore in a parameter's name stands for a dash; a parameter that is None is a name alone.
    """
    parts = [_value]
    for key, param in params.items():
        name = key.replace("_", "-")
        if param is None:
            parts.append(name)
        elif _PLAIN.fullmatch(text := str(param)):
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'{name}="{escaped}"')
        else:
            parts.append(f"{name}*=utf-8''{_percent_encoded(text, '')}")
    return "; ".join(parts)


def _percent_encoded(text: str, safe: str) -> str:
    from urllib.parse import quote  # on demand: it costs a start-up more than all of this module

    return quote(text, safe=safe)


def encode_path(path: str) -> str:
    """A decoded path as it stands in an address (RFC 3986 §3.3)."""
    return path if _SIMPLE_PATH.fullmatch(path) else _percent_encoded(path, "/;=,:@!$&'()*+~")


class RequestHeaders(dict[str, list[str]]):
    """Header name to its values. Names are in lower case with underscores; any spelling finds them."""

    def __missing__(self, name: str) -> list[str]:
        key = name.lower().replace("-", "_")
        if key == name:
            raise KeyError(name)
        return self[key]

    def get(self, name: str, default: Any = None) -> Any:
        """The values of a header, or the default."""
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower().replace("-", "_"))
