"""One SQLAlchemy session per call, ended by what becomes of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, ref

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from spyne.error import Redirect
from spyne.store.relational._unit import AfterCommit, AsyncBody, Body, Unit, is_in_loop
from spyne.store.relational.errors import DatabaseFaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from sqlalchemy import MetaData

    from spyne.context import MethodContext
    from spyne.middleware import Handler

__all__ = ["SessionPerCall", "session_of"]

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
        self._units: WeakKeyDictionary[Any, Unit] = WeakKeyDictionary()
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
            unit = self._units[ctx] = Unit(self._make(), self._faults)
            weak = ref(ctx)
            ctx.on_close(lambda: self._closed(weak()))
        if unit.session is None:
            raise RuntimeError("the session of this call has ended")
        return unit.session

    def __call__(self, handler: Handler) -> Handler:
        def call(ctx: Any) -> Any:
            try:
                result = handler(ctx)
            except SQLAlchemyError as error:
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
        if unit is not None:
            unit.commit()

    def _written(self, ctx: Any) -> None:
        """The answer is written, or will be while it is sent."""
        body = ctx.out_string
        if not isinstance(body, _COMPLETE):
            wrapper = AsyncBody if hasattr(body, "__aiter__") else Body
            ctx.out_string = wrapper(body, lambda: self._units.get(ctx))
            return
        unit = self._units.get(ctx)
        if unit is None or unit.session is None:
            return
        if unit.is_async and is_in_loop():
            parts = [body] if isinstance(body, bytes | bytearray | memoryview | str) else body
            ctx.out_string = AfterCommit(parts, unit)
        else:
            unit.commit()

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
            unit.commit()
        else:
            unit.abandon()

    # --- coroutines ---

    async def _awaited(self, ctx: Any, result: Any) -> Any:
        try:
            found = await result
            if not self._is_awaited_later(ctx):
                await self._acommit(ctx)
        except BaseException as error:
            await (self._acommit(ctx) if isinstance(error, Redirect) else self._aabandon(ctx))
            if isinstance(error, SQLAlchemyError):
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
        if unit is not None and unit.is_async:
            await unit.acommit()

    async def _aabandon(self, ctx: Any) -> None:
        unit = self._units.get(ctx)
        if unit is not None and unit.is_async:
            await unit.aabandon()


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
