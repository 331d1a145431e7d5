"""How much a request may ask for: one frozen record of limits, and the error that names the one that was passed."""

from __future__ import annotations

import msgspec

KIB = 1024
MIB = 1024 * KIB


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a document may measure before it is refused; None switches a limit off.

    Sizes are of the document in UTF-8. "As written" is before character references are replaced.

    body: bytes of the decompressed body.
    depth: elements inside each other, the root counting one; for JSON, arrays and objects inside each other.
    elements: elements of one document; for YAML, its nodes.
    children: child elements of one element; for JSON see `depth` and `body`.
    attributes: attributes of one element, namespace declarations among them.
    attribute_size: bytes of one attribute's value as written.
    text_size: characters of one text node, CDATA merged and comments taken out.
    name_length: bytes of one name of an element or attribute, its prefix included.
    unique_names: different names of elements and attributes in one document. Documents are sampled first (about one tag in
    64), so that one just past the limit may go through; one many times past it does not.
    number_text: characters of a number before it is parsed. For the numbers of XML, and for those in JSON's strings, the facet
    ``max_str_len`` of a type overrides it.
    header_blocks: child elements of a SOAP header.
    calls: calls of one request that may hold several.
    parts: parts of a multipart message, fields of forms not among them.
    part_headers: header lines of one part.
    part_header_size: bytes of one of them.
    fields: names with a value in a query or a form; one name with many values counts as many.
    array_index: the highest index in a flat name such as ``a[3].b``; places that are not named are not made.
    stream_item: bytes of one item of an argument that is read while it arrives, and of what stands around these items. Whole
    streams are bounded by `body`; `elements` and `children` count within an item.
    compression_ratio: bytes of a compressed body after decompression, for each byte before it; of bodies beyond 10 MiB.

    libxml2 has limits of its own, which stay on whatever is set here unless the parser is told ``huge_tree``: depth 256,
    names of 50,000 bytes, texts and attributes of 10,000,000 bytes.
    """

    body: int | None = 10 * MIB
    depth: int | None = 64
    elements: int | None = 1_000_000
    children: int | None = 50_000
    attributes: int | None = 256
    attribute_size: int | None = 64 * KIB
    text_size: int | None = 8 * MIB
    name_length: int | None = 1024
    unique_names: int | None = 10_000
    number_text: int | None = 1024
    header_blocks: int | None = 64
    calls: int | None = 100
    parts: int | None = 50
    part_headers: int | None = 64
    part_header_size: int | None = 4 * KIB
    fields: int | None = 1000
    array_index: int | None = 50_000
    stream_item: int | None = 10 * MIB
    compression_ratio: int | None = 100


DEFAULT_LIMITS = Limits()

_MESSAGES: dict[str, str] = {
    "body": "the document is larger than the limit body={} bytes",
    "depth": "the document is nested deeper than the limit depth={}",
    "elements": "the document has more elements than the limit elements={}",
    "children": "an element has more children than the limit children={}",
    "attributes": "an element has more attributes than the limit attributes={}",
    "attribute_size": "an attribute is longer than the limit attribute_size={} bytes",
    "text_size": "a text is longer than the limit text_size={} characters",
    "name_length": "a name is longer than the limit name_length={} bytes",
    "unique_names": "the document has more different names than the limit unique_names={}",
    "number_text": "a number is longer than the limit number_text={} characters",
    "header_blocks": "the header has more blocks than the limit header_blocks={}",
    "calls": "the request has more calls than the limit calls={}",
    "parts": "the message has more parts than the limit parts={}",
    "part_headers": "a part has more headers than the limit part_headers={}",
    "part_header_size": "a header of a part is longer than the limit part_header_size={} bytes",
    "fields": "the form has more fields than the limit fields={}",
    "array_index": "an index is higher than the limit array_index={}",
    "stream_item": "one item of the stream is larger than the limit stream_item={} bytes",
    "compression_ratio": "the request is compressed beyond the limit compression_ratio={}",
}


class LimitExceeded(ValueError):
    """A document that passes one of the `Limits`.

    limit: the name of the field of `Limits`. maximum: what it allowed, in the field's unit.
    """

    def __init__(self, limit: str, maximum: int) -> None:
        super().__init__(_MESSAGES[limit].format(maximum))
        self.limit = limit
        self.maximum = maximum


def unless_off(limit: int | None) -> int:
    """The limit, or a number that nothing reaches."""
    return 1 << 30 if limit is None else limit


def check_body(size: int, limits: Limits) -> None:
    """Refuse a body of `size` bytes, read or announced, that passes ``limits.body``."""
    if limits.body is not None and size > limits.body:
        raise LimitExceeded("body", limits.body)
