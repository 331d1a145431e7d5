"""Protocols whose documents are trees of builtins."""

from __future__ import annotations

from spyne.protocol.dictdoc.hier import HierDictDocument

DictDocument = HierDictDocument

__all__ = ["DictDocument", "HierDictDocument"]
