"""Auxiliary methods in the caller's thread."""

from __future__ import annotations

from typing import Any

from spyne.auxproc import AuxProcBase

__all__ = ["SyncAuxProc"]


class SyncAuxProc(AuxProcBase):
    """Runs auxiliary methods one after the other, after the primary method and before its response is sent."""

    def process_context(self, server: Any, ctx: Any, error: Any) -> None:
        self.process(server, ctx, error)
