"""Types with one text form. Calling one customizes it: ``Unicode(max_len=5)``, ``Integer(ge=1)``, ``Decimal(5, 2)``."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from typing import Any as _AnyType

from spyne.model.binary import Bytes
from spyne.model.primitive.datetime import NATIVE as _TEMPORAL
from spyne.model.primitive.datetime import Date, DateTime, Duration, Time
from spyne.model.primitive.network import IpAddress, Ipv4Address, Ipv6Address, MacAddress
from spyne.model.primitive.number import NATIVE as _NUMERIC
from spyne.model.primitive.number import (
    Boolean,
    Byte,
    Decimal,
    Double,
    Float,
    Int,
    Integer,
    Integer8,
    Integer16,
    Integer32,
    Integer64,
    Long,
    NonNegativeInteger,
    NumberLimitsWarning,
    PositiveInteger,
    Short,
    UnsignedByte,
    UnsignedInt,
    UnsignedInteger,
    UnsignedInteger8,
    UnsignedInteger16,
    UnsignedInteger32,
    UnsignedInteger64,
    UnsignedLong,
    UnsignedShort,
)
from spyne.model.primitive.spatial import (
    Line,
    LineString,
    MultiLine,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)
from spyne.model.primitive.string import (
    AnyUri,
    ImageUri,
    Ltree,
    LtreeLarge,
    MediaType,
    MediaTypeStrict,
    MimeType,
    MimeTypeStrict,
    String,
    Unicode,
    Uuid,
)
from spyne.model.primitive.xml import (
    ID,
    Any,
    AnyDict,
    AnyHtml,
    AnyXml,
    Language,
    Name,
    NCName,
    NMToken,
    NormalizedString,
    QName,
    Token,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NATIVE_MAP: Mapping[_AnyType, _AnyType] = {**_NUMERIC, str: Unicode, **_TEMPORAL, bytes: Bytes, uuid.UUID: Uuid}
"""The model that stands for a Python type in a declaration."""

__all__ = [
    "ID",
    "NATIVE_MAP",
    "Any",
    "AnyDict",
    "AnyHtml",
    "AnyUri",
    "AnyXml",
    "Boolean",
    "Byte",
    "Date",
    "DateTime",
    "Decimal",
    "Double",
    "Duration",
    "Float",
    "ImageUri",
    "Int",
    "Integer",
    "Integer8",
    "Integer16",
    "Integer32",
    "Integer64",
    "IpAddress",
    "Ipv4Address",
    "Ipv6Address",
    "Language",
    "Line",
    "LineString",
    "Long",
    "Ltree",
    "LtreeLarge",
    "MacAddress",
    "MediaType",
    "MediaTypeStrict",
    "MimeType",
    "MimeTypeStrict",
    "MultiLine",
    "MultiLineString",
    "MultiPoint",
    "MultiPolygon",
    "NCName",
    "NMToken",
    "Name",
    "NonNegativeInteger",
    "NormalizedString",
    "NumberLimitsWarning",
    "Point",
    "Polygon",
    "PositiveInteger",
    "QName",
    "Short",
    "String",
    "Time",
    "Token",
    "Unicode",
    "UnsignedByte",
    "UnsignedInt",
    "UnsignedInteger",
    "UnsignedInteger8",
    "UnsignedInteger16",
    "UnsignedInteger32",
    "UnsignedInteger64",
    "UnsignedLong",
    "UnsignedShort",
    "Uuid",
]
