"""Auxiliary methods in threads of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from spyne.auxproc import AuxProcBase

__all__ = ["ThreadAuxProc"]


class ThreadAuxProc(AuxProcBase):
    """Runs auxiliary methods in at most `pool_size` threads; the response does not wait for them."""

    def __init__(self, pool_size: int = 1, process_exceptions: bool = False) -> None:
        super().__init__(process_exceptions)
        self.pool = ThreadPoolExecutor(pool_size, thread_name_prefix="spyne-aux")

    def process_context(self, server: Any, ctx: Any, error: Any) -> None:
        self.pool.submit(self.process, server, ctx, error)
