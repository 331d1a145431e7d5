"""The page of the documentation shows what the commands really say.

``python -m tests.cli.test_page --write`` writes their output into it anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

from spyne import Application, Fault, Integer, Service, Unicode, rpc
from spyne.cli.__main__ import main
from spyne.cli.queue import COMMAND
from spyne.cli.queue._place import VARIABLE
from spyne.client.queue import Producer
from spyne.protocol.json import JsonDocument
from spyne.queue import GoOn, Park, Queue
from spyne.server.queue import Consumer

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "queue-cli.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([a-z]+)` \| (.*) \|$", re.MULTILINE)
VARYING = (
    (re.compile(r"\b(\d+[smhd])+\b|\b\d+\.\d+(s\b)?"), "T"),  # ages
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:+]+"), "M"),  # moments
    (re.compile(r"^\w+ +SQLite: .*\n( +→ .*\n)?", re.MULTILINE), ""),  # what there is to say depends on its version
    (re.compile(r"[ ─]+"), " "),  # columns are as wide as ages are long
)


class MailService(Service):
    """Where two mailboxes do not exist."""

    @rpc(Unicode, Integer)
    def send(ctx, to, number):
        if to == "nobody@example.com":
            raise Fault("Client.NoMailbox", "there is no such mailbox")


def make_scene():
    """Make the queue that the page looks at, in the file tasks.db of the current folder."""
    app = Application([MailService], "mail", in_protocol=JsonDocument(), out_protocol=JsonDocument())
    with Queue("sqlite:///tasks.db") as queue:
        producer = Producer(queue, app)
        with producer.batch() as batch:
            for number in range(1, 201):
                to = "nobody" if number in (31, 61) else f"customer{number}"
                batch.options(key=f"cust-{number % 7}").service.send(f"{to}@example.com", number)
        Consumer(queue, app, "audit", on_error=GoOn()).run_until_idle()
        Consumer(queue, app, "mailer", on_error=Park(attempts=1)).run_until_idle()
        with producer.batch() as batch:
            for number in range(201, 251):
                batch.service.send(f"customer{number}@example.com", number)
        Consumer(queue, app, "stats", lanes=2, start=100).run_until_idle()


def said_by(command):
    """Run a command of the page in this process, and return what it writes."""
    words = shlex.split(command)
    assert words[0] == "spyne"
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        assert main(words[1:]) in (0, 1)
    return out.getvalue()


def renewed(text):
    """Return the page with what its commands say now; they are run in its order."""

    def renew(block):
        commands = [line[2:] for line in block[1].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"$ {command}\n{said_by(command)}" for command in commands) + "```"

    return BLOCK.sub(renew, text)


@contextlib.contextmanager
def scene():
    """Be in a folder with the queue of the page, and name it in the environment."""
    before = os.environ.get(VARIABLE)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        make_scene()
        os.environ[VARIABLE] = "sqlite:///tasks.db"
        try:
            yield
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before


def steady(text):
    """Return a text without what is another one each time."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return text.splitlines()


def test_the_page_shows_what_the_commands_say():
    """Each command of the page says what the page shows, but for times; ``python -m tests.cli.test_page --write`` renews it."""
    text = PAGE.read_text("utf-8")
    with scene():
        now = renewed(text)
    pairs = zip_longest(steady(text), steady(now))
    assert [pair for pair in pairs if pair[0] != pair[1]] == []


def test_the_page_names_every_command():
    """The table of the page has every command with its line of help."""
    assert ROW.findall(PAGE.read_text("utf-8")) == [(row.name, row.help) for row in COMMAND.rows]


if __name__ == "__main__":
    assert sys.argv[1:] == ["--write"], __doc__
    with scene():
        PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")
