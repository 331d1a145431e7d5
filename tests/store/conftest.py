"""Databases for the tests: SQLite always, PostgreSQL and MariaDB where `tests.databases` can start them."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import sqlalchemy as sa


def emptied(url):
    """Return an engine for a database without tables."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS ltree")
        else:
            connection.exec_driver_sql(f"DROP DATABASE {engine.url.database}")
            connection.exec_driver_sql(f"CREATE DATABASE {engine.url.database} CHARACTER SET utf8mb4")
    engine.dispose()  # connections know the schema and the database that were
    return engine


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine(request, tmp_path):
    """Yield an engine with an empty database, once for each kind."""
    if request.param == "sqlite":
        made = sa.create_engine(f"sqlite:///{tmp_path}/test.db")
        sa.event.listen(made, "connect", lambda dbapi, _: dbapi.execute("PRAGMA foreign_keys=ON"))
    else:
        made = emptied(request.getfixturevalue(request.param))
    yield made
    made.dispose()


@pytest.fixture
def memory():
    """Yield a function that makes an engine for a SQLite database in memory; all of them end with the test."""
    with ExitStack() as stack:

        def make():
            engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
            stack.callback(engine.dispose)
            return engine

        yield make
