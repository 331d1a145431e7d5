"""The transaction that a handler may work in: the consumer's own, with a savepoint for each task that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from spyne.error import Fault

__all__ = ["TransactionEnded", "Work"]


class TransactionEnded(Exception):
    """A handler has committed or rolled back the consumer's transaction, which it must not."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class Work:
    """The connection of a batch, None where handlers work elsewhere. savepoints: how many tasks have used it. is_used: whether the running one has asked for it.

    The savepoint of a task is made when its handler first asks for the connection: a task that does not costs no statement.
    """

    __slots__ = ("_savepoint", "_transaction", "connection", "is_used", "savepoints")

    def __init__(self, connection: Connection | None) -> None:
        self.connection = connection
        self.savepoints = 0
        self.is_used = False
        self._savepoint: Any = None
        self._transaction = None if connection is None else connection.get_transaction()

    def open(self) -> Connection | None:
        """The connection, with the task's savepoint on it."""
        if self.connection is not None and self._savepoint is None:
            self.is_used = True
            self._savepoint = self.connection.begin_nested()
            self.savepoints += 1
        return self.connection

    def end(self, *, failed: bool) -> bool:
        """Keep or undo what the task did, and return whether the consumer's transaction is still the one that was begun."""
        savepoint, self._savepoint = self._savepoint, None
        self.is_used = False
        if savepoint is None:
            return True
        assert self.connection is not None
        if self.connection.get_transaction() is not self._transaction:
            return False
        if failed:
            savepoint.rollback()
        else:
            savepoint.commit()
        return True
