"""This project: one log that every consumer reads; the calls are JSON, the handlers plain functions."""

from spyne import Application, Service, Unicode, rpc
from spyne.client.queue import Producer
from spyne.protocol.json import JsonDocument
from spyne.queue import Queue
from spyne.server.queue import Consumer


def address(url):
    """Return the URL for SQLAlchemy."""
    return url.replace("postgresql:", "postgresql+psycopg:") if url.startswith("postgresql:") else f"sqlite:///{url}"


def application(tally=None):
    class Benchmark(Service):
        @rpc(Unicode)
        def handle(ctx, data):
            tally(data)

    return Application([Benchmark], "benchmark", in_protocol=JsonDocument(), out_protocol=JsonDocument())


def install(url):
    with Queue(address(url)) as queue:
        queue.create()


def produce(url, queues, batch, gate, payloads):
    with Producer(address(url), application()) as producer:
        producer.queue.create()
        with gate.open(payloads):
            if batch == 1:
                for data in payloads:
                    producer.service.handle(data)
            else:
                for chunk in payloads.chunks(batch):
                    with producer.batch() as gathered:
                        for data in chunk:
                            gathered.service.handle(data)


def consume(url, queue, gate, tally, **options):
    consumer = Consumer(address(url), application(tally), queue, **options)
    consumer.queue.create()
    tally.finished = consumer.stop
    gate.wait()
    consumer.serve_forever()
    consumer.queue.close()
