"""The peers' virtual environments, made once by plain pip under ${XDG_CACHE_HOME:-~/.cache}/spyne-bench."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spyne-bench"
CONSTRAINTS = ROOT / "constraints.txt"

SERVER = ["uvicorn", "uvloop", "httptools"]

# Name -> what pip installs. Each gets the lxml and msgspec of constraints.txt, so that all stand on the same ground.
REQUIREMENTS = {
    "this": ["--editable", str(ROOT), *SERVER],
    "spyne-2.14": ["spyne==2.14.0", "lxml"],
    "floor": ["lxml", "msgspec", *SERVER],
    "starlette": ["starlette", "msgspec", *SERVER],
    "litestar": ["litestar", "msgspec", *SERVER],
    "fastapi": ["fastapi", "fastapi-soap", "lxml", *SERVER],
    "soapbar": ["soapbar", "starlette", *SERVER],
    "queue-procrastinate": ["procrastinate", "psycopg[binary]", "psycopg-pool", "uvloop"],
    "queue-pgqueuer": ["pgqueuer", "asyncpg", "psycopg[binary]", "uvloop"],
    "queue-huey": ["huey", "psycopg[binary]"],
    "queue-this": ["--editable", f"{ROOT}[sqlalchemy]", "psycopg[binary]"],
}
PYTHON = {"spyne-2.14": "python3.11"}  # the newest that Spyne 2.14 is known to run on


def interpreter(name):
    """Return the Python to make an environment with: the running one unless the peer needs an older one."""
    wanted = shutil.which(PYTHON.get(name, ""))
    works = wanted and subprocess.run([wanted, "-c", "import ensurepip"], capture_output=True, check=False)
    return wanted if works and works.returncode == 0 else sys.executable


def python_of(name):
    """Return the path of an environment's Python, making or renewing the environment when its stamp is old."""
    folder = CACHE / f"{name}-{sys.version_info[0]}.{sys.version_info[1]}"
    python, stamp = folder / "bin" / "python", folder / "stamp"
    wanted = "\n".join([*REQUIREMENTS[name], CONSTRAINTS.read_text(), (ROOT / "pyproject.toml").read_text()])
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"benchmarks: installing {name} into {folder}", file=sys.stderr)
        subprocess.run([interpreter(name), "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *REQUIREMENTS[name]], check=True, env={**os.environ, "PIP_CONSTRAINT": str(CONSTRAINTS)})
        stamp.write_text(wanted)
    return str(python)


def pinned():
    """Return the command prefix that keeps a process on one core, where the system has one."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(max(os.sched_getaffinity(0)))] if taskset else []
