"""procrastinate: one query per task that is deferred, fetched and finished; many tasks at once on one event loop."""

import asyncio
from contextlib import contextmanager, suppress

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

TASK = "benchmark"


def install(url):
    app = App(connector=SyncPsycopgConnector(conninfo=url))
    with app.open():
        app.schema_manager.apply_schema()


@contextmanager
def deferrers(app, queues):
    """Yield an object per queue that defers the task there."""
    yield [app.configure_task(TASK, queue=queue, allow_unknown=True) for queue in queues]


def produce(url, queues, batch, gate, payloads, driver="sync"):
    if driver == "sync":
        produce_sync(url, queues, batch, gate, payloads)
    else:
        run(produce_async(url, queues, batch, gate, payloads), driver)


def run(main, driver):
    """Run a coroutine on asyncio's loop or on uvloop."""
    if driver == "uvloop":
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)


def produce_sync(url, queues, batch, gate, payloads):
    app = App(connector=SyncPsycopgConnector(conninfo=url, min_size=1, max_size=1))
    with app.open(), deferrers(app, queues) as tasks, gate.open(payloads):
        if batch == 1:
            for data in payloads:
                for task in tasks:
                    task.defer(data=data)
        else:
            for chunk in payloads.chunks(batch):
                for task in tasks:
                    task.batch_defer(*[{"data": data} for data in chunk])


async def produce_async(url, queues, batch, gate, payloads):
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=1))
    async with app.open_async():
        with deferrers(app, queues) as tasks, gate.open(payloads):
            if batch == 1:
                for data in payloads:
                    for task in tasks:
                        await task.defer_async(data=data)
            else:
                for chunk in payloads.chunks(batch):
                    for task in tasks:
                        await task.batch_defer_async(*[{"data": data} for data in chunk])


def consume(url, queue, gate, tally, concurrency=10, driver="uvloop", connections=10):
    run(consume_async(url, queue, gate, tally, concurrency, connections), driver)


async def consume_async(url, queue, gate, tally, concurrency, connections):
    app = App(connector=PsycopgConnector(conninfo=url, min_size=connections, max_size=connections))

    @app.task(name=TASK)
    async def handle(data):
        tally(data)

    async with app.open_async():
        gate.wait()
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[queue], concurrency=concurrency, delete_jobs="always", install_signal_handlers=False
            )
        )
        tally.finished = worker.cancel  # the documented way to stop gracefully
        with suppress(asyncio.CancelledError):
            await worker
