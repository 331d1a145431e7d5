"""SOAP 1.1 (W3C Note of 8 May 2000)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from spyne.protocol.soap._base import SoapBase
from spyne.protocol.soap._envelope import SOAP11, Version

if TYPE_CHECKING:
    from spyne.context import MethodContext

__all__ = ["Soap11"]


class Soap11(SoapBase):
    """SOAP 1.1 over any transport; for the options see `SoapBase`. Faults are HTTP 500 (§6.2)."""

    version: ClassVar[Version] = SOAP11
    type: ClassVar[frozenset[str]] = frozenset({"soap", "soap11", "xml"})
    mime_type = "text/xml; charset=utf-8"
    media_types: ClassVar[tuple[str, ...]] = ("text/xml",)

    def _raw_action(self, transport: Any) -> str | None:
        """SOAPAction (§6.1.1), with or without quotes."""
        headers = getattr(transport, "headers", None)
        values = headers.get("soapaction") if headers is not None else None
        return str(values[0]).strip().strip('"') if values else None

    def request_headers(self, ctx: MethodContext) -> dict[str, str]:
        return {"SOAPAction": f'"{self.action_of(ctx)}"'}
