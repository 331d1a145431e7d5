"""Plain documents: what may stand around the one message in them that `xml_plain` reads, and what their limits are.

Such a document has an XML declaration or none, is UTF-8, and has no attributes but the declarations of namespaces that are known to be well-formed, on
the elements around the message and on the message's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from lxml import etree

from spyne.codec._xml_names import clark
from spyne.codec._xml_text import check_xml_chars, escape_attribute
from spyne.codec.xml_plain import NotPlain, PlainMessage
from spyne.limits import Limits, unless_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Frame", "PlainDocuments", "PlainFound"]

_CHARSETS = frozenset((None, "utf-8", "utf8", "UTF-8", "UTF8"))
_PREFIX = "(?:[A-Za-z_][A-Za-z0-9_.-]{0,30}+:)?+"
_DECLARED = """(?:[ \\t\\n]++xmlns(?::(?![Xx][Mm][Ll])[A-Za-z_][A-Za-z0-9_.-]{0,30}+)?+=(?:"[^"<& \\t\\n]*+"|'[^'<& \\t\\n]*+')){0,12}+"""
_SPACE = "[ \\t\\n]*+"
_PROLOG = (
    r"""(?:<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"[Uu][Tt][Ff]-8"|'[Uu][Tt][Ff]-8'))?+"""
    rf"""(?: standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?+ ?+\?>)?+{_SPACE}"""
)
_DECLARATIONS = re.compile("""xmlns:?([^=]*)=(["'])(.*?)\\2""").findall
_ODD = re.compile("&(?!(?:lt|gt|quot|apos|amp);)").search
_ATTRIBUTES, _PREFIX_LENGTH, _NAMESPACES = 12, 32, 64
_MOST_BYTES = 9_000_000  # libxml2 ends texts at 10,000,000 on its own
_DEEPEST = 200
_ELEMENT_BYTES = 4
_MOST_HEADS, _LONGEST_HEAD = 256, 4096
"""What is kept of the starts of documents, which clients choose."""
_UNSEEN: Any = object()


class Frame(NamedTuple):
    """What stands around a message: the namespace and names of the elements, from the outermost. empty: the name of an element that may stand
    before the second of them, with nothing in it.
    """

    namespace: str = ""
    names: tuple[str, ...] = ()
    empty: str | None = None


class PlainFound(msgspec.Struct, frozen=True):
    """A message and its value. has_header: whether the element that may be empty was there."""

    message: PlainMessage
    value: Any
    has_header: bool


class _Head(NamedTuple):
    """What the start of a document says: its message, the prefixes of the message's namespaces, and those of the end tags around it."""

    message: PlainMessage
    prefixes: tuple[str | None, ...]
    ends: tuple[str, ...]
    has_header: bool


class PlainDocuments:
    """Reads plain documents.

    namespaces: those that documents may declare; others make them not plain. find: the message of an element, None for one that is not
    to be read so; without it no document is plain. Limits that are lower than what documents of a kind always have make all of them not plain.
    """

    def __init__(
        self,
        frame: Frame,
        namespaces: Iterable[str],
        limits: Limits,
        find: Callable[[str], PlainMessage | None] | None,
    ) -> None:
        self._frame = frame
        self.levels = len(frame.names)
        self._find = find
        self._heads: dict[str, _Head | None] = {}
        self._limits = limits
        self._known = frozenset(filter(_is_namespace, (frame.namespace, *namespaces)))
        around = [f"<({_PREFIX}){name}({_DECLARED}){_SPACE}>{_SPACE}" for name in frame.names]
        if frame.empty:
            end = f"</({_PREFIX}){frame.empty}{_SPACE}>"
            around.insert(1, f"(?:<({_PREFIX}){frame.empty}{_SPACE}(?:/>|>{_SPACE}{end}){_SPACE})?+")
        own = f"<({_PREFIX})([^\\s<>&/=:\"']++)({_DECLARED}){_SPACE}>"
        self._head = re.compile(f"{_PROLOG}{''.join(around)}{own}").match
        ends = "".join(f"{_SPACE}</({_PREFIX}){name}{_SPACE}>" for name in reversed(frame.names))
        self._tail = re.compile(f"{ends}{_SPACE}\\Z").match
        self._most_bytes = min(_MOST_BYTES, unless_off(limits.body), unless_off(limits.text_size))
        self._small = _ELEMENT_BYTES * min(unless_off(limits.elements), unless_off(limits.children))
        longest = max(map(len, self._known), default=0)
        self._fits = (
            find is not None
            and unless_off(limits.attributes) >= _ATTRIBUTES
            and unless_off(limits.attribute_size) >= longest
            and unless_off(limits.name_length) >= len("xmlns:") + _PREFIX_LENGTH
        )

    def read(self, data: bytes, charset: str | None) -> PlainFound | None:
        """The message of a document; None for one that is not plain, whatever the reason."""
        if not self._fits or charset not in _CHARSETS or len(data) > self._most_bytes:
            return None
        try:
            return self._read(data)
        except Exception:
            return None

    def _read(self, data: bytes) -> PlainFound | None:
        text = data.decode()
        start = self._head(text)
        if start is None:
            return None
        head = self._heads.get(start[0], _UNSEEN)
        if head is _UNSEEN:
            head = self._learn(start)
        if head is None:
            return None
        _check_text(text, data)
        read = head.message.reader(head.prefixes, self._most_children(text))
        value, end = read(text, start.end())
        tail = self._tail(text, end)
        if tail is None or tail.groups() != head.ends:
            return None
        return PlainFound(head.message, value, head.has_header)

    def _learn(self, start: re.Match[str]) -> _Head | None:
        """What the start of a document says, None for a message that needs a tree; clients begin all of theirs alike."""
        *around, prefix, name, declared = start.groups()
        header = header_end = None
        if self._frame.empty:
            header, header_end = around[2:4]
            del around[2:4]
        scope: dict[str, str] = {}
        for each, declarations in zip(around[::2], around[1::2], strict=True):
            if header is not None and scope:
                self._check_header(header, header_end, scope)
            self._declare(scope, declarations)
            if scope.get(each) != self._frame.namespace:
                raise NotPlain
        self._declare(scope, declared)
        find = self._find
        message = None if find is None else find(clark(scope[prefix] if prefix else scope.get("", ""), name))
        head = None
        if message is not None and self._allows(message):
            head = _Head(message, _prefixes(message, prefix, scope), tuple(around[-2::-2]), header is not None)
        if len(self._heads) < _MOST_HEADS and len(start[0]) <= _LONGEST_HEAD:
            self._heads[start[0]] = head
        return head

    def _check_header(self, prefix: str, end: str | None, scope: dict[str, str]) -> None:
        """Raise NotPlain for an empty element that is not the frame's."""
        if scope.get(prefix) != self._frame.namespace or end not in (None, prefix):
            raise NotPlain

    def _most_children(self, text: str) -> int | None:
        """How many children an element may have, None where the document is too small for more. Raises NotPlain for too many elements."""
        if len(text) <= self._small:
            return None
        elements, children = unless_off(self._limits.elements), unless_off(self._limits.children)
        count = (text.count("<") + 1) // 2
        if count > elements:
            raise NotPlain
        return children if count > children else None

    def _declare(self, scope: dict[str, str], declared: str) -> None:
        """Add what one start tag declares, by prefixes with their colons. Raises NotPlain for what a parser may complain about."""
        found = _DECLARATIONS(declared)
        for prefix, _, namespace in found:
            if namespace not in self._known:
                raise NotPlain
            scope[f"{prefix}:" if prefix else ""] = namespace
        if len(found) > 1 and len({prefix for prefix, *_ in found}) < len(found):
            raise NotPlain

    def _allows(self, message: PlainMessage) -> bool:
        limits = self._limits
        return (
            self.levels + message.depth <= min(unless_off(limits.depth), _DEEPEST)
            and message.longest + _PREFIX_LENGTH <= unless_off(limits.name_length)
            and max(message.widest, 1) <= unless_off(limits.children)
            and message.names + _NAMESPACES <= unless_off(limits.unique_names)
        )


def _check_text(text: str, data: bytes) -> None:
    """Raise NotPlain, or EncodeError, for what a parser would change or refuse in a text."""
    if "\r" in text or ("&" in text and _ODD(text)) or ("]" in text and "]]>" in text):
        raise NotPlain
    check_xml_chars(data)


def _prefixes(message: PlainMessage, own: str, scope: dict[str, str]) -> tuple[str | None, ...]:
    """The prefixes for the message's namespaces; where there are two for one, that of the message's element, or the innermost."""
    by_namespace: dict[str, str | None] = {namespace: prefix for prefix, namespace in scope.items()}
    if "" not in scope:
        by_namespace[""] = ""
    others = message.namespaces[1:]
    return (own, *map(by_namespace.get, others)) if others else (own,)


def _is_namespace(name: str) -> bool:
    """Whether libxml2 takes the name as a namespace without complaint, for any prefix; documents may then declare it."""
    if not name or "xmlns" in name:
        return False
    try:
        etree.fromstring(f'<a xmlns:p="{escape_attribute(name)}"/>')
    except etree.XMLSyntaxError:
        return False
    return not set(name) & set("\"'<& \t\r\n")
