"""The records that go through a queue."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Row

__all__ = ["NewTask", "Receipt", "Task", "hash_of", "task_of"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a producer gets for a task: its id in the log of the topic. The task is durable once the transaction it was appended in is committed."""

    task_id: int
    topic: str


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be appended: the request in the bytes of the application's protocol, and the key whose order is kept."""

    data: bytes
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is read. position: its place in the topic, 1 for the first, without gaps. data: None where the task belongs to another lane."""

    position: int
    task_id: int
    data: bytes | None
    key: str | None
    key_hash: int | None
    created_at: int


def task_of(row: Row[Any]) -> Task:
    """The task in a row of the log, or of the parked tasks."""
    return Task(
        position=row.pos,
        task_id=row.task_id,
        data=row.data,
        key=row.task_key,
        key_hash=row.key_hash,
        created_at=row.created_at,
    )


def hash_of(key: str | None) -> int | None:
    """The number that decides the lane of a key: the same in every process and version, 31 bits."""
    return None if key is None else zlib.crc32(key.encode()) & 0x7FFFFFFF
