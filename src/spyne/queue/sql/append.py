"""How tasks are written into the log: one by a plain INSERT, many by what each kind of database takes fastest."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table

__all__ = ["Append", "append_of"]

Row: TypeAlias = dict[str, Any]
Append: TypeAlias = Callable[["Connection", "Sequence[Row]"], list[int]]
"""Inserts rows on a connection and returns their ids, in order."""


def append_of(database: str, table: Table) -> Append:
    """What appends several rows of one topic. database: its name in `databases`."""
    make: Callable[[Any], Append] = _MANY.get(database, _insert_values)
    return make(table)


def _insert_values(table: Table) -> Append:
    """One INSERT with all the values in it."""
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return lambda connection, rows: list(connection.scalars(statement, rows))


def _insert_arrays(table: Table) -> Append:
    """One INSERT of arrays: its text is the same for any number of rows, so that drivers and the server prepare it once.

    The bytes of all tasks are one value that is cut up by the server, since psycopg writes each item of an array of bytes as text. Rows are numbered
    in the order in which they are inserted, which is that of the SELECT (https://www.postgresql.org/docs/current/sql-select.html#SQL-ORDERBY).
    """
    columns = table.c
    arrays = {"start": columns.size, "size": columns.size, "task_key": columns.task_key, "key_hash": columns.key_hash}
    binds = [bindparam(name, type_=ARRAY(column.type)) for name, column in arrays.items()]
    given = func.unnest(*binds).table_valued(*arrays, with_ordinality="place").render_derived(name="given")
    topic, every = bindparam("topic", type_=columns.topic.type), bindparam("data", type_=columns.data.type)
    data = func.substring(every, given.c.start, given.c.size)
    rows_in_order = select(topic, data, given.c.size, given.c.task_key, given.c.key_hash).order_by(given.c.place)
    statement = (
        insert(table)
        .from_select(["topic", "data", "size", "task_key", "key_hash"], rows_in_order)
        .returning(columns.id)
    )

    def append(connection: Connection, rows: Sequence[Row]) -> list[int]:
        values = {name: [row[name] for row in rows] for name in ("size", "task_key", "key_hash")}
        start = list(accumulate(values["size"][:-1], initial=1))
        data = b"".join(row["data"] for row in rows)
        return sorted(
            connection.scalars(statement, {"topic": rows[0]["topic"], "data": data, "start": start, **values})
        )

    return append


def _insert_each(table: Table) -> Append:
    """One INSERT for each row without leaving the driver: SQLite counts up by one, and no other connection writes meanwhile."""
    statement = insert(table)
    last = select(func.last_insert_rowid())

    def append(connection: Connection, rows: Sequence[Row]) -> list[int]:
        connection.execute(statement, rows)
        end = connection.execute(last).scalar_one() + 1
        return list(range(end - len(rows), end))

    return append


_MANY: dict[str, Callable[[Any], Append]] = {"postgresql": _insert_arrays, "sqlite": _insert_each}
