"""Auxiliary methods: further work for a call, done beside the primary method and without a say in its result."""

from __future__ import annotations

import logging
from typing import Any

__all__ = ["AuxProcBase"]

logger = logging.getLogger(__name__)


class AuxProcBase:
    """How auxiliary methods are run: given to a service as ``__aux__`` or to a method as ``_aux``.

    process_exceptions: also run when the primary method failed.
    """

    def __init__(self, process_exceptions: bool = False) -> None:
        self.process_exceptions = process_exceptions

    def initialize(self, server: Any) -> None:
        """Called once for each server, before the first request."""

    def process_context(self, server: Any, ctx: Any, error: Any) -> None:
        """Run the method of `ctx`; `error` is the Fault of the primary one or None. Override to run it elsewhere or later."""
        raise NotImplementedError

    def process(self, server: Any, ctx: Any, error: Any) -> Any:
        """Read the arguments and call the method; failures are logged and go nowhere. Returns the result."""
        if error is not None and not self.process_exceptions:
            return None
        ctx.aux.error = error
        try:
            server.get_in_object(ctx)
            if ctx.in_error is None:
                server.get_out_object(ctx)
            failure = ctx.in_error or ctx.out_error
            if failure is not None:
                logger.error("auxiliary method %r failed: %s", ctx, failure)
            return ctx.out_object
        finally:
            ctx.close()
