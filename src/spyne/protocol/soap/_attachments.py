"""What comes beside an envelope: the parts of a multipart/related message (RFC 2387), for SwA and for MTOM.

SOAP Messages with Attachments (W3C Note of 11 December 2000), WS-I Attachments Profile 1.0, XOP 1.0, MTOM.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, overload

from spyne.codec._xop import ATTACHMENTS
from spyne.context import ProtocolContext
from spyne.error import InvalidInputError, RequestTooLongError, UnsupportedMediaTypeError
from spyne.limits import LimitExceeded, Limits, unless_off
from spyne.protocol._base import media_type_of
from spyne.protocol._multipart import Part, parse_options, read_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spyne.context import MethodContext

__all__ = [
    "Attachment",
    "Attachments",
    "Package",
    "SoapContext",
    "attachments_of",
    "closer",
    "envelope_type",
    "incoming_type",
    "is_package",
    "open_package",
    "reading",
]

RELATED = "multipart/related"
_STARTS = "mM \t"
XOP_TYPE = "application/xop+xml"
_ROOT_TYPES = frozenset({"", "text/xml", "application/xml", "application/soap+xml", XOP_TYPE})


class Attachment:
    """One part beside the envelope, in memory while it is small, in a temporary file otherwise.

    content_id: without its brackets, None where it has none. content_type: with its parameters, None where it has none.
    name: the file name of its Content-Disposition, without directories. headers: lower-case name to value. size: in bytes.
    path: of the temporary file, None while there is none.

    It is there until the call ends.
    """

    def __init__(self, part: Part) -> None:
        self._part = part
        self.content_id = _bare_id(part.headers.get("content-id"))
        self.content_type = part.content_type
        self.name = part.filename or None
        self.headers: Mapping[str, str] = part.headers
        self.size = part.size
        self.path = part.path
        self._opened: list[IO[bytes]] = []

    def read(self) -> bytes:
        """All of it."""
        data = self._part.data
        return data.getvalue() if isinstance(data, BytesIO) else self._part.bytes()

    def open(self) -> IO[bytes]:
        """A file of its own, at the start; on a server it is closed when the call ends."""
        if self.path is None:
            return BytesIO(self.read())
        file = open(self.path, "rb")  # noqa: PTH123, SIM115 - closed below, with the call or by who asked for it
        self._opened.append(file)
        return file

    def close(self, *, opened: bool) -> None:
        """Release the content; opened: and close the files that `open` has made."""
        self._part.close()
        for file in self._opened if opened else ():
            file.close()

    def __repr__(self) -> str:
        return f"<Attachment {self.content_id} {self.content_type} {self.size} bytes>"


class Attachments(Sequence[Attachment]):
    """The attachments of a message in order; ``find("cid:…")`` is the one that a reference means.

    Raises InvalidInputError for two of the same content id.
    """

    def __init__(self, parts: Iterable[Part] = (), repeats: int | None = None) -> None:
        self._all = tuple(map(Attachment, parts))
        self._by_id: dict[str, Attachment] = {}
        self._seen: set[str] = set()
        self._left = unless_off(repeats)
        self._repeats = repeats
        for attachment in self._all:
            if attachment.content_id is not None:
                key = _key(attachment.content_id)
                if key in self._by_id:
                    raise InvalidInputError("two parts of the message have the same Content-ID")
                self._by_id[key] = attachment

    def find(self, reference: str) -> Attachment | None:
        """The attachment of a content id, which may be in brackets or in the form of RFC 2392, ``cid:…``; None for others."""
        reference = reference.strip()
        if reference[:4].lower() == "cid:":
            return self._by_id.get(_key(reference[4:]))
        return self._by_id.get(_key(_bare_id(reference) or ""))

    def refer(self, content_id: str) -> Attachment | None:
        """The attachment that the document includes here.

        The first reference is free; those that repeat it may come to ``limits.body`` bytes together, for each is a value of that size.
        """
        key = _key(content_id)
        attachment = self._by_id.get(key)
        if attachment is not None:
            if key in self._seen:
                self._left -= attachment.size
            self._seen.add(key)
            if self._left < 0:
                message = LimitExceeded("body", unless_off(self._repeats))
                raise RequestTooLongError(f"with the attachments that it includes again and again, {message}")
        return attachment

    @overload
    def __getitem__(self, index: int) -> Attachment: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Attachment, ...]: ...
    def __getitem__(self, index: int | slice) -> Attachment | tuple[Attachment, ...]:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)


NONE = Attachments()


class SoapContext(ProtocolContext):
    """What a SOAP protocol notes of a message with attachments: ``ctx.inprot_ctx`` of one that came, ``ctx.outprot_ctx`` of one
    that goes.

    attachments: those beside the envelope. is_mtom: whether it came as an XOP package. package: what was collected for one that
    goes. is_package: whether that has become the message.
    """

    def __init__(self, attachments: Any, *, is_mtom: bool = False) -> None:
        super().__init__()
        self.attachments = attachments
        self.is_mtom = is_mtom
        self.package: Any = None
        self.is_package = False


def attachments_of(ctx: MethodContext) -> Attachments:
    """The attachments that came with a request, or on a client with a response; empty where none did.

    Of SwA's ways of reference, an ``href="cid:…"`` on an element of bytes is followed already; for those in texts, as WS-I's
    swaRef, ask `Attachments.find`. Their files are removed when the call ends, on a client when its context goes.
    """
    found: Attachments = getattr(ctx.inprot_ctx, "attachments", NONE)
    return found


# --- reading a package ---


class Package:
    """A multipart/related message: the envelope's bytes and charset, and what came beside it."""

    __slots__ = ("attachments", "charset", "data", "is_mtom", "options")

    def __init__(
        self, data: bytes, charset: str | None, attachments: Attachments, options: Mapping[str, str], *, is_mtom: bool
    ) -> None:
        self.data = data
        self.charset = charset
        self.attachments = attachments
        self.options = options
        self.is_mtom = is_mtom


def incoming_type(ctx: MethodContext) -> str | None:
    """The Content-Type of what ``ctx.in_string`` is, None where the transport has none."""
    transport = ctx.transport
    if ctx.way == "client":
        headers = getattr(transport, "resp_headers", None)
        return headers.get("Content-Type") if headers else None
    found: str | None = getattr(transport, "request_content_type", None)
    return found


def is_package(content_type: str | None) -> bool:
    """Whether a message of this Content-Type has several parts."""
    if content_type is None or content_type[:1] not in _STARTS:
        return False
    return content_type.lstrip()[:10].lower() == "multipart/"


def envelope_type(content_type: str | None) -> str:
    """The media type of the envelope in a message of this Content-Type; empty where nothing says it.

    A package names it in its `type`, a package of XOP in its `start-info` (XOP 1.0 §4.1, RFC 2387 §3).
    """
    media = media_type_of(content_type)
    if media != RELATED or content_type is None:
        return media
    try:
        options = parse_options(content_type)[1]
    except InvalidInputError:
        return ""
    kind = media_type_of(options.get("type"))
    return media_type_of(options.get("start-info")) if kind == XOP_TYPE else kind


def open_package(content_type: str, blocks: Any, limits: Limits, tmp_dir: str | None = None) -> Package:
    """Read a message of several parts; whoever asks closes its attachments.

    Raises UnsupportedMediaTypeError for what is not multipart/related, InvalidInputError and RequestTooLongError for what is malformed or too much.
    Nothing is left open or on disk then.
    """
    media, options = parse_options(content_type)
    if media != RELATED:
        raise UnsupportedMediaTypeError(f"SOAP messages of several parts are {RELATED}")
    parts = read_parts(blocks, options.get("boundary"), limits, tmp_dir=tmp_dir)
    try:
        root = _root(parts, options.get("start"))
        data, kind = _read_root(root, limits)
        attachments = Attachments((part for part in parts if part is not root), limits.body)
    except BaseException:
        for part in parts:
            part.close()
        raise
    root.close()
    is_mtom = XOP_TYPE in (media_type_of(options.get("type")), kind[0])
    return Package(data, kind[1].get("charset"), attachments, options, is_mtom=is_mtom)


def _root(parts: Sequence[Part], start: str | None) -> Part:
    """The part with the envelope: the one that `start` names, or else the first (RFC 2387 §3.2)."""
    if not parts:
        raise InvalidInputError("the multipart message has no part")
    if start is None:
        return parts[0]
    wanted = _key(_bare_id(start) or "")
    for part in parts:
        if _key(_bare_id(part.headers.get("content-id")) or "") == wanted:
            return part
    raise InvalidInputError("the multipart message has no part of the Content-ID that its parameter start names")


def _read_root(root: Part, limits: Limits) -> tuple[bytes, tuple[str, dict[str, str]]]:
    kind = parse_options(root.content_type or "")
    if kind[0] not in _ROOT_TYPES:
        raise InvalidInputError("the root part of the multipart message is not XML")
    if limits.body is not None and root.size > limits.body:
        raise RequestTooLongError(str(LimitExceeded("body", limits.body)))
    return root.bytes(), kind


def _bare_id(header: str | None) -> str | None:
    """A content id without its brackets (RFC 2045 §7)."""
    text = (header or "").strip()
    if text[:1] == "<" and text[-1:] == ">":
        text = text[1:-1]
    return text or None


def _key(content_id: str) -> str:
    """Content ids are compared without percent-encoding, which some senders leave in the header, too."""
    if "%" not in content_id:
        return content_id
    from urllib.parse import unquote

    return unquote(content_id)


class reading:  # noqa: N801 - used as a statement
    """``with reading(attachments):`` documents are decoded with these attachments."""

    def __init__(self, attachments: Attachments) -> None:
        self._attachments = attachments

    def __enter__(self) -> None:
        self._token = ATTACHMENTS.set(self._attachments.refer)

    def __exit__(self, *error: object) -> None:
        ATTACHMENTS.reset(self._token)


def closer(attachments: Iterable[Attachment], *, opened: bool) -> Any:
    """A function that releases all of them."""

    def close() -> None:
        for attachment in attachments:
            attachment.close(opened=opened)

    return close
