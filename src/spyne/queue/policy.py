"""What a consumer does with a task that fails, and what a queue keeps: options as data."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from spyne.error import Fault

__all__ = ["Backoff", "Decision", "Delivery", "Failure", "GoOn", "Park", "Policy", "Retention", "Retry", "Stop"]

Delivery: TypeAlias = Literal["effectively_once", "at_least_once", "at_most_once"]
"""When the cursor is saved: with the handler's work, in one transaction; after it; before it."""

Action: TypeAlias = Literal["go_on", "retry", "park", "stop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed attempt at a task.

    fault: what the pipeline made of the error. attempt: 1 for the first. is_permanent: whether another attempt can only fail
    the same way, as for a task that cannot be read.
    """

    fault: Fault
    attempt: int
    is_permanent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done about a failure. go_on: the cursor passes the task. retry: in place, after `delay` seconds. park: the cursor passes the task, which
    is kept aside and tried again after `delay` seconds, never for None. stop: the consumer ends before the task.
    """

    action: Action
    delay: float | None = 0.0


class Policy(Protocol):
    """Decides about failures. It holds options only; the number of attempts is kept in the database."""

    def decide(self, failure: Failure) -> Decision:
        """What is done about a failure."""
        ...


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait before the next attempt: `first`, then `factor` times more each time, at most `most`.

    jitter: the part of it that is random, so that consumers which failed together do not come back together.
    """

    first: float = 1.0
    most: float = 300.0
    factor: float = 2.0
    jitter: float = 0.1

    def delay(self, attempt: int) -> float:
        """Seconds after the failed attempt of this number, which begins at 1."""
        steps = min(attempt - 1, 64)  # beyond it, only an overflow is left
        plain = min(self.most, self.first * self.factor**steps)
        return plain * (1 - self.jitter * random.random())  # noqa: S311 - spreads load, hides nothing


@dataclass(frozen=True, slots=True)
class GoOn:
    """Log the error and go on with the next task: the documented behaviour."""

    def decide(self, failure: Failure) -> Decision:
        """Go on."""
        return Decision(action="go_on")


@dataclass(frozen=True, slots=True)
class Stop:
    """End the consumer with `TaskFailed`; the cursor stays before the task."""

    def decide(self, failure: Failure) -> Decision:
        """Stop."""
        return Decision(action="stop")


@dataclass(frozen=True, slots=True)
class Park:
    """Put the task aside, go on with others, and try it again up to `attempts` times in all; then it stays parked until somebody retries or drops it.

    Later tasks of the same key wait behind it, so that the order of a key is kept.
    """

    attempts: int = 8
    backoff: Backoff = Backoff()

    def decide(self, failure: Failure) -> Decision:
        """Park, for good once the attempts are used up or useless."""
        is_last = failure.is_permanent or failure.attempt >= self.attempts
        return Decision(action="park", delay=None if is_last else self.backoff.delay(failure.attempt))


@dataclass(frozen=True, slots=True)
class Retry:
    """Try the task again in place, up to `attempts` times in all, while all later ones wait; then do what `then` says."""

    attempts: int = 5
    backoff: Backoff = Backoff()
    then: GoOn | Stop | Park = GoOn()

    def decide(self, failure: Failure) -> Decision:
        """Retry, and in the end what `then` decides."""
        if failure.is_permanent or failure.attempt >= self.attempts:
            return self.then.decide(failure)
        return Decision(action="retry", delay=self.backoff.delay(failure.attempt))


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What may be removed from a log; consumers do it every minute or so, and ``spyne queue trim`` at once.

    interest: remove what every durable consumer has passed; nothing while a topic has no durable consumer. max_age: seconds, max_rows: tasks;
    what is beyond them is removed whether or not it was seen, and a consumer that has not seen it gets `PositionLost`. inactive_after: seconds without a sign
    of life after which a consumer holds nothing back any more.
    """

    interest: bool = True
    max_age: float | None = None
    max_rows: int | None = None
    inactive_after: float | None = None
