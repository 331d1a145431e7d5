"""What the tests of the command line share: queues in each kind of database, and the command in this process and in a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from fcntl import ioctl
from struct import pack
from termios import TIOCSWINSZ

import pytest
from tests.queue import conftest
from tests.queue.helpers import Setting

from spyne.cli.__main__ import main

queue = conftest.queue  # the fixture, for the tests of this folder too
PATIENCE = 30  # seconds until something that should be seen on a terminal is missing
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


def place_of(queue):
    """Return the options that name a queue's tables."""
    url = queue.engine.url.render_as_string(hide_password=False)
    return ["--database", url, "--prefix", queue.tables.prefix]


class Cli:
    """``spyne queue …`` in this process: what it writes, and its exit code."""

    def __init__(self, queue, capsys):
        self.place = place_of(queue)
        self.capsys = capsys
        self.err = ""

    def __call__(self, *words, code=0):
        """Run a command and return what it writes; it must end with the code."""
        self.capsys.readouterr()
        try:
            found = main(["queue", *map(str, words), *self.place])
        except SystemExit as error:
            found = error.code
        out, self.err = self.capsys.readouterr()
        assert found == code, (found, out, self.err)
        return out

    def json(self, *words, code=0):
        """Run a command with ``--json`` and return what that says."""
        return json.loads(self(*words, "--json", code=code))

    def rows(self, *words, code=0):
        """Run a command and return its table, a list of words for each row."""
        return [line.split() for line in self(*words, code=code).splitlines()][1:]


@pytest.fixture
def setting(queue):
    """An application on an empty queue, once for each kind of database."""
    made = Setting(queue)
    queue.create()
    return made


@pytest.fixture
def cli(queue, capsys):
    """The command, for the queue of this test."""
    return Cli(queue, capsys)


@pytest.fixture
def local(tmp_path):
    """An application on an empty queue in a file of SQLite, where the kind of database makes no difference."""
    from spyne.queue import Queue

    with Queue(f"sqlite:///{tmp_path}/queue.db", poll=0.2) as made:
        made.create()
        yield Setting(made)


@pytest.fixture
def local_cli(local, capsys):
    """The command, for the file of this test."""
    return Cli(local.queue, capsys)


class Terminal:
    """A command in a terminal of its own. text: what it has written and nobody has seen, without colours. raw: all of it."""

    def __init__(self, process, master):
        self.process, self.master = process, master
        self.text = self.raw = ""

    def see(self, wanted):
        """Wait until a text was written since the last one that was waited for, and return what came with it."""
        give_up = time.monotonic() + PATIENCE
        while wanted not in self.text:
            assert time.monotonic() < give_up, f"{wanted!r} is not in {self.text!r}"
            if not self._read():
                break
        before, found, after = self.text.partition(wanted)
        assert found, f"it ended without {wanted!r}: {self.text!r}"
        self.text = after
        return before + found

    def _read(self):
        if not select.select([self.master], [], [], 0.2)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side is closed
            return False
        self.raw += data.decode("utf-8", "replace")
        self.text += ESCAPES.sub("", data.decode("utf-8", "replace"))
        return bool(data)

    def type(self, text):
        """Type a text."""
        os.write(self.master, text.encode())

    def interrupt(self):
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self):
        """Wait for its end, and return the exit code and what is left to read."""
        give_up = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < give_up, self.text
        return self.process.wait(PATIENCE), self.text


@contextmanager
def terminal(*words, columns=120):
    """Run ``python -m spyne queue …`` in a terminal."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, pack("HHHH", 40, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "PYTHONUNBUFFERED": "1"}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "spyne", "queue", *map(str, words)]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
