"""An argument or a result that is still arriving: between the blocks of a transport and the items that user code asks for."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from spyne.codec._base import DecodeError
from spyne.error import RequestTooLongError
from spyne.limits import LimitExceeded
from spyne.protocol._base import validation_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from spyne.context import MethodContext
    from spyne.error import Fault
    from spyne.interface._streams import Stream

__all__ = ["Incoming", "Receiver", "Scout", "explained", "open_stream"]

PIECE = 64 * 1024


class Receiver(Protocol):
    """Parses one message of one format as it arrives; methods raise DecodeError, LimitExceeded or a Fault.

    stream: the argument, once it is known that the request calls a method with one, or the result. document: what ``ctx.in_document`` is.
    """

    stream: Stream | None
    document: Any

    def feed(self, piece: bytes) -> bool:
        """Parse some more; whether it is known by now how the message is to be read."""
        ...

    def close(self) -> None:
        """The message is over."""
        ...

    def head(self) -> list[Any]:
        """The arguments before the stream."""
        ...

    def ready(self) -> Iterator[Any]:
        """The items that are complete."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether the message is over; `ready` then gives the last items."""
        ...


class Incoming:
    """The arguments of a call whose last one is a stream, or a result that is one; it becomes ``ctx.in_stream``.

    receiver: has found the beginning of the stream. blocks: the rest of the message, an iterator or an asynchronous one.
    """

    __slots__ = ("_explain", "_pieces", "blocks", "receiver")

    def __init__(self, receiver: Any, explain: Callable[[Exception], Fault | None], pieces: Any, blocks: Any) -> None:
        self.receiver = receiver
        self.blocks = blocks
        self._explain = explain
        self._pieces: deque[bytes] = deque(pieces)

    @property
    def stream(self) -> Stream:
        """The argument or result."""
        stream: Stream = self.receiver.stream
        return stream

    @property
    def document(self) -> Any:
        """What has arrived of the message, without the items that were read."""
        return self.receiver.document

    def arguments(self) -> Any:
        """The message: the arguments before the stream, and the iterator over its items. Raises DecodeError."""
        items = self.aitems() if self.stream.descriptor.stream_in_async else self.items()
        return self.stream.arguments(self.receiver.head(), items)

    def results(self) -> Any:
        """The iterator over the items of a result, an asynchronous one where the blocks come so. Raises DecodeError."""
        self.receiver.head()
        return self.aitems() if hasattr(self.blocks, "__anext__") else self.items()

    def items(self) -> Iterator[Any]:
        """The items; reads on while they are asked for, and to the message's end after the last one. Raises Fault."""
        while not self.receiver.is_closed:
            yield from self._ready()
            if not self._pieces:
                self._take(next(self.blocks, None))
            self._feed()
        yield from self._ready()

    async def aitems(self) -> AsyncIterator[Any]:
        """The same for an asynchronous method, of a source of either kind."""
        waits = hasattr(self.blocks, "__anext__")
        while not self.receiver.is_closed:
            for item in self._ready():
                yield item
            if not self._pieces:
                self._take(await anext(self.blocks, None) if waits else next(self.blocks, None))
            self._feed()
        for item in self._ready():
            yield item

    def _ready(self) -> Iterator[Any]:
        try:
            yield from self.receiver.ready()
        except (DecodeError, LimitExceeded, ValueError) as error:
            raise self._fault(error) from None

    def _take(self, block: bytes | None) -> None:
        if block is not None:
            self._pieces.extend(pieces_of(block))
            return
        try:
            self.receiver.close()
        except (DecodeError, LimitExceeded, ValueError) as error:
            raise self._fault(error) from None

    def _feed(self) -> None:
        if not self._pieces:
            return
        try:
            self.receiver.feed(self._pieces.popleft())
        except (DecodeError, LimitExceeded, ValueError) as error:
            raise self._fault(error) from None

    def _fault(self, error: Exception) -> Exception:
        return self._explain(error) or error


def pieces_of(block: bytes) -> Iterator[bytes]:
    """A block in pieces that are parsed at once."""
    if len(block) <= PIECE:
        return iter((block,)) if block else iter(())
    return (block[at : at + PIECE] for at in range(0, len(block), PIECE))


def explained(error: Exception) -> Fault | None:
    """The fault for what every format may raise, None for anything else."""
    if isinstance(error, LimitExceeded):
        return RequestTooLongError(str(error))
    return validation_error(error) if isinstance(error, DecodeError) else None


class Scout:
    """Feeds the beginning of a message to a receiver until it says how the message is to be read."""

    __slots__ = ("_explain", "_left", "_receiver", "_seen")

    def __init__(self, receiver: Any, explain: Callable[[Exception], Fault | None]) -> None:
        self._receiver = receiver
        self._explain = explain
        self._seen: list[bytes] = []
        self._left: Iterator[bytes] = iter(())

    def feed(self, block: bytes) -> bool:
        """Parse some more; whether that is enough. Raises Fault."""
        self._seen.append(block)
        self._left = pieces_of(block)
        try:
            return any(map(self._receiver.feed, self._left))
        except ValueError as error:
            raise self._explain(error) or error from None

    def whole(self, blocks: Iterator[bytes]) -> bytes | None:
        """Read a message as far as its stream; one without a stream is read to its end and returned. Raises Fault."""
        for block in blocks:
            if self.feed(block):
                break
        else:
            self.close()
        return None if self.stream is not None else b"".join([*self._seen, *blocks])

    async def awhole(self, blocks: AsyncIterator[bytes]) -> bytes | None:
        """The same for blocks that come asynchronously."""
        async for block in blocks:
            if self.feed(block):
                break
        else:
            self.close()
        return None if self.stream is not None else b"".join([*self._seen, *[block async for block in blocks]])

    def close(self) -> None:
        """The message is over already. Raises Fault."""
        try:
            self._receiver.close()
        except ValueError as error:
            raise self._explain(error) or error from None

    @property
    def stream(self) -> Stream | None:
        """The stream of the message, None when it is to be read as a whole."""
        stream: Stream | None = self._receiver.stream
        return stream

    def seen(self) -> list[bytes]:
        """What was read."""
        return self._seen

    def incoming(self, blocks: Any) -> Incoming:
        """The arguments or the result, with the rest of the message."""
        return Incoming(self._receiver, self._explain, self._left, blocks)


def open_stream(protocol: Any, ctx: MethodContext, charset: str | None) -> bool:
    """Read the request as far as the beginning of a stream; whether there is one. Otherwise ``ctx.in_string`` is all of it.

    Raises Fault for what is wrong with the beginning.
    """
    if ctx.in_stream is None:
        chunks = ctx.in_string
        if isinstance(chunks, bytes | bytearray | list | tuple) or chunks is None:
            return False
        scout, blocks = protocol.scout(charset), iter(chunks)
        whole = scout.whole(blocks)
        if whole is not None:
            ctx.in_string = [whole]
            return False
        ctx.in_stream = scout.incoming(blocks)
    ctx._in_document = ctx.in_stream.document
    return True
