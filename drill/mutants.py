"""Queues with a bug in them, for the proof that the drill notices. Nothing of it is in the library: parts of it are replaced in the drill's own processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import func, select

from spyne.queue.sql.cursor import Cursors
from spyne.queue.sql.log import Log
from spyne.queue.sql.sequencer import Sequencer
from spyne.queue.task import Task

Set: TypeAlias = Callable[[Any, str, Any], None]


def naive(set_: Set) -> None:
    """The cursor is an id, and what is read next is ``id > last``: what every queue on a table begins with."""
    state = Log.state

    def read(
        self: Log, connection: Any, after: int, *, most: int, max_bytes: int, lane: int = 0, lanes: int = 1
    ) -> Any:
        queue = self.tables.queue
        statement = select(queue).where(queue.c.topic == self.topic, queue.c.id > after).order_by(queue.c.id)
        return [
            Task(row.id, row.id, row.data, row.task_key, row.key_hash, row.created_at)
            for row in connection.execute(statement.limit(most))
        ]

    def newest(self: Log, connection: Any) -> Any:
        queue = self.tables.queue
        last = connection.scalar(select(func.max(queue.c.id)).where(queue.c.topic == self.topic))
        return replace(state(self, connection), head=last or 0)

    set_(Log, "read", read)
    set_(Log, "state", newest)
    set_(Sequencer, "run_for", lambda self, connection, topic: 0)


def apart(set_: Set) -> None:
    """The cursor is saved in a transaction of its own, before the handlers' work is committed."""
    save = Cursors.save

    def save_apart(self: Cursors, connection: Any, *args: Any, **kwargs: Any) -> None:
        with connection.engine.begin() as other:
            save(self, other, *args, **kwargs)

    set_(Cursors, "save", save_apart)


def unfenced(set_: Set) -> None:
    """The cursor is saved without a look at the epoch and the old position: who has lost the lease saves all the same."""
    saving, change = Cursors._saving, Cursors._change

    def save(self: Cursors) -> Any:
        statement = saving(self)
        kept = [c for c in statement.whereclause.clauses if c.left.name not in ("epoch", "pos")]
        statement._where_criteria = tuple(kept)
        return statement

    def change_anyhow(self: Cursors, connection: Any, lease: Any, values: Any) -> None:
        if "owner" not in values:
            change(self, connection, lease, values)

    set_(Cursors, "_saving", save)
    set_(Cursors, "_change", change_anyhow)


MUTANTS: dict[str, Callable[[Set], None]] = {
    "": lambda set_: None,
    "naive": naive,
    "apart": apart,
    "unfenced": unfenced,
}


def become(name: str) -> None:
    """Put a bug into this process; the empty name is none."""
    MUTANTS[name](setattr)
