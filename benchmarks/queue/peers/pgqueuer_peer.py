"""PgQueuer: tasks are fetched and finished in batches, several dequeuers on one event loop if wanted."""

import asyncio

from pgqueuer import AsyncpgDriver, AsyncpgPoolDriver, PgQueuer, PsycopgDriver, Queries
from pgqueuer.db import SyncPsycopgDriver
from pgqueuer.queries import SyncQueries


def run(main, loop):
    """Run a coroutine on asyncio's loop or on uvloop."""
    if loop == "uvloop":
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)


async def connect(url, driver):
    """Return a driver of the given kind, connected."""
    if driver == "psycopg":
        import psycopg

        return PsycopgDriver(await psycopg.AsyncConnection.connect(url, autocommit=True))
    import asyncpg

    if driver == "pool":
        return AsyncpgPoolDriver(await asyncpg.create_pool(url, min_size=4, max_size=4))
    return AsyncpgDriver(await asyncpg.connect(url))


def install(url):
    async def main():
        queries = Queries(await connect(url, "asyncpg"))
        await queries.install()
        await queries.optimize_autovacuum()  # as its guide to performance advises

    asyncio.run(main())


def produce(url, queues, batch, gate, payloads, driver="asyncpg", loop="uvloop"):
    if driver == "sync":
        produce_sync(url, queues, batch, gate, payloads)
    else:
        run(produce_async(url, queues, batch, gate, payloads, driver), loop)


def arguments(queues, chunk):
    """Return those of one call that puts a chunk into every queue."""
    return (
        [queue for queue in queues for _ in chunk],
        [data.encode() for data in chunk] * len(queues),
        [0] * (len(queues) * len(chunk)),
    )


def produce_sync(url, queues, batch, gate, payloads):
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection, gate.open(payloads):
        queries = SyncQueries(SyncPsycopgDriver(connection))
        if batch == 1:
            for data in payloads:
                for queue in queues:
                    queries.enqueue(queue, data.encode())
        else:
            for chunk in payloads.chunks(batch):
                queries.enqueue(*arguments(queues, chunk))


async def produce_async(url, queues, batch, gate, payloads, driver):
    queries = Queries(await connect(url, driver))
    with gate.open(payloads):
        if batch == 1:
            for data in payloads:
                for queue in queues:
                    await queries.enqueue(queue, data.encode())
        else:
            for chunk in payloads.chunks(batch):
                await queries.enqueue(*arguments(queues, chunk))


def consume(url, queue, gate, tally, driver="asyncpg", loop="uvloop", batch=100, dequeuers=1):
    run(consume_async(url, queue, gate, tally, driver, batch, dequeuers), loop)


async def consume_async(url, queue, gate, tally, driver, batch, dequeuers):
    workers = [PgQueuer(await connect(url, driver)) for _ in range(dequeuers)]

    async def handle(job):
        tally(job.payload)

    def stop():
        for worker in workers:
            worker.shutdown.set()

    for worker in workers:
        worker.entrypoint(queue)(handle)
    tally.finished = stop
    gate.wait()
    await asyncio.gather(*(worker.qm.run(batch_size=batch) for worker in workers))
