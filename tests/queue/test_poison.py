"""A task that ends its process, beside tasks that do not: it alone is put aside."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.queue.conftest import make_queue, url_of
from tests.queue.helpers import Setting

from drill import crew, gather
from drill.checker import judge
from drill.evidence import Promise
from drill.orders import Orders
from drill.producer import Enqueuer
from spyne.queue import Backoff, Park, Queue

LANES = {"delivery": "at_least_once", "lanes": 3, "lease": 60, "max_crashes": 3}


@pytest.mark.filterwarnings("ignore")
def test_poison_in_one_lane(tmp_path):
    """Other lanes of a process that is ended again and again keep their tasks: only the poison is parked."""
    url = f"sqlite:///{tmp_path}/queue.db"
    with Queue(url, topic="drill") as queue:
        gather.prepare(queue)
        orders = Orders(role="producer", actor="producer", folder=str(tmp_path), url=url)
        enqueuer = Enqueuer(orders, queue)
        for nature in ("linger", "slow", "slow"):  # positions 1, 2, 3: one in each lane
            enqueuer.orders = replace(orders, mix=replace(orders.mix, natures={nature: 1}))
            enqueuer.single()
        for life in range(10):
            consumer = replace(orders, role="consumer", actor=f"consumer.{life}", worker="lanes", options=LANES)
            process = crew.start(consumer)
            while process.is_alive() and gather.wait_for_drain(queue, ["lanes"], 0.1) is None:
                pass
            if process.is_alive():
                break
            with queue.begin() as connection:
                connection.execute(sa.update(queue.tables.status).values(lease_until=0))
        process.terminate()
        process.join(30)
        promise = Promise(worker="lanes", delivery="at_least_once", lanes=3, survives=frozenset({"plain", "slow"}))
        verdict = judge(gather.evidence(queue, tmp_path, [promise]))
        assert verdict.good, verdict.findings
        assert {pos for _, pos in gather.state_of(queue).parked} == {1}


DYING = """
import os, sys
from tests.queue.helpers import Notes, application
from spyne.queue import Backoff, Park, Queue
from spyne.server.queue import Consumer

class Dying(Notes):
    def append(self, seen):
        if seen[1] == 13:
            os._exit(9)
        super().append(seen)

policy = Park(attempts=3, backoff=Backoff(0.0))
Consumer(Queue(sys.argv[1], prefix=sys.argv[2]), application(Dying()), "one", on_error=policy, lease=60).run_until_idle()
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_parked_task_that_ends_processes(request, root, kind):
    """An attempt at a parked task is counted before it is made: one that ends the process is given up like any that fails."""
    with make_queue(url_of(kind, request)) as queue:
        setting = Setting(queue)
        setting.put(13)
        setting.notes.failing = {13: 1}
        setting.consumer(on_error=Park(attempts=3, backoff=Backoff(1000))).run_until_idle()
        with queue.begin() as connection:
            connection.execute(sa.update(queue.tables.parked).values(next_at=0))
        ends = []
        for _ in range(4):
            url = queue.engine.url.render_as_string(hide_password=False)
            command = [sys.executable, "-c", DYING, url, queue.tables.prefix]
            environment = {**os.environ, "PYTHONPATH": str(root)}
            ends.append(subprocess.run(command, cwd=root, env=environment, timeout=60).returncode)
            with queue.begin() as connection:
                connection.execute(sa.update(queue.tables.status).values(lease_until=0))
        assert ends == [9, 9, 0, 0]
        (row,) = setting.parked()
        assert (row.state, row.attempts) == ("dead", 3)
        assert row.error == "Server.ProcessEnded: the process ended while this task was tried"
