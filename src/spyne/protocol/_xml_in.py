"""A message in XML whose last argument, or whose result, is read while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.codec import xml_fast
from spyne.codec._base import DecodeError, absence, counter
from spyne.codec._xml_names import XSI_NIL, local, members
from spyne.codec.xml_decode import is_nil
from spyne.codec.xml_stream import Items, XmlFeed, check_element
from spyne.limits import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spyne.codec._base import Options
    from spyne.interface._base import Message
    from spyne.interface._streams import Stream
    from spyne.limits import Limits

__all__ = ["StreamReader", "XmlReceiver"]

XmlElement = Any
_PIECE = 64 * 1024


class StreamReader:
    """Reads one message with a stream.

    takes: whether an element, by its tag, is the stream. heads: names of the other arguments, by tag and local name.
    """

    __slots__ = ("_others", "_tag", "check_count", "decode_head", "decode_item", "most", "names", "required", "stream")

    def __init__(self, message: Message, stream: Stream, options: Options) -> None:
        *others, own = members(stream.struct, options)
        self.stream = stream
        self._tag = own.tag
        self._others = {name: m.name for m in reversed(others) for name in (m.name, m.tag) if m.place == "element"}
        self.decode_head = xml_fast.compile(stream.head, options)
        self.decode_item = xml_fast.compile(stream.array.item, options)
        item = stream.array.item
        self.names = (own.name, item.wire_name or item.name)
        self.required = options.validate and stream.field.min_occurs > 0
        self.check_count = counter(item) if options.validate else None
        self.most = item.max_occurs if options.validate else None

    def takes(self, tag: Any) -> bool:
        """Whether that is the tag of the stream; its name counts in any namespace where no other argument has it."""
        if tag == self._tag:
            return True
        return tag.__class__ is str and tag not in self._others and local(tag) == self.stream.name

    def argument(self, tag: Any) -> str | None:
        """The name of the other argument that a tag is."""
        return self._others.get(tag) or self._others.get(local(tag)) if tag.__class__ is str else None


class XmlReceiver:
    """See `spyne.protocol._incoming.Receiver`.

    find: the element of the call or response in a tree that is not complete; None as long as there is none, or False where the message is
    not to be read in this way. finish: checks the whole tree in the end.
    """

    __slots__ = (
        "_array",
        "_call",
        "_feed",
        "_find",
        "_finish",
        "_items",
        "_limits",
        "_reader",
        "_readers",
        "_size",
        "is_closed",
    )

    def __init__(
        self,
        feed: XmlFeed,
        readers: dict[str, StreamReader],
        limits: Limits,
        find: Callable[[XmlElement], Any],
        finish: Callable[[XmlElement], None],
    ) -> None:
        self._feed = feed
        self._readers = readers
        self._limits = limits
        self._find = find
        self._finish = finish
        self._reader: StreamReader | None = None
        self._call: XmlElement = None
        self._array: XmlElement = None
        self._items: Items | None = None
        self._size = 0
        self.is_closed = False

    @property
    def stream(self) -> Stream | None:
        """The stream, None where the message has none."""
        return None if self._reader is None else self._reader.stream

    @property
    def document(self) -> XmlElement:
        """The root element."""
        return self._feed.root

    def feed(self, piece: bytes) -> bool:
        """Parse some more; whether the stream has begun, or there is none."""
        if self._items is not None:
            self._items.feed(piece)
            return True
        self._size += len(piece)
        limit = self._limits.stream_item
        if self._reader is not None and limit is not None and self._size > limit + _PIECE:
            raise LimitExceeded("stream_item", limit)
        self._feed.feed(piece)
        if self._feed.is_foreign:
            return True
        return self._feed.root is not None and self._look()

    def _look(self) -> bool:
        """Look for the call, then for the stream in it."""
        if self._call is None:
            found = self._find(self._feed.root)
            if found is None:
                return False
            reader = None if found is False else self._readers.get(found.tag)
            if reader is None:
                return True
            self._reader, self._call = reader, found
        reader = self._reader
        assert reader is not None
        for child in (self._call,) if reader.stream.bare else self._call:
            if reader.takes(child.tag):
                self._open(reader, child)
                return True
        return False

    def _open(self, reader: StreamReader, array: XmlElement) -> None:
        if (
            self._size > _PIECE
            or self._feed.has_long_tag
            or any(
                limit is not None and limit < _PIECE // 4 for limit in (self._limits.children, self._limits.elements)
            )
        ):
            check_element(self._feed.root, self._limits, self._size, beside=array)
        self._feed.check_depth()
        self._array = array
        self._items = Items(self._feed, array, self._decode, self._limits, min(self._size, _PIECE))

    def _decode(self, element: XmlElement) -> Any:
        reader, items = self._reader, self._items
        assert reader is not None
        assert items is not None
        if reader.most is not None and items.count >= reader.most:
            self._check_count(reader, items.count + 1)
        try:
            return reader.decode_item(element)
        except DecodeError as error:
            raise error.at(reader.stream.name, items.count) from None

    @staticmethod
    def _check_count(reader: StreamReader, count: int) -> None:
        if reader.check_count is not None:
            try:
                reader.check_count(count)
            except DecodeError as error:
                raise error.at(reader.stream.name) from None

    def head(self) -> list[Any]:
        """The other arguments."""
        reader = self._reader
        assert reader is not None
        values: list[Any] | None = reader.decode_head(self._call)
        if self._array is None and reader.required:
            raise absence(reader.stream.field).at(reader.stream.name)
        refuses_nil = reader.required and not reader.stream.field.nillable
        if refuses_nil and self._array is not None and self._array.get(XSI_NIL) is not None and is_nil(self._array):
            raise DecodeError("must not be nil").at(reader.stream.name)
        return [None] * (len(reader.stream.struct.fields) - 1) if values is None else values

    def ready(self) -> Iterator[Any]:
        """The items that are complete; after the last one, what follows the stream is checked."""
        items, reader = self._items, self._reader
        if items is not None and reader is not None:
            yield from items.ready()
            if self.is_closed:
                self._check_count(reader, items.count)
        if self.is_closed and reader is not None:
            self._check_rest(reader)
            self._finish(self._feed.root)

    def close(self) -> None:
        """The message is over."""
        if self._items is not None:
            self._items.close()
        else:
            self._feed.close()
            if self._feed.root is not None and self._reader is None:
                self._look()
        self.is_closed = True

    def _check_rest(self, reader: StreamReader) -> None:
        """Arguments behind the stream come too late."""
        after = () if self._array is None else self._array.itersiblings("*")
        for element in after:
            if reader.takes(element.tag):
                raise DecodeError("occurs 2 time(s), max_occurs=1").at(reader.stream.name)
            name = reader.argument(element.tag)
            if name is not None:
                raise DecodeError(f"must come before {reader.stream.name}, which is read while it arrives").at(name)
