"""What it costs to import the SOAP server: wall time and resident memory of fresh processes (Linux: reads /proc)."""

import json
import subprocess

from benchmarks import environments

SERVER = (
    "from spyne import Application, Service, rpc; "
    "from spyne.protocol.soap import Soap11; from spyne.server.wsgi import WsgiApplication"
)
CASES = [  # what, environment, code
    ("a bare interpreter", "floor", "pass"),
    ("lxml.etree + msgspec", "floor", "import lxml.etree, msgspec"),
    ("this project's SOAP server", "this", SERVER),
    ("Spyne 2.14's SOAP server", "spyne-2.14", SERVER),
]
PROGRAM = """
import sys, time
t = time.perf_counter()
{code}
t = time.perf_counter() - t
import json, re
rss = int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps({{"ms": t * 1e3, "mb": rss, "modules": len(sys.modules)}}))
"""


def measure(env, code):
    """Return {ms, mb, modules} of one fresh process that runs `code`, or {error}."""
    command = [
        *environments.pinned(),
        environments.python_of(env),
        "-I",
        "-W",
        "ignore",
        "-c",
        PROGRAM.format(code=code),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.strip().rpartition("\n")[2]}
