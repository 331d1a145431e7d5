"""Points at which a process kills itself: every statement boundary, begin, commit and rollback, and what else calls `reach`."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy import Engine


class Points:
    """Counts the points that the process passes, and ends it with SIGKILL at the `at`-th; 0 never. `names` tells which they were.

    Production code knows nothing of them: they hang on the engine's events, and on the dialect's commit for what comes after it.
    """

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.names: list[str] = []

    def reach(self, name: str) -> None:
        """Pass a point, or die at it."""
        self.names.append(name)
        if len(self.names) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, engine: Engine) -> None:
        """Put points on an engine."""
        event.listen(engine, "before_cursor_execute", self._statement("before"))
        event.listen(engine, "after_cursor_execute", self._statement("after"))
        for name in ("begin", "commit", "rollback", "savepoint", "release_savepoint", "rollback_savepoint"):
            event.listen(engine, name, self._named(f"before {name}"))
        commit = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            commit(connection)
            self.reach("after commit")

        engine.dialect.do_commit = do_commit  # type: ignore[method-assign, assignment]  # there is no event after a commit

    def _statement(self, when: str) -> Any:
        def reach(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            words = statement.split()
            # After what changes nothing it is as before what comes next.
            if when == "before" or words[0] in ("INSERT", "UPDATE", "DELETE", "WITH"):
                self.reach(f"{when} {' '.join(words)[:60]}")

        return reach

    def _named(self, name: str) -> Any:
        # SQLAlchemy looks at the number of arguments, which differs between these events
        if "savepoint" in name and "release" not in name and "rollback" not in name:
            return lambda connection, savepoint: self.reach(name)
        if "savepoint" in name:
            return lambda connection, savepoint, context: self.reach(name)
        return lambda connection: self.reach(name)
