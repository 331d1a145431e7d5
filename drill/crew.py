"""The processes of a drill: posts that are filled, and filled again when somebody dies."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from drill.actors import act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess

    from drill.orders import Orders

# A server that has imported everything forks the actors: a new process every few milliseconds instead of one a second.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["drill.warm"])

EXPECTED = {
    0: "processes that ended in peace",
    -signal.SIGKILL: "processes that were killed",
    -signal.SIGTERM: "processes that were told to end before they began",
    -signal.SIGSEGV: "processes that poison ended (SIGSEGV)",
    3: "processes that poison ended (os._exit)",
}


@dataclass(slots=True, kw_only=True)
class Post:
    """A place that one process at a time fills. orders: for its how-manieth process."""

    name: str
    orders: Callable[[int], Orders]
    process: BaseProcess | None = None
    filled: int = 0
    paused: bool = False

    @property
    def pid(self) -> int | None:
        """The living process, if there is one."""
        return self.process.pid if self.process and self.process.is_alive() else None


@dataclass(slots=True, kw_only=True)
class Crew:
    """All posts. ends: how processes ended, counted; errors: the last lines of those that ended by an exception of their own."""

    posts: dict[str, Post] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def post(self, name: str, orders: Callable[[int], Orders]) -> None:
        """Make a post and fill it."""
        self.posts[name] = Post(name=name, orders=orders)
        self.revive()

    def of(self, role: str) -> list[Post]:
        """The posts of a role, by the beginning of their names."""
        return [post for post in self.posts.values() if post.name.startswith(role)]

    def revive(self) -> None:
        """Fill the posts whose process has ended."""
        for post in self.posts.values():
            if post.pid is None:
                self._bury(post)
                post.filled += 1
                post.paused = False
                post.process = start(post.orders(post.filled))

    def signal(self, post: Post, number: signal.Signals) -> bool:
        """Send a signal to whoever fills a post; whether there was somebody."""
        if post.pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(post.pid, number)
        post.paused = number == signal.SIGSTOP or (post.paused and number != signal.SIGCONT)
        return True

    def dismiss(self, role: str, patience: float) -> list[str]:
        """End the processes of a role the polite way, and return the posts where that did not do in `patience` seconds."""
        posts = self.of(role)
        for post in posts:
            self.signal(post, signal.SIGCONT)
            self.signal(post, signal.SIGTERM)
        deadline = time.monotonic() + patience
        late = []
        for post in posts:
            if post.process:
                post.process.join(max(0.0, deadline - time.monotonic()))
            if post.pid is not None:
                late.append(post.name)
                self.signal(post, signal.SIGKILL)
                assert post.process is not None
                post.process.join(10)
            self._bury(post)
            del self.posts[post.name]
        return late

    def kill_all(self) -> None:
        """End everybody at once."""
        for role in {post.name for post in self.posts.values()}:
            self.dismiss(role, 0)

    def _bury(self, post: Post) -> None:
        if post.process is None:
            return
        code = post.process.exitcode or 0
        self.ends[EXPECTED.get(code, f"processes that ended with {code}")] += 1
        if code not in EXPECTED:
            self.errors.append(f"{post.name}: {_last_words(post.orders(post.filled))}")
        post.process.close()
        post.process = None


def start(orders: Orders) -> BaseProcess:
    """Start a process."""
    process = _context.Process(target=act, args=(orders,), name=orders.actor)
    process.start()
    return process


def run(orders: Orders, patience: float = 60.0) -> int:
    """Run a process to its end and return its exit code; one that does not end in `patience` seconds is killed, and TimeoutError raised."""
    process = start(orders)
    process.join(patience)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"{orders.actor} did not end in {patience} seconds")
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def _last_words(orders: Orders) -> str:
    path = orders.path("error")
    return summary_of(path.read_text()) if path.exists() else "no error was left"


def summary_of(trace: str) -> str:
    """Return an exception in a line, with the last place in this project that it went through."""
    lines = trace.strip().splitlines()
    raised = next(
        (line for line in reversed(lines) if re.match(r"[A-Za-z_][\w.]*(Error|Busy|Lost|Full|Failed|Exit)\b", line)),
        lines[-1],
    )
    places = re.findall(r'File ".*?/((?:spyne|drill)/[\w/]+\.py)", line (\d+), in (\w+)', trace)
    where = " at {}:{} {}".format(*places[-1]) if places else ""
    return f"{raised[:200]}{where}"


def leftovers(folder: Path) -> Iterator[str]:
    """Yield the errors that processes left in a folder."""
    for path in sorted(folder.glob("*.error")):
        yield f"{path.stem}: {summary_of(path.read_text())}"
