"""What can go wrong with a queue, each kind an exception of its own."""

from __future__ import annotations

__all__ = ["LeaseLost", "PositionLost", "QueueError", "QueueFull", "SchemaError", "TaskFailed", "WorkerBusy"]


class QueueError(Exception):
    """The base of the errors below."""


class QueueFull(QueueError):
    """A producer's `max_lag` is reached: the slowest consumer is that many tasks behind. Nothing was appended."""


class WorkerBusy(QueueError):
    """Another living process has the consumer id, and this consumer was told not to stand by."""


class LeaseLost(QueueError):
    """The consumer id has another owner now, or its cursor was moved: what this one did since its last save is rolled back."""


class PositionLost(QueueError):
    """Tasks that the consumer has not seen were removed by a limit of the retention.

    consumer_id: whose cursor it is. position: the last one it has seen. first: the first one that is still there.
    """

    def __init__(self, consumer_id: str, topic: str, position: int, first: int) -> None:
        super().__init__(
            f"the tasks {position + 1} to {first - 1} of topic {topic!r} were removed before consumer {consumer_id!r} saw them; "
            f"to go on without them: spyne queue replay {consumer_id} --topic {topic} --from {first}"
        )
        self.consumer_id = consumer_id
        self.topic = topic
        self.position = position
        self.first = first


class TaskFailed(QueueError):
    """A task failed, and the consumer's policy is to stop. The cursor stands before the task."""


class SchemaError(QueueError):
    """The tables in the database are of another version than this library knows, or the positions in them have a gap."""
