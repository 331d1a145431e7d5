"""What the tests of the queue share: a service that notes what it was given, and small ways to look at a queue."""

from __future__ import annotations

import sqlalchemy as sa

from spyne import Application, Fault, Integer, Service, Unicode, rpc
from spyne.client.queue import Producer
from spyne.protocol.msgpack import MessagePackDocument
from spyne.server.queue import Consumer


class Notes(list):
    """What handlers have seen: pairs of the consumer's id and the value. `failing` says which values fail, and how often."""

    def __init__(self):
        super().__init__()
        self.failing = {}
        self.contexts = []

    def of(self, consumer_id):
        """Return the values that one consumer has seen."""
        return [value for seen_by, value in self if seen_by == consumer_id]


def application(notes, protocol=MessagePackDocument):
    """Return an application whose methods write into `notes`."""

    class NoteService(Service):
        @rpc(Integer)
        def note(ctx, value):
            notes.contexts.append(ctx.transport)
            left = notes.failing.get(value, 0)
            if left:
                notes.failing[value] = left - 1
                raise Fault("Server.NotNow", f"{value} fails")
            notes.append((ctx.transport.consumer_id, value))

        @rpc(Integer)
        def store(ctx, value):
            ctx.transport.connection.execute(
                sa.text("INSERT INTO effects (worker, pos, value) VALUES (:worker, :pos, :value)"),
                {"worker": str(ctx.transport.consumer_id), "pos": ctx.transport.position, "value": value},
            )
            note(ctx, value)

        @rpc(Integer, _returns=Unicode)
        async def anote(ctx, value):
            notes.append((ctx.transport.consumer_id, value))
            return f"{value} noted"

    note = NoteService.public_methods["note"].function
    return Application([NoteService], "tests.queue", in_protocol=protocol(), out_protocol=protocol())


class Setting:
    """An application with a producer on a queue, and consumers by their ids."""

    def __init__(self, queue, **options):
        self.queue = queue
        self.notes = Notes()
        self.app = application(self.notes)
        self.producer = Producer(queue, self.app, **options)

    def consumer(self, consumer_id="one", **options):
        """Return a consumer with this id."""
        return Consumer(self.queue, self.app, consumer_id, **options)

    def put(self, *values, method="note", **options):
        """Append calls, each in a transaction of its own."""
        producer = self.producer.options(**options) if options else self.producer
        return [producer.service[method](value) for value in values]

    def make_effects(self):
        """Make the table that `store` writes to, empty."""
        with self.queue.engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE IF EXISTS effects"))
            connection.execute(
                sa.text(
                    "CREATE TABLE effects (worker VARCHAR(40), pos BIGINT, value INTEGER, PRIMARY KEY (worker, pos))"
                )
            )

    def effects(self, consumer_id="one"):
        """Return the pairs of position and value that `store` has written."""
        statement = sa.text("SELECT pos, value FROM effects WHERE worker = :worker ORDER BY pos")
        with self.queue.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(statement, {"worker": str(consumer_id)})]

    def cursor(self, consumer_id="one", lane=0):
        """Return the row of a cursor."""
        with self.queue.connect() as connection:
            return self.queue.cursors.find(connection, str(consumer_id), lane)

    def parked(self, consumer_id="one"):
        """Return the parked tasks of a consumer."""
        with self.queue.connect() as connection:
            return self.queue.parked.rows(connection, str(consumer_id))
