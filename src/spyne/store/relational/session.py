"""One SQLAlchemy session per call, ended by what becomes of the call."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, ref

from sqlalchemy import Engine
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import sessionmaker

from spyne.error import Redirect
from spyne.store.relational.errors import DatabaseFaults
from spyne.util.run import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from sqlalchemy import MetaData

    from spyne.context import MethodContext
    from spyne.middleware import Handler

__all__ = ["SessionPerCall", "session_of"]

logger = logging.getLogger(__name__)

_COMPLETE = (list, tuple, bytes, bytearray, memoryview, str)
"""Forms of a body that was made to its end."""


def session_of(ctx: MethodContext) -> Any:
    """The session of a call, opened when it is first asked for: an AsyncSession where the application's engine is asynchronous.

    Raises LookupError unless the application has exactly one `SessionPerCall`, RuntimeError once the call's session has ended.
    """
    found = [each for each in ctx.app.middleware if isinstance(each, SessionPerCall)]
    if len(found) != 1:
        fix = (
            "give it one, as in Application(…, middleware=[SessionPerCall(engine)])"
            if not found
            else "ask one: it.of(ctx)"
        )
        raise LookupError(f"the application has {len(found)} SessionPerCall among its middleware; {fix}")
    return found[0].of(ctx)


class SessionPerCall:
    """Middleware for an application: each call that asks for a session has one of its own, each call of a batch too.

    The session is committed when the method has succeeded and its answer is written, before anything is sent; a body that streams is sent
    first, and the session committed before its end is marked. It is rolled back when the method, the writing or the commit fails, or the client
    goes away; and always closed. What the database refuses becomes a fault, see `spyne.store.relational.errors`.

    source: an Engine or AsyncEngine, or what makes sessions (a sessionmaker, an async_sessionmaker). metadata: tables beside those of the
    mapped classes that the application publishes, for the names in faults. An AsyncSession is for ``async def`` methods.
    """

    def __init__(self, source: Any, *, metadata: Iterable[MetaData] = ()) -> None:
        self._make = _factory(source)
        self._faults = DatabaseFaults(*metadata)
        self._units: WeakKeyDictionary[Any, _Unit] = WeakKeyDictionary()
        self._announced: WeakSet[Any] = WeakSet()
        self._installed = False

    def install(self, app: Any) -> None:
        """Listen to what becomes of calls; the application calls this."""
        self._faults.install(app)
        self._installed = True
        listen = app.event_manager.add_listener
        listen("method_context_created", self._announced.add)
        listen("method_return_object", self._returned)
        listen("method_redirect", self._answered)
        listen("method_return_string", self._written)
        listen("method_exception_object", self._failed)
        listen("method_redirect_exception", self._failed)

    def of(self, ctx: MethodContext) -> Any:
        """The session of a call. Raises RuntimeError once it has ended."""
        unit = self._units.get(ctx)
        if unit is None:
            if not self._installed:
                raise RuntimeError("a SessionPerCall belongs to an application: Application(…, middleware=[…])")
            if ctx.is_closed:
                raise RuntimeError("the call is over; a generator that nobody reads during the call has no session")
            unit = self._units[ctx] = _Unit(self._make())
            weak = ref(ctx)
            ctx.on_close(lambda: self._closed(weak()))
        if unit.session is None:
            raise RuntimeError("the session of this call has ended")
        return unit.session

    def __call__(self, handler: Handler) -> Handler:
        def call(ctx: Any) -> Any:
            try:
                result = handler(ctx)
            except StatementError as error:
                self._faults.raise_fault(error)
            if hasattr(result, "__await__"):
                return self._awaited(ctx, result)
            if hasattr(result, "__aiter__"):
                return self._aiterated(ctx, self._faults.translated(result))
            return self._faults.translated(result)

        return call

    # --- what becomes of a call ---

    def _returned(self, ctx: Any) -> None:
        """The method is done. Where nothing is written after it, this is the end."""
        unit = self._units.get(ctx)
        if unit is not None:
            unit.succeeded = not any(map(_is_lazy, ctx.out_object or ()))
            if unit.succeeded and _is_answered(ctx):
                self._answered(ctx)

    def _answered(self, ctx: Any) -> None:
        unit = self._units.get(ctx)
        if unit is not None and unit.session is not None:
            self._commit(unit)

    def _written(self, ctx: Any) -> None:
        """The answer is written, or will be while it is sent."""
        body = ctx.out_string
        if not isinstance(body, _COMPLETE):
            wrapper = _AsyncBody if hasattr(body, "__aiter__") else _Body
            ctx.out_string = wrapper(body, lambda: self._units.get(ctx), self._faults)
            return
        unit = self._units.get(ctx)
        if unit is None or unit.session is None:
            return
        if unit.is_async and _is_in_loop():
            parts = [body] if isinstance(body, bytes | bytearray | memoryview | str) else body
            ctx.out_string = _AfterCommit(parts, unit, self._faults)
        else:
            self._commit(unit)

    def _failed(self, ctx: Any) -> None:
        unit = self._units.get(ctx)
        if unit is not None:
            unit.abandon()

    def _closed(self, ctx: Any) -> None:
        """The call is over. A session that is still open is one whose answer was not written by a protocol, or not sent to its end."""
        unit = self._units.get(ctx)
        if unit is None or unit.session is None:
            return
        if (
            unit.succeeded
            and ctx.out_error is None
            and (ctx.out_string is None or isinstance(ctx.out_string, _COMPLETE))
        ):
            self._commit(unit)
        else:
            unit.abandon()

    def _commit(self, unit: _Unit) -> None:
        try:
            unit.commit()
        except StatementError as error:
            self._faults.raise_fault(error)

    # --- coroutines ---

    async def _awaited(self, ctx: Any, result: Any) -> Any:
        try:
            found = await result
            if not self._is_awaited_later(ctx):
                await self._acommit(ctx)
        except BaseException as error:
            await (self._acommit(ctx) if isinstance(error, Redirect) else self._aabandon(ctx))
            if isinstance(error, StatementError):
                self._faults.raise_fault(error)
            raise
        if hasattr(found, "__aiter__"):
            return self._aiterated(ctx, self._faults.translated(found))
        return self._faults.translated(found)

    async def _aiterated(self, ctx: Any, items: AsyncIterator[Any]) -> AsyncIterator[Any]:
        try:
            async for item in items:
                yield item
        except BaseException:
            await self._aabandon(ctx)
            raise

    def _is_awaited_later(self, ctx: Any) -> bool:
        """Whether the server can wait for the commit once the answer is written: not for one of several calls, or one without an answer."""
        return ctx in self._announced and not _is_answered(ctx) and getattr(ctx.transport.itself, "streams", False)

    async def _acommit(self, ctx: Any) -> None:
        unit = self._units.get(ctx)
        if unit is not None and unit.is_async and unit.session is not None:
            await unit.acommit()

    async def _aabandon(self, ctx: Any) -> None:
        unit = self._units.get(ctx)
        if unit is not None and unit.is_async:
            await unit.aabandon()


class _Unit:
    """The session of one call, None once it has ended. succeeded: the method has returned something complete."""

    __slots__ = ("is_async", "session", "succeeded")

    def __init__(self, session: Any) -> None:
        self.session: Any = session
        self.is_async = hasattr(session, "sync_session")
        self.succeeded = False

    def commit(self) -> None:
        """Commit and close."""
        if self.is_async:
            run(self.acommit())
            return
        session, self.session = self.session, None
        try:
            session.commit()
        except BaseException:
            session.rollback()  # `close` alone gives a connection back whose transaction SQLite keeps open
            raise
        finally:
            session.close()

    def abandon(self) -> None:
        """Roll back and close; never raises."""
        session, self.session = self.session, None
        if session is None:
            return
        try:
            if not self.is_async:
                session.close()
            elif _is_in_loop():
                task = asyncio.get_running_loop().create_task(session.close())
                _ENDING.add(task)
                task.add_done_callback(_ENDING.discard)
            else:
                run(session.close())
        except Exception:
            logger.exception("a session could not be closed")

    async def acommit(self) -> None:
        """Commit and close."""
        session, self.session = self.session, None
        try:
            await session.commit()
        except BaseException:
            await session.rollback()
            raise
        finally:
            await session.close()

    async def aabandon(self) -> None:
        """Roll back and close; never raises."""
        session, self.session = self.session, None
        if session is not None:
            try:
                await session.close()
            except Exception:
                logger.exception("a session could not be closed")


_ENDING: set[asyncio.Task[None]] = set()
"""Tasks that nobody waits for: the event loop alone does not keep them alive."""


class _Body:
    """A body that streams; its end commits."""

    def __init__(self, source: Any, unit: Callable[[], _Unit | None], faults: DatabaseFaults) -> None:
        self._source = source
        self._parts: Iterator[Any] = iter(source)
        self._unit = unit
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        if name == "content_length":  # of a source that knows it
            return self._source.content_length
        raise AttributeError(name)

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._parts)
        except StopIteration:
            self._commit()
            raise
        except BaseException:
            self._abandon()
            raise

    def _commit(self) -> None:
        unit = self._unit()
        if unit is not None and unit.session is not None:
            try:
                unit.commit()
            except StatementError as error:
                self._faults.raise_fault(error)

    def _abandon(self) -> None:
        unit = self._unit()
        if unit is not None:
            unit.abandon()

    def close(self) -> None:
        """Release what the body is made of; what was not sent to its end is rolled back."""
        try:
            for thing in (self._parts, self._source):
                close = getattr(thing, "close", None)
                if close is not None:
                    close()
        finally:
            self._abandon()


class _AsyncBody:
    """The same of an asynchronous source."""

    def __init__(self, source: Any, unit: Callable[[], _Unit | None], faults: DatabaseFaults) -> None:
        self._source = source
        self._parts: AsyncIterator[Any] = aiter(source)
        self._unit = unit
        self._faults = faults

    def __aiter__(self) -> _AsyncBody:
        return self

    async def __anext__(self) -> Any:
        try:
            return await anext(self._parts)
        except StopAsyncIteration:
            await self._commit()
            raise
        except BaseException:
            await self._abandon()
            raise

    async def _commit(self) -> None:
        unit = self._unit()
        if unit is not None and unit.session is not None:
            try:
                await unit.acommit() if unit.is_async else unit.commit()
            except StatementError as error:
                self._faults.raise_fault(error)

    async def _abandon(self) -> None:
        unit = self._unit()
        if unit is not None:
            await unit.aabandon() if unit.is_async else unit.abandon()

    async def aclose(self) -> None:
        """Release what the body is made of; what was not sent to its end is rolled back."""
        try:
            for thing in (self._parts, self._source):
                close = getattr(thing, "aclose", None)
                if close is not None:
                    await close()
        finally:
            await self._abandon()


class _AfterCommit:
    """A body that is complete, and given out once the commit on the event loop has succeeded."""

    def __init__(self, parts: Any, unit: _Unit, faults: DatabaseFaults) -> None:
        self._body = b"".join(part.encode() if isinstance(part, str) else bytes(part) for part in parts)
        self._unit = unit
        self._faults = faults
        self.content_length = len(self._body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            await self._unit.acommit()
        except StatementError as error:
            self._faults.raise_fault(error)
        yield self._body

    async def aclose(self) -> None:
        """Roll back what was not asked for."""
        await self._unit.aabandon()


def _factory(source: Any) -> Callable[[], Any]:
    """What makes sessions. They are not expired by a commit: what was read is still to be written."""
    if isinstance(source, Engine):
        return sessionmaker(source, expire_on_commit=False)
    if hasattr(source, "sync_engine"):
        from sqlalchemy.ext.asyncio import async_sessionmaker

        return async_sessionmaker(source, expire_on_commit=False)
    if callable(source):
        make: Callable[[], Any] = source
        return make
    raise TypeError(f"SessionPerCall takes an engine or a sessionmaker, not {type(source).__name__}")


def _is_lazy(result: Any) -> bool:
    return hasattr(result, "__next__") or hasattr(result, "__aiter__")


def _is_answered(ctx: Any) -> bool:
    """Whether no protocol writes an answer to the call."""
    return bool(
        ctx.aux is not None
        or ctx.descriptor.one_way
        or ctx.out_string is not None
        or getattr(ctx.transport, "is_answered", False)
    )


def _is_in_loop() -> bool:
    return asyncio._get_running_loop() is not None
