"""Which of SQLAlchemy's registries belongs to a MetaData."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import registry

if TYPE_CHECKING:
    from sqlalchemy import MetaData

__all__ = ["registry_of"]

_KEY = "spyne_registry"


def registry_of(metadata: MetaData) -> registry:
    """The one registry of a MetaData, kept in its ``info``; classes of it see each other."""
    found = metadata.info.get(_KEY)
    if found is None:
        found = metadata.info[_KEY] = registry(metadata=metadata)
    assert isinstance(found, registry)
    return found
