"""Cross-origin requests: who may call from a page of another origin (WHATWG Fetch, "HTTP-network-or-cache fetch", CORS protocol)."""

from __future__ import annotations

from typing import Any

import msgspec

from spyne.schema import DeclarationError

__all__ = ["Cors"]


class Cors(msgspec.Struct, frozen=True, kw_only=True):
    """Which pages may call: ``WsgiApplication(app, cors=Cors(origins=["https://app.example.com"]))``.

    origins: scheme, host and port of pages, or ``"*"`` for all. headers: request headers that they may send beside the simple ones.
    expose: response headers that they may read. credentials: whether cookies and authorization are sent; not with ``"*"``.
    max_age: seconds for which a browser may keep the answer. Raises DeclarationError for what browsers would refuse.
    """

    origins: tuple[str, ...]
    headers: tuple[str, ...] = ("Content-Type", "SOAPAction", "Authorization")
    expose: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int = 600

    def __post_init__(self) -> None:
        if isinstance(self.origins, str):
            raise DeclarationError(
                "Cors(origins=…) takes a list of origins, as in Cors(origins=['https://app.example.com'])"
            )
        if self.credentials and "*" in self.origins:
            raise DeclarationError(
                "Cors(credentials=True) needs the origins by name: browsers refuse '*' with credentials"
            )
        for origin in self.origins:
            if origin != "*" and ("://" not in origin or origin.count("/") > len("//")):
                raise DeclarationError(
                    f"Cors: {origin!r} is no origin; write it as 'https://app.example.com', without a path"
                )

    def allowed(self, origin: str | None) -> str | None:
        """What Access-Control-Allow-Origin says to a page, None where it may not call."""
        if not origin:
            return None
        if "*" in self.origins:
            return "*"
        return origin if origin in self.origins else None

    def answer_headers(self, origin: str | None) -> list[tuple[str, str]]:
        """The headers of an answer to a page."""
        found = [] if "*" in self.origins else [("Vary", "Origin")]
        allowed = self.allowed(origin)
        if allowed is None:
            return found
        found.append(("Access-Control-Allow-Origin", allowed))
        if self.credentials:
            found.append(("Access-Control-Allow-Credentials", "true"))
        if self.expose:
            found.append(("Access-Control-Expose-Headers", ", ".join(self.expose)))
        return found

    def preflight_headers(self, origin: str | None, methods: Any) -> list[tuple[str, str]]:
        """The headers of the answer to the question that a browser asks before the request."""
        found = self.answer_headers(origin)
        if self.allowed(origin) is None:
            return found
        return [
            *found,
            ("Access-Control-Allow-Methods", ", ".join(methods)),
            ("Access-Control-Allow-Headers", ", ".join(self.headers)),
            ("Access-Control-Max-Age", str(self.max_age)),
        ]
