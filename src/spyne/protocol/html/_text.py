"""What values become in HTML: escaped text, links that are safe to follow, and markup that user code made."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spyne.codec._base import EncodeError
from spyne.codec.rows import free_text
from spyne.codec.text import formatter
from spyne.model.primitive import AnyUri, ImageUri
from spyne.schema import Any as AnyNode
from spyne.schema import Field, Scalar, Str, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.codec._base import Options

__all__ = ["attributes", "content_writer", "escape", "is_safe_link", "write_markup"]

_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "ftp"})
_scheme = re.compile(r"([^/?#:]*):").match
_has_controls = re.compile(r"[\x00-\x1f\x7f]").search
# Surrogates and the control characters that HTML has no way to write (HTML, "13.1.4 Character references").
_NOT_IN_HTML = [*range(9), 11, *range(14, 32), *range(127, 160), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"} | {chr(code): "\ufffd" for code in _NOT_IN_HTML}
)
_is_special = re.compile("[&<>\x00-\x08\x0b\x0d-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]").search


def escape(text: str) -> str:
    """Text for the contents of an element; what cannot stand there is U+FFFD."""
    return text if _is_special(text) is None else text.translate(_ESCAPES)


def quoted(text: str) -> str:
    """Text as the value of an attribute, with its quotes."""
    return '"' + escape(text).replace('"', "&quot;") + '"'


def attributes(*pairs: tuple[str | None, str | None]) -> str:
    """Attributes with a blank before each; those of one name are one, and those without a name or value none."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name and value:
            found[name] = f"{found[name]} {value}" if name in found else value
    return "".join(f" {name}={quoted(value)}" for name, value in found.items())


def is_safe_link(uri: str) -> bool:
    """Whether a URI is http, https, mailto, ftp or relative, read as browsers do."""
    uri = uri.strip(" ")
    if not uri or _has_controls(uri):  # browsers skip some of these, also inside the scheme
        return False
    found = _scheme(uri)
    return found is None or found[1].lower() in _SAFE_SCHEMES


def content_writer(field: Field, options: Options) -> Callable[[Any], str]:
    """A function from one value that is no object and no array to contents of an element."""
    node = resolve(field.type)
    if isinstance(node, AnyNode):
        if node.flavour == "html":
            return write_markup
        return _escaped(free_text(field, options))
    if not isinstance(node, Scalar):
        raise TypeError(f"{type(node).__name__} cannot travel in HTML")
    text = formatter(node, binary=options.binary_encoding)
    declared: Any = field.hints.get("attributes")
    if isinstance(node, Str) and isinstance(declared, type) and issubclass(declared, AnyUri.Attributes):
        write = _image if issubclass(declared, ImageUri.Attributes) else _link
        return lambda value: write(text(value), value, declared)
    return _escaped(text)


def _escaped(text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: escape(text(value))


def _link(uri: str, value: Any, declared: Any) -> str:
    """A link that shows the text of the value, that of its type, or else itself; just the URI where it is not safe."""
    if not is_safe_link(uri):
        return escape(uri)
    shown, content = declared.text, None
    if isinstance(value, AnyUri.Value):
        shown, content = value.text or shown, value.content
    inner = escape(shown or ("" if content is not None else uri)) + ("" if content is None else _content(content))
    return f"<a{attributes(('href', uri), ('class', declared.anchor_class))}>{inner}</a>"


def _image(uri: str, value: Any, declared: Any) -> str:
    if not is_safe_link(uri):
        return escape(uri)
    shown = (value.text if isinstance(value, AnyUri.Value) else None) or declared.text or ""
    return f"<img{attributes(('src', uri), ('class', declared.anchor_class))} alt={quoted(shown)}>"


def _content(content: Any) -> str:
    return escape(content) if isinstance(content, str) else write_markup(content)


def write_markup(value: Any) -> str:
    """An lxml element, or HTML in a str or bytes, with every element closed. It is not sanitized."""
    from lxml import etree  # loaded for such members only
    from lxml.html import fragments_fromstring

    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        try:
            parts = fragments_fromstring(value) if value.strip() else []
        except (etree.LxmlError, ValueError):
            raise EncodeError("expected HTML, got text that cannot be read as such") from None
        return "".join(escape(part) if isinstance(part, str) else _serialized(part, with_tail=True) for part in parts)
    if isinstance(value, etree._Element):
        return _serialized(value, with_tail=False)
    raise EncodeError(f"expected an lxml element or HTML, got {type(value).__name__}")


def _serialized(element: Any, *, with_tail: bool) -> str:
    from lxml import etree

    return str(etree.tostring(element, encoding="unicode", method="html", with_tail=with_tail))
