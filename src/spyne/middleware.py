"""Behaviour around calls: a middleware takes a handler and returns another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[[Any], Any]
"""Takes the MethodContext, returns what the user function returned (a coroutine for ``async def``)."""

Middleware: TypeAlias = Callable[[Handler], Handler]
"""Made once, when the application is built; the handler it returns runs for every call.

One that is given to the application may have a method ``install(app)``, called once, to listen to events as well.
"""


def compose(middleware: Sequence[Middleware], handler: Handler) -> Handler:
    """The handler inside all of the middleware, the first of them outermost."""
    for wrap in reversed(middleware):
        handler = wrap(handler)
    return handler
