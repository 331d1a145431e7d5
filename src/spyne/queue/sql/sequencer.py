"""The sequencer: gives positions to committed tasks, and knows below which id there is nothing left to look for.

Ids are drawn before a transaction commits, so that a task can appear behind others that were read already. Positions are given after the commit, and
consumers follow positions alone. Each run looks at all ids above the topic's `settled` mark. The mark moves up to an id once every transaction
that may hold one up to there has ended: those that were open at a first look are gone at a later one. The more often it moves, the fewer ids there
are to look at in each run.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from spyne.queue.sql.databases import OF_UNKNOWN_AGE
from spyne.queue.sql.engine import alone, transaction
from spyne.queue.sql.log import SEQUENCED_AT_ONCE

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from spyne.queue.sql.log import Log, Topic

__all__ = ["Sequencer"]

_WORTH_IT = 200
"""Ids above the mark before it is moved."""


class Sequencer:
    """Runs on the connection of one consumer; any number may run at once, in any number of processes."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._mark: tuple[int, frozenset[str]] | None = None
        self._next_look = 0.0

    def run(self, connection: Connection) -> int:
        """Give positions to what has none and return to how many; needs a connection without a transaction."""
        return self.run_for(connection, self.look(connection))

    def look(self, connection: Connection) -> Topic:
        """The state of the topic."""
        with alone(connection, self.log.database):
            return self.log.state(connection)

    def run_for(self, connection: Connection, topic: Topic) -> int:
        """The same for a topic whose state was just read."""
        log = self.log
        if not log.database.positions_late:
            return 0
        settle = self._settled(connection, topic)
        if not topic.is_waiting and settle is None:
            return 0
        total = 0
        while True:
            given = self._sequence(connection, topic, settle)
            total += given or 0
            if given is not None and given < SEQUENCED_AT_ONCE:
                return total
            before, topic = topic, self.look(connection)
            if given is None and topic == before:
                return total  # another process is at it
            if not topic.is_waiting:
                return total

    def _sequence(self, connection: Connection, topic: Topic, settle: int | None) -> int | None:
        log = self.log
        if log.database.changes_chain:
            with alone(connection, log.database):
                return log.sequence_at_once(connection, topic, settle)
        with transaction(connection, log.database):
            return log.sequence(connection, settle)

    def _settled(self, connection: Connection, topic: Topic) -> int | None:
        """An id up to which no task is still to come, None while that is not known."""
        now, database = time.monotonic(), self.log.database
        if now < self._next_look or topic.last_id - topic.settled < _WORTH_IT:
            return None
        self._next_look = now + database.between_looks
        if self._mark is None:
            writers = self._writers(connection, topic.last_id)
            if not writers and database.writers_show_first:
                return topic.last_id
            self._mark = (topic.last_id, writers)
            return None
        mark, open_then = self._mark
        if (open_then | {OF_UNKNOWN_AGE}) & self._writers(connection, mark):
            return None
        self._mark = None
        return mark

    def _writers(self, connection: Connection, up_to: int) -> frozenset[str]:
        find = self.log.database.writers
        assert find is not None
        with alone(connection, self.log.database):
            return find(connection, self.log.tables, self.log.topic, up_to)
