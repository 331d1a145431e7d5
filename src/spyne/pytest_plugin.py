"""Fixtures for pytest: ``pytest_plugins = ["spyne.pytest_plugin"]`` in a conftest.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from spyne.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["spyne_client"]


@pytest.fixture
def spyne_client() -> Iterator[Callable[..., Client]]:
    """A function that makes a `spyne.testing.Client` of an application; the clients are closed after the test."""
    made: list[Client] = []

    def make(app: Any, **options: Any) -> Client:
        made.append(Client(app, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()
