"""The envelope and what comes beside it: SOAP messages of one part or of several, both ways (MTOM, SwA)."""

from __future__ import annotations

import re
import weakref
from typing import IO, TYPE_CHECKING, Any, Literal

import msgspec

from spyne.model.binary import FileValue
from spyne.model.binary import attach as offer
from spyne.protocol._base import ProtocolBase, media_type_of
from spyne.protocol._items import Items
from spyne.protocol.soap._attachments import (
    RELATED,
    XOP_TYPE,
    Attachment,
    Attachments,
    SoapContext,
    attachments_of,
    closer,
    envelope_type,
    incoming_type,
    is_package,
    open_package,
    reading,
)
from spyne.protocol.soap._package import OutAttachment, OutPackage, collecting
from spyne.protocol.xml import XmlDocument
from spyne.schema import DeclarationError

if TYPE_CHECKING:
    from spyne.codec._base import Options
    from spyne.context import MethodContext

__all__ = ["Attachment", "Attachments", "MimeDocument", "attach", "attachments_of"]

DEFAULT_THRESHOLD = 4 * 1024
_MAX_RANGES = 64
_REFUSED = re.compile(r"(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)", re.I).search


class MimeDocument(XmlDocument):
    """What SOAP's versions share about attachments.

    mtom: "auto" answers with an MTOM package where the caller sent one or accepts multipart/related; True always does, and
    makes clients send requests so; False never does. ``_mtom=True`` of @rpc is "always" for the responses of one method. Packages of
    either kind are read in any case. mtom_threshold: bytes of a value from which on it becomes a part; smaller ones stay in the envelope,
    as base64. tmp_dir: where attachments too large for memory are kept during a call, the system's place unless set.

    A package is written only over transports with a Content-Type, for methods with bytes in their messages, and never for faults.
    """

    def __init__(
        self,
        *args: Any,
        mtom: bool | Literal["auto"] = "auto",
        mtom_threshold: int = DEFAULT_THRESHOLD,
        tmp_dir: str | None = None,
        **options: Any,
    ) -> None:
        if mtom not in (True, False, "auto"):
            raise DeclarationError(f'{type(self).__name__}(mtom={mtom!r}): must be True, False or "auto"')
        self.mtom = mtom
        self.mtom_threshold = mtom_threshold
        self.tmp_dir = tmp_dir
        super().__init__(*args, **options)

    def codec_options(self) -> Options:
        return msgspec.structs.replace(super().codec_options(), xop=self.mtom is not False)

    def takes(self, content_type: str | None, method: str = "POST") -> bool:
        if not is_package(content_type):
            return super().takes(content_type, method)
        kind = envelope_type(content_type)
        return media_type_of(content_type) == RELATED and (kind in ("", XOP_TYPE) or kind in self.media_types)

    # --- in ---

    def create_in_document(self, ctx: MethodContext, charset: str | None = None) -> None:
        content_type = incoming_type(ctx)
        if ctx._in_document is not None or content_type is None or not is_package(content_type):
            super().create_in_document(ctx, charset)
            return
        package = open_package(content_type, ctx.in_string, self.app.limits, self.tmp_dir)
        if ctx.way == ctx.SERVER:
            ctx.on_close(closer(package.attachments, opened=True))
        else:  # the files of a response belong to the caller, who may use them after the call
            weakref.finalize(ctx, closer(package.attachments, opened=False))
        ctx.inprot_ctx = SoapContext(package.attachments, is_mtom=package.is_mtom)
        ctx.in_string = [package.data]
        ctx._in_document = self.parse(package.data, package.charset)

    def deserialize(self, ctx: MethodContext, message: str = ProtocolBase.REQUEST) -> None:
        if ctx.inprot_ctx is None:
            super().deserialize(ctx, message)
            return
        with reading(attachments_of(ctx)):
            super().deserialize(ctx, message)

    # --- out ---

    def write(self, ctx: MethodContext, writer: Any) -> str:
        package = self._package_for(ctx) if writer.binary else None
        if package is None:
            return self.write_envelope(ctx, writer)
        _outgoing(ctx).package = package
        with collecting(package):
            text = self.write_envelope(ctx, writer)
        package.keep_those_in(text)
        return text

    def write_envelope(self, ctx: MethodContext, writer: Any) -> str:
        """The envelope of a result."""
        raise NotImplementedError

    def streams(self, ctx: MethodContext) -> bool:
        if isinstance(ctx.outprot_ctx, SoapContext) or not super().streams(ctx):
            return False
        writer = ctx.app.codec(self, "encode_response", ctx.descriptor)
        return not writer.binary or self._package_for(ctx) is None

    def create_out_string(self, ctx: MethodContext, charset: str | None = None) -> None:
        is_new = ctx.out_string is None
        if isinstance(ctx.outprot_ctx, SoapContext) and isinstance(ctx._out_document, Items):
            _ = ctx.out_document  # what stands in a package is written as a whole
        super().create_out_string(ctx, charset)
        if is_new and isinstance(ctx.outprot_ctx, SoapContext):
            package = self._finished(ctx, ctx.outprot_ctx)
            if package is not None:
                ctx.out_string = package.body(ctx.out_string, charset or self.encoding or "utf-8")
                ctx.outprot_ctx.is_package = True

    def content_type_of(self, ctx: MethodContext) -> str:
        context = ctx.outprot_ctx
        if context is None or ctx.out_error is not None or not getattr(context, "is_package", False):
            return super().content_type_of(ctx)
        content_type: str = context.package.content_type
        return content_type

    def accept_of(self, ctx: MethodContext) -> str:
        single = super().accept_of(ctx)
        return f"{RELATED}, {single}" if self.mtom is True else single

    def _package_for(self, ctx: MethodContext) -> OutPackage | None:
        """What collects the bytes of a message; None where they must stay in it, or the receiver may not look elsewhere."""
        if self.mtom is False or not _has_content_type(ctx):
            return None
        if ctx.way == ctx.CLIENT:
            forced = wanted = self.mtom is True
        else:
            forced = self.mtom is True or ctx.descriptor.mtom
            wanted = forced or getattr(ctx.inprot_ctx, "is_mtom", False) or _accepts_packages(ctx)
        return OutPackage(threshold=self.mtom_threshold, is_forced=forced) if wanted else None

    def _finished(self, ctx: MethodContext, context: SoapContext) -> OutPackage | None:
        """The package of a message that has attachments, or must look so; faults go without."""
        if ctx.out_error is not None:
            return None
        package: OutPackage = context.package or OutPackage()
        package.extra = context.attachments
        if not (package.parts or package.extra or package.is_forced):
            return None
        package.envelope = media_type_of(self.mime_type)
        context.package = package
        return package


def attach(
    ctx: MethodContext,
    content: bytes | FileValue | IO[bytes],
    content_type: str | None = None,
    name: str | None = None,
    content_id: str | None = None,
) -> str:
    """Send an attachment beside the response of this call, as SOAP with Attachments does; the result is its address,
    ``cid:…``, for a member of type AnyUri (WS-I Attachments Profile 1.0 §4.4, swaRef).

    A File.Value with a path or handle, or an open file, is sent from the disk; it must stay open until the call ends. A fault is
    sent without. Raises RuntimeError where the response is not SOAP, or the transport has no Content-Type.
    """
    if not isinstance(ctx.out_protocol, MimeDocument) or not _has_content_type(ctx):
        raise RuntimeError("attachments go with SOAP over transports that have a Content-Type, such as HTTP")
    if ctx.out_string is not None:
        raise RuntimeError("a response that is streamed has no attachments; attach before the generator is returned")
    if not isinstance(content, bytes | FileValue):
        content = FileValue(handle=content)
    blocks, size, kind, own_name = offer(content)
    part = OutAttachment.make(blocks, size, content_type or kind, name or own_name, content_id)
    _outgoing(ctx).attachments.append(part)
    return f"cid:{part.address}"


def _outgoing(ctx: MethodContext) -> SoapContext:
    """The notes about the message that is written."""
    context = ctx.outprot_ctx
    if not isinstance(context, SoapContext):
        context = ctx.outprot_ctx = SoapContext([])
    return context


def _has_content_type(ctx: MethodContext) -> bool:
    """Whether messages travel with a Content-Type, without which nobody could read a package."""
    return hasattr(ctx.transport, "request_content_type")


def _accepts_packages(ctx: MethodContext) -> bool:
    """Whether the caller names multipart/related or XOP in Accept (RFC 9110 §12.5.1); ``*/*`` says too little."""
    headers = getattr(ctx.transport, "headers", None)
    for line in headers.get("accept", ()) if headers else ():
        for item in line.split(",")[:_MAX_RANGES]:
            media, _, parameters = item.partition(";")
            if media.strip().lower() in (RELATED, XOP_TYPE) and not _REFUSED(parameters):
                return True
    return False
