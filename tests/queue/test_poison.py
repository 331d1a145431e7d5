"""A task that ends its process, beside tasks that do not: it alone is put aside."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from drill import crew, gather
from drill.checker import judge
from drill.evidence import Promise
from drill.orders import Orders
from drill.producer import Enqueuer
from spyne.queue import Queue

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
