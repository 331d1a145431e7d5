"""What users' type checkers see: declarations pass mypy --strict and pyright, mistakes do not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def run(*command):
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)


def mypy(name, tmp_path):
    """Return the lines with errors that mypy reports in a file."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--show-error-codes", "--config-file="]
    done = run(*command, f"--cache-dir={tmp_path}", "--follow-imports=silent", str(HERE / name))
    assert "usage:" not in done.stderr, done.stderr
    return sorted({int(line) for line in re.findall(rf"{name}:(\d+): error", done.stdout)}), done.stdout


def pyright(name, tmp_path):
    """Return the lines with errors that pyright reports in a file."""
    executable = shutil.which("pyright", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if executable is None:
        pytest.skip("pyright is not installed")
    shutil.copy(HERE / name, tmp_path)
    config = {"include": [name], "extraPaths": [str(ROOT / "src")], "pythonVersion": "3.11"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    done = run(executable, "--outputjson", "--pythonpath", sys.executable, "--project", str(tmp_path))
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1, done.stdout
    found = [d for d in report["generalDiagnostics"] if d["severity"] == "error"]
    return sorted({d["range"]["start"]["line"] + 1 for d in found}), done.stdout


CHECKERS = {"mypy": mypy, "pyright": pyright}


@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
def test_declarations_are_typed(checker, tmp_path):
    """Every documented way to declare passes, and functions, classes and instances have the types they say."""
    lines, output = checker("declarations.py", tmp_path)
    assert lines == [], output


@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
def test_mistakes_are_seen(checker, tmp_path):
    """Wrong arguments, results, members and options are reported, each on its line."""
    source = (HERE / "mistakes.py").read_text("utf-8").splitlines()
    expected = [number for number, line in enumerate(source, 1) if "# error:" in line]
    lines, output = checker("mistakes.py", tmp_path)
    assert lines == expected, output
