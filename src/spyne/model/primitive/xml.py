"""XML's own kinds of text (XSD 1.0 part 2 §3.3), and values that the schema says nothing of."""

from __future__ import annotations

from typing import Any as AnyType
from typing import ClassVar, Literal

from spyne.model._base import SimpleModel, use
from spyne.model.primitive.string import Unicode
from spyne.schema import DeclarationError, Field, Lowering, Place, nodes


class NormalizedString(Unicode):
    """str with tabs and line ends as spaces; XSD normalizedString."""

    _node_options = {"whitespace": "replace"}
    __type_name__ = "normalizedString"

    class Attributes(Unicode.Attributes):
        """Customizations of normalized text."""

        white_space: str = "replace"


class Token(NormalizedString):
    """str with runs of white space as one space and none at the ends; XSD token."""

    _node_options = {"whitespace": "collapse"}
    __type_name__ = "token"

    class Attributes(NormalizedString.Attributes):
        """Customizations of tokens."""

        white_space: str = "collapse"


class Name(Token):
    """An XML name; XSD Name."""

    __type_name__ = "Name"


class NCName(Name):
    """An XML name without a colon; XSD NCName."""

    __type_name__ = "NCName"


class ID(NCName):
    """A name that is unique in its document; XSD ID."""

    __type_name__ = "ID"


class QName(Token):
    """A name with an optional prefix; XSD QName."""

    __type_name__ = "QName"


class Language(Token):
    """A language tag such as ``en-GB``; XSD language."""

    __type_name__ = "language"


class NMToken(Unicode):
    """One or more name characters; XSD NMTOKEN."""

    _node_options = {"whitespace": "collapse"}
    __type_name__ = "NMTOKEN"


class _Free(SimpleModel):
    """A value of any shape; `_flavour` says what Python gets."""

    _flavour: ClassVar[Literal["xml", "html", "dict", "any"]] = "any"
    _home = "spyne.model.primitive"
    __type_name__ = "anyType"

    class Attributes(SimpleModel.Attributes):
        """Customizations of free content. process_contents: what an XML validator does with it: skip, lax or strict."""

        namespace: str | None = None
        process_contents: str | None = None

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        attributes = cls.Attributes
        hints = {key: value for key in ("namespace", "process_contents") if (value := getattr(attributes, key))}
        if attributes.process_contents not in (None, "skip", "lax", "strict"):
            raise DeclarationError(f"{place}: process_contents must be skip, lax or strict")
        node = nodes.Any(
            name=cls.__type_name__ or "",
            namespace=nodes.XSD_NAMESPACE,
            doc=cls.Annotations.doc,
            flavour=cls._flavour,
            hints=hints,
        )
        return use(cls, node)


class AnyXml(_Free):
    """An lxml element, or XML as str on output; XSD anyType. namespace, process_contents: as in XSD's xs:any."""

    _flavour = "xml"

    @classmethod
    def _variant_namespace(cls, attributes: AnyType) -> dict[str, AnyType]:
        """Here `namespace` is the wildcard's, not the type's own."""
        given = dict(attributes)
        wildcard = given.pop("namespace", None)
        body = super()._variant_namespace(given)
        if wildcard is not None:
            body["Attributes"].namespace = wildcard
        return body


class AnyHtml(_Free):
    """An lxml.html element, or HTML as str on output; XSD string."""

    _flavour = "html"
    __type_name__ = "string"


class AnyDict(_Free):
    """A dict of any depth; XSD anyType."""

    _flavour = "dict"
    Value = dict


class Any(_Free):
    """Whatever the format gives and can write; XSD anyType."""
