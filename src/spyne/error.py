"""The faults that the pipeline itself raises, each with its code and its HTTP status outside SOAP."""

from __future__ import annotations

from typing import Any

from spyne.model.fault import Fault
from spyne.schema import DeclarationError as LogicError
from spyne.util.excerpt import cut

__all__ = [
    "ArgumentError",
    "Fault",
    "InternalError",
    "InvalidCredentialsError",
    "InvalidInputError",
    "InvalidRequestError",
    "LogicError",
    "MethodAlreadyExistsError",
    "MissingFieldError",
    "NotAcceptableError",
    "Redirect",
    "RequestNotAllowed",
    "RequestTooLongError",
    "ResourceAlreadyExistsError",
    "ResourceNotFoundError",
    "RespawnError",
    "UnsupportedMediaTypeError",
    "ValidationError",
]


class InvalidCredentialsError(Fault):
    """Wrong or missing credentials; HTTP 401."""

    CODE = "Client.InvalidCredentialsError"
    STR = "You do not have permission to access this resource"

    def __init__(self, fault_string: str = STR, fault_object: Any = None) -> None:
        super().__init__(self.CODE, fault_string, detail=fault_object)


class RequestTooLongError(Fault):
    """A request over a size limit; HTTP 413."""

    CODE = "Client.RequestTooLong"

    def __init__(self, faultstring: str = "Request too long") -> None:
        super().__init__(self.CODE, faultstring)


class RequestNotAllowed(Fault):
    """A request in a form that the endpoint does not take; HTTP 405."""

    CODE = "Client.RequestNotAllowed"

    def __init__(self, faultstring: str = "") -> None:
        super().__init__(self.CODE, faultstring)


class UnsupportedMediaTypeError(Fault):
    """A request of a Content-Type that no protocol of the endpoint reads; HTTP 415."""

    CODE = "Client.UnsupportedMediaType"

    def __init__(self, faultstring: str = "") -> None:
        super().__init__(self.CODE, faultstring)


class NotAcceptableError(Fault):
    """A request that accepts no media type that the endpoint writes; HTTP 406."""

    CODE = "Client.NotAcceptable"

    def __init__(self, faultstring: str = "") -> None:
        super().__init__(self.CODE, faultstring)


class ArgumentError(Fault):
    """Wrong arguments; HTTP 400."""

    CODE = "Client.ArgumentError"

    def __init__(self, faultstring: str = "") -> None:
        super().__init__(self.CODE, faultstring)


class InvalidInputError(Fault):
    """A request whose values make no sense together; HTTP 400."""

    CODE = "Client.InvalidInput"

    def __init__(self, faultstring: str = "", data: Any = "") -> None:
        super().__init__(self.CODE, f"{faultstring} {data}".rstrip() if data else faultstring)


InvalidRequestError = InvalidInputError


class MissingFieldError(InvalidInputError):
    """A member that must be there is not; HTTP 400."""

    def __init__(self, field_name: str, message: str = "Field %r is mandatory.") -> None:
        super().__init__(message % field_name if "%" in message else message)


class ValidationError(Fault):
    """A value that breaks a rule of its type; HTTP 400.

    obj: the value, shown cut. custom_msg: the text, with an optional ``%r`` for the value. path: where the value stood.
    """

    CODE = "Client.ValidationError"

    def __init__(
        self, obj: Any = None, custom_msg: str = "The value %r could not be validated.", *, path: str = ""
    ) -> None:
        shown = cut(obj)
        super().__init__(self.CODE, custom_msg if path else custom_msg.replace("%r", f"'{shown}'").replace("%s", shown))
        self.path = path


class InternalError(Fault):
    """Something went wrong that is none of the caller's business; HTTP 500. The cause is logged, never sent."""

    CODE = "Server"

    def __init__(self, error: BaseException | str = "") -> None:
        super().__init__(self.CODE, "Internal Error")
        self.error = error


def _about(fault_object: Any, text: str) -> str:
    """The text with what it is about, cut, in place of ``%s`` or ``%r``."""
    return text.replace("%r", "%s") % cut(fault_object) if "%" in text else text


class ResourceNotFoundError(Fault):
    """Nothing has that name; HTTP 404."""

    CODE = "Client.ResourceNotFound"

    def __init__(self, fault_object: Any, fault_string: str = "Requested resource '%s' not found") -> None:
        super().__init__(self.CODE, _about(fault_object, fault_string))


class RespawnError(ResourceNotFoundError):
    """The object that a method belongs to is gone; HTTP 404."""


class ResourceAlreadyExistsError(Fault):
    """The name is taken; HTTP 400."""

    CODE = "Client.ResourceAlreadyExists"

    def __init__(self, fault_object: Any, fault_string: str = "Resource '%s' already exists") -> None:
        super().__init__(self.CODE, _about(fault_object, fault_string))


class Redirect(Fault):
    """Raised to send the caller elsewhere; transports that can do so implement `do_redirect`."""

    CODE = "Client.Redirect"

    def __init__(self, ctx: Any, location: str, orig_exc: BaseException | None = None) -> None:
        super().__init__(self.CODE, location)
        self.ctx = ctx
        self.location = location
        self.orig_exc = orig_exc

    def do_redirect(self) -> None:
        """Make the transport answer with the redirection."""
        raise NotImplementedError


class MethodAlreadyExistsError(LogicError):
    """Two methods of one application have the same name."""

    def __init__(self, what: object) -> None:
        super().__init__(f"{what} is declared twice; rename one of them or give it _operation_name")


HTTP_CODES: dict[str, int] = {
    InvalidCredentialsError.CODE: 401,
    ResourceNotFoundError.CODE: 404,
    RequestNotAllowed.CODE: 405,
    NotAcceptableError.CODE: 406,
    RequestTooLongError.CODE: 413,
    UnsupportedMediaTypeError.CODE: 415,
}
"""Fault code to HTTP status where it is neither 400 (Client) nor 500."""
