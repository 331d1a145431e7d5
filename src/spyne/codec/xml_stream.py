"""XML as it arrives, block by block, as safe as `xml_input`: for documents of which one part is too long for memory.

`XmlFeed` parses; `Items` hands over the children of one element while they come in, and takes them off the tree. Between two items
no more is kept than ``Limits.stream_item`` bytes.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, ClassVar

from lxml import etree

from spyne.codec.xml_input import (
    DEFAULT_OPTIONS,
    SAMPLE,
    STRIDE,
    Element,
    ParserOptions,
    XmlError,
    attribute_names,
    element_names,
    explain,
    forget_names,
    is_deeper,
    names_can_be_forgotten,
    to_utf8,
)
from spyne.limits import LimitExceeded, Limits, unless_off

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["PIECE", "Items", "XmlFeed"]

PIECE = 64 * 1024
"""Bytes that are parsed at once."""
_LONGEST_PROLOG = 16 * 1024
_BOM = b"\xef\xbb\xbf"
_PROLOG = re.compile(rb"(?:[^<]++|<\?.*?\?>|<!--.*?-->)*+<(?:!DOCTYPE|([^\s/>?!<][^\s/><]*)[\s/>])", re.DOTALL)
_ELEMENT_BYTES, _ATTRIBUTE_BYTES, _LEVEL_BYTES = 4, 5, 7


class XmlFeed:
    """Parses one document. Every method raises XmlError or LimitExceeded for what is wrong with it.

    is_foreign: the document cannot be read this way, for its encoding is not UTF-8 or its start is too long; nothing was parsed.
    root: the root element once its start tag was read. ended: the elements, of those that have one of `names`, that ended in the last block.
    """

    __slots__ = (
        "_allow_pi",
        "_charset",
        "_gap",
        "_head",
        "_is_long",
        "_limits",
        "_long",
        "_names",
        "_options",
        "_parser",
        "_tags",
        "ended",
        "has_long_tag",
        "is_foreign",
        "root",
    )

    def __init__(
        self,
        limits: Limits,
        names: Iterable[str],
        *,
        charset: str | None = None,
        allow_pi: bool = False,
        options: ParserOptions = DEFAULT_OPTIONS,
    ) -> None:
        self._limits = limits
        self._tags = tuple(f"{{*}}{name}" for name in names)
        self._charset = charset
        self._allow_pi = allow_pi
        self._options = options
        self._parser: Any = None
        self._head = b""
        self._gap = 0
        attributes = None if limits.attributes is None else limits.attributes * _ATTRIBUTE_BYTES
        sizes = (limits.name_length, attributes, limits.attribute_size)
        self._long = min((size for size in sizes if size is not None), default=None)
        self._names = _Names(limits.unique_names)
        self.has_long_tag = self._is_long = False
        self.is_foreign = False
        self.root: Element = None
        self.ended: list[Element] = []

    def feed(self, block: bytes) -> None:
        """Parse some more."""
        if self._parser is None:
            self._head += block
            block = self._begin()
        parser = self._parser
        if parser is None:
            return
        self._names.see(block)
        self._is_long = self._has_gap(block)
        self.has_long_tag = self.has_long_tag or self._is_long
        self._apart(parser.feed, block)
        for entry in parser.feed_error_log:
            if entry.level_name == "FATAL":
                raise XmlError(f"{entry.message} (line {entry.line}, column {entry.column})", line=entry.line)
        self._collect()

    def close(self) -> None:
        """The document is over."""
        if self._parser is None:
            self.is_foreign = True
            return
        self._apart(self._parser.close)
        self._collect()

    def _apart(self, step: Callable[..., Any], *args: bytes) -> None:
        """Take a step of the parser while this thread has no dictionary of names: the parser goes on with its own.

        Otherwise the document would get the thread's in the end, and free the names that it has from the other one.
        """
        forget_names()
        try:
            step(*args)
        except (etree.LxmlError, ValueError) as error:
            raise explain(error, self._limits) from None
        finally:
            forget_names()

    def forget_tags(self) -> None:
        """All elements but those of the last block were checked."""
        self.has_long_tag = self._is_long

    def check_depth(self) -> None:
        """Refuse what nests too deep, of what is in the tree now."""
        if is_deeper(self.root, self._limits):
            raise LimitExceeded("depth", unless_off(self._limits.depth))

    # --- the start ---

    def _begin(self) -> bytes:
        """What there is, once the root's start tag can be seen to come without a DOCTYPE before it; else nothing."""
        head = self._head
        text = head[3:] if head.startswith(_BOM) else head
        declared = text.startswith(b"<?xml")
        if self.is_foreign or len(head) < 5 or (declared and b"?>" not in text and len(head) < _LONGEST_PROLOG):
            return b""
        start = _PROLOG.match(text) if names_can_be_forgotten() and _is_utf8(head, self._charset) else None
        if start is None:
            self.is_foreign = (
                not names_can_be_forgotten() or len(head) >= _LONGEST_PROLOG or not _is_utf8(head, self._charset)
            )
            return b""
        if start[1] is None:
            raise XmlError("a document type declaration (DOCTYPE) is not allowed")
        self._open(start[1].rpartition(b":")[2])
        self._head = b""
        return text

    def _open(self, root: bytes) -> None:
        """Make the parser. Its dictionary of names is its own: it may go on in another thread, and ends with the document."""
        options = self._options
        self._parser = etree.XMLPullParser(
            events=("start", "end", "pi"),
            tag=(f"{{*}}{root.decode('utf-8', 'replace')}", *self._tags),
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            recover=False,
            collect_ids=False,
            remove_pis=self._allow_pi,
            remove_comments=options.remove_comments,
            huge_tree=options.huge_tree,
            ns_clean=options.ns_clean,
            remove_blank_text=options.remove_blank_text,
            strip_cdata=options.strip_cdata,
        )

    def _collect(self) -> None:
        ended = self.ended = []
        for kind, element in self._parser.read_events():
            if kind == "end":
                ended.append(element)
            elif kind == "pi":
                raise XmlError("processing instructions are not allowed")
            elif self.root is None:
                self.root = element

    # --- limits ---

    def _has_gap(self, block: bytes) -> bool:
        """Whether a tag that passes a limit may end in the block: whether so many bytes came without a ``<``."""
        longest = self._long
        if longest is None:
            return False
        first = block.find(b"<")
        if first < 0:
            self._gap += len(block)
            return self._gap > longest
        if self._gap + first > longest:
            self._gap = len(block) - block.rfind(b"<")
            return True
        self._gap = len(block) - block.rfind(b"<")
        at, end = first, len(block) - longest
        while at < end:
            last = block.rfind(b"<", at + 1, at + 1 + longest)
            if last < 0:
                return True
            at = last
        return self._gap > longest


def _is_utf8(head: bytes, charset: str | None) -> bool:
    try:
        text = to_utf8(head, charset)
    except XmlError:
        return False
    return text is head or head.startswith(_BOM)


class _Names:
    """Counts different names where a sample looks as if there were many: `SAMPLE` bytes of about every `STRIDE`."""

    __slots__ = ("_counts", "_most", "_seen", "_size", "_strides")

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._seen: set[bytes] = set()
        self._size = STRIDE
        self._strides = 0
        self._counts = False

    def see(self, block: bytes) -> None:
        """Look at the next block."""
        most = self._most
        if most is None:
            return
        if self._counts:
            self._note(block)
            if len(self._seen) > most:
                raise LimitExceeded("unique_names", most)
            return
        self._size += len(block)
        if self._size < STRIDE:
            return
        self._size = 0
        start = int.from_bytes(os.urandom(2)) * max(len(block) - SAMPLE, 0) // 65535
        self._note(block[start : start + SAMPLE])
        self._counts = len(self._seen) * STRIDE // SAMPLE > most // 3

    def _note(self, text: bytes) -> None:
        self._seen.update(element_names(text))
        if b"=" in text:
            self._seen.update(attribute_names(text))


class Items:
    """The children of one element of a feed, decoded as they are asked for.

    `ready` gives those that are complete; whoever wants more feeds the parser by `feed`.
    """

    __slots__ = ("_array", "_decode", "_feed", "_held", "_last", "_limits", "_previous", "count", "is_closed")

    _never: ClassVar[Any] = object()

    def __init__(
        self, feed: XmlFeed, array: Element, decode: Callable[[Element], Any], limits: Limits, held: int
    ) -> None:
        self._feed = feed
        self._array = array
        self._decode = decode
        self._limits = limits
        self._held = held
        self._previous: Any = None
        self._last: Any = None
        self.count = 0
        self.is_closed = False
        self._note_ended()

    def feed(self, piece: bytes) -> None:
        """Parse some more of the document."""
        self._held += len(piece)
        limit = self._limits.stream_item
        if limit is not None and self._held > limit + PIECE:
            raise LimitExceeded("stream_item", limit)
        self._feed.feed(piece)
        self._note_ended()

    def close(self) -> None:
        """The document is over: what is there is complete."""
        self._feed.close()
        self.is_closed = True

    def ready(self) -> Iterator[Any]:
        """The items that are complete, each taken off the tree when the next one is asked for; decoding errors are raised as they are."""
        child = self._next()
        if child is None:
            return
        if self._limits.depth is not None and self._held > self._limits.depth * _LEVEL_BYTES:
            self._feed.check_depth()
        size, checked = self._held, self._feed.has_long_tag or self._is_large(self._held)
        while child is not None:
            if self._previous is not None:
                self._array.remove(self._previous)  # never the last child: the parser may be at work on what follows it
            self._previous = child
            if child.tag.__class__ is str:
                if checked:
                    check_element(child, self._limits, size)
                value = self._decode(child)
                child.clear(keep_tail=True)
                self.count += 1
                yield value
            child = self._next()
        self._held = min(self._held, PIECE)
        self._feed.forget_tags()

    def _next(self) -> Any:
        """The next child if it is complete."""
        previous, array = self._previous, self._array
        child = (array[0] if len(array) else None) if previous is None else previous.getnext()
        if child is None or self.is_closed or child is self._last or child.getnext() is not None:
            return child
        return child if array.getnext() is not None else None

    def _note_ended(self) -> None:
        array = self._array
        for element in reversed(self._feed.ended):
            if element.getparent() is array:
                self._last = element
                return

    def _is_large(self, size: int) -> bool:
        limits = self._limits
        bounds = (
            (limits.children, _ELEMENT_BYTES),
            (limits.elements, _ELEMENT_BYTES),
            (limits.text_size, 1),
        )
        return any(limit is not None and size > limit * least for limit, least in bounds)


def check_element(top: Element, limits: Limits, size: int, *, beside: Element = None) -> None:
    """Refuse an element of at most `size` bytes that passes a limit; `beside`: the children of that one do not count."""
    for count, element in enumerate(_elements(top, beside), 1):
        if limits.elements is not None and count > limits.elements:
            raise LimitExceeded("elements", limits.elements)
        if element is not beside and limits.children is not None and len(element) > limits.children:
            raise LimitExceeded("children", limits.children)
        if limits.text_size is not None and size > limits.text_size:
            _check_texts(element, limits.text_size)
        _check_tag(element, limits)


def _elements(top: Element, beside: Element) -> Iterator[Element]:
    for element in top.iter("*"):
        if beside is None or element is beside or element.getparent() is not beside:
            yield element


def _check_texts(element: Element, most: int) -> None:
    if len(element.text or "") > most or len(element.tail or "") > most:
        raise LimitExceeded("text_size", most)


def _check_tag(element: Element, limits: Limits) -> None:
    attributes = element.attrib
    names = [element.tag, *attributes]
    parent = element.getparent()
    outer = {} if parent is None else parent.nsmap
    spaces = [value for prefix, value in element.nsmap.items() if outer.get(prefix) != value]
    values = [*attributes.values(), *spaces]
    if (
        limits.name_length is not None
        and max(len(name.rpartition("}")[2].encode()) for name in names) > limits.name_length
    ):
        raise LimitExceeded("name_length", limits.name_length)
    if limits.attributes is not None and len(values) > limits.attributes:
        raise LimitExceeded("attributes", limits.attributes)
    if limits.attribute_size is not None and any(len(value.encode()) > limits.attribute_size for value in values):
        raise LimitExceeded("attribute_size", limits.attribute_size)
