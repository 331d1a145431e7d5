"""A consumer of the drill: its handlers write down what comes, and write effects with a hash chain."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from drill.history import History
from drill.service import application, async_application, misbehave, value_in, write_effect
from spyne.queue import Backoff, GoOn, Park, Retry
from spyne.server.queue import Consumer

if TYPE_CHECKING:
    from drill.killing import Points
    from drill.orders import Orders
    from spyne.queue import Queue
    from spyne.queue.policy import Policy

QUICK = Backoff(0.01, 0.1)
POLICIES: dict[str, Policy] = {
    "GoOn": GoOn(),
    "Retry": Retry(attempts=4, backoff=QUICK),
    "Park": Park(attempts=4, backoff=QUICK),
}


class Worker:
    """The consumer's process."""

    def __init__(self, orders: Orders, queue: Queue, points: Points) -> None:
        self.orders, self.queue, self.points = orders, queue, points
        self.history = History(orders.path("jsonl"), orders.actor)
        app = async_application(self.ahandle) if queue.is_async else application(self._handle)
        self.consumer = Consumer(
            queue,
            app,
            orders.worker,
            on_error=POLICIES[orders.on_error],
            **orders.options,
        )
        for event in ("batch_saved", "task_failed", "task_parked", "lease_claimed"):
            self.consumer.event_manager.add_listener(event, getattr(self, event))

    def run(self) -> None:
        """Serve for ever, or until there is nothing to do where the orders have a count."""
        if self.queue.is_async:
            asyncio.run(self.arun())
        elif self.orders.count is None:
            self.consumer.serve_forever()
        else:
            self.consumer.run_until_idle()

    async def arun(self) -> None:
        """Serve for ever on an event loop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.consumer.stop)
        await self.consumer.aserve_forever()

    def _handle(self, ctx: Any, value: str, nature: str) -> None:
        self.handle(ctx, value, nature)

    def handle(self, ctx: Any, value: str, nature: str) -> None:
        """Be the handler of a task."""
        self.work(ctx.transport, ctx.transport.connection, value, nature)

    async def ahandle(self, ctx: Any, value: str, nature: str) -> None:
        """The same on an event loop, in the consumer's transaction."""
        await asyncio.sleep(0)
        await ctx.transport.connection.run_sync(lambda connection: self.work(ctx.transport, connection, value, nature))

    def work(self, transport: Any, connection: Any, value: str, nature: str) -> None:
        """Write down what came, and do what its nature tells. connection: the consumer's, None where its transaction is not to be used."""
        place = self.place(transport) | {"value": value, "nature": nature}
        self.history.write("invoke", "deliver", text=f"attempt {transport.attempt}", **place)
        self.points.reach("handler begins")
        scar = self.orders.path("scar").with_name(f"{self.orders.worker}-{value}.scar")
        if connection is None:
            misbehave(nature, transport.attempt, scar)  # first, since the effect of this kind of delivery stays
            self.write_outside(transport, value)
        else:
            write_effect(connection, transport, value, once=False)
            misbehave(nature, transport.attempt, scar)
        self.points.reach("handler ends")
        self.history.write("ok", "deliver", **place)

    def write_outside(self, transport: Any, value: str) -> None:
        """Write the effect in a transaction of its own, until that is known to have been done."""
        while True:
            try:
                with self.queue.begin() as connection:
                    return write_effect(connection, transport, value, once=True)
            except DBAPIError:
                time.sleep(0.05)

    def place(self, transport: Any) -> dict[str, Any]:
        """Where a task stands."""
        return {
            "worker": self.orders.worker,
            "lane": transport.lane,
            "epoch": transport.epoch,
            "pos": transport.position,
            "task_id": transport.task_id,
        }

    def lease_claimed(self, lease: Any) -> None:
        """A lease was taken."""
        self.history.write("ok", "claimed", worker=self.orders.worker, lane=lease.lane, epoch=lease.epoch)

    def batch_saved(self, lease: Any, before: int, position: int) -> None:
        """A cursor was saved, and what its tasks did with it."""
        place = {"worker": self.orders.worker, "lane": lease.lane, "epoch": lease.epoch}
        self.history.write("ok", "save", pos=position, text=f"after {before}", **place)

    def task_failed(self, task: Any, failure: Any) -> None:
        """A task has failed, and the consumer goes on."""
        self.tell("failed", task, str(failure.fault))

    def task_parked(self, task: Any, error: str) -> None:
        """A task was put aside."""
        self.tell("parked", task, error)

    def tell(self, what: Any, task: Any, text: str) -> None:
        """Write down what became of a task."""
        value = value_in(task.data)
        self.history.write(
            "info",
            what,
            worker=self.orders.worker,
            pos=task.position,
            task_id=task.task_id,
            value=value,
            text=text[:200],
        )
