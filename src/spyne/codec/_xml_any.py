"""Free content: elements, HTML and dicts that no schema describes, as the contents of an element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lxml import etree

from spyne.codec import text
from spyne.codec._base import EncodeError
from spyne.codec._xml_text import escape
from spyne.codec._xml_values import refused
from spyne.schema.nodes import Str

if TYPE_CHECKING:
    from collections.abc import Callable

_as_text = text.formatter(Str())


def any_writer(flavour: str) -> Callable[[Any], str]:
    """The function from a value of `Any` to contents."""
    return _WRITERS[flavour]


def _element(value: Any) -> str:
    return str(etree.tostring(value, encoding="unicode", with_tail=False))


def _is_element(value: Any) -> bool:
    return isinstance(value, etree._Element) and value.tag.__class__ is str


def write_xml(value: Any) -> str:
    """An lxml element, or a well-formed document in a str or bytes."""
    if _is_element(value):
        return _element(value)
    if isinstance(value, etree._ElementTree):
        return _element(value.getroot())
    if isinstance(value, str | bytes):
        return _element(_parse(value))
    raise refused("an lxml element", value)


def _parse(value: str | bytes) -> Any:
    data = value.encode() if isinstance(value, str) else value
    if b"<!DOCTYPE" in data:
        raise EncodeError("expected XML, got a document with a DOCTYPE")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise EncodeError("expected XML, got text that is not well-formed") from None


def write_html(value: Any) -> str:
    """An lxml element, or HTML in a str, made well-formed."""
    if _is_element(value):
        return _element(value)
    if not isinstance(value, str | bytes):
        raise refused("an lxml element", value)
    try:
        root = etree.fromstring(value, etree.HTMLParser(no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        raise EncodeError("expected HTML, got text that cannot be read as such") from None
    body = root.find("body") if root is not None else None
    if body is None:
        return "" if root is None else _element(root)
    return escape(body.text or "") + "".join(_element(child) + escape(child.tail or "") for child in body)


def write_dict(value: Any) -> str:
    """A mapping: an element per key, or per item of a list, named by the key; in no namespace unless in Clark's notation."""
    if not isinstance(value, Mapping):
        raise refused("a dict", value)
    return "".join([_entry(str(key), member) for key, member in value.items()])


def _entry(key: str, value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | etree._Element):
        return "".join([_one(key, item) for item in value])
    return _one(key, value)


def _one(key: str, value: Any) -> str:
    try:
        name = etree.QName(key)
    except ValueError:
        raise EncodeError(f"expected keys that are XML names, got {key[:64]!r}") from None
    tag = f"q:{name.localname}" if name.namespace else name.localname
    start = f'{tag} xmlns:q="{escape(name.namespace)}"' if name.namespace else tag
    contents = "" if value is None else write_any(value)
    return f"<{start}>{contents}</{tag}>" if contents or isinstance(value, str) else f"<{start}/>"


def write_any(value: Any) -> str:
    """An element as such, a mapping as elements, anything else as text."""
    if _is_element(value):
        return _element(value)
    if isinstance(value, Mapping):
        return write_dict(value)
    return escape(_as_text(value))


_WRITERS: dict[str, Callable[[Any], str]] = {
    "xml": write_xml,
    "html": write_html,
    "dict": write_dict,
    "any": write_any,
}
