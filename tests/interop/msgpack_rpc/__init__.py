"""Another implementation of msgpack-rpc, in an environment of its own, since it needs an old msgpack.

``python -m tests.interop.msgpack_rpc`` installs it where this machine allows; `scripts/test` does so before the tests.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["DRIVER", "PYTHON", "install", "lacks"]

HOME = Path(__file__).parent.parent.parent.parent / ".venv" / "foreign" / "msgpack-rpc"
DRIVER = Path(__file__).parent / "driver.py"
PYTHON = HOME / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
PINS = ("msgpack-rpc-python==0.4.1", "msgpack-python==0.5.6", "tornado==4.5.3")
PATIENCE = 240


def lacks() -> str | None:
    """Why it cannot be used here, None when it can."""
    if not PYTHON.exists():
        return "msgpack-rpc-python is not installed (python -m tests.interop.msgpack_rpc)"
    done = subprocess.run([PYTHON, "-m", "pip", "show", "-q", "msgpack-rpc-python"], capture_output=True)
    return "msgpack-rpc-python could not be installed" if done.returncode else None


def install() -> None:
    """Make the environment, unless it is there."""
    if PYTHON.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", HOME], check=True, capture_output=True, timeout=PATIENCE)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", *PINS], check=True, capture_output=True, timeout=PATIENCE)
