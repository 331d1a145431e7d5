"""Every example runs."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import zeep

ROOT = Path(__file__).parent.parent.parent
HELLOS = (
    "hello_annotations",
    "hello_classic",
    "two_versions",
)  # modules with a `wsgi_application` whose say_hello greets
OTHERS = ("http_rpc", "queue_documented")  # modules with a test of their own below
FOR_ASGI = (
    "asgi_service",
    "soap_in_fastapi",
    "soap_in_litestar",
    "soap_in_starlette",
)  # those that test_asgi_examples runs
PROGRAMS = {
    "demo": ["--once"],
    "queue": [],
    "user_manager": ["--once"],
}  # packages that run, with the arguments that make them end


def test_every_example_is_run():
    """An example without a test of its own here is an error."""
    files = {path.stem for path in (ROOT / "examples").glob("[a-z]*.py")}
    packages = {path.parent.name for path in (ROOT / "examples").glob("*/__main__.py")}
    assert files | packages == {*HELLOS, *OTHERS, *FOR_ASGI, *PROGRAMS}


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


def test_the_documented_queue(capsys):
    """Both workers of the documented transport example run all ten tasks in order, and tell of each before it runs."""
    module = import_module("examples.queue_documented")
    module.main()
    gc.collect()  # its sessions, which are as the documentation has them
    module.db.dispose()
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        line
        for worker in (1, 2)
        for task in range(1, 11)
        for line in (f"This is worker id {worker}, processing task id {task}.", f"Sleeping for {task - 1} seconds…")
    ]


def test_three_processes_share_a_queue(postgresql):
    """The same program on PostgreSQL: both consumers print every order, in the order of the producer's."""
    command = [sys.executable, "-m", "examples.queue", "--database", postgresql]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    for consumer in ("shipping", "billing"):
        lines = [line for line in done.stdout.splitlines() if line.startswith(f"{consumer}:")]
        assert [line.split()[2] for line in lines] == ["1", "2", "3", "4", "5"]


def call(url, method="GET", data=None, content_type="application/x-www-form-urlencoded"):
    """Send a plain HTTP request, and return the status and the JSON of its answer (None for an empty one)."""
    request = Request(url, data, {"Content-Type": content_type} if data else {}, method=method)
    try:
        with urlopen(request, timeout=10) as response:
            status, body = response.status, response.read()
    except HTTPError as error:
        with error:
            status, body = error.code, error.read()
    return status, json.loads(body or b"null")


def test_two_versions_and_json_at_one_address(serve):
    """Each SOAP version has a port in the WSDL, and JSON is at the same address."""
    url = serve(import_module("examples.two_versions").wsgi_application)
    with zeep.Client(f"{url}/?wsdl") as client:
        ports = [(service.name, name) for service in client.wsdl.services.values() for name in service.ports]
        answers = [client.bind(*port).say_hello("Dave", 2) for port in ports]
    assert answers == [["Hello, Dave", "Hello, Dave"]] * 2
    said = call(url, "POST", b'{"say_hello": {"name": "Dave", "times": 2}}', "application/json")
    assert said == (200, ["Hello, Dave", "Hello, Dave"])


def test_http_rpc(serve):
    """Notes are put, found, read and deleted by path and verb; what is not there is a 404."""
    url = serve(import_module("examples.http_rpc").wsgi_application) + "/notes"
    note = {"number": 1, "text": "buy bread & milk"}
    assert call(f"{url}/1", "PUT", b"text=buy+bread+%26+milk") == (200, note)
    assert call(f"{url}?contains=bread") == (200, [note])
    assert call(f"{url}?contains=beer") == (200, [])
    assert call(f"{url}/1") == (200, note)
    assert call(f"{url}/1", "DELETE")[0] in (200, 204)
    assert call(f"{url}/1")[0] == call(f"{url}/bread")[0] == 404
    assert call(f"{url}/1", "PATCH")[0] == 405
