"""Documents with one sequence in them, written while its items come: one mechanism, driven by an iterator or by an asynchronous one."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Sized
from tempfile import SpooledTemporaryFile
from time import monotonic
from typing import TYPE_CHECKING, Any

from spyne.codec._base import EncodeError
from spyne.codec._xml_values import located
from spyne.codec.rows import release
from spyne.context import Lazy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Self

__all__ = ["BLOCK_SIZE", "Items", "aiterate", "is_stream", "iterate"]

BLOCK_SIZE = 16 * 1024
_LONGEST_WAIT = 0.1
"""Seconds after which what is there is sent with the next item, however little it is."""
_IN_MEMORY = 256 * 1024
"""Bytes that wait in memory for the number of items, before a temporary file takes them."""
_NO_FRAME = (b"", b"")


def is_stream(value: object) -> bool:
    """Whether a value is pulled while it is sent; one that has a length is there as a whole."""
    return isinstance(value, Iterable | AsyncIterable) and not isinstance(value, Sized)


class Items(Lazy):
    """A document around the items of `source`, which is asked for them while the document is sent.

    item: a function from an item to its text, str or bytes. around: what stands before and after the items; it is asked when the first
    one is there. whole: the text of the document for a list. separator: between items. finish: from text to bytes, whole items at a time.
    frame: bytes before and after all. head: what stands before the items for their number, for formats that have it there; then
    everything waits in a temporary file for the last item. tree: from the source to what ``ctx.out_document`` gives to those who look.
    size: characters of a block.
    """

    __slots__ = ("around", "finish", "frame", "head", "item", "separator", "size", "source", "tree", "whole")

    def __init__(
        self,
        source: Any,
        *,
        item: Callable[[Any], Any],
        around: Callable[[], tuple[Any, Any]],
        whole: Callable[[list[Any]], Any],
        tree: Callable[[Any], Any],
        finish: Callable[[Any], bytes] = bytes,
        separator: Any = "",
        frame: tuple[bytes, bytes] = _NO_FRAME,
        head: Callable[[int], bytes] | None = None,
        size: int = BLOCK_SIZE,
    ) -> None:
        self.source = source
        self.item = item
        self.around = around
        self.whole = whole
        self.tree = tree
        self.finish = finish
        self.separator = separator
        self.frame = frame
        self.head = head
        self.size = size

    def __call__(self) -> Any:
        """The document for somebody who looks at it. Raises RuntimeError where its items come asynchronously."""
        if isinstance(self.source, AsyncIterable):
            raise RuntimeError("ctx.out_document is not there: an asynchronous result is written while it is sent")
        return self.tree(self.source)

    def blocks(self) -> Any:
        """The document in blocks of bytes, the first of them with the first item; asynchronous where the source is.

        Errors of the source and EncodeErrors come out of it, with a note of the item; what it gives is to be closed.
        """
        return _AsyncBlocks(self) if isinstance(self.source, AsyncIterable) else _Blocks(self)


class _Pieces:
    """Items that are written and not sent yet."""

    def __init__(self, items: Items) -> None:
        self._items = items
        self._write = items.item
        self._size = items.size
        self._separator = items.separator
        self._held: list[Any] = []
        self._length = 0
        self._end: Any = None
        self._count = self._sent = 0
        self._due = 0.0
        self._file: Any = None if items.head is None else SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115

    def add(self, value: Any) -> bytes:
        """Write an item; what can be sent now, empty for nothing."""
        try:
            piece = self._write(value)
        except EncodeError as error:
            raise located(error, self._count) from None
        if not self._count:
            return self._begin(piece)
        self._count += 1
        self._held.append(piece)
        self._length += len(piece)
        if self._length < self._size and monotonic() < self._due:
            return b""
        return self._flush()

    def _begin(self, piece: Any) -> bytes:
        start, self._end = self._items.around()
        self._count = 1
        self._held.append(start + piece)
        block = self._flush()
        return self._items.frame[0] + block if self._file is None else b""

    def _flush(self, end: Any = None) -> bytes:
        text = self._separator.join(self._held)
        if end is not None:
            text += end
        try:
            data = self._items.finish(text)
        except EncodeError as error:
            raise located(error, self._culprit()) from None
        self._held = [self._separator[:0]]
        self._length, self._sent = 0, self._count
        self._due = monotonic() + _LONGEST_WAIT
        if self._file is None:
            return data
        self._file.write(data)
        return b""

    def _culprit(self) -> int:
        """Which of the pieces that are held cannot be sent."""
        pieces = self._held[-(self._count - self._sent) :]
        for index, piece in enumerate(pieces, self._sent):
            try:
                self._items.finish(piece)
            except EncodeError:
                return index
        return self._sent

    def end(self) -> Iterator[bytes]:
        """The rest of the document."""
        before, after = self._items.frame
        if not self._count:
            yield before + self._items.finish(self._items.whole([])) + after
        elif self._file is None:
            rest = self._flush(self._end) + after
            if rest:
                yield rest
        else:
            self._flush(self._end)
            yield from self._waiting()

    def _waiting(self) -> Iterator[bytes]:
        """What waited for the number of items."""
        before, after = self._items.frame
        assert self._items.head is not None
        self._file.seek(0)
        yield before + self._items.head(self._count) + self._file.read(self._size)
        while block := self._file.read(self._size):
            yield block
        if after:
            yield after

    def note(self, error: Exception) -> None:
        """Say in the error how far the items came."""
        path = error.path if isinstance(error, EncodeError) else ()
        error.add_note(f"in the result, at {'/'.join(map(str, path or (self._count,)))} (items count from 0)")

    def close(self) -> None:
        """Release the temporary file."""
        if self._file is not None:
            self._file.close()


def iterate(items: Items) -> Iterator[bytes]:
    """The document's blocks; closes the source at its end."""
    pieces = _Pieces(items)
    found = iter(items.source)
    try:
        for value in found:
            block = pieces.add(value)
            if block:
                yield block
        yield from pieces.end()
    except Exception as error:
        pieces.note(error)
        raise
    finally:
        pieces.close()
        release(found)


async def aiterate(items: Items) -> AsyncIterator[bytes]:
    """The same for an asynchronous source."""
    pieces = _Pieces(items)
    found = aiter(items.source)
    try:
        async for value in found:
            block = pieces.add(value)
            if block:
                yield block
        for block in pieces.end():
            yield block
    except Exception as error:
        pieces.note(error)
        raise
    finally:
        pieces.close()
        await _arelease(found)


async def _arelease(found: Any) -> None:
    close = getattr(found, "aclose", None)
    if close is not None:
        await close()


class _Blocks:
    """`iterate`, which closes the source even where nothing was asked of it."""

    __slots__ = ("_blocks", "_source")

    def __init__(self, items: Items) -> None:
        self._source = items.source
        self._blocks: Any = iterate(items)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        block: bytes = next(self._blocks)
        return block

    def close(self) -> None:
        """Stop: no more items are asked for."""
        self._blocks.close()
        if isinstance(self._source, Iterator):
            release(self._source)


class _AsyncBlocks:
    """The same of `aiterate`."""

    __slots__ = ("_blocks", "_source")

    def __init__(self, items: Items) -> None:
        self._source = items.source
        self._blocks: Any = aiterate(items)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        block: bytes = await anext(self._blocks)
        return block

    async def aclose(self) -> None:
        """Stop: no more items are asked for."""
        await self._blocks.aclose()
        await _arelease(self._source)
