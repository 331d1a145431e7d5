"""The session of one call, and the bodies whose end is the session's end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from spyne.util.run import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from spyne.store.relational.errors import DatabaseFaults

__all__ = ["AfterCommit", "AsyncBody", "Body", "Unit", "is_in_loop"]

logger = logging.getLogger(__name__)


class Unit:
    """The session of one call, None once it has ended; what ends it a second time does nothing.

    succeeded: the method has returned something complete. A commit that the database refuses raises the fault for it.
    """

    __slots__ = ("_faults", "is_async", "session", "succeeded")

    def __init__(self, session: Any, faults: DatabaseFaults) -> None:
        self.session: Any = session
        self.is_async = hasattr(session, "sync_session")
        self.succeeded = False
        self._faults = faults

    def commit(self) -> None:
        """Commit and close."""
        if self.session is None:
            return
        if self.is_async:
            run(self.acommit())
            return
        session, self.session = self.session, None
        try:
            session.commit()
        except BaseException as error:
            session.rollback()  # `close` alone gives a connection back whose transaction SQLite keeps open
            self._refuse(error)
            raise
        finally:
            session.close()

    async def acommit(self) -> None:
        """Commit and close."""
        if not self.is_async:
            self.commit()
        if self.session is None:
            return
        session, self.session = self.session, None
        try:
            await session.commit()
        except BaseException as error:
            await session.rollback()
            self._refuse(error)
            raise
        finally:
            await session.close()

    def _refuse(self, error: BaseException) -> None:
        if isinstance(error, SQLAlchemyError):
            self._faults.raise_fault(error)

    def abandon(self) -> None:
        """Roll back and close; never raises."""
        if self.session is None:
            return
        if self.is_async and is_in_loop():
            task = asyncio.get_running_loop().create_task(self.aabandon())
            _ENDING.add(task)
            task.add_done_callback(_ENDING.discard)
            return
        session, self.session = self.session, None
        try:
            run(session.close()) if self.is_async else session.close()
        except Exception:
            logger.exception("a session could not be closed")

    async def aabandon(self) -> None:
        """Roll back and close; never raises."""
        if not self.is_async:
            self.abandon()
        if self.session is None:
            return
        session, self.session = self.session, None
        try:
            await session.close()
        except Exception:
            logger.exception("a session could not be closed")


_ENDING: set[asyncio.Task[None]] = set()
"""Tasks that nobody waits for: the event loop alone does not keep them alive."""


def is_in_loop() -> bool:
    """Whether the caller runs inside of an event loop."""
    return asyncio._get_running_loop() is not None


class Body:
    """A body that streams; its end commits. unit: the call's session, None as long as it has asked for none."""

    def __init__(self, source: Any, unit: Callable[[], Unit | None]) -> None:
        self._source = source
        self._parts: Iterator[Any] = iter(source)
        self._unit = unit

    def __getattr__(self, name: str) -> Any:
        if name == "content_length":  # of a source that knows it
            return self._source.content_length
        raise AttributeError(name)

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._parts)
        except StopIteration:
            if (unit := self._unit()) is not None:
                unit.commit()
            raise
        except BaseException:
            self._abandon()
            raise

    def _abandon(self) -> None:
        if (unit := self._unit()) is not None:
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


class AsyncBody:
    """The same of an asynchronous source."""

    def __init__(self, source: Any, unit: Callable[[], Unit | None]) -> None:
        self._source = source
        self._parts: AsyncIterator[Any] = aiter(source)
        self._unit = unit

    def __aiter__(self) -> AsyncBody:
        return self

    async def __anext__(self) -> Any:
        try:
            return await anext(self._parts)
        except StopAsyncIteration:
            if (unit := self._unit()) is not None:
                await unit.acommit()
            raise
        except BaseException:
            await self._abandon()
            raise

    async def _abandon(self) -> None:
        if (unit := self._unit()) is not None:
            await unit.aabandon()

    async def aclose(self) -> None:
        """Release what the body is made of; what was not sent to its end is rolled back."""
        try:
            for thing in (self._parts, self._source):
                close = getattr(thing, "aclose", None)
                if close is not None:
                    await close()
        finally:
            await self._abandon()


class AfterCommit:
    """A body that is complete, and given out once the commit on the event loop has succeeded."""

    def __init__(self, parts: Any, unit: Unit) -> None:
        self._body = b"".join(part.encode() if isinstance(part, str) else bytes(part) for part in parts)
        self._unit = unit
        self.content_length = len(self._body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self._unit.acommit()
        yield self._body

    async def aclose(self) -> None:
        """Roll back what was not asked for."""
        await self._unit.aabandon()
