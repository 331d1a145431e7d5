"""The versions of the tables: made on first use, migrated step by step, and never touched by a library that is too old for them."""

from __future__ import annotations

import logging
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from spyne.queue.errors import SchemaError
from spyne.queue.sql.engine import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from spyne.queue.sql.databases import Database
    from spyne.queue.sql.tables import Tables

__all__ = ["MIGRATIONS", "Migration", "ddl", "incarnation", "migrate", "renew_incarnation", "require", "version_of"]

logger = logging.getLogger(__name__)

_VERSION, _READABLE, _INCARNATION, _SYSTEM = "schema_version", "readable_since", "incarnation", "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A step from the version before. readable_since: the oldest version of the library that can work with the tables after it."""

    version: int
    readable_since: int
    step: Callable[[Connection, Tables], None]


def _make_tables(connection: Connection, tables: Tables) -> None:
    tables.metadata.create_all(connection)


MIGRATIONS: tuple[Migration, ...] = (Migration(version=1, readable_since=1, step=_make_tables),)


def version_of(connection: Connection, tables: Tables) -> int:
    """The version of the tables in the database, 0 where there are none."""
    if not inspect(connection).has_table(tables.meta.name, schema=tables.metadata.schema):
        return 0
    return int(_read(connection, tables, _VERSION) or 0)


def migrate(
    connection: Connection, tables: Tables, database: Database, migrations: tuple[Migration, ...] = MIGRATIONS
) -> list[int]:
    """Bring the tables to the newest version that this library knows, and return the versions made.

    One process at a time does it. Raises SchemaError for tables that a newer library made and this one cannot work with.
    """
    known = migrations[-1].version
    if _is_ready(connection, tables, known):
        return []
    done = []
    with _alone(connection, database):
        now = version_of(connection, tables)
        for migration in migrations:
            if migration.version > now:
                migration.step(connection, tables)
                _write(connection, tables, _VERSION, str(migration.version))
                _write(connection, tables, _READABLE, str(migration.readable_since))
                done.append(migration.version)
    return done


@contextmanager
def _alone(connection: Connection, database: Database) -> Iterator[None]:
    """A transaction that no other process has at the same time."""
    if database.unlock is not None:
        _at_once(connection, database.lock)
    try:
        with transaction(connection, database):
            if database.unlock is None and database.lock is not None:
                connection.execute(text(database.lock))
            yield
    finally:
        if database.unlock is not None:  # after the commit, whose work nobody else could see before
            _at_once(connection, database.unlock)


def _at_once(connection: Connection, statement: str | None) -> None:
    connection.execute(text(statement or ""))
    connection.rollback()


def require(connection: Connection, tables: Tables) -> None:
    """Raise SchemaError where the tables are missing, or are not of the newest version that this library knows."""
    known = MIGRATIONS[-1].version
    if _is_ready(connection, tables, known):
        return
    version = version_of(connection, tables)
    connection.rollback()
    if version:
        raise SchemaError(
            f"the queue's tables are of version {version}, this library needs {known}: spyne queue migrate"
        )
    raise SchemaError(
        f"there is no queue here (no table {tables.meta.fullname}): spyne queue migrate makes one, as does the first producer or consumer"
    )


def _is_ready(connection: Connection, tables: Tables, known: int) -> bool:
    version = version_of(connection, tables)
    readable = int(_read(connection, tables, _READABLE) or 0) if version else 0
    connection.rollback()
    if readable > known:
        raise SchemaError(
            f"the queue's tables are of version {version}, which needs a library that knows version {readable}; this one knows {known}"
        )
    return version >= known


def ddl(engine: Engine, tables: Tables) -> str:
    """The statements that make the tables in their newest version, for those who run them by hand."""
    statements: list[Any] = []
    for table in tables.metadata.sorted_tables:
        statements.append(CreateTable(table).compile(engine))
        statements.extend(
            CreateIndex(index).compile(engine) for index in sorted(table.indexes, key=lambda index: str(index.name))
        )
    statements.extend(
        insert(tables.meta).values(name=name, value=str(value)).compile(engine, compile_kwargs={"literal_binds": True})
        for name, value in ((_VERSION, MIGRATIONS[-1].version), (_READABLE, MIGRATIONS[-1].readable_since))
    )
    return "".join(f"{str(statement).strip()};\n\n" for statement in statements)


# --- the incarnation: another one when positions may have been given twice ---


def incarnation(connection: Connection, tables: Tables, database: Database) -> str:
    """The name of this log's life: made once, and anew where PostgreSQL was restored or failed over, so that positions may mean other tasks than before."""
    system = _system_of(connection, database)
    found, seen = _read(connection, tables, _INCARNATION), _read(connection, tables, _SYSTEM)
    connection.rollback()
    if found is not None and (system is None or system == seen):
        return found
    if found is not None:
        logger.warning("the database of the queue was restored or failed over (%s, before: %s)", system, seen)
    return _begin_life(connection, tables, database, system, is_asked_for=False)


def renew_incarnation(connection: Connection, tables: Tables, database: Database) -> str:
    """Begin a new life of the log, as after a restore of the database that cannot be seen from inside."""
    system = _system_of(connection, database)
    connection.rollback()
    return _begin_life(connection, tables, database, system, is_asked_for=True)


def _begin_life(
    connection: Connection, tables: Tables, database: Database, system: str | None, *, is_asked_for: bool
) -> str:
    with _alone(connection, database):
        found, seen = _read(connection, tables, _INCARNATION), _read(connection, tables, _SYSTEM)
        if found is not None and not is_asked_for and (system is None or system == seen):
            return found  # another process was first
        made = str(uuid.uuid4())
        _write(connection, tables, _INCARNATION, made)
        _write(connection, tables, _SYSTEM, system or "")
    return made


def _system_of(connection: Connection, database: Database) -> str | None:
    """The cluster's identifier and its timeline, which a restore to a moment and a failover change."""
    if database.name != "postgresql":
        return None
    try:
        row = connection.execute(text(_SYSTEM_SQL)).one()
    except DBAPIError:
        connection.rollback()
        return None
    return f"{row[0]}/{row[1]}"


_SYSTEM_SQL = "SELECT system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) FROM pg_control_system()"


# --- the table of names and values ---


def _read(connection: Connection, tables: Tables, name: str) -> str | None:
    found: str | None = connection.scalar(select(tables.meta.c.value).where(tables.meta.c.name == name))
    return found


def _write(connection: Connection, tables: Tables, name: str, value: str) -> None:
    connection.execute(delete(tables.meta).where(tables.meta.c.name == name))
    connection.execute(insert(tables.meta), {"name": name, "value": value})
