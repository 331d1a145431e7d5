"""The root of every declared type: naming, customization, and the way down to the schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec

from spyne.model.attributes import INFINITY, AttributesBase, check_names, check_protocol_attributes, normalize
from spyne.schema import DeclarationError, Facets, Field, Lexical, Lowering, Place, Scalar
from spyne.schema.nodes import EMPTY, MISSING, NO_FACETS, PLAIN, XSD_NAMESPACE

ANNOTATIONS = ("doc", "appinfo")


class Annotations:
    """Documentation that goes into interface documents: `doc` is text, `appinfo` a dict, text, element or object."""

    doc: str = ""
    appinfo: Any = None
    __use_parent_doc__: bool = False


class ModelBase:
    """What all types share. Subclass one of its descendants, not this.

    `__type_name__` and `__namespace__` are the public name; unset, they come from the class name and the application.
    `__orig__` is the type a customized class was made from, `__extends__` the type it restricts or extends.
    """

    __orig__: ClassVar[type[ModelBase] | None] = None
    __extends__: ClassVar[type[ModelBase] | None] = None
    __namespace__: ClassVar[str | None] = None
    __type_name__: ClassVar[str | None] = None
    Value: ClassVar[Any] = type(None)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        inherit(cls)

    class Attributes(AttributesBase):
        """Customizations of this type."""

    class Annotations(Annotations):
        """Documentation of this type."""

    @classmethod
    def customize(cls, **attributes: Any) -> type[Self]:
        """A subclass with other attributes: ``Unicode.customize(max_len=5)`` is ``Unicode(max_len=5)``.

        Raises DeclarationError for a misspelt attribute.
        """
        variant: type[Self] = new_variant(cls, cls._variant_namespace(attributes))
        return variant

    @classmethod
    def _variant_namespace(cls, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The class body of a customized subclass."""
        check_names(cls.__name__, attributes)
        values = normalize(attributes)
        check_protocol_attributes(cls.__name__, values.get("prot_attrs") or {})
        namespace: dict[str, Any] = {"__module__": cls.__module__, "__orig__": cls.__orig__ or cls, "__extends__": cls}
        notes = {key: values.pop(key) for key in ANNOTATIONS if key in values}
        if notes:
            namespace["Annotations"] = type("Annotations", (cls.Annotations,), notes)
        for name in ("type_name", "namespace"):
            if values.get(name) is not None:
                namespace[f"__{name}__"] = values.pop(name)
        namespace["Attributes"] = type("Attributes", (cls.Attributes,), values)
        return namespace

    def __class_getitem__(cls, attributes: Any) -> Any:
        """``Unicode[dict(max_len=5)]``, another way to write `customize`."""
        if not isinstance(attributes, Mapping):
            raise DeclarationError(
                f"{cls.__name__}[…] takes a mapping of attributes, as in {cls.__name__}[dict(min_occurs=1)]"
            )
        return cls.customize(**attributes)

    @classmethod
    def get_type_name(cls) -> str:
        """The public name of the type."""
        return cls.__type_name__ or (cls.__orig__ or cls).__name__

    @classmethod
    def get_namespace(cls) -> str | None:
        """The namespace of the type, None while the application has not given it one."""
        return cls.__namespace__

    @classmethod
    def get_type_name_ns(cls, interface: Any) -> str:
        """The public name with the interface's prefix: ``xs:string``."""
        namespace = cls.get_namespace()
        return (
            f"{interface.get_namespace_prefix(namespace)}:{cls.get_type_name()}" if namespace else cls.get_type_name()
        )

    @classmethod
    def get_element_name(cls) -> str:
        """The name under which a member of this type appears, `sub_name` or the type's name."""
        return cls.Attributes.sub_name or cls.get_type_name()

    @classmethod
    def is_default(cls, other: type[ModelBase]) -> bool:
        """Whether `other` restricts nothing that this class does not."""
        return _facets_differ(other, cls) is False

    @staticmethod
    def validate_string(cls: Any, value: str) -> bool:
        """A hook on the wire text under soft validation; override to return False for what must be refused."""
        return True

    @staticmethod
    def validate_native(cls: Any, value: Any) -> bool:
        """A hook on the Python value under soft validation; override to return False for what must be refused."""
        return True

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        """This type as a field of the schema."""
        raise DeclarationError(f"{place}: {cls.__name__} cannot be an argument, a member or a result")


def inherit(cls: type[Any]) -> None:
    """Complete a class body: what it extends, nested classes that forgot their base, the namespace of a newly named type."""
    body = vars(cls)
    parent = next((base for base in cls.__bases__ if issubclass(base, ModelBase)), None)
    if "__extends__" not in body:
        cls.__extends__ = parent
        cls.__orig__ = None
    for nested in ("Attributes", "Annotations"):
        own, inherited = body.get(nested), getattr(parent, nested, None)
        chosen = nested == "Annotations" and isinstance(own, type) and issubclass(own, Annotations)
        if own is not None and inherited is not None and not chosen and not issubclass(own, inherited):
            values = normalize(vars(own)) if nested == "Attributes" else dict(vars(own))
            setattr(
                cls,
                nested,
                type(
                    nested,
                    (inherited,),
                    {k: v for k, v in values.items() if k[:2] != "__" or k[-10:] == "_parent_doc__"},
                ),
            )
    if "__type_name__" in body and "__namespace__" not in body and not cls.__module__.startswith("spyne.model."):
        cls.__namespace__ = None


def new_variant(cls: type[Any], namespace: dict[str, Any]) -> Any:
    """A subclass of `cls` made by its own metaclass from a ready class body."""
    metaclass: Any = type(cls)
    return metaclass(cls.__name__, (cls,), namespace)


def use(cls: type[ModelBase], node: Any, **more: Any) -> Field:
    """A field that uses `node` with the occurrence, default and hints of the class."""
    attributes: Any = cls.Attributes
    maximum = attributes.max_occurs
    hints: dict[str, Any] = {"attributes": attributes}
    for hint, value in (
        ("xml_namespace", attributes.sub_ns),
        ("xml_choice", attributes.xml_choice_group),
        ("read_only", attributes.read_only),
        ("empty_is_none", attributes.empty_is_none),
        ("excluded", attributes.exc),
        ("excluded_from_interface", attributes.exc_interface),
        ("part_name", attributes.wsdl_part_name),
        ("field_doc", cls.Annotations.doc if cls.__orig__ is not None else ""),
        ("field_appinfo", cls.Annotations.appinfo if cls.__orig__ is not None else None),
    ):
        if value:
            hints[hint] = value
    values = {
        "type": node,
        "wire_name": attributes.sub_name or "",
        "min_occurs": int(attributes.min_occurs),
        "max_occurs": None if maximum == INFINITY else int(maximum),
        "nillable": bool(attributes.nillable),
        "default": MISSING if attributes.default is None else attributes.default,
        "default_factory": attributes.default_factory,
        "hints": hints,
    }
    return Field(**{**values, **more})


class Null(ModelBase):
    """The type that has only None."""


class SimpleModel(ModelBase):
    """A type with one text form. `_kind` is its node class, `_builtin` the public names in the XSD namespace."""

    _kind: ClassVar[type[Scalar]] = Scalar
    _node_options: ClassVar[Mapping[str, Any]] = EMPTY
    _home: ClassVar[str] = ""
    _accepts: ClassVar[tuple[type, ...]] = ()
    __namespace__: ClassVar[str | None] = XSD_NAMESPACE

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__orig__ is not None or not cls.__module__.startswith("spyne.model."):
            cls._check_attributes()

    class Attributes(ModelBase.Attributes):
        """Customizations of scalars; `pattern` is an XSD regular expression."""

        pattern: str | None = None
        unicode_pattern: str | None = None

    def __new__(cls, *args: Any, **attributes: Any) -> Any:
        """Calling a scalar type customizes it: it has no instances of its own."""
        if args:
            raise DeclarationError(f"{cls.__name__} takes its customizations by keyword, got {args!r}")
        return cls.customize(**attributes)

    @classmethod
    def _check_attributes(cls) -> None:
        """Raise DeclarationError for attributes that contradict each other or the type."""
        check_lengths(cls)
        check_pattern(cls)
        check_values(cls)

    @classmethod
    def _variant_namespace(cls, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """A variant of an XSD type with a name of its own lives in a namespace named after the module of that type."""
        body = super()._variant_namespace(attributes)
        if "__type_name__" in body and "__namespace__" not in body and cls.__namespace__ == XSD_NAMESPACE:
            body["__namespace__"] = cls._home or cls.__module__
        return body

    @classmethod
    def _always_restricts(cls) -> bool:
        """Whether any customization makes a type of its own, even one that restricts nothing."""
        return False

    @classmethod
    def _options(cls) -> Mapping[str, Any]:
        """Further members of the node, by the kind."""
        return cls._node_options

    @classmethod
    def _facets(cls) -> Facets:
        return facets_of(cls)

    @classmethod
    def _lexical(cls) -> Lexical:
        return PLAIN

    @classmethod
    def _load(cls) -> Any:
        return cls.Attributes.parser

    @classmethod
    def _dump(cls) -> Any:
        return cls.Attributes.sanitizer

    @classmethod
    def __spyne_schema__(cls, lowering: Lowering, place: Place) -> Field:
        return use(cls, scalar_node(cls, lowering.default_namespace))


def check_lengths(cls: type[SimpleModel]) -> None:
    """Refuse lengths that are negative, no integers, or in the wrong order."""
    attributes: Any = cls.Attributes
    lengths = {name: getattr(attributes, name, None) for name in ("min_len", "max_len")}
    for name, value in lengths.items():
        if (
            value is not None
            and value != INFINITY
            and (not isinstance(value, int) or isinstance(value, bool) or value < 0)
        ):
            raise DeclarationError(f"{cls.__name__}({name}={value!r}): a length must be an integer from 0")
    low, high = lengths["min_len"], lengths["max_len"]
    if low is not None and high is not None and low > high:
        raise DeclarationError(f"{cls.__name__}: min_len={low} is more than max_len={high}")


_XSD_ONLY = re.compile(r"\\[icICpP]|-\[").search


def check_pattern(cls: type[SimpleModel]) -> None:
    """Refuse a pattern that is no regular expression; what XSD has beyond Python is left to the codecs (appendix F)."""
    attributes: Any = cls.Attributes
    for name in ("pattern", "unicode_pattern"):
        pattern = getattr(attributes, name, None)
        if pattern is None or (isinstance(pattern, str) and _XSD_ONLY(pattern)):
            continue
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise DeclarationError(f"{cls.__name__}({name}={pattern!r}): {error}") from None


def check_values(cls: type[SimpleModel]) -> None:
    """Refuse allowed values that are not values of the type."""
    accepted = cls._accepts or (cls.Value if isinstance(cls.Value, type) and cls.Value is not type(None) else object)
    for value in cls.Attributes.values:
        if value is not None and not isinstance(value, accepted):
            raise DeclarationError(f"{cls.__name__}(values=[…, {value!r}]): is no value of the type")


_FACET_NAMES = [
    "min_len",
    "max_len",
    "pattern",
    "ge",
    "gt",
    "le",
    "lt",
    "total_digits",
    "fraction_digits",
    "max_str_len",
    "values",
]


def facets_of(cls: type[ModelBase]) -> Facets:
    """The restrictions in a class's attributes; bounds at infinity and zero minimum lengths are no restriction."""
    attributes: Any = cls.Attributes
    found: dict[str, Any] = {}
    for name in _FACET_NAMES:
        value = getattr(attributes, name, None)
        if value is None or value == () or (isinstance(value, float | _decimal()) and value in (INFINITY, -INFINITY)):
            continue
        if name == "min_len" and value == 0:
            continue
        found[name] = value
    if "pattern" not in found and getattr(attributes, "unicode_pattern", None):
        found["pattern"] = attributes.unicode_pattern
    for hook, facet in (("validate_string", "check_text"), ("validate_native", "check_value")):
        function = getattr(cls, hook)
        if function is not getattr(ModelBase, hook):
            found[facet] = _bind(function, cls)
    return Facets(**found) if found else NO_FACETS


def _decimal() -> type:
    from decimal import Decimal

    return Decimal


def _bind(function: Any, cls: type[ModelBase]) -> Any:
    return lambda value: function(cls, value)


def _differs(one: Facets, other: Facets) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in _FACET_NAMES if name != "max_str_len")


def _facets_differ(cls: type[ModelBase], base: type[ModelBase]) -> bool:
    return _differs(facets_of(cls), facets_of(base))


def _named_ancestor(cls: type[SimpleModel]) -> type[SimpleModel] | None:
    """The nearest class above that has a public name of its own, None at a root."""
    extends = cls.__extends__
    while extends is not None:
        if vars(extends).get("__type_name__") and issubclass(extends, SimpleModel):
            return extends
        extends = extends.__extends__
    return None


def scalar_node(cls: type[SimpleModel], default_namespace: str) -> Scalar:
    """The node of a scalar type: its own when it is named, its ancestor's or an anonymous restriction when customized."""
    named = vars(cls).get("__type_name__") is not None
    builtin = named and cls.__namespace__ == XSD_NAMESPACE
    ancestor = None if builtin else _named_ancestor(cls)
    base = scalar_node(ancestor, default_namespace) if ancestor is not None else None
    facets = cls._facets()
    values: dict[str, Any] = {
        "facets": facets,
        "lexical": cls._lexical(),
        "load": cls._load(),
        "dump": cls._dump(),
        "doc": cls.Annotations.doc,
        "hints": {"appinfo": cls.Annotations.appinfo} if cls.Annotations.appinfo is not None else EMPTY,
        **cls._options(),
    }
    if named or base is None:
        return cls._kind(
            name=cls.get_type_name(), namespace=cls.__namespace__ or default_namespace, base=base, **values
        )
    if _differs(facets, base.facets) or cls._always_restricts():
        return cls._kind(name="", namespace="", base=base, **values)
    return msgspec.structs.replace(base, **values)


def is_named(cls: type[SimpleModel]) -> bool:
    """Whether uses of the class publish the name of the class or of one above, not a generated one."""
    ancestor = cls if vars(cls).get("__type_name__") else _named_ancestor(cls)
    if ancestor is None or ancestor is cls:
        return ancestor is cls
    return not _differs(cls._facets(), ancestor._facets()) and not cls._always_restricts()
