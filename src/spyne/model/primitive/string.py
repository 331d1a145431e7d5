"""Text: Unicode and the named kinds of text that are not XML's own."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from spyne.model._adapt import chain
from spyne.model._base import SimpleModel
from spyne.schema import DeclarationError, Lexical, nodes
from spyne.schema.nodes import UUID_PATTERN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPYNE_NAMESPACE = "http://spyne.io/schema"

_TCHAR = "[0-9A-Za-z!#$%&'*+.^_`|~-]+"
_TOP_LEVEL = f"(application|audio|example|font|haptics|image|message|model|multipart|text|video|x-{_TCHAR})"
_PARAMETERS = rf'(\s*;\s*{_TCHAR}=({_TCHAR}|"[^"]*"))*'
UUID_FORMS: Mapping[str, str | None] = {
    "hex": "[a-fA-F0-9]{32}",
    "urn": f"urn:uuid:{UUID_PATTERN}",
    "bytes": None,
    "bytes_le": None,
    "fields": None,
    "int": "[0-9]{1,39}",
}
"""Other wire forms of a UUID, and the pattern of those that are text."""


class Unicode(SimpleModel):
    """str; XSD string. ``Unicode(5)`` is ``Unicode(max_len=5)``.

    min_len, max_len: in characters. pattern: an XSD regular expression; unicode_pattern: used in its place where the
    public one must stay ASCII. encoding, unicode_errors: how bytes given for a str are read. format, str_format: a `%` or
    `str.format` pattern for output.
    """

    _kind: ClassVar[type[nodes.Scalar]] = nodes.Str
    __type_name__ = "string"
    Value: ClassVar[Any] = str

    class Attributes(SimpleModel.Attributes):
        """Customizations of text."""

        min_len: Any = 0
        max_len: Any = Decimal("inf")
        encoding: str | None = None
        unicode_errors: str = "strict"
        format: str | None = None
        str_format: str | None = None

    def __new__(cls, *max_len: int, **attributes: Any) -> Any:
        """A variant of at most that many characters."""
        if len(max_len) > 1:
            raise DeclarationError(f"{cls.__name__} takes one positional argument, max_len, got {max_len!r}")
        if max_len:
            attributes["max_len"] = max_len[0]
        return cls.customize(**attributes)

    @classmethod
    def _always_restricts(cls) -> bool:
        """A customized type with a pattern has had a type of its own in every published contract."""
        return cls.__orig__ is not None and cls.Attributes.pattern is not None

    @classmethod
    def _options(cls) -> Mapping[str, Any]:
        attributes = cls.Attributes
        if attributes.encoding is None:
            return cls._node_options
        return {**cls._node_options, "encoding": attributes.encoding, "encoding_errors": attributes.unicode_errors}

    @classmethod
    def _lexical(cls) -> Lexical:
        pattern = cls.Attributes.format or cls.Attributes.str_format
        return Lexical(out_format=pattern) if pattern else nodes.PLAIN


String = Unicode


class AnyUri(Unicode):
    """A URI as str, or as an `AnyUri.Value` on output; XSD anyURI. text, anchor_class: for HTML output."""

    __type_name__ = "anyURI"

    class Attributes(Unicode.Attributes):
        """Customizations of URIs."""

        text: str | None = None
        anchor_class: str | None = None

    class Value:
        """A URI (`href`) with what HTML shows for it: `text` and further `content`."""

        def __init__(self, href: str | None, text: str | None = None, content: Any = None) -> None:
            self.href = href
            self.text = text
            self.content = content

        def __repr__(self) -> str:
            return f"AnyUri.Value(href={self.href!r}, text={self.text!r}, content={self.content!r})"

    @classmethod
    def _dump(cls) -> Callable[[Any], Any] | None:
        return chain(super()._dump(), _href)


class ImageUri(AnyUri):
    """The URI of an image; XSD anyURI."""

    class Attributes(AnyUri.Attributes):
        """Customizations of URIs of images."""


def _href(value: Any) -> Any:
    return value.href if isinstance(value, AnyUri.Value) else value


class _SpyneString(Unicode):
    """Text with a pattern that is published as a named type."""

    __namespace__ = SPYNE_NAMESPACE


class Uuid(_SpyneString):
    """uuid.UUID. serialize_as: another wire form, one of hex, urn, bytes, bytes_le, fields and int."""

    _kind = nodes.Uuid
    __type_name__ = "uuid"
    Value = uuid.UUID

    class Attributes(Unicode.Attributes):
        """Customizations of UUIDs."""

        pattern: str | None = UUID_PATTERN
        serialize_as: str | None = None

    @classmethod
    def _check_attributes(cls) -> None:
        super()._check_attributes()
        form = cls.Attributes.serialize_as
        if form is not None and form not in UUID_FORMS:
            raise DeclarationError(f"Uuid(serialize_as={form!r}): must be one of {', '.join(UUID_FORMS)}")

    @classmethod
    def _variant_namespace(cls, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Another form has another pattern, so it is a restriction of string and not of the usual form."""
        form = attributes.get("serialize_as")
        if form is None:
            return super()._variant_namespace(attributes)
        body = super()._variant_namespace({"pattern": UUID_FORMS.get(form), **attributes})
        return {**body, "__extends__": Unicode}

    @classmethod
    def _always_restricts(cls) -> bool:
        return super()._always_restricts() or cls.Attributes.serialize_as is not None

    @classmethod
    def _options(cls) -> Mapping[str, Any]:
        return cls._node_options

    @classmethod
    def _lexical(cls) -> Lexical:
        form = cls.Attributes.serialize_as
        return Lexical(serialize_as=form) if form else nodes.PLAIN


class Ltree(_SpyneString):
    """A label path of PostgreSQL's ltree, at most 2048 characters."""

    __type_name__ = "ltreeString"

    class Attributes(Unicode.Attributes):
        """Customizations of label paths."""

        max_len: Any = 2048
        pattern: str | None = r"\w+(\.\w+)*"


class LtreeLarge(_SpyneString):
    """A label path of PostgreSQL's ltree, at most 65536 characters."""

    __type_name__ = "largeLtreeString"

    class Attributes(Unicode.Attributes):
        """Customizations of label paths."""

        max_len: Any = 65536
        pattern: str | None = r"\w+(\.\w+)*"


class MimeType(_SpyneString):
    """``type/subtype`` of any top-level type (RFC 6838 §4.2)."""

    __type_name__ = "mimeTypeString"

    class Attributes(Unicode.Attributes):
        """Customizations of MIME types."""

        pattern: str | None = f"{_TCHAR}/({_TCHAR})"


class MimeTypeStrict(_SpyneString):
    """``type/subtype`` with a registered top-level type, or one that begins with ``x-``."""

    __type_name__ = "strictMimeTypeString"

    class Attributes(Unicode.Attributes):
        """Customizations of MIME types."""

        pattern: str | None = f"{_TOP_LEVEL}/({_TCHAR})"


class MediaType(_SpyneString):
    """``type/subtype; parameter=value`` of any top-level type (RFC 9110 §8.3.1)."""

    __type_name__ = "mediaTypeString"

    class Attributes(Unicode.Attributes):
        """Customizations of media types."""

        pattern: str | None = f"{_TCHAR}/({_TCHAR}){_PARAMETERS}"


class MediaTypeStrict(_SpyneString):
    """``type/subtype; parameter=value`` with a registered top-level type, or one that begins with ``x-``."""

    __type_name__ = "strictMediaTypeString"

    class Attributes(Unicode.Attributes):
        """Customizations of media types."""

        pattern: str | None = f"{_TOP_LEVEL}/({_TCHAR}){_PARAMETERS}"
