"""Numbers and booleans: the decimal tower of XSD 1.0 part 2 §3.3, with Spyne's names for its widths."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from spyne.model._base import SimpleModel, facets_of
from spyne.schema import DeclarationError, Facets, Lexical, nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

INFINITY = decimal.Decimal("Infinity")
MAX_STR_LEN = 1024


class NumberLimitsWarning(UserWarning):
    """A bound lies outside of what the type can hold, so it never decides anything."""


class Boolean(SimpleModel):
    """bool; XSD boolean. store_as: the type of its database column, bool or int."""

    _kind = nodes.Bool
    _home = "spyne.model.primitive"  # where 2.14 has it; published in the namespace of named variants
    __type_name__ = "boolean"
    Value = bool


class Decimal(SimpleModel):
    """decimal.Decimal; XSD decimal. ``Decimal(5, 2)`` has at most five digits, two of them after the point; ``Decimal(5)`` none.

    ge, gt, le, lt: bounds. format, str_format: a `%` or `str.format` pattern for output. max_str_len: the longest text that
    is read at all, against denial of service.
    """

    _kind: ClassVar[type[nodes.Scalar]] = nodes.Decimal
    __type_name__ = "decimal"
    Value: ClassVar[Any] = decimal.Decimal
    _accepts = (int, float, decimal.Decimal)

    class Attributes(SimpleModel.Attributes):
        """Customizations of numbers. min_bound and max_bound are what the type itself can hold."""

        gt: Any = -INFINITY
        ge: Any = -INFINITY
        lt: Any = INFINITY
        le: Any = INFINITY
        total_digits: Any = INFINITY
        fraction_digits: Any = INFINITY
        max_str_len: int = MAX_STR_LEN
        min_bound: Any = None
        max_bound: Any = None
        format: str | None = None
        str_format: str | None = None

    def __new__(cls, *digits: int, **attributes: Any) -> Any:
        """A variant with at most `digits[0]` digits, `digits[1]` of them (or none) after the point."""
        if len(digits) > 2:
            raise DeclarationError(f"{cls.__name__} takes total_digits and fraction_digits, got {digits!r}")
        if digits:
            attributes["total_digits"] = digits[0]
            attributes["fraction_digits"] = digits[1] if len(digits) == 2 else 0
        return cls.customize(**attributes)

    @classmethod
    def _check_attributes(cls) -> None:
        super()._check_attributes()
        attributes = cls.Attributes
        for name in ("ge", "gt", "le", "lt"):
            bound = getattr(attributes, name)
            if bound is not None and (not isinstance(bound, cls._accepts) or isinstance(bound, bool) or bound != bound):
                raise DeclarationError(f"{cls.__name__}({name}={bound!r}): a bound must be a number")
        _check_digits(cls.__name__, attributes.total_digits, attributes.fraction_digits)
        _check_order(cls.__name__, attributes)
        _check_limits(cls.__name__, attributes)

    @classmethod
    def _facets(cls) -> Facets:
        lower, upper = cls.Attributes.min_bound, cls.Attributes.max_bound
        facets = facets_of(cls)
        changes: dict[str, Any] = {}
        if lower is not None and not _at_least(facets, lower):
            changes |= {"ge": lower, "gt": None}
        if upper is not None and not _at_most(facets, upper):
            changes |= {"le": upper, "lt": None}
        return msgspec.structs.replace(facets, **changes) if changes else facets

    @classmethod
    def _lexical(cls) -> Lexical:
        pattern = cls.Attributes.format or cls.Attributes.str_format
        return Lexical(out_format=pattern) if pattern else nodes.PLAIN


class Double(Decimal):
    """float; XSD double, with INF, -INF and NaN."""

    _kind = nodes.Float
    __type_name__ = "double"
    Value = float


class Float(Double):
    """float; XSD float. Values are read and written as 64-bit."""

    _node_options = {"bits": 32}
    __type_name__ = "float"


class Integer(Decimal):
    """int of any size; XSD integer."""

    _kind = nodes.Int
    __type_name__ = "integer"
    Value = int

    @classmethod
    def _facets(cls) -> Facets:
        facets = super()._facets()
        return msgspec.structs.replace(facets, fraction_digits=None) if facets.fraction_digits == 0 else facets


class UnsignedInteger(Integer):
    """int from 0; XSD nonNegativeInteger."""

    __type_name__ = "nonNegativeInteger"

    class Attributes(Integer.Attributes):
        """Customizations of unsigned integers."""

        min_bound: Any = 0


class PositiveInteger(UnsignedInteger):
    """int from 1; XSD positiveInteger."""

    __type_name__ = "positiveInteger"

    class Attributes(UnsignedInteger.Attributes):
        """Customizations of positive integers."""

        min_bound: Any = 1


class Integer64(Integer):
    """int of 64 bits; XSD long."""

    __type_name__ = "long"

    class Attributes(Integer.Attributes):
        """Customizations of 64-bit integers."""

        min_bound: Any = -(2**63)
        max_bound: Any = 2**63 - 1


class Integer32(Integer):
    """int of 32 bits; XSD int."""

    __type_name__ = "int"

    class Attributes(Integer.Attributes):
        """Customizations of 32-bit integers."""

        min_bound: Any = -(2**31)
        max_bound: Any = 2**31 - 1


class Integer16(Integer):
    """int of 16 bits; XSD short."""

    __type_name__ = "short"

    class Attributes(Integer.Attributes):
        """Customizations of 16-bit integers."""

        min_bound: Any = -(2**15)
        max_bound: Any = 2**15 - 1


class Integer8(Integer):
    """int of 8 bits; XSD byte."""

    __type_name__ = "byte"

    class Attributes(Integer.Attributes):
        """Customizations of 8-bit integers."""

        min_bound: Any = -(2**7)
        max_bound: Any = 2**7 - 1


class UnsignedInteger64(UnsignedInteger):
    """int from 0 of 64 bits; XSD unsignedLong."""

    __type_name__ = "unsignedLong"

    class Attributes(UnsignedInteger.Attributes):
        """Customizations of unsigned 64-bit integers."""

        max_bound: Any = 2**64 - 1


class UnsignedInteger32(UnsignedInteger):
    """int from 0 of 32 bits; XSD unsignedInt."""

    __type_name__ = "unsignedInt"

    class Attributes(UnsignedInteger.Attributes):
        """Customizations of unsigned 32-bit integers."""

        max_bound: Any = 2**32 - 1


class UnsignedInteger16(UnsignedInteger):
    """int from 0 of 16 bits; XSD unsignedShort."""

    __type_name__ = "unsignedShort"

    class Attributes(UnsignedInteger.Attributes):
        """Customizations of unsigned 16-bit integers."""

        max_bound: Any = 2**16 - 1


class UnsignedInteger8(UnsignedInteger):
    """int from 0 of 8 bits; XSD unsignedByte."""

    __type_name__ = "unsignedByte"

    class Attributes(UnsignedInteger.Attributes):
        """Customizations of unsigned 8-bit integers."""

        max_bound: Any = 2**8 - 1


NonNegativeInteger = UnsignedInteger
Long = Integer64
Int = Integer32
Short = Integer16
Byte = Integer8
UnsignedLong = UnsignedInteger64
UnsignedInt = UnsignedInteger32
UnsignedShort = UnsignedInteger16
UnsignedByte = UnsignedInteger8

NATIVE: Mapping[type, type[SimpleModel]] = {bool: Boolean, int: Integer, float: Double, decimal.Decimal: Decimal}


def _check_digits(owner: str, total: Any, fraction: Any) -> None:
    for name, value, least in (("total_digits", total, 1), ("fraction_digits", fraction, 0)):
        if value is not None and value != INFINITY and (not isinstance(value, int) or value < least):
            raise DeclarationError(f"{owner}({name}={value!r}): must be an integer from {least}")
    if total is not None and fraction is not None and fraction != INFINITY and fraction > total:
        raise DeclarationError(f"{owner}: fraction_digits={fraction} is more than total_digits={total}")


def _check_order(owner: str, attributes: Any) -> None:
    """No value can be above its lower and below its upper bound when these are in the wrong order."""
    for low in ("ge", "gt"):
        for high in ("le", "lt"):
            lower, upper = getattr(attributes, low), getattr(attributes, high)
            if lower is None or upper is None:
                continue
            if lower > upper or (lower == upper and (low, high) != ("ge", "le")):
                raise DeclarationError(f"{owner}: no value has {low}={lower} and {high}={upper}")


def _check_limits(owner: str, attributes: Any) -> None:
    """Raise for bounds that no value of the type can meet, warn of those that all values meet."""
    lower, upper = attributes.min_bound, attributes.max_bound
    for name in ("ge", "gt", "le", "lt"):
        bound = getattr(attributes, name)
        if bound is None or bound in (INFINITY, -INFINITY):
            continue
        outside = (lower is not None and bound < lower, upper is not None and bound > upper)
        if outside[0 if name[0] == "l" else 1]:
            raise DeclarationError(
                f"{owner}({name}={bound}): the type holds values from {lower} to {upper}, so none is left"
            )
        if any(outside):
            import warnings

            limits = f"values from {lower}" + ("" if upper is None else f" to {upper}")
            warnings.warn(f"{owner}({name}={bound}): the type holds {limits} anyway", NumberLimitsWarning, stacklevel=2)


def _at_least(facets: Facets, lower: Any) -> bool:
    """Whether the declared lower bounds are inside of the type's own."""
    return (facets.ge is not None and facets.ge >= lower) or (facets.gt is not None and facets.gt >= lower)


def _at_most(facets: Facets, upper: Any) -> bool:
    """Whether the declared upper bounds are inside of the type's own."""
    return (facets.le is not None and facets.le <= upper) or (facets.lt is not None and facets.lt <= upper)
