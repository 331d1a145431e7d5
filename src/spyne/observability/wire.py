"""A log of the messages themselves, without what must not be in a log."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spyne.application import Application
    from spyne.context import MethodContext
    from spyne.middleware import Handler

__all__ = ["SECRETS", "WireLog"]

SECRETS = (
    "api_?key",
    "authorization",
    "binarysecuritytoken",
    "card_?number",
    "cookie",
    "credentials?",
    "cvv2?",
    "iban",
    "nonce",
    "passphrase",
    "passw(?:or)?d",
    "pin",
    "secret",
    "session(?:_?id)?",
    "signaturevalue",
    "ssn",
    "token",
)
"""Names of elements, attributes and members whose values are not shown, as regular expressions of whole words without their prefix."""

_SHOWN = 4096


class WireLog:
    """``Application(…, middleware=[WireLog()])``: requests and responses at the level DEBUG of the logger ``spyne.wire``.

    Nothing is done while that logger is off. redact: names whose values are shown as ``***``, in any case, in XML, JSON, YAML and forms; regular expressions as in
    `SECRETS`, which they replace. length: characters of a message that are shown. Control characters are escaped: one message is one line.
    Binary formats and messages of several parts are shown by their size alone.
    """

    def __init__(self, *, redact: Iterable[str] = SECRETS, length: int = _SHOWN, logger: str = "spyne.wire") -> None:
        names = "|".join(redact)
        self._length = length
        self._logger = logging.getLogger(logger)
        self._patterns = _patterns(names) if names else ()

    def install(self, app: Application) -> None:
        """Listen to an application's messages."""
        manager = app.event_manager
        manager.add_listener("method_call", self._request)
        for name in ("method_return_string", "method_exception_string"):
            manager.add_listener(name, self._response)

    def __call__(self, handler: Handler) -> Handler:
        """The handler itself: the log listens to events."""
        return handler

    def redacted(self, message: str) -> str:
        """A message without the values that must not be shown."""
        for pattern, replacement in self._patterns:
            message = pattern.sub(replacement, message)
        return message

    def _request(self, ctx: MethodContext) -> None:
        self._log("request", ctx, ctx.in_string, ctx.in_protocol)

    def _response(self, ctx: MethodContext) -> None:
        if ctx.out_error is not None and ctx.in_error is not None:
            self._request(ctx)
        self._log("fault" if ctx.out_error is not None else "response", ctx, ctx.out_string, ctx.out_protocol)

    def _log(self, what: str, ctx: MethodContext, chunks: Any, protocol: Any) -> None:
        if self._logger.isEnabledFor(logging.DEBUG):
            self._logger.debug("%s of %s: %s", what, ctx.method_request_string or "?", self._shown(chunks))

    def _shown(self, chunks: Any) -> str:
        if not isinstance(chunks, list):
            return "(a stream)"
        data = b"".join(chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks)
        start = data[: 4 * self._length]
        try:
            text = start.decode("utf-8", "strict" if len(start) == len(data) else "ignore")
        except UnicodeDecodeError:
            return f"({len(data)} bytes)"
        text = self.redacted(text)
        cut = "" if len(text) <= self._length and len(start) == len(data) else f"… ({len(data)} bytes)"
        return _ESCAPED.sub(lambda match: f"\\x{ord(match[0]):02x}", text[: self._length]) + cut


_ESCAPED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _patterns(names: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """What is searched and what it becomes; each runs over a message in one pass."""
    flags = re.IGNORECASE | re.DOTALL
    return (
        # an element's text, up to its end tag or where the message is cut
        (
            re.compile(rf"(<(?:[\w.-]+:)?(?:{names})(?:\s[^<>]*)?>)[^<]*(?:<!\[CDATA\[.*?(?:\]\]>|\Z)[^<]*)*", flags),
            r"\1***",
        ),
        # a member of JSON or an attribute
        (re.compile(rf'("(?:{names})"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[^\s,\]}}]+)', flags), r'\1"***"'),
        (re.compile(rf"(\s(?:[\w.-]+:)?(?:{names})\s*=\s*)(?:\"[^\"]*\"?|'[^']*'?)", flags), r'\1"***"'),
        # a member of YAML, a field of a form
        (re.compile(rf"(^[ \t-]*(?:{names})[ \t]*:[ \t]+)[^\n]+", flags | re.MULTILINE), r"\1***"),
        (re.compile(rf"((?:^|[&?.])(?:{names})=)[^&\s]*", flags), r"\1***"),
    )
