"""A message in JSON whose last argument, or whose result, is read while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._base import DecodeError, absence, counter
from spyne.codec.json_input import check_numbers
from spyne.codec.json_stream import JsonCall, JsonItems, JsonResult
from spyne.codec.tree_native import json_reader, reject_duplicates
from spyne.schema import Field
from spyne.schema.nodes import Array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from spyne.codec._base import Options
    from spyne.interface._streams import Stream
    from spyne.limits import Limits

__all__ = ["JsonReceiver", "JsonStream"]


class JsonStream:
    """Reads the parts of one message with a stream. alone: the message is the stream itself, without an object around it."""

    __slots__ = ("check_count", "decode_head", "decode_item", "decode_items", "required", "stream")

    def __init__(self, stream: Stream, options: Options, limits: Limits, *, unique: bool, alone: bool = False) -> None:
        self.stream = stream
        depth = options.max_depth if alone else options.max_depth - 1
        item = msgspec.structs.replace(stream.array.item, min_occurs=0, max_occurs=1)
        array = Array(item=msgspec.structs.replace(item, max_occurs=None))
        in_array = msgspec.structs.replace(options, max_depth=max(depth, 0))
        in_item = msgspec.structs.replace(options, max_depth=max(depth - 1, 0))

        def checked(field: Field, options: Options) -> Callable[[bytes], Any]:
            read = json_reader(field, options)

            def decode(data: bytes) -> Any:
                check_numbers(data, limits)
                if unique:
                    reject_duplicates(data)
                return read(data)

            return decode

        self.decode_head = checked(stream.head, options)
        self.decode_item = checked(item, in_item)
        self.decode_items = checked(Field(type=array), in_array)
        self.required = options.validate and stream.field.min_occurs > 0
        self.check_count = counter(stream.array.item) if options.validate else None


class JsonReceiver:
    """See `spyne.protocol._incoming.Receiver`. methods: by name, for a request. make_document: from bytes to what ``ctx.in_document`` is.
    result: what reads a response.
    """

    __slots__ = ("_call", "_items", "_limit", "_make_document", "_methods", "_reader", "document", "is_closed")

    def __init__(
        self,
        methods: Mapping[str, JsonStream],
        limit: int | None,
        make_document: Callable[[bytes], Any],
        result: JsonStream | None = None,
    ) -> None:
        self._methods = methods
        self._limit = limit
        self._make_document = make_document
        self._call = JsonCall(self._find, limit) if result is None else JsonResult()
        self._items: JsonItems | None = None
        self._reader = result
        self.document: Any = None
        self.is_closed = False

    def _find(self, method: str) -> str | None:
        self._reader = self._methods.get(method)
        return None if self._reader is None else self._reader.stream.name

    @property
    def stream(self) -> Stream | None:
        """The stream, None where the message has none."""
        return None if self._reader is None or self._items is None else self._reader.stream

    def feed(self, piece: bytes) -> bool:
        """Read on; whether the stream has begun, or there is none."""
        if self._items is not None:
            self._items.feed(piece)
            return True
        call = self._call
        if not call.feed(piece):
            return False
        reader = self._reader
        if not call.is_foreign and reader is not None and call.head is not None:
            decoders = (reader.decode_items, reader.decode_item)
            self._items = JsonItems(call.cursor, reader.stream.name, *decoders, self._limit, call.phase, call.behind)
            self.document = self._make_document(call.document)
        return True

    def close(self) -> None:
        """The message is over."""
        self.is_closed = True
        if self._items is not None:
            self._items.close()

    def head(self) -> list[Any]:
        """The arguments before the stream."""
        reader, call = self._reader, self._call
        assert reader is not None
        assert call.head is not None
        values: list[Any] = reader.decode_head(call.head)
        field = reader.stream.field
        if reader.required and call.phase == "outer":
            raise absence(field).at(reader.stream.name)
        if reader.required and call.phase == "end" and not field.nillable:
            raise DecodeError("must not be null").at(reader.stream.name)
        return values

    def ready(self) -> Iterator[Any]:
        """The items that are complete; after the last one, what follows the stream is checked."""
        items, reader = self._items, self._reader
        assert items is not None
        assert reader is not None
        check = reader.check_count
        most = reader.stream.array.item.max_occurs if check is not None else None
        for item in items.ready():
            if check is not None and most is not None and items.count >= most:
                self._check_count(check, items.count + 1)
            yield item
        if self.is_closed and check is not None:
            self._check_count(check, items.count)

    def _check_count(self, check: Callable[[int], None], count: int) -> None:
        try:
            check(count)
        except DecodeError as error:
            raise error.at(self._items._name if self._items is not None else "") from None
