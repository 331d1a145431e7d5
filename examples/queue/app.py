"""The service whose calls go through the queue."""

from spyne import Application, Integer, Service, Unicode, rpc
from spyne.protocol.json import JsonDocument


class OrderService(Service):
    @rpc(Integer, Unicode)
    def order_placed(ctx, number, customer):
        task = ctx.transport
        print(f"{task.consumer_id}: order {number} of {customer} (task {task.task_id})", flush=True)


application = Application([OrderService], "examples.queue", in_protocol=JsonDocument(), out_protocol=JsonDocument())
