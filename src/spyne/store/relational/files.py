"""Files of rows: in the directory of a `HybridFileStore`, as long as the transaction that brought them holds."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import object_session
from sqlalchemy.types import TypeDecorator, TypeEngine

from spyne.model.binary import DEFAULT_MEDIA_TYPE, FileBlocks, FileValue, HybridFileStore, join
from spyne.schema import DeclarationError
from spyne.store.relational.types import json_type

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.orm import Mapper, Session

__all__ = ["StoredFile", "watch"]

logger = logging.getLogger(__name__)


class StoredFile(TypeDecorator[Any]):
    """A file in the directory of a `HybridFileStore`; the column has its name, media type and name in the directory.

    The file is written when the row is, under a name of its own, and stays there when the row goes. It is removed when a session that has written
    an object of a `TTableModel` rolls that back; nobody knows of files in statements of one's own.
    """

    impl = sa.JSON
    cache_ok = True

    def __init__(self, store: HybridFileStore, where: str) -> None:
        super().__init__()
        self.store = store
        self.where = where
        if store.db_format not in ("json", "jsonb"):
            raise DeclarationError(f"{where}: HybridFileStore(db_format={store.db_format!r}): it is json or jsonb")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's type on this database."""
        return json_type(self.store.db_format == "jsonb")

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Puts the file into the directory, unless it came from there, and says where."""
        if value is None:
            return None
        file = value if isinstance(value, FileValue) else FileValue(data=(join(value),))
        home = Path(self.store.store_path)
        return [file.name, file.type, _name_in(home, file) or put(file, home).target.name]

    def process_result_value(self, value: Any, dialect: Dialect) -> FileValue | None:
        """The file, opened when it is read. Raises ValueError for a row that points out of the directory."""
        if value is None:
            return None
        row = [value.get(key) for key in ("name", "type", "path")] if isinstance(value, dict) else value
        name, media_type, path = row[0], row[1], str(row[2])
        home = Path(self.store.store_path).resolve()
        full = (home / path).resolve()
        if not full.is_relative_to(home) or full == home:
            raise ValueError(f"{self.where}: the stored path is outside of the file store")
        found = FileValue(name=name, path=str(full), type=media_type or DEFAULT_MEDIA_TYPE)
        found.data = FileBlocks(str(full))
        return found


class Kept(NamedTuple):
    """A file in the directory, and where its value said that it was; moved: it is there no longer."""

    file: FileValue
    target: Path
    path: str | None
    abspath: str | None
    moved: bool

    def undo(self) -> None:
        """Take it out of the directory again; never raises."""
        self.file.path, self.file.abspath = self.path, self.abspath
        try:
            if self.moved and self.path is not None:
                shutil.move(self.target, self.path)
            else:
                self.target.unlink(missing_ok=True)
        except OSError:
            logger.exception("a file of a transaction that was rolled back could not be removed: %s", self.target)


def _name_in(home: Path, file: FileValue) -> str | None:
    """The name of a file that is in the directory already."""
    own, home = Path(file.path or home).resolve(), home.resolve()
    return str(own.relative_to(home)) if own.is_relative_to(home) and own != home else None


def put(file: FileValue, home: Path) -> Kept:
    """Put a file into the directory."""
    home.mkdir(parents=True, exist_ok=True)
    kept = Kept(file, home.resolve() / uuid.uuid4().hex, file.path, file.abspath, file.path is not None and file.move)
    if kept.moved:
        shutil.move(Path(str(file.path)), kept.target)
    else:
        try:
            with kept.target.open("xb") as handle:
                for block in _blocks(file):
                    handle.write(block)
        except BaseException:
            kept.target.unlink(missing_ok=True)
            raise
    if hasattr(file.data, "__next__"):
        file.data = FileBlocks(str(kept.target))  # what has been read is not there a second time
    file.path = file.abspath = os.fspath(kept.target)
    return kept


def _blocks(file: FileValue) -> Any:
    if file.data is not None:
        return (join(file.data),) if isinstance(file.data, bytes | bytearray) else file.data
    if file.handle is not None or file.path is not None:
        return FileBlocks(file.handle if file.handle is not None else str(file.path))
    return ()


# --- what becomes of them with the transaction ---

_KEY = "spyne_files"
"""Where a session has its `_Journal`, in ``info``."""


def watch(cls: Any) -> None:
    """Have the files of a mapped class removed when the transaction that brought them is rolled back."""
    if any(isinstance(column.type, StoredFile) for column in cls.__mapper__.columns):
        for moment in ("before_insert", "before_update"):
            if not event.contains(cls, moment, _put_files):
                event.listen(cls, moment, _put_files)


def _put_files(mapper: Mapper[Any], connection: Any, target: Any) -> None:
    session = object_session(target)
    for prop in mapper.column_attrs:
        column_type, value = prop.columns[0].type, target.__dict__.get(prop.key)
        if not isinstance(column_type, StoredFile) or value is None or session is None:
            continue
        if not isinstance(value, FileValue):
            value = FileValue(data=(join(value),))
            setattr(target, prop.key, value)
        home = Path(column_type.store.store_path)
        if _name_in(home, value) is None:
            _journal_of(session).add(put(value, home))


class _Journal:
    """The files that the transactions of a session have brought and not committed yet."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: list[tuple[Any, Kept]] = []
        event.listen(session, "after_commit", self._committed)
        event.listen(session, "after_transaction_end", self._ended)

    def _transaction(self) -> Any:
        return self._session.get_nested_transaction() or self._session.get_transaction()

    def add(self, kept: Kept) -> None:
        """Note a file of the running transaction."""
        self._kept.append((self._transaction(), kept))

    def _committed(self, session: Session) -> None:
        """What a savepoint has brought is its parent's from now on."""
        running = self._transaction()
        if running.nested:
            self._kept = [(running.parent if owner is running else owner, kept) for owner, kept in self._kept]
        else:
            self._kept.clear()

    def _ended(self, session: Session, transaction: Any) -> None:
        gone = [kept for owner, kept in self._kept if owner is transaction]
        self._kept = [each for each in self._kept if each[0] is not transaction]
        for kept in gone:
            kept.undo()


def _journal_of(session: Session) -> _Journal:
    found = session.info.get(_KEY)
    if found is None:
        found = session.info[_KEY] = _Journal(session)
    assert isinstance(found, _Journal)
    return found
