"""Fault: what a service raises on purpose, and what a client gets to see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.model._base import ModelBase
from spyne.model._fields import TypeInfo
from spyne.model._lower import fault_schema

if TYPE_CHECKING:
    from spyne.schema import Field, Lowering, Place


class Fault(Exception, ModelBase):
    """An error for the caller. Raise it from a service method.

    faultcode: dotted, beginning with "Client" or "Server" ("Client.NotFound"). faultstring: for people. faultactor: the URI
    of who failed. detail: a dict, an XML element, or an object of a declared class. lang: the language of `faultstring`.
    Subclasses may set `CODE`, and are listed in ``_throws`` to appear in the WSDL.
    """

    CODE: ClassVar[Any] = None
    _type_info: ClassVar[TypeInfo] = TypeInfo()

    def __init__(
        self,
        faultcode: str = "Server",
        faultstring: str = "",
        faultactor: str = "",
        detail: Any = None,
        lang: str = "en",
    ) -> None:
        self.faultcode = faultcode
        self.faultstring = faultstring or self.get_type_name()
        self.faultactor = faultactor
        self.detail = detail
        self.lang = lang
        super().__init__(self.faultcode, self.faultstring)

    def __str__(self) -> str:
        return f"{self.faultcode}: {self.faultstring}"

    def __repr__(self) -> str:
        actor = f", {self.faultactor!r}" if self.faultactor else ""
        return f"{type(self).__name__}({self.faultcode!r}, {self.faultstring!r}{actor})"

    @classmethod
    def to_dict(cls, value: Fault, *_: Any) -> dict[str, Any]:
        """The fault as dict documents carry it; empty members are left out."""
        pairs = (
            ("faultcode", value.faultcode),
            ("faultstring", value.faultstring),
            ("faultactor", value.faultactor),
            ("detail", value.detail),
        )
        always = ("faultcode", "faultstring")
        return {name: member for name, member in pairs if name in always or (member is not None and member != "")}

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        return fault_schema(cls, lowering)
