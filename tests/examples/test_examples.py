"""Every example runs."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import zeep

ROOT = Path(__file__).parent.parent.parent
HELLOS = ("hello_annotations", "hello_classic")  # modules with a `wsgi_application` whose say_hello greets
PROGRAMS = {"demo": ["--once"]}  # packages that run, with the arguments that make them end


def test_every_example_is_run():
    """An example without a test of its own here is an error."""
    files = {path.stem for path in (ROOT / "examples").glob("[a-z]*.py")}
    packages = {path.parent.name for path in (ROOT / "examples").glob("*/__main__.py")}
    assert files | packages == {*HELLOS, *PROGRAMS}


@pytest.mark.parametrize("name", HELLOS)
def test_hello_world_answers_zeep(name, serve):
    """Each hello world greets a client that knows it from its WSDL alone."""
    url = serve(import_module(f"examples.{name}").wsgi_application)
    with zeep.Client(f"{url}/?wsdl") as client:
        assert client.service.say_hello("Dave", 2) == ["Hello, Dave", "Hello, Dave"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_ends_well(name):
    """Each program, started as its documentation says, ends with status 0."""
    command = [sys.executable, "-m", f"examples.{name}", *PROGRAMS[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
