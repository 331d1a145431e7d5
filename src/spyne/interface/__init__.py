"""What an application offers, and the documents that say so."""

from __future__ import annotations

from spyne.interface._base import Interface, InterfaceBase, InterfaceDocumentBase
from spyne.interface.documents import InterfaceDocuments, InterfaceDocumentsBase

__all__ = ["Interface", "InterfaceBase", "InterfaceDocumentBase", "InterfaceDocuments", "InterfaceDocumentsBase"]
