"""Names and suffixes of generated types and messages. Set them before declarations are made; they are read at that time."""

from __future__ import annotations

__all__ = [
    "ARRAY_PREFIX",
    "ARRAY_SUFFIX",
    "DEFAULT_LANGUAGE",
    "DEFAULT_LOCALE",
    "MANDATORY_PREFIX",
    "MANDATORY_SUFFIX",
    "MAX_ARRAY_ELEMENT_NUM",
    "MAX_FIELD_NUM",
    "MAX_STRING_FIELD_LENGTH",
    "MIN_GC_INTERVAL",
    "PARENT_SUFFIX",
    "REQUEST_SUFFIX",
    "RESPONSE_SUFFIX",
    "RESULT_SUFFIX",
    "TYPE_SUFFIX",
    "WARN_ON_DUPLICATE_FAULTCODE",
]

ARRAY_PREFIX = ""
ARRAY_SUFFIX = "Array"
REQUEST_SUFFIX = ""
RESPONSE_SUFFIX = "Response"
RESULT_SUFFIX = "Result"
TYPE_SUFFIX = "Type"
PARENT_SUFFIX = "Parent"
MANDATORY_PREFIX = "Mandatory"
MANDATORY_SUFFIX = ""

MAX_STRING_FIELD_LENGTH = 64
"""Characters of a text shown in logs."""
MAX_ARRAY_ELEMENT_NUM = 2
"""Items of a sequence shown in logs."""
MAX_FIELD_NUM = 10
"""Members of an object shown in logs."""
MIN_GC_INTERVAL = float("inf")
"""Kept for its name: requests never run the garbage collector."""
WARN_ON_DUPLICATE_FAULTCODE = True
DEFAULT_LOCALE = "en_US"
DEFAULT_LANGUAGE = "en"
