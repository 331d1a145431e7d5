"""Where the queues keep their tasks: a PostgreSQL cluster that is started for the run, or files for SQLite."""

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
UNPRIVILEGED = "nobody"

# Durable, as PostgreSQL is by default; and no checkpoint in the middle of somebody's turn: one is made before each.
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_of(pid):
    """Return the CPU seconds of a process and of the children that it has waited for; its parent too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class PostgreSQL:
    """A cluster of the machine's PostgreSQL, as an unprivileged user where this one is root, on a free loopback port."""

    name = "postgresql"

    def __init__(self):
        if not BINARIES:
            raise RuntimeError("no PostgreSQL below /usr/lib/postgresql: apt-get install postgresql")
        self.home = Path(tempfile.mkdtemp(prefix="spyne-bench-pg-"))
        self.port, self.turns = free_port(), 0
        self.user = {}
        if os.geteuid() == 0:
            self.user = {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid}
            shutil.chown(self.home, UNPRIVILEGED, self.user["group"])
        self.program("initdb", "-D", self.home / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8")
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.home,
            **SETTINGS,
        }
        with (self.home / "data" / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.program("pg_ctl", "-D", self.home / "data", "-l", self.home / "log", "-w", "start")
        self.postmaster = int((self.home / "data" / "postmaster.pid").read_text().split()[0])

    def program(self, name, *args):
        """Run one of PostgreSQL's programs and return what it prints."""
        command = [str(BINARIES[0] / name), *map(str, args)]
        silent = {} if name == "psql" else {"stdout": subprocess.DEVNULL}
        done = subprocess.run(
            command,
            cwd=self.home,
            stderr=subprocess.PIPE,
            text=True,
            **({"stdout": subprocess.PIPE} | silent),
            **self.user,
        )
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr}")
        return done.stdout

    def sql(self, statement, database="postgres"):
        """Run a statement and return its one value as text."""
        return self.program("psql", "-XAtq", "-d", self.url(database), "-c", statement).strip()

    def url(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def template(self, peer, install):
        """Make the database that a peer's turns start from; `install` is given its URL."""
        self.sql(f"CREATE DATABASE template_{peer}")
        install(self.url(f"template_{peer}"))

    def fresh(self, peer):
        """Return the URL of a new database of a peer, all of it on the disk."""
        self.turns += 1
        self.sql(f"CREATE DATABASE turn_{self.turns} TEMPLATE template_{peer}")
        self.sql("CHECKPOINT")
        return self.url(f"turn_{self.turns}")

    def drop(self, url):
        self.sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def value(self, url, statement):
        """Return the number that a statement gives in a database."""
        return int(self.sql(statement, url.rpartition("/")[2]))

    def wal(self):
        """Return how many bytes of WAL there have been."""
        return int(self.sql("SELECT pg_current_wal_lsn() - '0/0'").partition(".")[0])

    def cpu(self):
        """Return the CPU seconds of the server with all its processes, gone ones included."""
        total = cpu_of(self.postmaster)[1]
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parent, seconds = cpu_of(entry.name)
                except (FileNotFoundError, ProcessLookupError):
                    continue
                total += seconds if parent == self.postmaster else 0
        return total

    def stop(self):
        self.program("pg_ctl", "-D", self.home / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.home, ignore_errors=True)


class SQLite:
    """A folder of files; the library's work is done in the peers' own processes."""

    name = "sqlite"

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="spyne-bench-sqlite-"))
        self.turns = 0

    def template(self, peer, install):
        self.path(f"template_{peer}").parent.mkdir()
        install(str(self.path(f"template_{peer}")))

    def path(self, name):
        return self.home / name / "queue.db"

    def fresh(self, peer):
        self.turns += 1
        shutil.copytree(self.path(f"template_{peer}").parent, self.path(f"turn_{self.turns}").parent)
        os.sync()
        return str(self.path(f"turn_{self.turns}"))

    def drop(self, url):
        shutil.rmtree(Path(url).parent)

    def value(self, url, statement):
        connection = sqlite3.connect(url)
        try:
            return connection.execute(statement).fetchone()[0]
        finally:
            connection.close()

    def wal(self):
        return 0

    def cpu(self):
        return 0.0

    def stop(self):
        shutil.rmtree(self.home, ignore_errors=True)
