"""Bytes outside the document: ``xop:Include`` elements that stand for attachments (XOP 1.0 §2, §3; RFC 2392).

Whoever reads or writes the message around the document sets one of the context variables; without it, bytes are inline.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias

from spyne.codec._base import DecodeError
from spyne.codec._lexical_other import as_bytes, format_base64
from spyne.codec._xml_text import escape_attribute
from spyne.codec.text import checker, formatter
from spyne.const.xml import NS_XOP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from spyne.schema.nodes import Bytes

__all__ = [
    "ATTACHMENTS",
    "COLLECT",
    "INCLUDE",
    "Attachment",
    "Collect",
    "Lookup",
    "included_reader",
    "inline",
    "writer",
]

INCLUDE = f"{{{NS_XOP}}}Include"
_SPACE = " \t\n\r"


class Attachment(Protocol):
    """A part of a message that came beside the document.

    size: in bytes. content_type and name: as the part's headers say them, None where they do not. read: all of it. open: a
    file of its own, at the start, that needs no memory for the content.
    """

    @property
    def size(self) -> int: ...
    @property
    def content_type(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    def read(self) -> bytes: ...
    def open(self) -> IO[bytes]: ...


Lookup: TypeAlias = "Callable[[str], Attachment | None]"
Collect: TypeAlias = "Callable[[bytes | Iterable[bytes], int, str | None, str | None], str | None]"

ATTACHMENTS: ContextVar[Lookup | None] = ContextVar("ATTACHMENTS", default=None)
"""While a document is decoded: from a content id, without brackets and percent-encoding, to its attachment.

It is called once for each reference, and may raise what ends the request; None says that there is no such attachment.
"""

COLLECT: ContextVar[Collect | None] = ContextVar("COLLECT", default=None)
"""While a document is encoded with ``Options(xop=True)``: takes a content (bytes, or blocks of them that can be iterated over
again), its size in bytes, its media type and its file name where they are known, and returns the content id of the part that it
made of it; None leaves the content inline.
"""


# --- in ------------------------------------------------------------------------------------------------------------------------


def included_reader(node: Bytes, *, validate: bool) -> Callable[[Any], Any]:
    """A function from an element with child elements to the value of the attachment that its ``xop:Include`` names.

    DecodeError for anything else; facets are checked on the content. A type with the hint "load_attachment" is given the
    attachment itself unless a facet asks for its content.
    """
    check = checker(node) if validate else None
    load, take = node.load, node.hints.get("load_attachment")

    def read(e: Any) -> Any:
        attachment = included(e)
        if take is not None and check is None:
            return take(attachment)
        data = attachment.read()
        if check is not None:
            _check(check, data)
        return data if load is None else load(data)

    return read


def _check(check: Callable[[Any], None], data: bytes) -> None:
    try:
        check(data)
    except DecodeError as error:
        error.value = None  # an attachment of any size
        raise


def included(e: Any) -> Attachment:
    """The attachment that an element's only child names, or the element itself by an ``href`` (SOAP with Attachments §3)."""
    children = [child for child in e if child.tag.__class__ is str]
    if not children and "href" in e.attrib:
        return _attachment(e.get("href"))
    if not children or children[0].tag != INCLUDE:
        name = children[0].tag.rpartition("}")[2] if children else None
        raise DecodeError("has child elements where text is expected", value=name)
    texts = (e.text, *(child.tail for child in e))
    if len(children) > 1 or any(text and text.strip(_SPACE) for text in texts):
        raise DecodeError("has other content beside its xop:Include")
    return _attachment(children[0].get("href"))


def _attachment(href: str | None) -> Attachment:
    from urllib.parse import unquote

    lookup = ATTACHMENTS.get()
    if lookup is None:
        raise DecodeError("refers to an attachment in a message without attachments")
    given = (href or "").strip(_SPACE)
    if given[:4].lower() != "cid:":
        raise DecodeError("has an href that does not name an attachment by cid:", value=href)
    found = lookup(unquote(given[4:]))
    if found is None:
        raise DecodeError("refers to an attachment that is not in the message", value=href)
    return found


def inline(root: Any) -> None:
    """Put the contents of attachments, as base64, where the document refers to them: what a validator of schemas must see.

    Of elements with an ``href`` those are taken that are empty and name an attachment of the message.
    """
    for include in list(root.iter(INCLUDE)):
        parent = include.getparent()
        if parent is None:
            raise DecodeError("is an xop:Include without an element around it")
        _fill(parent)
    for element in [each for each in root.iter("*") if each.get("href", "")[:4].lower() == "cid:"]:
        if not len(element) and not (element.text or "").strip(_SPACE):
            _fill(element)
            del element.attrib["href"]


def _fill(element: Any) -> None:
    import base64

    try:
        data = included(element).read()
    except DecodeError as error:
        raise error.at(element.tag.rpartition("}")[2]) from None
    for child in list(element):
        element.remove(child)
    element.text = base64.b64encode(data).decode()


# --- out -----------------------------------------------------------------------------------------------------------------------


def writer(node: Bytes, *, binary: str) -> Callable[[Any], str]:
    """A function from a value to the contents of its element: an ``xop:Include`` where `COLLECT` takes it, text otherwise.

    Only base64 may be written so (XOP 1.0 §3.1). A type with the hint "attach" says itself what `COLLECT` takes of a value, so
    that files need not be read.
    """
    write = formatter(node, binary=binary)
    if (node.encoding or binary) != "base64":
        return write
    offer = node.hints.get("attach") or _sized(node.dump)

    def write_included(value: Any) -> str:
        collect = COLLECT.get()
        if collect is None:
            return write(value)
        content, size, media_type, name = offer(value)
        cid = collect(content, size, media_type, name)
        return format_base64(content) if cid is None else _include(cid)

    return write_included


def _sized(dump: Callable[[Any], Any] | None) -> Callable[[Any], tuple[bytes, int, None, None]]:
    def offer(value: Any) -> tuple[bytes, int, None, None]:
        data = as_bytes(value if dump is None else dump(value))
        return data, len(data), None, None

    return offer


def _include(cid: str) -> str:
    from urllib.parse import quote

    href = escape_attribute(quote(cid, safe="@!$&'()*+,;=:~"))
    return f'<xop:Include xmlns:xop="{NS_XOP}" href="cid:{href}"/>'
