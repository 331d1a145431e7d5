"""Documentation of types and members as xs:annotation (XSD 1.0 part 1 §3.13)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lxml import etree

from spyne.const.xml import XSD


def annotate(parent: etree._Element, doc: str, appinfo: Any = None) -> None:
    """Add an annotation where there is something to say."""
    if not doc and appinfo is None:
        return
    annotation = etree.SubElement(parent, XSD("annotation"))
    if doc:
        etree.SubElement(annotation, XSD("documentation")).text = doc
    if appinfo is not None:
        _fill(etree.SubElement(annotation, XSD("appinfo")), appinfo)


def _fill(element: etree._Element, value: Any) -> None:
    """Put a dict, a text, an element or an object's members into an element."""
    if isinstance(value, etree._Element):
        element.append(deepcopy(value))
    elif isinstance(value, Mapping):
        _fill_members(element, value)
    elif hasattr(value, "as_dict"):
        _fill_members(element, value.as_dict())
    elif hasattr(value, "__dict__"):
        _fill_members(element, vars(value))
    elif value is not None:
        element.text = str(value)


def _fill_members(element: etree._Element, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        for each in value if isinstance(value, list | tuple) else (value,):
            _fill(etree.SubElement(element, name), each)
