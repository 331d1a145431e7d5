"""Named events and their listeners."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[..., object]


class EventManager:
    """Listeners by event name, called in the order of adding; one added twice is called once.

    parent: what the events are about. handlers: listeners to start with.
    """

    __slots__ = ("handlers", "parent")

    def __init__(self, parent: object, handlers: Mapping[str, Any] | None = None) -> None:
        self.parent = parent
        self.handlers: dict[str, dict[Handler, None]] = {
            name: dict.fromkeys(listeners) for name, listeners in (handlers or {}).items()
        }

    def add_listener(self, event_name: str, handler: Handler) -> None:
        """Call `handler` with the event's argument each time `event_name` is fired."""
        self.handlers.setdefault(event_name, {})[handler] = None

    def del_listener(self, event_name: str, handler: Handler | None = None) -> None:
        """Forget one listener, or all of the event. Raises KeyError for one that was not added."""
        if handler is None:
            del self.handlers[event_name]
            return
        listeners = self.handlers[event_name]
        del listeners[handler]
        if not listeners:
            del self.handlers[event_name]

    def fire_event(self, event_name: str, ctx: Any, *args: Any, **kwargs: Any) -> None:
        """Call the listeners of an event; what they raise goes to the caller."""
        for handler in tuple(self.handlers.get(event_name, ())):
            handler(ctx, *args, **kwargs)
