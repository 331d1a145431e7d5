"""Three schedules, each the shortest way to one of the classic bugs of a queue on tables: what chance finds after a while, at once and always."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from drill import crew, gather, servers
from drill.checker import Verdict, judge
from drill.consumer import Worker
from drill.evidence import Promise
from drill.killing import Points
from drill.orders import Mix, Orders
from drill.producer import Enqueuer
from spyne.client.queue import Producer
from spyne.queue import Queue

if TYPE_CHECKING:
    from drill.servers import Database

PLAIN = Mix(hold=0, rollbacks=0, pause=0, most=2, keyed=0, natures={"plain": 1})
OPTIONS = {"delivery": "effectively_once", "lease": 60}


class Stage:
    """A producer and a consumer in this process, and what others need to join them."""

    def __init__(self, url: str, folder: str, queue: Queue, mutant: str) -> None:
        gather.prepare(queue)
        self.queue = queue
        self.orders = Orders(
            role="consumer",
            actor="",
            folder=folder,
            url=url,
            mix=PLAIN,
            worker="one",
            options=OPTIONS,
            count=1,
            mutant=mutant,
        )
        self.enqueuer = Enqueuer(replace(self.orders, actor="producer"), queue)

    def worker(self, actor: str) -> Worker:
        """A consumer of the one id that there is."""
        return Worker(replace(self.orders, actor=actor), self.queue, Points())

    def end_leases(self) -> None:
        """Let the time of all leases be over."""
        with self.queue.begin() as connection:
            connection.execute(sa.update(self.queue.tables.status).values(lease_until=0))


def out_of_order(stage: Stage) -> None:
    """A transaction draws its ids first and commits last; the consumer looks in between."""
    enqueuer = stage.enqueuer
    with stage.queue.engine.connect() as late, enqueuer.trying(1) as [(value, nature, _)]:
        receipt = Producer(stage.queue, enqueuer.producer.app).bind(late).service.work(value, nature)
        Enqueuer(replace(stage.orders, actor="other"), stage.queue).single()
        stage.worker("first").run()
        late.commit()
        enqueuer.told("ok", [value], [receipt])
    stage.worker("second").run()


def killed_before_the_commit(stage: Stage) -> None:
    """A consumer is killed when it has saved its cursor, and has not committed its handlers' work yet."""
    for actor in ("first", "trial"):  # the second finds its cursor there, as the victim does
        stage.enqueuer.batch()
        assert crew.run(replace(stage.orders, actor=actor)) == 0
    names = replace(stage.orders, actor="trial").path("points").read_text().splitlines()
    saved = next(place for place, name in enumerate(names) if name.startswith("after UPDATE worker_status SET pos"))
    done = names.index("before begin", saved)
    commit = max(place for place in range(saved, done) if names[place] == "before commit")
    stage.enqueuer.batch()
    assert crew.run(replace(stage.orders, actor="victim", kill_at=commit + 1)) == -signal.SIGKILL
    stage.end_leases()
    stage.worker("heir").run()


def back_from_the_dead(stage: Stage) -> None:
    """A consumer stands still in a handler past its lease, another one takes over and does all of it, and the first goes on."""
    stage.enqueuer.batch()
    zombie = stage.worker("zombie")
    handle = zombie.handle

    def stand_still(ctx: Any, value: str, nature: str) -> None:
        handle(ctx, value, nature)
        zombie.handle = handle  # type: ignore[method-assign]  # once
        stage.end_leases()
        stage.worker("heir").run()

    zombie.handle = stand_still  # type: ignore[method-assign]  # this is the schedule
    zombie.run()


# Each schedule, the mutant of `drill.mutants` that it shows, and what the checker has to say of that one.
SCHEDULES: list[tuple[Callable[[Stage], None], str, str]] = [
    (out_of_order, "naive", "lost"),
    (killed_before_the_commit, "apart", "lost"),
    (back_from_the_dead, "unfenced", "duplicated"),
]


def perform(database: Database, schedule: Callable[[Stage], None], mutant: str = "") -> Verdict:
    """Perform a schedule on an empty database; a mutant in this process is the caller's to make."""
    with servers.folder() as folder, closing(Queue(database.url, topic="drill")) as queue:
        stage = Stage(database.url, str(folder), queue, mutant)
        schedule(stage)
        return judge(gather.evidence(queue, folder, [Promise(worker="one")]))
