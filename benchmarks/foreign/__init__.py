"""Peers in other languages, measured in process where their tools are installed (gSOAP, PHP)."""

import os
import shutil
import subprocess
from pathlib import Path

from benchmarks import environments
from benchmarks import workloads as W

HERE = Path(__file__).parent
CALLS = {"hello": 20000, "order": 1500, "bulk": 6}
PACKAGES = "apt-get install --no-install-recommends php-cli php-soap gsoap libgsoap-dev libxml2-dev"


def commands(folder, wsdl):
    """Yield (name, command) of each foreign peer whose tools are installed."""
    if shutil.which("soapcpp2"):
        subprocess.run(["sh", HERE / "gsoap_build.sh", wsdl, folder / "gsoap"], check=True)
        yield "gSOAP (C)", [folder / "gsoap" / "gsoap_server", "inproc"]
    if shutil.which("php"):
        yield "PHP SoapServer (C)", ["php", HERE / "php_server.php"]


def measure():
    """Yield a record per foreign peer, workload and run; nothing where no tool is installed."""
    folder = environments.CACHE / "foreign"
    folder.mkdir(parents=True, exist_ok=True)
    wsdl = folder / "bench.wsdl"
    make = [environments.python_of("spyne-2.14"), "-W", "ignore", "-m", "benchmarks.make_wsdl"]
    wsdl.write_bytes(subprocess.run(make, cwd=environments.ROOT, capture_output=True, check=True).stdout)
    for name, command in commands(folder, wsdl):
        for w, calls in CALLS.items():
            request = folder / f"{w}.xml"
            request.write_bytes(W.soap_request(w))
            done = subprocess.run(
                [*environments.pinned(), *command, request, str(calls)],
                env={**os.environ, "WSDL": str(wsdl)},
                capture_output=True,
                text=True,
                check=True,
            )
            for line in filter(None, map(str.strip, done.stdout.splitlines())):
                yield {"peer": name, "case": "soap", "w": w, "proto": "soap", "us": float(line.split()[0])}
