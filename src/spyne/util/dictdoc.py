"""Objects as dicts and JSON and back without a service."""

from __future__ import annotations

from typing import Any

import msgspec

from spyne.codec import tree
from spyne.codec._base import Options
from spyne.codec.tree_native import json_tree
from spyne.model._heritage import flat_type_info
from spyne.model.primitive import NATIVE_MAP
from spyne.protocol.dictdoc.hier import kind_of_object
from spyne.schema import Field, Lowering

__all__ = [
    "get_dict_as_object",
    "get_doc_as_object",
    "get_json_as_object",
    "get_object_as_dict",
    "get_object_as_doc",
    "get_object_as_json",
    "get_object_as_json_doc",
    "get_object_as_simple_dict",
    "json_loads",
]

_PARSE = json_tree(exact=True)


def get_object_as_dict(o: Any, cls: Any = None, ignore_wrappers: bool = True, complex_as: Any = dict) -> Any:
    """The object as dicts, lists and the values that JSON has; members that are None are left out.

    cls: the type to write it as, its own class unless given. ignore_wrappers=False puts class names around objects;
    complex_as=list writes members in order in place of dicts. Raises EncodeError for what the type cannot carry.
    """
    return get_object_as_json_doc(o, cls, ignore_wrappers, complex_as)


def get_dict_as_object(d: Any, cls: Any, ignore_wrappers: bool = True, complex_as: Any = list) -> Any:
    """The object of type `cls` that dicts and lists say. Raises DecodeError for values that do not fit."""
    wrapped = not ignore_wrappers
    return tree.compile_decoder(_field(cls), _options(ignore_wrappers, complex_as), tree.JSON, wrapped=wrapped)(d)


get_object_as_doc = get_object_as_dict
get_doc_as_object = get_dict_as_object


def get_object_as_json_doc(
    o: Any, cls: Any = None, ignore_wrappers: bool = True, complex_as: Any = list, polymorphic: bool = False
) -> Any:
    """What `get_object_as_json` writes, before it becomes bytes; objects are lists unless complex_as=dict."""
    options = msgspec.structs.replace(_options(ignore_wrappers, complex_as), polymorphic=polymorphic)
    return tree.compile_encoder(_field(cls or type(o)), options, tree.JSON, wrapped=not ignore_wrappers)(o)


def get_object_as_json(
    o: Any,
    cls: Any = None,
    ignore_wrappers: bool = True,
    complex_as: Any = list,
    encoding: str = "utf8",
    polymorphic: bool = False,
    indent: int | None = None,
) -> bytes:
    """The object as JSON in `encoding`, on one line unless `indent` says by how many blanks to indent."""
    data = msgspec.json.encode(get_object_as_json_doc(o, cls, ignore_wrappers, complex_as, polymorphic))
    if indent is not None:
        data = msgspec.json.format(data, indent=indent)
    return data if encoding.lower() in ("utf8", "utf-8") else data.decode().encode(encoding)


def get_json_as_object(s: str | bytes, cls: Any, ignore_wrappers: bool = True, complex_as: Any = list) -> Any:
    """The object of type `cls` that a JSON text says. Raises DecodeError for what is malformed or does not fit."""
    return get_dict_as_object(_PARSE(s.encode() if isinstance(s, str) else s), cls, ignore_wrappers, complex_as)


json_loads = get_json_as_object


def get_object_as_simple_dict(
    o: Any, cls: Any = None, hier_delim: str = ".", prefix: str | None = None
) -> dict[str, Any]:
    """The members at any depth by their path, ``{"customer.name": "Dave"}``; None is left out."""
    found: dict[str, Any] = {}
    for name in flat_type_info(cls or type(o)):
        value = getattr(o, name, None)
        path = f"{prefix}{hier_delim}{name}" if prefix else name
        if hasattr(type(value), "_type_info"):
            found.update(get_object_as_simple_dict(value, None, hier_delim, path))
        elif value is not None:
            found[path] = value
    return found


def _options(ignore_wrappers: bool, complex_as: Any) -> Options:
    return Options(ignore_wrappers=ignore_wrappers, complex_as=kind_of_object(complex_as))


def _field(cls: Any) -> Field:
    return Lowering(natives=NATIVE_MAP).field(cls)
