"""Clients for msgpack-rpc over plain TCP: one for threads, one for asyncio."""

from __future__ import annotations

import asyncio
import socket
from itertools import count
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from spyne.client._base import (
    ClientBase,
    RemoteProcedureBase,
    RemoteService,
    ResponseError,
    read_response,
    write_request,
)
from spyne.codec._base import DecodeError
from spyne.codec.msgpack_frames import Frames, message_id
from spyne.context import MethodContext, ProtocolContext
from spyne.error import Fault
from spyne.limits import LimitExceeded, Limits

if TYPE_CHECKING:
    from typing import Self

__all__ = ["AsyncMessagePackClient", "MessagePackClient"]

MIB = 1024 * 1024
_BLOCK = 64 * 1024
_SHOWN = 1024
"""Bytes of a response that an error keeps."""
_IDS = 2**32


class _Client(ClientBase):
    """What both clients share: the address, the options, and the numbers of the requests."""

    def __init__(self, url: Any, app: Any, *, timeout: float | None, max_response_length: int | None, ssl: Any) -> None:
        super().__init__(url, app)
        self.address = _address(url)
        self.timeout = timeout
        self.ssl = ssl
        self.limits = Limits(body=max_response_length, depth=None)
        self._ids = count()

    def next_id(self) -> int:
        """A number for a request: 32 bits that no request under way has."""
        return next(self._ids) % _IDS

    def broken(self, error: BaseException) -> Exception:
        """The error for a connection that cannot go on."""
        if isinstance(error, TimeoutError):
            return TimeoutError(f"no answer from {self._where()} within {self.timeout} s")
        if isinstance(error, LimitExceeded | DecodeError):
            return ResponseError(f"{self._where()} answered something else than MessagePack-RPC: {error}")
        return ConnectionError(f"the connection to {self._where()} broke: {str(error) or type(error).__name__}")

    def _where(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"


class MessagePackClient(_Client):
    """``MessagePackClient("127.0.0.1:18800", app).service.say_hello("Dave", times=3)``, for a server like `MessagePackServer`.

    url: ``host:port``, ``tcp://host:port`` or a pair of the two. timeout: seconds for a call, None for no limit. max_response_length:
    bytes of a response, None for no limit. ssl: an SSLContext for TLS. One connection is made at the first call and kept; threads
    may share the client, whose calls then wait for each other. After an error of the connection the next call makes a new one.

    A call raises Fault for what the service answers with a fault; ResponseError for an answer of something else; TimeoutError and
    ConnectionError where no answer came. A one-way method is sent as a notification and returns at once.
    """

    def __init__(
        self,
        url: str | tuple[str, int],
        app: Any,
        *,
        timeout: float | None = 30.0,
        max_response_length: int | None = 64 * MIB,
        ssl: Any = None,
    ) -> None:
        super().__init__(url, app, timeout=timeout, max_response_length=max_response_length, ssl=ssl)
        self.service = RemoteService(_Procedure, url, app, self)
        self._socket: socket.socket | None = None
        self._frames = Frames(self.limits)
        self._lock = Lock()

    def close(self) -> None:
        """Close the connection; a later call makes a new one."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def exchange(self, request: bytes, msgid: int | None) -> bytes:
        """Send a request and return its response; nothing is waited for without a number."""
        with self._lock:
            until = None if self.timeout is None else monotonic() + self.timeout
            try:
                sock = self._open()
                sock.settimeout(self.timeout)
                sock.sendall(request)
                return b"" if msgid is None else self._receive(sock, msgid, until)
            except (OSError, LimitExceeded, DecodeError) as error:
                self._drop()
                raise self.broken(error) from error
            except BaseException:
                self._drop()  # the answer may still come, and must not be taken for another one
                raise

    def _open(self) -> socket.socket:
        if self._socket is not None and self.ssl is None and _is_over(self._socket):
            self._drop()
        if self._socket is None:
            sock = socket.create_connection(self.address, self.timeout)
            try:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socket = sock if self.ssl is None else self.ssl.wrap_socket(sock, server_hostname=self.address[0])
            except BaseException:
                sock.close()
                raise
            self._frames = Frames(self.limits)
        assert self._socket is not None
        return self._socket

    def _receive(self, sock: socket.socket, msgid: int, until: float | None) -> bytes:
        while True:
            if until is not None:
                left = until - monotonic()
                if left <= 0:
                    raise TimeoutError
                sock.settimeout(left)
            data = sock.recv(_BLOCK)
            if not data:
                raise ConnectionError("the server closed it")
            for message in self._frames.feed(data):
                if message_id(message) in (msgid, None):
                    return message

    def _drop(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            sock.close()


def _is_over(sock: socket.socket) -> bool:
    """Whether the server has closed a connection that waits for nothing, or sent what nobody asked for."""
    sock.settimeout(0)
    try:
        sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


class _RemoteProcedure(RemoteProcedureBase):
    """One method, with what both kinds of client do before and after the exchange."""

    def __init__(self, url: Any, app: Any, name: str, out_header: Any, client: Any) -> None:
        super().__init__(url, app, name, out_header)
        self.client = client

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[MethodContext, bytes, int | None]:
        """The context, the request, and its number; none for a notification."""
        ctx = self.ctx = self.make_context()
        msgid = None if self.descriptor.one_way else self.client.next_id()
        call: Any = ProtocolContext(ctx)
        call.msgid, call.notification = msgid, msgid is None
        ctx.outprot_ctx = call
        self.get_out_object(ctx, args, kwargs)
        write_request(ctx)
        return ctx, b"".join(ctx.out_string), msgid

    def end(self, ctx: MethodContext, message: bytes) -> Any:
        """The result of a response."""
        ctx.in_string = [message]
        try:
            read_response(ctx)
        except Fault as error:
            raise ResponseError(
                f"the response is not what was declared ({error.faultstring})", body=message[:_SHOWN]
            ) from error
        if ctx.in_error is not None:
            raise ctx.in_error
        return ctx.in_object


class _Procedure(_RemoteProcedure):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method and return its result; see `MessagePackClient` for what is raised."""
        ctx, request, msgid = self.begin(args, kwargs)
        message = self.client.exchange(request, msgid)
        return None if msgid is None else self.end(ctx, message)


class AsyncMessagePackClient(_Client):
    """``await AsyncMessagePackClient("127.0.0.1:18800", app).service.say_hello("Dave", times=3)``.

    As `MessagePackClient`, for one event loop: calls that are under way at the same time share the connection, and each gets its own
    answer in whatever order they come.
    """

    def __init__(
        self,
        url: str | tuple[str, int],
        app: Any,
        *,
        timeout: float | None = 30.0,
        max_response_length: int | None = 64 * MIB,
        ssl: Any = None,
    ) -> None:
        super().__init__(url, app, timeout=timeout, max_response_length=max_response_length, ssl=ssl)
        self.service = RemoteService(_AsyncProcedure, url, app, self)
        self._link: _Link | None = None
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Close the connection; calls under way fail, a later one makes a new connection."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def exchange(self, request: bytes, msgid: int | None) -> bytes:
        """Send a request and return its response; nothing is waited for without a number."""
        try:
            async with asyncio.timeout(self.timeout):
                return await (await self._open()).exchange(request, msgid)
        except (OSError, LimitExceeded, DecodeError) as error:
            raise self.broken(error) from error

    async def _open(self) -> _Link:
        """The connection, a new one where there is none or the old one has ended."""
        async with self._lock:
            if self._link is None or self._link.task.done():
                reader, writer = await asyncio.open_connection(*self.address, ssl=self.ssl)
                self._link = _Link(reader, writer, self.limits)
            return self._link


class _Link:
    """One connection, and the calls that wait for their answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self.reader = reader
        self.writer = writer
        self.waiting: dict[int, asyncio.Future[bytes]] = {}
        self.task = asyncio.create_task(self._read(Frames(limits)))

    async def exchange(self, request: bytes, msgid: int | None) -> bytes:
        if msgid is None:
            self.writer.write(request)
            await self.writer.drain()
            return b""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.waiting[msgid] = answer
        try:
            self.writer.write(request)
            await self.writer.drain()
            return await answer
        finally:
            self.waiting.pop(msgid, None)

    async def _read(self, frames: Frames) -> None:
        error: BaseException = ConnectionError("the server closed it")
        try:
            while data := await self.reader.read(_BLOCK):
                for message in frames.feed(data):
                    self._take(message)
        except (OSError, LimitExceeded, DecodeError) as found:
            error = found
        finally:
            self.writer.close()
            for answer in self._open_answers():
                answer.set_exception(error)

    def _take(self, message: bytes) -> None:
        """Hand a response over. One without a number says that the server cannot read on: it is for all who wait."""
        msgid = message_id(message)
        answers = self._open_answers() if msgid is None else [self.waiting[msgid]] if msgid in self.waiting else []
        for answer in answers:
            if not answer.done():
                answer.set_result(message)

    def _open_answers(self) -> list[asyncio.Future[bytes]]:
        return [answer for answer in self.waiting.values() if not answer.done()]

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        try:
            await self.writer.wait_closed()
        except OSError:
            self.writer.transport.abort()


class _AsyncProcedure(_RemoteProcedure):
    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method and return its result; see `MessagePackClient` for what is raised."""
        ctx, request, msgid = self.begin(args, kwargs)
        message: bytes = await self.client.exchange(request, msgid)
        return None if msgid is None else self.end(ctx, message)


def _address(url: str | tuple[str, int]) -> tuple[str, int]:
    """Host and port. Raises ValueError for an address without them."""
    if not isinstance(url, str):
        host, port = url
        return str(host), int(port)
    parts = urlsplit(url if "://" in url else f"tcp://{url}")
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise ValueError(f"a MessagePack-RPC client needs an address like host:port, not {url!r}")
    return parts.hostname, parts.port
