"""Alembic's autogenerate sees the tables of models, and finds nothing to change in a database that has them."""

from __future__ import annotations

import warnings

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.store import corpus

from spyne.model import Integer32, Unicode
from spyne.model.table import TTableModel

# Cases that need what the test's database has not: a schema of that name.
ELSEWHERE = {"table_args"}
# Cases with constraints that are looked at when the transaction ends, which MariaDB has not.
DEFERRED = {"one_object_in_detail", "many_objects_in_detail"}


def differences(engine, metadata):
    """Return what Alembic would change in a database."""
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # SQLite's reflection says so of what it does not know
        return compare_metadata(MigrationContext.configure(connection), metadata)


@pytest.mark.parametrize(
    "declare", [each for each in corpus.CASES if each.__name__ not in ELSEWHERE], ids=lambda c: c.__name__
)
def test_nothing_to_change(engine, declare):
    """A database made of a declaration is what the declaration says."""
    if engine.dialect.name == "mariadb" and declare.__name__ in DEFERRED:
        pytest.skip("MariaDB has no constraints that are DEFERRABLE")
    metadata = sa.MetaData()
    declare(TTableModel(metadata))
    metadata.create_all(engine)
    assert differences(engine, metadata) == []


def test_a_new_member_is_seen(engine):
    """A member that the database lacks is an added column."""
    metadata = sa.MetaData()

    class Row(TTableModel(metadata)):
        __tablename__ = "row"
        id = Integer32(pk=True)

    metadata.create_all(engine)
    Row.append_field("name", Unicode(5))
    (found,) = differences(engine, metadata)
    assert (found[0], found[3].name) == ("add_column", "name")
