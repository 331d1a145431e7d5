"""SOAP 1.2 (W3C Recommendation of 27 April 2007)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.protocol._multipart import parse_options
from spyne.protocol.soap._attachments import is_package
from spyne.protocol.soap._base import SoapBase, action_parameter
from spyne.protocol.soap._envelope import SOAP12, Version
from spyne.protocol.soap.soap11 import Soap11

if TYPE_CHECKING:
    from spyne.context import MethodContext

__all__ = ["Soap12"]


class Soap12(SoapBase):
    """SOAP 1.2 over any transport; for the options see `SoapBase`.

    The dotted code of a fault becomes a Code and its Subcodes, in the target namespace. Faults of the client are HTTP 400, all
    others 500 (part 2 §7.5.2.2).
    """

    version: ClassVar[Version] = SOAP12
    older: ClassVar[type[SoapBase] | None] = Soap11
    type: ClassVar[frozenset[str]] = frozenset({"soap", "soap12", "xml"})
    mime_type = "application/soap+xml; charset=utf-8"
    media_types: ClassVar[tuple[str, ...]] = ("application/soap+xml",)

    def _raw_action(self, transport: Any) -> str | None:
        content_type = getattr(transport, "request_content_type", None)
        return (
            action_of_package(content_type)
            if content_type and is_package(content_type)
            else action_parameter(content_type)
        )

    def content_type_of(self, ctx: MethodContext) -> str:
        """The media type, in a client's request with the action (RFC 3902)."""
        content_type = super().content_type_of(ctx)
        if ctx.way == ctx.CLIENT and ctx.descriptor is not None:
            return f'{content_type}; action="{self.action_of(ctx)}"'
        return content_type


def action_of_package(content_type: str) -> str | None:
    """The action of a package: a parameter of its own, or inside `start-info` (MTOM §4.2, XOP 1.0 §4.1)."""
    options = parse_options(content_type)[1]
    return options.get("action") or action_parameter(options.get("start-info"))
