"""From a Python call to a message: the method by its name, the arguments by position, objects by their public name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spyne.descriptor import MethodDescriptor

__all__ = ["Factory", "bind", "default_of", "find_methods"]


class Factory:
    """Makes objects by their public name."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def create(self, name: str) -> Any:
        """A new object of the class ``{ns}Name``, or ``Name`` in the target namespace. Raises KeyError for another name."""
        return self._app.interface.get_class_instance(name)


def find_methods(app: Any, name: str) -> list[MethodDescriptor]:
    """The methods of a request name, ``{ns}name`` or ``name``, or of the function's own name; empty where there is none."""
    methods: dict[str, list[MethodDescriptor]] = app.interface.service_method_map
    found = methods.get(name) or methods.get(f"{{{app.interface.tns}}}{name}")
    if found:
        return found
    return [d for d in app.interface.calls if name in (d.name, d.operation_name, d.function.__name__)][:1]


def bind(descriptor: MethodDescriptor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The arguments by position; those not given take the parameter's default. Raises TypeError as a function call would."""
    names = descriptor.in_names
    if len(args) > len(names):
        raise TypeError(f"{descriptor.operation_name}() takes {len(names)} argument(s), got {len(args)}")
    values = dict(zip(names, args, strict=False))
    public = {wire: name for name, wire in names.items()}
    for key, value in kwargs.items():
        name = key if key in names else public.get(key)
        if name is None:
            raise TypeError(
                f"{descriptor.operation_name}() has no argument {key!r}; it has: {', '.join(names) or 'none'}"
            )
        if name in values:
            raise TypeError(f"{descriptor.operation_name}() got argument {key!r} twice")
        values[name] = value
    return [values[name] if name in values else default_of(descriptor, names[name]) for name in names]


def default_of(descriptor: MethodDescriptor, name: str) -> Any:
    """What an argument is when the caller leaves it out."""
    message = descriptor.in_message
    if descriptor.is_in_bare() or not hasattr(message, "_type_info"):
        return None
    return getattr(message(), name, None)
