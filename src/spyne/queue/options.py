"""What a consumer was told, as data for its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from spyne.queue.policy import Delivery, Policy

__all__ = ["Options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a consumer, see `spyne.server.queue.Consumer`; worker_id is its id as text, owner the name of this process's part in it."""

    worker_id: str
    owner: str
    delivery: Delivery
    on_error: Policy
    start: str | int | datetime
    batch: int
    max_bytes: int
    max_batch_ms: float
    lanes: int
    lease: float
    standby: bool
    durable: bool
    max_crashes: int
    task_timeout: float
