"""A producer of the drill: enqueues in every way there is, and writes down what it tried and what it was told."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from drill.history import History
from drill.service import application, ledger
from spyne.client.queue import Producer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drill.orders import Orders
    from spyne.queue import Queue


class RolledBack(Exception):
    """What the caller's transaction ends with, when it is to be rolled back."""


class Enqueuer:
    """The producer's loop, and the ways to enqueue."""

    def __init__(self, orders: Orders, queue: Queue) -> None:
        self.orders, self.queue = orders, queue
        self.random = orders.random
        self.history = History(orders.path("jsonl"), orders.actor)
        self.producer = Producer(queue, application(lambda ctx, value, nature: None))
        self.number = self.groups = 0
        self.stopped = False

    def run(self) -> None:
        """Enqueue until the count is reached or SIGTERM comes."""
        signal.signal(signal.SIGTERM, lambda number, frame: setattr(self, "stopped", True))
        mix = self.orders.mix
        ways, shares = [self.single, self.batch, self.bound], [mix.single, mix.batch, mix.bound]
        calls = 0
        while not self.stopped and calls != self.orders.count:
            calls += 1
            try:
                self.random.choices(ways, shares)[0]()
            except DBAPIError as error:  # the database is down, or the connection: nobody knows what became of it
                self.history.write("info", "note", text=str(error)[:300])
                time.sleep(0.05)
            time.sleep(self.random.uniform(0, mix.pause))

    def single(self) -> None:
        """One task in a transaction of its own."""
        with self.trying(1) as [(value, nature, key)]:
            receipt = self.producer.options(key=key).service.work(value, nature)
            self.told("ok", [value], [receipt])

    def batch(self) -> None:
        """Several tasks in one transaction of the producer's."""
        with self.trying(self.random.randint(2, self.orders.mix.most), "batch") as tasks:
            with self.producer.batch() as batch:
                for value, nature, key in tasks:
                    batch.options(key=key).service.work(value, nature)
            self.told("ok", [value for value, _, _ in tasks], batch.receipts)

    def bound(self) -> None:
        """Some tasks, each beside a row of the caller's, in a transaction that stays open for a while and may be rolled back."""
        goes_back = self.random.random() < self.orders.mix.rollbacks
        hold = self.random.uniform(0, self.orders.mix.hold) * (self.random.random() < 0.5)
        with self.trying(self.random.randint(1, 4), "bound") as tasks:
            values = [value for value, _, _ in tasks]
            try:
                with self.queue.engine.begin() as connection:
                    receipts = []
                    for value, nature, key in tasks:
                        connection.execute(ledger.insert(), {"value": value})
                        producer = self.producer.options(key=key).bind(connection)
                        receipts.append(producer.service.work(value, nature))
                        time.sleep(hold / len(tasks))
                    if goes_back:
                        raise RolledBack
                self.told("ok", values, receipts)
            except RolledBack:
                self.told("fail", values)

    @contextmanager
    def trying(self, count: int, group: str = "") -> Iterator[list[tuple[str, str, str | None]]]:
        """Yield new values with their natures and keys, written down as tried."""
        natures = self.random.choices(*map(list, zip(*self.orders.mix.natures.items(), strict=True)), k=count)
        values = [f"{self.orders.actor}-{self.number + place}" for place in range(1, count + 1)]
        self.number += count
        self.groups += 1
        name = f"{group}-{self.orders.actor}-{self.groups}" if group else ""
        tasks = [(value, nature, self.key(nature)) for value, nature in zip(values, natures, strict=True)]
        self.history.write_all(
            {"kind": "invoke", "what": "enqueue", "value": value, "nature": nature, "group": name, "key": key or ""}
            for value, nature, key in tasks
        )
        yield tasks

    def key(self, nature: str) -> str | None:
        """Some tasks share a key; none that will always fail, since those behind it would wait until somebody looks after it."""
        shares = nature in ("plain", "flaky", "slow") and self.random.random() < self.orders.mix.keyed
        return f"key-{self.random.randint(1, 5)}" if shares else None

    def told(self, kind: str, values: list[str], receipts: list[Any] | None = None) -> None:
        """Write down what is known of values now."""
        ids = [receipt.task_id for receipt in receipts] if receipts else [0] * len(values)
        self.history.write_all(
            {"kind": kind, "what": "enqueue", "value": value, "task_id": task_id}
            for value, task_id in zip(values, ids, strict=True)
        )
