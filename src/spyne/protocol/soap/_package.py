"""Envelopes that go out with attachments: MTOM packages (XOP 1.0 §4) and SOAP with attachments, as multipart/related.

Contents that lie in files are never read into memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from spyne.codec._xop import COLLECT
from spyne.interface._base import members
from spyne.protocol.soap._attachments import RELATED, XOP_TYPE
from spyne.schema import Bytes, Struct, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spyne.schema import Field, Node

__all__ = ["OutAttachment", "OutPackage", "PackageBody", "collecting", "has_bytes"]

DEFAULT_TYPE = "application/octet-stream"
_ID = re.compile(r"[0-9A-Za-z!#$%&'*+\-/=?^_`{|}~.]+@[0-9A-Za-z.\-\[\]:]+")


class OutAttachment(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One part that goes out beside the envelope.

    content: bytes, or blocks of them that can be iterated over again. size: bytes of it. content_type: with its parameters.
    name: a file name, None for none.
    """

    content_id: str
    content: bytes | Iterable[bytes]
    size: int
    content_type: str
    name: str | None

    @classmethod
    def make(
        cls, content: Any, size: int, content_type: str | None, name: str | None, content_id: str | None = None
    ) -> OutAttachment:
        """A part; what is not given is made up. Raises ValueError for a content id that breaks out of its header."""
        if content_id is not None and not _ID.fullmatch(content_id):
            raise ValueError(f"the content id {content_id!r} must have the form of an address, as in part1@example.com")
        kind = _header_value(content_type) or DEFAULT_TYPE
        return cls(
            content_id=content_id or _new_id("part"), content=content, size=size, content_type=kind, name=name or None
        )

    @property
    def address(self) -> str:
        """The content id as it stands in an address (RFC 2392 §2)."""
        from urllib.parse import quote

        return quote(self.content_id, safe="@!$&'()*+,;=:~")


class OutPackage:
    """What a message is made of while it is written: the parts, and how the whole is called.

    threshold: bytes from which on contents leave the document for a part. is_forced: whether it is a package even without
    parts. extra: the parts that are not from the document. envelope: media type of the envelope, as in ``text/xml``.
    """

    def __init__(self, *, threshold: int = 0, is_forced: bool = False) -> None:
        self.threshold = threshold
        self.is_forced = is_forced
        self.parts: list[OutAttachment] = []
        self.extra: Sequence[OutAttachment] = ()
        self.envelope = "text/xml"
        self.start = _new_id("root")
        self.boundary = f"MIME_{os.urandom(16).hex()}"

    def collect(self, content: Any, size: int, content_type: str | None, name: str | None) -> str | None:
        """Take a content of the document and return its part's content id; None for one that is too small to leave it."""
        if size < self.threshold:
            return None
        part = OutAttachment.make(content, size, content_type, name)
        self.parts.append(part)
        return part.content_id

    def keep_those_in(self, document: str) -> None:
        """Leave out the parts that the document does not include: encoders may write a piece again that failed halfway."""
        included = set(_PART_ID.findall(document))
        self.parts = [part for part in self.parts if part.content_id in included]

    @property
    def is_mtom(self) -> bool:
        """Whether the document includes parts, or is to look so: then it is a package of XOP."""
        return self.is_forced or bool(self.parts)

    @property
    def content_type(self) -> str:
        """The Content-Type of the whole (RFC 2387 §3, XOP 1.0 §4.1)."""
        kind = f'type="{XOP_TYPE}"; start-info="{self.envelope}"' if self.is_mtom else f'type="{self.envelope}"'
        return f'{RELATED}; {kind}; start="<{self.start}>"; boundary="{self.boundary}"'

    def body(self, envelope: Iterable[bytes], charset: str = "utf-8") -> list[bytes] | PackageBody:
        """The whole message: a list where all of it is in memory, else what streams it."""
        envelope = list(envelope)
        kind = f"{self.envelope}; charset={charset}"
        if self.is_mtom:
            kind = f'{XOP_TYPE}; charset={charset}; type="{self.envelope}"'
        pieces: list[Any] = [self._head(self.start, kind, first=True), *envelope]
        for part in (*self.parts, *self.extra):
            pieces += (self._head(part.content_id, part.content_type, name=part.name), part)
        pieces.append(f"\r\n--{self.boundary}--\r\n".encode())
        if any(isinstance(piece, OutAttachment) and not isinstance(piece.content, bytes) for piece in pieces):
            return PackageBody(pieces)
        chunks: list[Any] = [piece.content if isinstance(piece, OutAttachment) else piece for piece in pieces]
        return chunks

    def _head(self, content_id: str, content_type: str, *, name: str | None = None, first: bool = False) -> bytes:
        lines = [
            f"--{self.boundary}",
            f"Content-Type: {content_type}",
            "Content-Transfer-Encoding: binary",
            f"Content-ID: <{content_id}>",
        ]
        if name:
            lines.append(f"Content-Disposition: attachment; {_file_name(name)}")
        head = "\r\n".join([*lines, "", ""]).encode()
        return head if first else b"\r\n" + head


def has_bytes(fields: Iterable[Field]) -> bool:
    """Whether there are bytes anywhere in these types or those that derive from them."""
    pending, seen = list(fields), set()
    while pending:
        node = resolve(pending.pop().type)
        if isinstance(node, Bytes):
            return True
        if id(node) not in seen:
            seen.add(id(node))
            pending += members(node)
            pending += (field for each in _derived(node) for field in members(each))
    return False


def _derived(node: Node) -> Iterable[Struct]:
    return node.subtypes().values() if isinstance(node, Struct) else ()


class PackageBody:
    """A message some of whose parts lie in files; it can be iterated over once.

    content_length: bytes of all of it. Iterating raises OSError where a file has become shorter: the announced length
    cannot be kept then.
    """

    def __init__(self, pieces: list[Any]) -> None:
        self._pieces = pieces
        self.content_length = sum(p.size if isinstance(p, OutAttachment) else len(p) for p in pieces)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if not isinstance(piece, OutAttachment):
                yield piece
            elif isinstance(piece.content, bytes):
                yield piece.content
            else:
                yield from _exactly(piece.content, piece.size)


def _exactly(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """As many bytes as were announced, whatever happens to the file meanwhile."""
    for block in blocks:
        taken = block[:size]
        size -= len(taken)
        yield taken
        if not size:
            return
    if size:
        raise OSError("a file became shorter while it was sent")


class collecting:  # noqa: N801 - used as a statement
    """``with collecting(package):`` contents of documents that are encoded go into this package."""

    def __init__(self, package: OutPackage) -> None:
        self._package = package

    def __enter__(self) -> None:
        self._token = COLLECT.set(self._package.collect)

    def __exit__(self, *error: object) -> None:
        COLLECT.reset(self._token)


_PART_ID = re.compile(r"part-[0-9a-f]{32}@spyne")


def _new_id(kind: str) -> str:
    """A content id that nobody can guess, in the form of RFC 2392 §2."""
    return f"{kind}-{os.urandom(16).hex()}@spyne"


def _header_value(text: str | None) -> str | None:
    """A header's value that stays in its line, None for one that does not."""
    return text if text and text.isascii() and text.isprintable() else None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _file_name(name: str) -> str:
    """The parameter filename: as it is in ASCII, else in the form of RFC 8187 §3.2."""
    if _header_value(name) is not None:
        return f"filename={_quoted(name)}"
    from urllib.parse import quote

    return f"filename*=utf-8''{quote(name, safe='')}"
