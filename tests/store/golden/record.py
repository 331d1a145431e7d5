"""Record the DDL of the corpus: ``<python with Spyne 2.14> tests/store/golden/record.py > tests/store/golden/ddl_of_2_14.json``.

Spyne 2.14 needs "SQLAlchemy<2". `statements` is also what the test runs.
"""

import json
import sys
import warnings
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import configure_mappers

URLS = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://" if sa.__version__ >= "2" else "postgresql://"}


def statements(declare, model, dialect):
    """Return the DDL that a declaration comes to, one statement a line, or the name of the error."""
    found = []
    metadata = sa.MetaData()
    engine = sa.create_mock_engine(
        URLS[dialect], lambda ddl, *_, **__: found.append(" ".join(str(ddl.compile(dialect=engine.dialect)).split()))
    )
    try:
        declare(model(metadata))
        configure_mappers()
        metadata.create_all(engine, checkfirst=False)
    except Exception as error:
        return [f"{type(error).__name__}"]
    return found


def main():
    """Write the recording."""
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from corpus import CASES
    from sqlalchemy.orm import clear_mappers

    from spyne.model.complex import TTableModel

    recorded = {}
    for declare in CASES:
        recorded[declare.__name__] = {}
        for dialect in URLS:
            clear_mappers()
            recorded[declare.__name__][dialect] = statements(declare, TTableModel, dialect)
    json.dump(recorded, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
