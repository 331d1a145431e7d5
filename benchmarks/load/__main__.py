"""Each peer behind its HTTP server on one core, wrk on another, peers in turns: python -m benchmarks.load [PART OF A NAME].

The number that counts is the server's own CPU time per request, which suffers little when other jobs share the machine.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks import environments
from benchmarks import workloads as W

HERE = Path(__file__).parent
CONTENT_TYPE = {"soap": "text/xml; charset=utf-8", "json": "application/json"}
CONNECTIONS = 8
WORKLOAD = "order"


def uvicorn(environment, application):
    """Return what starts a peer under uvicorn on a port."""
    flags = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error", "--lifespan", "off"]
    return lambda port: [
        environments.python_of(environment),
        *("-W", "ignore", "-m", "uvicorn", f"benchmarks.peers.{application}", "--port", str(port), *flags),
    ]


def node(port):
    return ["node", HERE / "node_server.js", str(port), wsdl()]


# Name -> (protocol, path, what starts it, what it is compared to, the goal for the ratio)
SOAP_FLOOR, JSON_FLOOR = "ASGI floor, lxml + generated", "Starlette + msgspec"
OURS_SOAP, OURS_JSON = "this project, SOAP", "this project, JSON"
PEERS = {
    SOAP_FLOOR: ("soap", "/", uvicorn("floor", "floor_peer:soap_asgi"), None, ""),
    OURS_SOAP: ("soap", "/", uvicorn("this", "spyne_asgi_peer:soap"), SOAP_FLOOR, "<= 1.3"),
    "this project, SOAP, def inline": ("soap", "/", uvicorn("this", "spyne_asgi_peer:soap_inline"), SOAP_FLOOR, ""),
    "this project, SOAP, def in threads": (
        "soap",
        "/",
        uvicorn("this", "spyne_asgi_peer:soap_threads"),
        SOAP_FLOOR,
        "",
    ),
    "soapbar": ("soap", "/", uvicorn("soapbar", "soapbar_peer:asgi_app"), OURS_SOAP, ">= 4"),
    "node-soap": ("soap", "/", node, OURS_SOAP, ">= 4"),
    JSON_FLOOR: ("json", "/put_order", uvicorn("starlette", "starlette_peer:asgi_app"), None, ""),
    OURS_JSON: ("json", "/", uvicorn("this", "spyne_asgi_peer:json"), JSON_FLOOR, "<= 1.15"),
    "Litestar + msgspec": ("json", "/put_order", uvicorn("litestar", "litestar_peer:asgi_app"), OURS_JSON, "> 1"),
    "FastAPI + pydantic": ("json", "/put_order", uvicorn("fastapi", "fastapi_peer:asgi_app"), OURS_JSON, "> 1"),
}
ACTIONS = {"soapbar": f"{W.NS}/put_order"}  # SOAPActions other than the operation's name


def wsdl():
    """Return the path of the service's WSDL, which node-soap needs."""
    path = environments.CACHE / "bench.wsdl"
    if not path.exists():
        make = [environments.python_of("this"), "-W", "ignore", "-m", "benchmarks.make_wsdl"]
        path.write_bytes(subprocess.run(make, cwd=environments.ROOT, capture_output=True, check=True).stdout)
    return str(path)


def node_modules():
    """Return the folder where node-soap is installed, or None where npm or the network is missing."""
    folder = environments.CACHE / "node"
    if not (folder / "node_modules" / "soap").exists():
        folder.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm")
        if npm is None or subprocess.run([npm, "install", "--silent", "soap"], cwd=folder, check=False).returncode:
            return None
    return folder / "node_modules"


def cores():
    """Return the command prefixes that keep the server on one core and the load on another."""
    taskset, available = shutil.which("taskset"), sorted(os.sched_getaffinity(0))
    if taskset is None or len(available) < 2:
        return [], []
    return [taskset, "-c", str(available[0])], [taskset, "-c", str(available[1])]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu(pid):
    """Return the CPU seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def post(port, path, headers, data):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, data, {**headers, "Connection": "close"})
    reply = connection.getresponse()
    return reply.status, reply.read()


def wait_for(process, port):
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("the server ended")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not listen")


class Peer:
    """A peer whose server runs until the block ends. It idles while the others have their turns."""

    def __init__(self, name, stack):
        self.name = name
        self.proto, self.path, command, *_ = PEERS[name]
        self.data = W.soap_request(WORKLOAD) if self.proto == "soap" else W.json_request(WORKLOAD, name == OURS_JSON)
        action = '"%s"' % ACTIONS.get(name, W.OP[WORKLOAD])
        self.headers = {"Content-Type": CONTENT_TYPE[self.proto], "SOAPAction": action}
        self.port = free_port()
        self.env = {**os.environ, "NODE_PATH": str(environments.CACHE / "node" / "node_modules")}
        on_server, self.on_load = cores()
        self.process = subprocess.Popen(
            [*on_server, *command(self.port)], cwd=environments.ROOT, env=self.env, stdout=subprocess.DEVNULL
        )
        stack.callback(self.stop)
        self.body = stack.enter_context(tempfile.NamedTemporaryFile())  # noqa: SIM115 - it is closed with the stack
        self.body.write(self.data)
        self.body.flush()
        wait_for(self.process, self.port)
        self.differs = self.check()
        self.turn(1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def check(self):
        """Return what is wrong with the peer's answer: node-soap drops the microseconds of a dateTime."""
        status, out = post(self.port, self.path, self.headers, self.data)
        assert status == 200, (self.name, status, out[:300])
        try:
            W.check(WORKLOAD, self.proto, out)
        except AssertionError as error:
            return str(error)[:200]
        return None

    def turn(self, seconds):
        """Return the record of one run."""
        env = {
            **self.env,
            "BODY": self.body.name,
            "CONTENT_TYPE": self.headers["Content-Type"],
            "ACTION": self.headers["SOAPAction"],
        }
        address = f"http://127.0.0.1:{self.port}{self.path}"
        wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", HERE / "post.lua", address]
        before = cpu(self.process.pid)
        said = subprocess.run([*self.on_load, *wrk], env=env, capture_output=True, text=True, check=True).stdout
        settle(self.process.pid)
        used = cpu(self.process.pid) - before
        sums = next(line for line in said.splitlines() if line.startswith("SUMS")).split()[1:]
        requests, failed, duration, p50, p99 = map(float, sums)
        return {
            "peer": self.name,
            "us": used / requests * 1e6,
            "rps": requests / duration * 1e6,
            "failed": failed,
            "p50": p50,
            "p99": p99,
            "differs": self.differs,
        }


def settle(pid):
    """Wait until a server has finished the requests that were abandoned at the end of a run."""
    for _ in range(50):
        before = cpu(pid)
        time.sleep(0.1)
        if cpu(pid) == before:
            return


def spread(values):
    return f"{median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"


def report(records):
    """Return the Markdown table; a ratio is the median of those of each round."""
    times = {name: [r["us"] for r in records if r["peer"] == name] for name in PEERS}
    lines = ["| peer | server CPU per request, us | requests/s | ratio of CPU | goal |", "|---|---|---|---|---|"]
    for name in (name for name in PEERS if times[name]):
        these = [r for r in records if r["peer"] == name]
        *_, other, goal = PEERS[name]
        ratio = ""
        if other is not None and times[other]:
            ratios = [a / b for a, b in zip(times[name], times[other], strict=True)]
            ratio = f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) of {other}"
        notes = " (differs)" if these[0]["differs"] else ""
        notes += " (FAILURES)" if any(r["failed"] for r in these) else ""
        rates = f"{spread(times[name])} | {spread([r['rps'] for r in these])}"
        lines.append(f"| {name}{notes} | {rates} | {ratio} | {goal} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument(
        "filter", nargs="?", default="", help="only peers with this in their name, and what they are compared to"
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1, help="of one run")
    parser.add_argument("--json", type=Path, help="write the records here as well")
    args = parser.parse_args()
    if shutil.which("wrk") is None:
        parser.error("wrk is missing: apt-get install wrk")
    chosen = {name for name in PEERS if args.filter in name}
    chosen |= {PEERS[name][3] for name in chosen} - {None}
    if "node-soap" in chosen and (shutil.which("node") is None or node_modules() is None):
        chosen.remove("node-soap")
    with ExitStack() as stack:
        peers = []
        for name in (name for name in PEERS if name in chosen):
            print(f"benchmarks: starting {name}", file=sys.stderr)
            peers.append(Peer(name, stack))
        records = [peer.turn(args.seconds) for _ in range(args.rounds) for peer in peers]
    if args.json:
        args.json.write_text(json.dumps(records, indent=1))
    print(f"W2 {WORKLOAD}, {CONNECTIONS} connections, {args.rounds} rounds of {args.seconds} s, median (min-max).\n")
    print(report(records))


if __name__ == "__main__":
    main()
