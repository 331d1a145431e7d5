"""What databases differ in."""

from __future__ import annotations

from typing import Any

__all__ = ["MYSQL", "Unstorable"]

MYSQL = ("mysql", "mariadb")
"""SQLAlchemy's names of MariaDB. Its plain types hold 64 KB of text or bytes, whole seconds, and decimals of ten digits."""


class Unstorable(ValueError):
    """A `value` that the database's column would change or cannot hold."""

    def __init__(self, value: Any, problem: str) -> None:
        super().__init__(problem)
        self.value = value
