"""``spyne queue``: looks after a durable queue in a database."""

from __future__ import annotations

from spyne.cli._command import Group, Row

__all__ = ["COMMAND"]

COMMAND = Group(
    about="Look after a durable queue. The database is --database or SPYNE_QUEUE_URL, which hides a password from other users of the machine.",
    rows=(
        Row("status", "spyne.cli.queue.status", "what every consumer does, and how far behind it is"),
        Row("lag", "spyne.cli.queue.lag", "how far behind each consumer is, one line each, for monitoring"),
        Row("tail", "spyne.cli.queue.tail", "the newest tasks"),
        Row("replay", "spyne.cli.queue.replay", "let a consumer go on from another position"),
        Row("parked", "spyne.cli.queue.parked", "list, show, retry or drop the tasks that consumers put aside"),
        Row("trim", "spyne.cli.queue.trim", "remove old tasks"),
        Row("consumers", "spyne.cli.queue.consumers", "list consumers, or remove one"),
        Row("migrate", "spyne.cli.queue.migrate", "make the tables, or bring them to the newest version"),
        Row("doctor", "spyne.cli.queue.doctor", "find what is wrong or will be, and say what to do"),
    ),
)
