"""What goes on beside the tasks: leases are renewed, lanes are shared out among processes, old tasks are removed."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

from spyne.queue._colour import pause
from spyne.queue.errors import LeaseLost
from spyne.queue.sql.databases import is_passing
from spyne.queue.sql.engine import checkpoint, needs_checkpoints
from spyne.queue.sql.trim import trim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spyne.queue._queue import Queue
    from spyne.queue.lane import Lane
    from spyne.queue.options import Options

__all__ = ["Keeper"]

logger = logging.getLogger("spyne.server.queue")

_TRIM_EVERY = 60.0
_CHECKPOINT_EVERY = 5.0


class Keeper:
    """Runs beside the lanes of one consumer, in a thread or task of its own."""

    def __init__(self, queue: Queue, options: Options, lanes: Sequence[Lane], ended: Callable[[], bool]) -> None:
        self.queue = queue
        self.options = options
        self.lanes = lanes
        self.ended = ended
        self._next: dict[str, float] = {}

    def serve(self) -> None:
        """Look around until the lanes have ended; trouble with the database is logged and passes."""
        step = min(0.5, self.options.lease / 10)
        while not self.ended():
            try:
                self._look()
            except Exception as error:  # whatever it is: without a keeper the leases would run out, one after the other
                if isinstance(error, OSError) or is_passing(error, self.queue.database):
                    logger.info("the leases of consumer %s could not be kept: %s", self.options.worker_id, error)
                else:
                    logger.exception("the leases of consumer %s could not be kept", self.options.worker_id)
            pause(step)

    def _look(self) -> None:
        for lane in self.lanes:
            if lane.is_to_be_kept():
                self._keep(lane)
        if len(self.lanes) > 1 and self._is_time("share", self.options.lease / 5):
            self._share()
        if not any(lane.delivery for lane in self.lanes):
            return
        if self.queue.retention is not None and self._is_time("trim", _TRIM_EVERY):
            with self.queue.connect() as connection:
                trim(connection, self.queue.log, self.queue.cursors, self.queue.retention)
        if needs_checkpoints(self.queue.engine) and self._is_time("checkpoint", _CHECKPOINT_EVERY):
            with self.queue.connect() as connection:
                checkpoint(connection)

    def _keep(self, lane: Lane) -> None:
        try:
            with self.queue.begin() as connection:
                lane.keep(connection)
        except LeaseLost:
            lane.hand_over = True  # it finds out by itself when it saves; one that waits would not

    def _is_time(self, name: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(name, 0.0):
            return False
        self._next[name] = now + every
        return True

    def _share(self) -> None:
        """Hand over lanes that another process asked for; ask for one where another has two more than this one."""
        me, queue = self.options.owner, self.queue
        with queue.connect() as connection:
            rows = queue.cursors.rows(connection, self.options.worker_id)
        for row in rows:
            if row.owner == me and row.is_wanted and row.wanted_by != me:
                self.lanes[row.lane].hand_over = True
        held = Counter(row.owner for row in rows if row.is_held)
        if len(held) == 0 or sum(held.values()) < len(self.lanes):
            return  # some are free
        asked = any(row.is_wanted and row.wanted_by == me for row in rows)
        richest, most = held.most_common(1)[0]
        if richest != me and most - held[me] >= 2 and not asked:
            lane = next((row.lane for row in rows if row.owner == richest and not row.is_wanted), None)
            if lane is not None:
                with queue.begin() as connection:
                    queue.cursors.ask_for(connection, self.options.worker_id, lane, me, self.options.lease)
