"""Methods of objects: functions that `mrpc` marks on a ComplexModel, called with the object that travels in the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spyne.decorator import declaration_of, describe
from spyne.error import InvalidRequestError, RespawnError
from spyne.service import ServiceBase

if TYPE_CHECKING:
    from spyne.descriptor import MethodDescriptor

__all__ = ["MemberService", "member_methods"]


class MemberService(ServiceBase):
    """Stands for the service of methods that belong to a class of objects."""

    @classmethod
    def call_wrapper(cls, ctx: Any, args: Any = None) -> Any:
        """Find the object, ask the method's precondition, and call the function with it.

        Raises RespawnError when there is no object, InvalidRequestError when the precondition is false.
        """
        descriptor: MethodDescriptor = ctx.descriptor
        given, *rest = ctx.in_object if args is None else args
        instance = _respawn(ctx, descriptor, given)
        if descriptor.when is not None and not descriptor.when(instance, ctx):
            raise InvalidRequestError(f"{descriptor.name} is not possible for this object now")
        return descriptor.function(instance, ctx, *rest)


def _respawn(ctx: Any, descriptor: MethodDescriptor, given: Any) -> Any:
    """The object that the method is about; a class with ``__respawn__(ctx, filters)`` finds it by what was sent of it."""
    cls = descriptor.parent_class
    hook = getattr(cls, "__respawn__", None)
    if hook is not None:
        given = hook(ctx, given)
    if given is None and descriptor.default_on_null:
        return cls()
    if given is None:
        raise RespawnError(cls.get_type_name())
    return given


def member_methods(cls: Any) -> dict[str, MethodDescriptor]:
    """The methods of a class by the name of the function; described once and kept in its ``Attributes.methods``."""
    if not hasattr(cls, "Attributes"):  # a dataclass and its kin have no methods to serve
        return {}
    own = vars(cls).get("Attributes")  # those of a parent are the parent's
    known: dict[str, MethodDescriptor] | None = vars(own).get("methods") if own is not None else None
    if known:
        return known
    found = {
        name: describe(told, cls) for name, value in vars(cls).items() if (told := declaration_of(value)) is not None
    }
    for descriptor in found.values():
        descriptor.service_class = MemberService
    if found:
        cls.Attributes = type("Attributes", (cls.Attributes,), {"methods": found})
    return found
