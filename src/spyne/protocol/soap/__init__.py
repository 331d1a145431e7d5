"""SOAP."""

from __future__ import annotations

from spyne.protocol.soap.mime import Attachment, Attachments, attach, attachments_of
from spyne.protocol.soap.soap11 import Soap11
from spyne.protocol.soap.soap12 import Soap12

__all__ = ["Attachment", "Attachments", "Soap11", "Soap12", "attach", "attachments_of"]
