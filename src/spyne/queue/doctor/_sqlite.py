"""What can be wrong with SQLite under a queue."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from spyne.queue.doctor._finding import good, note, warning, wrong
from spyne.queue.doctor._topic import CLOCK
from spyne.queue.sql.databases import is_affected_by_wal_reset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from spyne.queue._queue import Queue
    from spyne.queue.doctor._finding import Finding

__all__ = ["CHECKS"]

_LARGE_LOG = 64 * 1024 * 1024
_QUICK = 1024 * 1024 * 1024
"""Bytes up to which a file is read as a whole to see whether it is sound."""

_SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def _version(connection: Connection, queue: Queue) -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    if not is_affected_by_wal_reset(sqlite3.sqlite_version_info):
        yield good("SQLite", f"{version}, without the WAL-reset bug")
        return
    checkpoints = connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar_one()
    text = f"{version} has the WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug)"
    if checkpoints == 0:
        yield note(
            "SQLite",
            f"{text}; the safe settings are in force here: no automatic checkpoints, one consumer makes them",
            "keep other programs from writing the file, and move to a Python with SQLite 3.51.3 or newer",
        )
    else:
        yield wrong(
            "SQLite",
            f"{text}, and automatic checkpoints are on",
            "let the queue make the engine, from a URL, or execute PRAGMA wal_autocheckpoint = 0 on each connection",
        )


def _settings(connection: Connection, queue: Queue) -> Iterator[Finding]:
    mode = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()).lower()
    level = int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
    if mode != "wal":
        yield wrong(
            "settings",
            f"journal_mode is {mode}: consumers and producers block each other",
            "put the file on a local disk, where WAL works, and let the queue make the engine",
        )
    if level < 2:
        yield wrong(
            "settings",
            f"synchronous is {_SYNCHRONOUS[level]}: a power cut loses the last tasks",
            "let the queue make the engine, or set PRAGMA synchronous = FULL on each connection",
        )
    if mode == "wal" and level >= 2:
        yield good(
            "settings", f"journal_mode {mode}, synchronous {_SYNCHRONOUS[level]}, as the queue's own engines set them"
        )


def _log_size(connection: Connection, queue: Queue) -> Iterator[Finding]:
    path = Path(f"{queue.engine.url.database}-wal")
    size = path.stat().st_size if path.exists() else 0
    if size > _LARGE_LOG:
        yield warning(
            "log",
            f"{path} has {size // 1024**2} MiB: it is written into the database only while a consumer runs, and while no reader stays in one transaction",
            "start a consumer, or end the program that reads for so long (on Linux: fuser, lsof)",
        )


def _soundness(connection: Connection, queue: Queue) -> Iterator[Finding]:
    pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    size = pages * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    if size > _QUICK:
        yield note(
            "file", f"has {size // 1024**2} MiB and was not read as a whole", "when there is time: PRAGMA quick_check"
        )
        return
    said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    if said == "ok":
        yield good("file", "is sound (quick_check)")
    else:
        yield wrong(
            "file",
            f"is damaged: {said}",
            "stop all processes, copy the file with its -wal, and restore a backup; https://www.sqlite.org/recovery.html",
        )


CHECKS = (_version, _settings, _log_size, _soundness, CLOCK)
