"""Statements that are compiled once: where one row goes in or out, SQLAlchemy's way from a statement to the driver is most of the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, CursorResult, Dialect

__all__ = ["Ready"]


class Ready:
    """Runs a statement whose results need no conversion. columns: of an INSERT without values."""

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self.statement = statement
        self.columns = columns
        self._compiled: dict[Dialect, Any] = {}

    def __call__(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it with values for its parameters. The events of engines are fired as for any other statement."""
        if "schema_translate_map" in connection.get_execution_options():
            return connection.execute(self.statement, values)  # tables have other names here
        compiled = self._compiled.get(connection.dialect)
        if compiled is None:
            compiled = self.statement.compile(dialect=connection.dialect, column_keys=self.columns)
            self._compiled[connection.dialect] = compiled
        given = {**compiled.params, **values}
        for name, process in compiled._bind_processors.items():
            given[name] = process(given[name])
        order = compiled.positiontup
        return connection.exec_driver_sql(
            compiled.string, given if order is None else tuple(given[name] for name in order)
        )
