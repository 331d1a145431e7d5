"""Install it."""

from __future__ import annotations

import subprocess
import sys

from tests.interop.msgpack_rpc import install

try:
    install()
except (subprocess.SubprocessError, OSError) as error:
    sys.exit(f"msgpack-rpc-python cannot be installed here: {error}")
