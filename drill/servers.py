"""Databases for the drill: SQLite's file, and the servers of the tests, which can be crashed and started again."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from tests import databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 60.0
ROOM = 1 << 30

_BACKENDS = sa.text(
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


class Missing(Exception):
    """The machine does not have what a database needs."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A running database. server: what can be crashed, None for SQLite."""

    name: str
    url: str
    server: Any = None

    @property
    def port(self) -> int | None:
        """Where the server listens."""
        return sa.make_url(self.url).port

    def through(self, port: int) -> str:
        """The address through a proxy."""
        return sa.make_url(self.url).set(port=port).render_as_string(hide_password=False)

    def restart(self, pause: float) -> None:
        """End the server without a chance to tidy up, and start it again after a while."""
        self.server.crash()
        time.sleep(pause)
        self.server.start()

    def backends(self) -> list[int]:
        """The processes that serve one client each; empty where there are none."""
        if self.name != "postgresql":
            return []
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return list(connection.scalars(_BACKENDS))

    def clear(self) -> None:
        """Remove all tables."""
        engine = sa.create_engine(self.url)
        metadata = sa.MetaData()
        metadata.reflect(engine)
        metadata.drop_all(engine)
        engine.dispose()

    def wait(self) -> None:
        """Wait until it answers again, as after it has thrown everybody out to recover."""
        give_up = time.monotonic() + PATIENCE
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        while True:
            try:
                engine.connect().close()
                return
            except sa.exc.DBAPIError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)


SERVERS: dict[str, Callable[[], Any]] = {"postgresql": databases.postgresql, "mariadb": databases.mariadb}
DATABASES = ("sqlite", *SERVERS)


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a new folder, in memory where there is room for it: processes are killed, not the machine, and waiting for a disk proves nothing then."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it is private
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    with tempfile.TemporaryDirectory(prefix="spyne-drill-", dir=memory if has_room else None) as name:
        yield Path(name)


@contextmanager
def database(name: str) -> Iterator[Database]:
    """Yield a running, empty database. Raises Missing."""
    with ExitStack() as stack:
        if name == "sqlite":
            yield Database(name=name, url=f"sqlite:///{stack.enter_context(folder()) / 'drill.db'}")
            return
        try:
            server = stack.enter_context(SERVERS[name]())
        except pytest.skip.Exception as reason:
            raise Missing(str(reason)) from None
        yield Database(name=name, url=server.url, server=server)
