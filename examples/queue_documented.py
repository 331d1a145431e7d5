"""The documented transport example: a fan-out queue in a database, as user code on `ServerBase` and `ClientBase`.

It shows how a transport is written; it polls, and two processes may not share a consumer's id. `spyne.client.queue` and `spyne.server.queue`
are the same idea made durable.
"""

from __future__ import annotations

import logging

from sqlalchemy import MetaData, create_engine
from sqlalchemy.orm import sessionmaker

from spyne import (
    Application,
    ByteArray,
    ClientBase,
    Integer,
    Integer32,
    MethodContext,
    RemoteProcedureBase,
    RemoteService,
    ServerBase,
    Service,
    TTableModel,
    rpc,
)
from spyne.protocol.soap import Soap11

logger = logging.getLogger(__name__)
db = create_engine("sqlite:///:memory:")
TableModel = TTableModel(MetaData())


class TaskQueue(TableModel):
    __tablename__ = "task_queue"

    id = Integer32(primary_key=True)
    data = ByteArray(nullable=False)


class WorkerStatus(TableModel):
    __tablename__ = "worker_status"

    worker_id = Integer32(pk=True, autoincrement=False)
    task = TaskQueue.store_as("table")


class Consumer(ServerBase):
    transport = "http://sqlalchemy.persistent.queue/"

    def __init__(self, db, app, consumer_id):
        super().__init__(app)
        self.session = sessionmaker(bind=db)()
        self.id = consumer_id
        if self.session.get(WorkerStatus, consumer_id) is None:
            self.session.add(WorkerStatus(worker_id=consumer_id))
            self.session.commit()

    def run_once(self):
        """Run the tasks after the last one. A loop around it that sleeps is a server."""
        last = self.session.get(WorkerStatus, self.id, with_for_update=True)
        done = last.task.id if last.task is not None else 0
        for task in self.session.query(TaskQueue).filter(TaskQueue.id > done).order_by(TaskQueue.id).all():
            ctx = MethodContext(self, MethodContext.SERVER)
            ctx.in_string = task.data
            ctx.transport.consumer_id = self.id
            ctx.transport.task_id = task.id
            self.get_in_object(ctx)
            if ctx.in_error is None:
                self.get_out_object(ctx)
            self.get_out_string(ctx)
            if ctx.out_error is not None:
                logger.error("task %d: %s", task.id, b"".join(ctx.out_string).decode())
            last.task = task  # also after an error, or the last task would be run again and again
            ctx.close()
        self.session.commit()


class RemoteProcedure(RemoteProcedureBase):
    def __init__(self, db, app, name, out_header):
        super().__init__(db, app, name, out_header)
        self.Session = sessionmaker(bind=db)

    def __call__(self, *args, **kwargs):
        self.get_out_object(args, kwargs)
        self.get_out_string()
        with self.Session() as session:
            session.add(TaskQueue(data=[b"".join(self.ctx.out_string)]))
            session.commit()


class Producer(ClientBase):
    def __init__(self, db, app):
        super().__init__(db, app)
        self.service = RemoteService(RemoteProcedure, db, app)


class AsyncService(Service):
    @rpc(Integer)
    def sleep(ctx, integer):
        print(f"Sleeping for {integer} seconds…")


def _on_method_call(ctx):
    print(f"This is worker id {ctx.transport.consumer_id}, processing task id {ctx.transport.task_id}.")


AsyncService.event_manager.add_listener("method_call", _on_method_call)
application = Application([AsyncService], "spyne.async", in_protocol=Soap11(), out_protocol=Soap11())


def main():
    TableModel.Attributes.sqla_metadata.create_all(db)
    producer = Producer(db, application)
    for i in range(10):
        producer.service.sleep(i)
    Consumer(db, application, 1).run_once()
    Consumer(db, application, 2).run_once()


if __name__ == "__main__":
    logging.basicConfig()
    main()
