"""Queues for the tests: the tables of each test have a prefix of their own, in SQLite files and on one server of each other kind."""

from __future__ import annotations

from itertools import count

import pytest

from spyne.queue import Queue

_NUMBERS = count(1)


def url_of(kind, request):
    """Return the URL of a database of a kind."""
    if kind == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path')}/queue.db"
    return request.getfixturevalue(kind)


def make_queue(url, **options):
    """Return a queue with tables of its own."""
    return Queue(url, prefix=f"t{next(_NUMBERS)}_", poll=0.2, **options)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def queue(request):
    """Yield an empty queue, once for each kind of database."""
    with make_queue(url_of(request.param, request)) as made:
        yield made


@pytest.fixture(params=["postgresql", "mariadb"])
def late_queue(request):
    """Yield an empty queue on each database whose transactions commit out of the order of their ids."""
    with make_queue(url_of(request.param, request)) as made:
        yield made


@pytest.fixture
def quick_queue(tmp_path):
    """Yield an empty queue in a file, for what does not depend on the database."""
    with make_queue(f"sqlite:///{tmp_path}/queue.db") as made:
        yield made


@pytest.fixture
def postgresql_queue(postgresql):
    """Yield an empty queue on PostgreSQL."""
    with make_queue(postgresql) as made:
        yield made
