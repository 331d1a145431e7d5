"""What a database refuses, as faults that name the member: never SQL, never a value, never a name that clients do not know."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy.exc import SQLAlchemyError

from spyne.error import Fault, ResourceAlreadyExistsError, ValidationError
from spyne.store.relational._names import PublicNames
from spyne.store.relational._violations import Kind, violation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import MetaData

    from spyne.middleware import Handler

__all__ = ["DatabaseFaults", "PublicNames", "TryAgainError", "fault_of"]

logger = logging.getLogger(__name__)


class TryAgainError(Fault):
    """Two calls got into each other's way, and this one was undone; the same call may succeed now. HTTP 500."""

    CODE = "Server.TryAgain"

    def __init__(self, faultstring: str = "Another call changed the same data at the same time; try again.") -> None:
        super().__init__(self.CODE, faultstring)


_RULES: dict[Kind, tuple[str, str]] = {
    "unique": ("another one with this value exists already", "another one like this exists already"),
    "missing": ("refers to something that does not exist", "something that is referred to does not exist"),
    "in_use": ("is still referred to", "something else still refers to it"),
    "null": ("must not be null", "a value that must be there is not"),
    "check": ("has a value that is not allowed", "a value is not allowed, or does not go with another one"),
    "value": (
        "has a value that cannot be stored",
        "a value cannot be stored: it is too long, too large or out of range",
    ),
}
"""What was broken: with members, and without."""


def fault_of(error: SQLAlchemyError, names: PublicNames | None = None) -> Fault | None:
    """The fault for an error of a database or its column types that the caller caused, or another call at the same time; None for all others.

    Unique and exclusion constraints give Client.ResourceAlreadyExists; foreign keys, NOT NULL, CHECK and values that a column cannot hold
    Client.ValidationError; deadlocks, failed serialization and rows that another call has changed or removed Server.TryAgain.
    """
    violation = violation_of(error)
    if violation is None:
        return None
    logger.info(
        "the database refused a change: %s",
        " ".join(filter(None, (violation.kind, violation.table, violation.constraint, *violation.columns))),
    )
    if violation.kind == "again":
        return TryAgainError()
    members = (names or PublicNames()).members(violation)
    where = ", ".join(members)
    about_member, about_all = _RULES[violation.kind]
    if len(members) > 1:
        about_member = about_member.replace("this value", "these values")
    text = f"{where}: {about_member}" if where else about_all
    return (
        ResourceAlreadyExistsError(None, text)
        if violation.kind == "unique"
        else ValidationError(None, text, path=where)
    )


class DatabaseFaults:
    """Middleware for an application whose methods open sessions of their own: constraint violations become faults, see `fault_of`.

    metadata: tables beside those of the mapped classes that the application publishes.
    """

    def __init__(self, *metadata: MetaData) -> None:
        self.names = PublicNames(*metadata)

    def install(self, app: Any) -> None:
        """Learn the names; the application calls this."""
        self.names.add_application(app)

    def __call__(self, handler: Handler) -> Handler:
        def translate(ctx: Any) -> Any:
            try:
                result = handler(ctx)
            except SQLAlchemyError as error:
                self.raise_fault(error)
            return self.translated(result)

        return translate

    def translated(self, result: Any) -> Any:
        """What a method returned; if that is still to run, with its errors translated."""
        if hasattr(result, "__await__"):
            return self._awaited(result)
        if hasattr(result, "__aiter__"):
            return self._aiterated(result)
        return self._iterated(result) if hasattr(result, "__next__") else result

    async def _awaited(self, result: Any) -> Any:
        try:
            found = await result
        except SQLAlchemyError as error:
            self.raise_fault(error)
        return self.translated(found)

    def _iterated(self, items: Any) -> Iterator[Any]:
        try:
            yield from items
        except SQLAlchemyError as error:
            self.raise_fault(error)

    async def _aiterated(self, items: Any) -> Any:
        try:
            async for item in items:
                yield item
        except SQLAlchemyError as error:
            self.raise_fault(error)
        finally:
            close: Callable[[], Any] | None = getattr(items, "aclose", None)
            if close is not None:
                await close()

    def raise_fault(self, error: SQLAlchemyError) -> NoReturn:
        """Raise the fault for an error, or the error."""
        fault = fault_of(error, self.names)
        if fault is None:
            raise error
        raise fault from error
