"""Databases for the drill: SQLite's file, and servers of the machine's own programs that can be crashed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

UNPRIVILEGED = "nobody"
PATIENCE = 60.0


class Missing(Exception):
    """The machine does not have what a database needs."""


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_other_user() -> dict[str, Any]:
    """Return what makes a child process run as somebody else: PostgreSQL refuses root."""
    return {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid} if os.geteuid() == 0 else {}


class Base(ABC):
    """A database of the drill. `crash` ends it without a chance to tidy up, `start` brings it back with what was committed."""

    name: str
    url: str
    port = 0

    @abstractmethod
    def start(self) -> None:
        """Start, and wait until it answers."""

    @abstractmethod
    def crash(self) -> None:
        """End at once."""

    @abstractmethod
    def backends(self) -> list[int]:
        """The processes that serve one client each; empty where there are none."""

    def through(self, port: int) -> str:
        """The address through a proxy."""
        return self.url.replace(f":{self.port}/", f":{port}/")

    def clear(self) -> None:
        """Remove all tables."""
        engine = sa.create_engine(self.url)
        metadata = sa.MetaData()
        metadata.reflect(engine)
        metadata.drop_all(engine)
        engine.dispose()


class File(Base):
    """A SQLite database."""

    name = "sqlite"

    def __init__(self, home: Path) -> None:
        self.path = home / "drill.db"
        self.url = f"sqlite:///{self.path}"

    def start(self) -> None:
        """Nothing is to be started."""

    def crash(self) -> None:
        """Nothing runs."""

    def backends(self) -> list[int]:
        return []


class Server(Base):
    """A server process in a directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home / self.name
        self.home.mkdir()
        self.port, self.other = free_port(), as_other_user()
        if self.other:
            home.chmod(0o755)
            shutil.chown(self.home, UNPRIVILEGED, self.other["group"])
        self.process: subprocess.Popen[bytes] | None = None
        self.make()

    @abstractmethod
    def make(self) -> None:
        """Make the empty database."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts the server in the foreground."""

    def run(self, *command: str | Path) -> None:
        """Run a program to its end."""
        done = subprocess.run(
            list(map(str, command)),
            cwd=self.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
            **self.other,
        )
        if done.returncode:
            raise Missing(done.stderr.decode(errors="replace")[-500:])

    def start(self) -> None:
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.home, stdout=log, stderr=log, **self.other)
        self.wait()

    def wait(self) -> None:
        """Wait until it answers, also after it has restarted by itself."""
        deadline = time.monotonic() + PATIENCE
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        while True:
            try:
                with engine.connect() as connection:
                    connection.execute(sa.text("SELECT 1"))
                return
            except sa.exc.DBAPIError as error:
                if time.monotonic() > deadline:
                    raise Missing(f"{self.name} does not start: {error}") from error
                time.sleep(0.05)

    def crash(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals) -> None:
        """Send a signal to the server and wait for its end."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        self.process = None


class PostgreSQL(Server):
    """A server of /usr/lib/postgresql."""

    name = "postgresql"

    def make(self) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if not found:
            raise Missing("no PostgreSQL in /usr/lib/postgresql")
        self.programs = found[0]
        self.run(
            self.programs / "initdb", "-D", self.home / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"
        )
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        # The drill kills processes, it does not cut the power: what the system was given to write is written.
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.home,
            "fsync": "off",
            "max_prepared_transactions": 10,
            "max_connections": 60,
        }
        settings = [f"--{name}={value}" for name, value in options.items()]
        return [str(self.programs / "postgres"), "-D", str(self.home / "data"), *settings]

    def crash(self) -> None:
        # `immediate`: no child is left behind, unlike after a kill of the first process; data are as after a crash
        self.end(signal.SIGQUIT)

    def backends(self) -> list[int]:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        mine = sa.text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
        with engine.connect() as connection:
            return list(connection.scalars(mine))


class MariaDB(Server):
    """A mariadbd."""

    name = "mariadb"

    def make(self) -> None:
        if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
            raise Missing("no mariadbd")
        self.run(
            "mariadb-install-db", "--no-defaults", f"--datadir={self.home / 'data'}", "--auth-root-authentication-method=normal", "--skip-test-db"
        )
        self.url = f"mariadb+pymysql://root@127.0.0.1:{self.port}/mysql"
        self.start()
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE DATABASE drill"))
        self.end(signal.SIGTERM)
        self.url = self.url.replace("/mysql", "/drill")

    def command(self) -> list[str]:
        return [
            shutil.which("mariadbd") or "",
            "--no-defaults",
            f"--datadir={self.home / 'data'}",
            f"--socket={self.home / 'socket'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=2",  # written to the system at every commit: enough where only processes are killed
        ]

    def backends(self) -> list[int]:
        return []  # its clients have threads


DATABASES: dict[str, type[Base]] = {"sqlite": File, "postgresql": PostgreSQL, "mariadb": MariaDB}


@contextmanager
def database(name: str) -> Iterator[Base]:
    """Yield a running, empty database. Raises Missing."""
    home = Path(tempfile.mkdtemp(prefix="spyne-drill-"))
    made: Base | None = None
    try:
        made = DATABASES[name](home)  # type: ignore[call-arg]  # each takes its home
        made.start()
        yield made
    finally:
        if isinstance(made, Server) and made.process:
            made.crash()
        shutil.rmtree(home, ignore_errors=True)
