"""Databases for the tests: SQLite always, PostgreSQL and MariaDB where `tests.databases` can start them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests import databases


@pytest.fixture(scope="session")
def postgresql():
    """Yield the URL of a running PostgreSQL."""
    with databases.postgresql() as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    """Yield an engine with an empty database, once for each kind."""
    if request.param == "sqlite":
        made = sa.create_engine(f"sqlite:///{tmp_path}/test.db")
        sa.event.listen(made, "connect", lambda dbapi, _: dbapi.execute("PRAGMA foreign_keys=ON"))
    else:
        made = sa.create_engine(request.getfixturevalue("postgresql"))
        with made.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS ltree"))
    yield made
    made.dispose()
