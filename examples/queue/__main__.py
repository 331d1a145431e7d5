"""Start one producer and two consumers, each a process of its own; or one of them, to add to those that run."""

import argparse
import logging
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

from examples.queue.app import application
from spyne.client.queue import Producer
from spyne.server.queue import Consumer

CUSTOMERS = ("Ada", "Grace", "Edsger")


def produce(database, orders):
    """Place orders; those of one customer have the customer's name as their key."""
    with Producer(database, application) as producer:
        for number in range(1, orders + 1):
            customer = CUSTOMERS[number % len(CUSTOMERS)]
            receipt = producer.options(key=customer).service.order_placed(number, customer)
            print(f"producer: order {number} is task {receipt.task_id}", flush=True)


def run_three(database, orders):
    """Start the three processes, and stop the consumers when both have had time to see every order."""
    program = [sys.executable, "-m", "examples.queue", "--database", database, "--orders", str(orders)]
    consumers = [subprocess.Popen([*program, "--consumer", name]) for name in ("shipping", "billing")]
    subprocess.run([*program, "--producer"], check=True)
    time.sleep(2)
    for consumer in consumers:
        consumer.terminate()  # SIGTERM: the running task is finished, the cursor saved, the lease given back
    return max(consumer.wait(timeout=20) for consumer in consumers)


def main():
    options = argparse.ArgumentParser(prog="python -m examples.queue", description=__doc__)
    options.add_argument("--database", help="an SQLAlchemy URL; otherwise an SQLite file that is removed in the end")
    options.add_argument("--orders", type=int, default=5)
    options.add_argument("--producer", action="store_true", help="only place orders")
    options.add_argument("--consumer", metavar="ID", help="only be a consumer with this id, until stopped")
    given = options.parse_args()
    logging.basicConfig(level=logging.ERROR)
    with TemporaryDirectory() as folder:
        database = given.database or f"sqlite:///{folder}/queue.db"
        if given.producer:
            produce(database, given.orders)
        elif given.consumer:
            Consumer(database, application, given.consumer).serve_forever()
        else:
            sys.exit(run_three(database, given.orders))


if __name__ == "__main__":
    main()
