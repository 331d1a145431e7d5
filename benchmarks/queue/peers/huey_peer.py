"""Huey on PostgreSQL or SQLite: a transaction for each task that is put in or taken out, and no way to put in several."""

from huey import PostgresHuey, SqliteHuey

TASK = "benchmark"


def install(url):
    open_queue(url, "q0").storage.close()


def open_queue(url, name):
    """Return the queue: without results, and durable (`fsync` is SQLite's synchronous=FULL)."""
    if url.startswith("postgresql:"):
        return PostgresHuey(name, results=False, dsn=url)
    return SqliteHuey(name, results=False, filename=url, fsync=True)


def declare(huey, tally=None):
    """Return the task of a queue."""

    @huey.task(name=TASK)
    def handle(data):
        tally(data)

    return handle


def produce(url, queues, batch, gate, payloads):
    tasks = [declare(open_queue(url, queue)) for queue in queues]
    if batch == 1:
        with gate.open(payloads):
            for data in payloads:
                for task in tasks:
                    task(data)
    else:
        with gate.open(payloads):
            for chunk in payloads.chunks(batch):
                for task in tasks:
                    for data in chunk:
                        task(data)


def consume(url, queue, gate, tally, workers=1, **polling):
    huey = open_queue(url, queue)
    declare(huey, tally)
    consumer = huey.create_consumer(workers=workers, periodic=False, check_worker_health=False, **polling)
    gate.wait()
    consumer.start()
    tally.complete.wait()
    consumer.stop(graceful=True)
