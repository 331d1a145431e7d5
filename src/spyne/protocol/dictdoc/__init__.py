"""Protocols whose documents are trees of builtins."""

from __future__ import annotations

from spyne.protocol.dictdoc.hier import HierDictDocument
from spyne.protocol.dictdoc.simple import SimpleDictDocument

DictDocument = HierDictDocument

__all__ = ["DictDocument", "HierDictDocument", "SimpleDictDocument"]
