"""A durable fan-out queue in a database: producers append calls, and every consumer runs all of them in order.

`spyne.client.queue.Producer` and `spyne.server.queue.Consumer` are its two ends. Needs the extra: ``pip install spyne[queue]``.
"""

from __future__ import annotations

try:
    import sqlalchemy
except ImportError as _error:
    raise ImportError("a queue needs SQLAlchemy: pip install spyne[queue]") from _error

if tuple(map(int, sqlalchemy.__version__.split(".")[:2])) < (2, 1):
    raise ImportError(f"SQLAlchemy {sqlalchemy.__version__} is too old, 2.1 is needed: pip install spyne[queue]")

from spyne.queue._queue import Queue
from spyne.queue.errors import LeaseLost, PositionLost, QueueError, QueueFull, SchemaError, TaskFailed, WorkerBusy
from spyne.queue.policy import Backoff, Decision, Failure, GoOn, Park, Policy, Retention, Retry, Stop
from spyne.queue.task import Receipt, Task

__all__ = [
    "Backoff",
    "Decision",
    "Failure",
    "GoOn",
    "LeaseLost",
    "Park",
    "Policy",
    "PositionLost",
    "Queue",
    "QueueError",
    "QueueFull",
    "Receipt",
    "Retention",
    "Retry",
    "SchemaError",
    "Stop",
    "Task",
    "TaskFailed",
    "WorkerBusy",
]
