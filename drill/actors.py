"""The processes of the drill: ``python -m drill.actors ORDERS``, with what `Orders.dump` writes."""

from __future__ import annotations

import logging
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from drill import mutants
from drill.consumer import Worker
from drill.killing import Points
from drill.orders import Orders
from drill.producer import Enqueuer
from spyne.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable


def produce(orders: Orders, queue: Queue, points: Points) -> None:
    """Be a producer."""
    Enqueuer(orders, queue).run()


def consume(orders: Orders, queue: Queue, points: Points) -> None:
    """Be a consumer."""
    Worker(orders, queue, points).run()


def create(orders: Orders, queue: Queue, points: Points) -> None:
    """Make the tables, and nothing else."""
    queue.create()


ROLES: dict[str, Callable[[Orders, Queue, Points], None]] = {
    "producer": produce,
    "consumer": consume,
    "creator": create,
}


_LOOP_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg_async"}


def _on_loop(url: str) -> str:
    """The address with a driver for event loops, where the tests have one."""
    parts = make_url(url)
    driver = _LOOP_DRIVERS.get(parts.get_backend_name(), parts.drivername)
    return parts.set(drivername=driver).render_as_string(hide_password=False)


def _look(queue: Queue) -> None:
    """Let the queue look at its tables, which are there: the boundaries of the work begin after it. The database may be down just now."""
    while True:
        try:
            return queue.create()
        except DBAPIError:
            time.sleep(0.1)


def act(orders: Orders) -> None:
    """Be what the orders say until the end; what goes wrong, and the points passed, are left in the folder."""
    warnings.simplefilter("ignore")  # the drill of a SQLite with the WAL-reset bug is wanted
    logging.basicConfig(filename=orders.path("log"), level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    points = Points(orders.kill_at)
    mutants.become(orders.mutant)
    try:
        queue = Queue(_on_loop(orders.url) if orders.on_loop else orders.url, topic=orders.topic, poll=0.05)
        if orders.role != "creator" and not queue.is_async:
            _look(queue)
        points.watch(queue.engine)
        ROLES[orders.role](orders, queue, points)
        queue.close()
    except BaseException:
        orders.path("error").write_text(traceback.format_exc())
        sys.exit(1)
    finally:
        orders.path("points").write_text("\n".join(points.names))


if __name__ == "__main__":
    act(Orders.load(sys.argv[1]))
