"""The service that the drill's consumers run, and the tables that its handlers and producers write to."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from drill.evidence import link
from spyne import Application, Service, rpc
from spyne.model.primitive import Unicode
from spyne.protocol.json import JsonDocument

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

metadata = sa.MetaData()

effects = sa.Table(
    "drill_effect",
    metadata,
    # No key but a number: a second effect of a position is to be seen, not prevented.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("worker", sa.String(64), nullable=False),
    sa.Column("pos", sa.BigInteger, nullable=False),
    sa.Column("lane", sa.Integer, nullable=False),
    sa.Column("task_id", sa.BigInteger, nullable=False),
    sa.Column("value", sa.String(64), nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Index("drill_effect_place", "worker", "pos"),
    mysql_engine="InnoDB",
)

ledger = sa.Table("drill_ledger", metadata, sa.Column("value", sa.String(64), primary_key=True), mysql_engine="InnoDB")


class Failed(Exception):
    """What a handler raises that was told to fail."""


def write_effect(connection: sa.Connection, transport: Any, value: str, *, once: bool) -> None:
    """Write the effect of a task and the next link of the consumer's hash chain. once: an effect that is there already is enough."""
    worker, pos = str(transport.consumer_id), transport.position
    mine = effects.c.worker == worker
    if once and connection.scalar(sa.select(effects.c.pos).where(mine, effects.c.pos == pos)):
        return
    before = sa.select(effects.c.digest).where(mine, effects.c.pos < pos).order_by(effects.c.pos.desc()).limit(1)
    digest = link(connection.scalar(before) or "", pos, value)
    row = {"worker": worker, "pos": pos, "lane": transport.lane, "task_id": transport.task_id}
    connection.execute(effects.insert(), {**row, "value": value, "epoch": transport.epoch, "digest": digest})


def misbehave(nature: str, attempt: int, scar: Path) -> None:
    """Do what a task's nature tells after its effect was written. scar: a file that tells that the task was here before."""
    if nature == "fail" or (nature == "flaky" and attempt < 3):
        raise Failed(f"attempt {attempt}")
    if nature == "segv":
        signal.raise_signal(
            signal.SIGSEGV
        )  # to this thread: sent to the process, another one may get it, and this one go on to commit
    if nature == "linger":
        time.sleep(0.15)
    if nature in ("exit", "linger"):
        os._exit(3)
    if nature == "stumble" and not scar.exists():
        scar.touch()
        signal.raise_signal(signal.SIGSEGV)
    if nature == "slow":
        time.sleep(0.3)


def application(handle: Callable[[Any, str, str], None]) -> Application:
    """Return the application whose only method calls `handle` with the context, the value and its nature."""

    class Work(Service):
        @rpc(Unicode, Unicode)
        def work(ctx: Any, value: str, nature: str) -> None:  # noqa: N805 - a service method's first argument is ctx
            handle(ctx, value, nature)

    return Application([Work], "spyne.drill", in_protocol=JsonDocument(), out_protocol=JsonDocument())


def async_application(handle: Callable[[Any, str, str], Any]) -> Application:
    """The same with an async method."""

    class Work(Service):
        @rpc(Unicode, Unicode)
        async def work(ctx: Any, value: str, nature: str) -> None:  # noqa: N805 - a service method's first argument is ctx
            await handle(ctx, value, nature)

    return Application([Work], "spyne.drill", in_protocol=JsonDocument(), out_protocol=JsonDocument())


def value_in(data: bytes) -> str:
    """The value in the bytes of a request; looked for, so that the drill does not hang on the shape of a protocol's messages."""
    return _find(json.loads(data), "value")


def _find(document: object, name: str) -> str:
    if isinstance(document, dict):
        if name in document:
            return str(document[name])
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            if found := _find(part, name):
                return found
    return ""
