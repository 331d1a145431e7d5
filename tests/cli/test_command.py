"""The command itself: what it says to people who mistype, and how it behaves among other programs."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from tests.cli.conftest import place_of, terminal

from spyne.cli.__main__ import COMMANDS, main
from spyne.cli.queue import COMMAND
from spyne.cli.queue._place import VARIABLE
from spyne.queue import Park


def run(*words, **options):
    """Run ``python -m spyne`` as a process of its own."""
    return subprocess.run([sys.executable, "-m", "spyne", *map(str, words)], capture_output=True, timeout=60, **options)


def test_python_m_spyne(local):
    """``python -m spyne`` is the command; plain text comes where there is no terminal, and codes say how it is."""
    local.notes.failing.update({1: 9})
    local.put(1)
    local.consumer("one", on_error=Park(attempts=1)).run_until_idle()
    done = run("queue", "status", *place_of(local.queue))
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"\x1b" not in done.stdout
    done = run("queue", "parked", "show", "one", 1, "--raw", *place_of(local.queue))
    assert done.stdout == local.parked("one")[0].data
    environment = {**os.environ, VARIABLE: local.queue.engine.url.render_as_string()}
    assert run("queue", "parked", "list", env=environment).returncode == 0


def test_the_console_script():
    """What pip installs as ``spyne`` is this command."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, name = project["scripts"]["spyne"].partition(":")
    assert getattr(import_module(module), name) is main


def test_a_reader_that_goes_away(local):
    """A reader such as ``head`` may end before everything is written."""
    local.put(*range(30))
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "spyne", "queue", "tail", "-n", "30", *place_of(local.queue)],
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "words", [["--help"], ["queue", "--help"], *(["queue", row.name, "--help"] for row in COMMAND.rows)]
)
def test_help(words, capsys):
    """Every command explains itself."""
    with pytest.raises(SystemExit) as error:
        main(words)
    assert error.value.code == 0
    assert "usage: spyne" in capsys.readouterr().out


def test_help_of_a_group_loads_no_command(capsys, monkeypatch):
    """The list of commands needs nothing that only the commands need."""
    program = (
        "import sys\nfrom spyne.cli.__main__ import main\n"
        "try:\n    main(['queue', '--help'])\nexcept SystemExit:\n    print('sqlalchemy' in sys.modules, 'rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"


def test_every_row_has_its_command():
    """Each row of the tables names a module with a command."""
    modules = [row.module for row in (*COMMANDS.rows, *COMMAND.rows)]
    assert all(hasattr(import_module(module), "COMMAND") for module in modules)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "required: COMMAND"),
        (["nonsense"], 2, "invalid choice: 'nonsense'"),
        (["queue", "status"], 2, f"which queue? --database URL or {VARIABLE} says it"),
        (["queue", "status", "--database", "nonsense"], 2, "no URL as SQLAlchemy writes it"),
        (
            ["queue", "status", "--database", "oracle://x"],
            2,
            "a queue is in SQLite, PostgreSQL or MariaDB, not in 'oracle'",
        ),
        (["queue", "status", "--database", "sqlite://"], 2, "in another process's memory"),
        (["queue", "status", "--database", "sqlite:///none.db"], 1, "there is no file none.db"),
        (["queue", "status", "--database", "postgresql+nodriver://x"], 2, "nodriver"),
        (["queue", "status", "--database", "mariadb+mysqldb://x"], 1, "the driver of mariadb+mysqldb is not installed"),
        (["queue", "status", "--database", "postgresql+psycopg://x@127.0.0.1:1/x"], 1, "Connection refused"),
        (["queue", "status", "--database", "postgresql+asyncpg://x@127.0.0.1:1/x"], 1, "Connection refused"),
        (
            ["queue", "status", "--database", "mariadb+pymysql://x@127.0.0.1:1/x"],
            1,
            "spyne: the database says: Can't connect",
        ),
        (["queue", "lag", "--max-age", "3x"], 2, "'3x' is no time"),
        (["queue", "tail", "-n", "0"], 2, "'0' is no whole number from 1"),
        (
            ["queue", "replay", "one", "--from", "yesterday"],
            2,
            "'yesterday' is neither 'beginning', 'end', a position, nor a time",
        ),
        (["queue", "status", "--watch", "1", "--json"], 2, "not allowed with"),
    ],
)
def test_slips_are_a_sentence(words, code, sentence, capsys, monkeypatch, tmp_path):
    """What a person may do wrong is a sentence on the standard error without a traceback, and 1 or 2."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    try:
        found = main(words)
    except SystemExit as error:
        found = error.code
    out, err = capsys.readouterr()
    assert (found, out) == (code, "")
    assert sentence in err
    assert "Traceback" not in err


def test_a_variable_that_is_no_url(capsys, monkeypatch):
    """A wrong value of the environment is blamed on the environment, and not shown: it may have a password."""
    monkeypatch.setenv(VARIABLE, "host=x password=secret")
    assert main(["queue", "status"]) == 2
    err = capsys.readouterr().err
    assert VARIABLE in err
    assert "secret" not in err


def test_files_that_are_no_queue(tmp_path, capsys):
    """A file without the tables, and one that is no database, are sentences."""
    (tmp_path / "empty.db").touch()
    (tmp_path / "text.db").write_text("This is a text, and has nothing that a database has.")
    assert main(["queue", "status", "--database", f"sqlite:///{tmp_path}/empty.db"]) == 1
    assert "there is no queue here (no table task_meta)" in capsys.readouterr().err
    assert main(["queue", "status", "--database", f"sqlite:///{tmp_path}/text.db"]) == 1
    assert "the database says: file is not a database" in capsys.readouterr().err


def test_an_unknown_topic(local_cli):
    """An unknown topic is answered with those that there are."""
    local_cli("status", "--topic", "nope", code=1)
    assert local_cli.err == "spyne: there is no topic 'nope'; there is default\n"


def test_without_rich(local, local_cli, monkeypatch):
    """Without rich, tables are plain text also on a terminal; what needs it names the extra."""
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert local_cli("status").startswith("topic default: head 0, 0 kept\n")
    local_cli("status", "--watch", "1", code=2)
    assert "pip install spyne[cli]" in local_cli.err


def test_without_a_terminal(local_cli):
    """A live view needs a terminal."""
    local_cli("status", "--watch", "1", code=2)
    assert local_cli.err == "spyne: --watch needs a terminal\n"


def test_without_sqlalchemy():
    """Without SQLAlchemy the command names the extra."""
    program = "import sys\nsys.modules['sqlalchemy'] = None\nfrom spyne.cli.__main__ import main\nsys.exit(main(['queue', 'status']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("spyne: queue needs more than is installed")
    assert done.stderr.endswith("pip install 'spyne[queue,cli]'\n")


def test_interrupted(local):
    """Ctrl-C in the middle of a question ends the command as shells expect it."""
    local.consumer("one").run_until_idle()
    with terminal("consumers", "rm", "one", *place_of(local.queue)) as screen:
        screen.see("[y/N]")
        screen.interrupt()
        assert screen.end()[0] == 130
