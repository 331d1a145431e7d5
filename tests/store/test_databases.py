"""The servers that the tests start: what was committed outlives a crash, and nothing else does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests import databases


@pytest.mark.parametrize("make", [databases.postgresql, databases.mariadb], ids=["postgresql", "mariadb"])
def test_crash(make):
    """A server that has crashed starts again at the same URL with what was committed, and its directory goes at the end."""
    with make() as server:
        engine = sa.create_engine(server.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE kept (number INTEGER)"))
            connection.execute(sa.text("INSERT INTO kept VALUES (1)"))
        with engine.connect() as connection:
            connection.execute(sa.text("INSERT INTO kept VALUES (2)"))
            server.crash()
            with pytest.raises(sa.exc.OperationalError):
                connection.commit()
            connection.invalidate()
        with pytest.raises(sa.exc.OperationalError):
            engine.connect()
        server.start()
        with engine.connect() as connection:
            assert connection.scalars(sa.text("SELECT number FROM kept")).all() == [1]
    assert not server.home.exists()
