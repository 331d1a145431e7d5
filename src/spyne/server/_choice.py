"""Which of an application's protocols an HTTP request is for, and which one answers it (RFC 9110 §8.3, §12.5.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from spyne.protocol._base import media_type_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["choose_in", "choose_out"]

_MAX_RANGES = 64


def choose_in(protocols: Sequence[Any], content_type: str | None, method: str) -> Any:
    """The first protocol that takes such a request, None where none does."""
    return next((protocol for protocol in protocols if protocol.takes(content_type, method)), None)


def choose_out(protocols: Sequence[Any], in_protocol: Any, accept: str | None) -> Any:
    """The protocol that answers a request read by `in_protocol`, None where the caller accepts none.

    The one of the same kind answers unless the caller prefers another; SOAP is always answered in SOAP, whose clients name what
    they accept carelessly.
    """
    same = next((protocol for protocol in protocols if type(protocol) is type(in_protocol)), None)
    if same is not None and (not accept or "soap" in same.type):
        return same
    if not accept:
        return protocols[0]
    ranges = media_ranges(accept)
    ordered = [same, *protocols] if same is not None else list(protocols)
    found = max(ordered, key=lambda protocol: quality(protocol.mime_type, ranges))
    return found if quality(found.mime_type, ranges) > 0 else None


@lru_cache(maxsize=128)
def media_ranges(accept: str) -> tuple[tuple[str, float], ...]:
    """The media ranges of an Accept header with their weights; what is no range is left out."""
    found = []
    for item in accept.split(",", _MAX_RANGES)[:_MAX_RANGES]:
        media, *parameters = item.split(";")
        weights = [value for name, _, value in (p.strip().partition("=") for p in parameters) if name.lower() == "q"]
        found.append((media.strip().lower(), _weight(weights[0]) if weights else 1.0))
    return tuple(found)


def _weight(text: str) -> float:
    """A quality value; 0 for what is none (RFC 9110 §12.4.2)."""
    try:
        return min(max(float(text), 0.0), 1.0) if text.isascii() else 0.0
    except ValueError:
        return 0.0


def quality(mime_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """How welcome a media type is: the weight of the most specific range that it is in, 0 in none."""
    media = media_type_of(mime_type)
    group = media.partition("/")[0] + "/*"
    for wanted in (media, group, "*/*", "*"):
        weights = [weight for name, weight in ranges if name == wanted]
        if weights:
            return max(weights)
    return 0.0
