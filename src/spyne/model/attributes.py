"""The bag of customizations that every type carries, its synonyms, and the check of their names.

``Unicode(min_len=3, nullable=False)`` makes a subclass whose ``Attributes`` has those members; they are read when the type
is lowered to the schema, never while a request runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spyne.schema import DeclarationError

INFINITY = float("inf")

SYNONYMS: Mapping[str, str] = {
    "nullable": "nillable",
    "primary_key": "pk",
    "foreign_key": "fk",
    "voa": "validate_on_assignment",
    "pa": "prot_attrs",
    "protocol_attrs": "prot_attrs",
    "p": "protocol",
    "prot": "protocol",
    "in_cast": "parser",
    "cast": "parser",
    "out_cast": "sanitizer",
    "sanitize": "sanitizer",
    "upattern": "unicode_pattern",
    "exc_table": "exc_db",
    "wrapped": "wrapper",
}
"""Other documented names of a customization; both can be read back from ``Attributes``."""


class AttributesBase:
    """Customizations of any type, with their defaults.

    min_occurs and max_occurs count elements; max_occurs is `INFINITY` for "unbounded". `order` moves a member to that
    index of its class. `exc` leaves it out of every protocol and document, `exc_interface` out of documents only.
    """

    default: Any = None
    default_factory: Callable[[], Any] | None = None
    db_default: Any = None
    nillable: bool = True
    nullable: bool = True
    min_occurs: int = 0
    max_occurs: float = 1
    sub_name: str | None = None
    sub_ns: str | None = None
    order: int | None = None
    exc: bool = False
    exc_interface: bool = False
    exc_db: bool = False
    exc_mapper: bool = False
    logged: Any = True
    read_only: bool = False
    empty_is_none: bool = False
    values: tuple[Any, ...] = ()
    values_dict: Mapping[Any, Any] = {}
    translations: Mapping[str, str] | None = None
    schema_tag: str = "{http://www.w3.org/2001/XMLSchema}element"
    xml_choice_group: str | None = None
    wsdl_part_name: str | None = None
    validate_on_assignment: bool = False
    out_type: Any = None
    parser: Callable[[Any], Any] | None = None
    sanitizer: Callable[[Any], Any] | None = None
    prot_attrs: Mapping[Any, Mapping[str, Any]] | None = None
    protocol: Any = None
    polymap: Mapping[Any, Any] = {}
    pk: bool | None = None
    fk: Any = None
    autoincrement: Any = None
    onupdate: Any = None
    server_default: Any = None
    index: Any = None
    unique: Any = None
    db_type: Any = None
    table_name: str | None = None
    mapper_property: Any = None
    store_as: Any = None
    sqla_column_args: Any = None


_KNOWN_ELSEWHERE = frozenset(
    [
        "doc",
        "appinfo",
        "type_name",
        "namespace",
        "nullable",
        "max_len",
        "min_len",
        "pattern",
        "unicode_pattern",
        "upattern",
        "encoding",
        "unicode_errors",
        "format",
        "str_format",
        "cast",
        "gt",
        "ge",
        "lt",
        "le",
        "total_digits",
        "fraction_digits",
        "max_str_len",
        "min_bound",
        "max_bound",
        "date_format",
        "time_format",
        "dt_format",
        "out_format",
        "datetime_format",
        "string_format",
        "interp_format",
        "as_timezone",
        "timezone",
        "serialize_as",
        "child_attrs",
        "child_attrs_all",
        "child_attrs_noexc",
        "declare_order",
        "validate_freq",
        "not_wrapped",
        "wrapper",
        "wrapped",
        "methods",
        "method_config_do",
        "complex_as",
        "simple_field",
        "parent_variant",
        "sqla_metadata",
        "table",
        "mapper",
        "table_args",
        "mapper_args",
        "serializer_attrs",
        "type",
        "mode",
        "text",
        "anchor_class",
        "process_contents",
    ]
)


def check_names(owner: str, names: Mapping[str, Any]) -> None:
    """Refuse a customization that is almost surely a slip of the pen; unknown names of one's own are kept.

    Raises DeclarationError naming the intended customization.
    """
    known = _KNOWN_ELSEWHERE | SYNONYMS.keys() | {name for name in vars(AttributesBase) if not name.startswith("_")}
    for name in names.keys() - known:
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=1, cutoff=0.85)
        if close:
            raise DeclarationError(f"{owner} has no customization {name!r}; did you mean {close[0]!r}?")


def normalize(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with synonyms resolved, occurrence bounds as numbers, and values as a tuple."""
    result: dict[str, Any] = {}
    for given, value in attributes.items():
        name = SYNONYMS.get(given, given)
        if name == "max_occurs" and value in ("unbounded", None):
            value = INFINITY
        elif name == "values" and isinstance(value, Mapping):
            result["values_dict"] = dict(value)
            value = tuple(value)
        elif name == "values":
            value = tuple(value)
        result[name] = value
        if given != name:
            result[given] = value
    if "nillable" in result:
        result["nullable"] = result["nillable"]
    if "values_dict" in result and "values" not in result:
        result["values"] = tuple(result["values_dict"])
    return result


_SAME_EVERYWHERE = ("type_name", "namespace", "order", "prot_attrs")


def check_protocol_attributes(owner: str, given: Any) -> None:
    """Refuse `prot_attrs` that is no mapping of protocols to customizations, or has some that no protocol can differ in.

    Raises DeclarationError.
    """
    if not isinstance(given, Mapping) or not all(isinstance(changes, Mapping) for changes in given.values()):
        raise DeclarationError(f"{owner}: prot_attrs is {{protocol: {{name: value}}}}, not {given!r}")
    for protocol, changes in given.items():
        if not (isinstance(protocol, type) or hasattr(protocol, "create_in_document")):
            raise DeclarationError(
                f"{owner}: prot_attrs has {protocol!r}, which is neither a protocol nor a class of one"
            )
        check_names(owner, changes)
        for name in normalize(changes):
            if name in _SAME_EVERYWHERE:
                raise DeclarationError(f"{owner}: {name} is the same for all protocols; take it out of prot_attrs")


def attributes_for(protocol: Any, given: Mapping[Any, Mapping[str, Any]] | None) -> dict[str, Any]:
    """What `prot_attrs` says for one protocol: its own entry before those of its classes, the most special one first."""
    result: dict[str, Any] = {}
    for key in (*reversed(type(protocol).__mro__), protocol) if given else ():
        result |= normalize((given or {}).get(key, {}))
    return result
