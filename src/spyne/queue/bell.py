"""Doorbells: how a consumer that waits learns that there is something to do. A bell only saves time: whoever waits also looks by himself now and then.

In one process producers and consumers of a `Queue` hear each other. Across processes PostgreSQL has NOTIFY, SQLite a counter of foreign commits; elsewhere consumers look more often.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

__all__ = ["Bell", "Listener", "bell_of"]

logger = logging.getLogger(__name__)

_DEBOUNCE = 0.005
"""Seconds between two notifications: each takes a lock of the whole database for a moment."""

_SLICE = 0.25
"""The longest wait inside a driver, in seconds: a consumer that is to stop does not wait longer."""

_FIRST_PAUSE = 0.001
_IDLE_LOOKS = 10
"""Looks at the first pause before they get rarer."""


class Listener(Protocol):
    """What one consumer waits on."""

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, at most that long; whether there was one."""
        ...

    def wake(self) -> None:
        """End a wait from another thread."""

    def close(self) -> None:
        """Release what it holds."""


class Bell:
    """The bell of a queue in this process. remote: rings for other processes, None where they look by themselves."""

    def __init__(self, make_listener: Callable[[], Listener], remote: Notifier | None) -> None:
        self._make = make_listener
        self._remote = remote
        self._listeners: weakref.WeakSet[Any] = weakref.WeakSet()
        self._due: list[float] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def listener(self) -> Listener:
        """A new listener."""
        made = self._make()
        self._listeners.add(made)
        return made

    def ring(self, *after: float) -> None:
        """Say that there is something new: at once, or after some seconds, several for several times. Returns at once."""
        if not after:
            for listener in tuple(self._listeners):
                listener.wake()
            if self._remote is None:
                return
        with self._changed:
            self._due.extend(time.monotonic() + seconds for seconds in after or (0.0,))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="spyne-queue-bell", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due and not self._closed:
                    self._changed.wait()
                if not self._due:
                    return
                pause = min(self._due) - time.monotonic()
                if pause > 0 and not self._closed:
                    self._changed.wait(pause)
                    continue
                now = time.monotonic()
                self._due = [] if self._closed else [due for due in self._due if due > now]
            self._ring()
            time.sleep(_DEBOUNCE)

    def _ring(self) -> None:
        for listener in tuple(self._listeners):
            listener.wake()
        if self._remote is not None:
            try:
                self._remote.notify()
            except Exception as error:
                logger.warning("consumers could not be notified, and will look by themselves: %s", error)

    def close(self) -> None:
        """Ring for what is due, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)
        if self._remote is not None:
            self._remote.close()


class LookingListener:
    """Waits for a ring of this process, and looks at a number which changes when another process has written something."""

    def __init__(
        self, longest: float, look: Callable[[], Any] | None = None, close: Callable[[], None] | None = None
    ) -> None:
        self._longest = longest
        self._look = look
        self._close = close
        self._seen: Any = look() if look is not None else None
        self._event = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait; without a number to look at, every end of the longest pause counts as a ring."""
        until = time.monotonic() + seconds
        pause, looks = _FIRST_PAUSE if self._look is not None else self._longest, 0
        while True:
            left = until - time.monotonic()
            if self._event.wait(max(0.0, min(pause, left))):
                self._event.clear()
                self._note()
                return True
            if self._look is None:
                return left > pause
            if self._note():
                return True
            if left <= pause:
                return False
            looks += 1
            if looks > _IDLE_LOOKS:
                pause = min(self._longest, pause * 1.5)

    def _note(self) -> bool:
        """Whether the number is another one than before."""
        before = self._seen
        if self._look is not None:
            self._seen = self._look()
        return bool(self._seen != before)

    def wake(self) -> None:
        """End a wait from another thread."""
        self._event.set()

    def close(self) -> None:
        """Release what it holds."""
        if self._close is not None:
            self._close()


class NotifyListener:
    """Waits for PostgreSQL's NOTIFY on a connection of psycopg that is its own, made by the first wait: a server that is down just then is no trouble here."""

    def __init__(self, connect: Callable[[], Any], channel: str) -> None:
        self._connect = connect
        self._channel = channel
        self._connection: Any = None
        self._woken = threading.Event()

    def _open(self) -> None:
        connection = self._connect()
        connection.autocommit = True
        connection.execute(f'LISTEN "{self._channel}"')
        self._connection = connection

    def wait(self, seconds: float) -> bool:
        """Wait; while the connection is broken, only the time passes."""
        until = time.monotonic() + seconds
        while not self._woken.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return False
            if self._hear(min(left, _SLICE)):
                break
        self._woken.clear()
        return True

    def _hear(self, seconds: float) -> bool:
        import psycopg

        try:
            if self._connection is None:
                self._open()
                return True  # what rang meanwhile was not heard
            return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error as error:
            logger.info("the connection for notifications broke: %s", error)
            self.close()
            self._woken.wait(seconds)
            return False

    def wake(self) -> None:
        """End a wait from another thread, after a moment."""
        self._woken.set()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


# --- which one ---


def bell_of(engine: Engine, channel: str, *, poll: float, in_memory: bool) -> Bell:
    """The bell for an engine's database. channel: what other processes of this queue listen to. poll: the longest pause, in seconds, where nothing rings."""
    if in_memory:
        return Bell(lambda: LookingListener(poll), None)
    if engine.dialect.name == "sqlite":
        return Bell(lambda: _counting(engine, poll), None)
    if engine.dialect.name == "postgresql" and engine.dialect.driver in ("psycopg", "asyncpg", "psycopg_async"):
        connect = _psycopg_of(engine)
        if connect is not None:
            return Bell(lambda: NotifyListener(connect, channel), Notifier(connect, channel))
    return Bell(lambda: LookingListener(poll), None)


def _counting(engine: Engine, poll: float) -> LookingListener:
    """A listener on SQLite's `data_version`, which is another number after each commit of another connection (https://www.sqlite.org/pragma.html#pragma_data_version)."""
    import sqlite3

    connection = sqlite3.connect(
        str(engine.url.database),
        isolation_level=None,
        check_same_thread=False,
        uri=engine.url.query.get("uri") == "true",
    )

    def look() -> int | None:
        try:
            found: int = connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error as error:  # a disk that is full or away: whoever reads the queue itself is told
            logger.info("the counter of commits cannot be read: %s", error)
            return None
        return found

    return LookingListener(poll, look, connection.close)


def _psycopg_of(engine: Engine) -> Callable[[], Any] | None:
    """What makes a plain connection of psycopg to the same database; None without psycopg."""
    try:
        import psycopg
    except ImportError:
        logger.warning("notifications of PostgreSQL need psycopg; consumers look every now and then instead")
        return None
    dialect = engine.dialect
    if dialect.driver != "psycopg":
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

        make: Callable[[], Any] = PGDialect_psycopg
        dialect = make()
    args, options = dialect.create_connect_args(engine.url)

    def connect() -> Any:
        return psycopg.connect(*args, **options)

    return connect


class Notifier:
    """Notifies other processes, on a connection of its own that is made when it is first needed."""

    def __init__(self, connect: Callable[[], Any], channel: str) -> None:
        self._connect = connect
        self._channel = channel
        self._connection: Any = None

    def notify(self) -> None:
        """Notify once; a notification need not survive a crash, so that its commit waits for no disk."""
        for _ in range(2):  # the second time on a new connection
            try:
                if self._connection is None:
                    self._connection = self._connect()
                    self._connection.autocommit = True
                    self._connection.execute("SET synchronous_commit = off")
                self._notify(self._connection.pgconn)
                return
            except Exception:
                if self._connection is None:
                    raise
                self.close()

    def _notify(self, connection: Any) -> None:
        """By libpq alone: a cursor of psycopg would be more work than the rest."""
        from psycopg.pq import ExecStatus

        result = connection.exec_(b'NOTIFY "%s"' % self._channel.encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise OSError(result.error_message.decode(errors="replace"))

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
