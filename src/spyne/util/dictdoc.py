"""Objects as dicts, JSON, YAML and MessagePack and back without a service."""

from __future__ import annotations

from typing import Any

import msgspec

from spyne.codec import flat, tree
from spyne.codec._base import Options
from spyne.codec.tree_native import json_tree
from spyne.limits import DEFAULT_LIMITS, Limits
from spyne.model.primitive import NATIVE_MAP
from spyne.protocol.dictdoc.hier import kind_of_object
from spyne.schema import Field, Lowering

__all__ = [
    "get_dict_as_object",
    "get_doc_as_object",
    "get_json_as_object",
    "get_msgpack_as_object",
    "get_object_as_dict",
    "get_object_as_doc",
    "get_object_as_json",
    "get_object_as_json_doc",
    "get_object_as_msgpack",
    "get_object_as_msgpack_doc",
    "get_object_as_simple_dict",
    "get_object_as_yaml",
    "get_object_as_yaml_doc",
    "get_yaml_as_object",
    "json_loads",
    "yaml_loads",
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
    return _object(d, cls, tree.JSON, ignore_wrappers, complex_as)


get_object_as_doc = get_object_as_dict
get_doc_as_object = get_dict_as_object


def get_object_as_json_doc(
    o: Any, cls: Any = None, ignore_wrappers: bool = True, complex_as: Any = list, polymorphic: bool = False
) -> Any:
    """What `get_object_as_json` writes, before it becomes bytes; objects are lists unless complex_as=dict."""
    return _document(o, cls, tree.JSON, ignore_wrappers, complex_as, polymorphic)


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


def get_object_as_yaml_doc(
    o: Any, cls: Any = None, ignore_wrappers: bool = False, complex_as: Any = dict, polymorphic: bool = False
) -> Any:
    """What `get_object_as_yaml` writes, before it becomes bytes."""
    return _document(o, cls, tree.YAML, ignore_wrappers, complex_as, polymorphic)


def get_object_as_yaml(
    o: Any,
    cls: Any = None,
    ignore_wrappers: bool = False,
    complex_as: Any = dict,
    encoding: str = "utf8",
    polymorphic: bool = False,
) -> bytes:
    """The object as YAML in `encoding`. Needs the extra ``spyne[yaml]``."""
    from spyne.protocol.yaml import YamlDocument

    data = YamlDocument().write_tree(get_object_as_yaml_doc(o, cls, ignore_wrappers, complex_as, polymorphic))
    return data if encoding.lower() in ("utf8", "utf-8") else data.decode().encode(encoding)


def get_yaml_as_object(s: str | bytes, cls: Any, ignore_wrappers: bool = False, complex_as: Any = dict) -> Any:
    """The object of type `cls` that a YAML text says. Raises DecodeError for what is malformed or does not fit."""
    from spyne.protocol.yaml import YamlDocument

    found = _alone(YamlDocument()).parse(s.encode() if isinstance(s, str) else s)
    return _object(found, cls, tree.YAML, ignore_wrappers, complex_as)


yaml_loads = get_yaml_as_object


def get_object_as_msgpack_doc(
    o: Any, cls: Any = None, ignore_wrappers: bool = False, complex_as: Any = dict, polymorphic: bool = False
) -> Any:
    """What `get_object_as_msgpack` writes, before it becomes bytes."""
    return _document(o, cls, tree.MSGPACK, ignore_wrappers, complex_as, polymorphic)


def get_object_as_msgpack(
    o: Any, cls: Any = None, ignore_wrappers: bool = False, complex_as: Any = dict, polymorphic: bool = False
) -> bytes:
    """The object as MessagePack; text is written as str."""
    return msgspec.msgpack.encode(get_object_as_msgpack_doc(o, cls, ignore_wrappers, complex_as, polymorphic))


def get_msgpack_as_object(s: bytes, cls: Any, ignore_wrappers: bool = False, complex_as: Any = dict) -> Any:
    """The object of type `cls` that MessagePack says. Raises DecodeError for what is malformed or does not fit."""
    from spyne.protocol.msgpack import MessagePackDocument

    found = _alone(MessagePackDocument()).parse(s)
    return _object(found, cls, tree.MSGPACK, ignore_wrappers, complex_as)


def get_object_as_simple_dict(
    o: Any, cls: Any = None, hier_delim: str = ".", prefix: str | None = None
) -> dict[str, Any]:
    """The values at any depth by their path, ``{"customer.name": "Dave", "lines[0].qty": 2}``; None is left out.

    Arrays of plain values stay lists, and an empty array of objects is the word ``empty``. prefix: what all paths begin with.
    Raises EncodeError for what the type cannot carry.
    """
    found = flat.compile_encoder(_field(cls or type(o)), Options(), delimiter=hier_delim, native=True)(o)
    return {f"{prefix}{hier_delim}{name}": value for name, value in found.items()} if prefix else found


class _Alone(msgspec.Struct, frozen=True):
    """What a protocol asks of its application when it parses."""

    limits: Limits = DEFAULT_LIMITS


def _alone(protocol: Any) -> Any:
    protocol.app = _Alone()
    return protocol


def _document(o: Any, cls: Any, fmt: tree.TreeFormat, ignore_wrappers: bool, complex_as: Any, polymorphic: bool) -> Any:
    options = msgspec.structs.replace(_options(ignore_wrappers, complex_as), polymorphic=polymorphic)
    return tree.compile_encoder(_field(cls or type(o)), options, fmt, wrapped=not ignore_wrappers)(o)


def _object(found: Any, cls: Any, fmt: tree.TreeFormat, ignore_wrappers: bool, complex_as: Any) -> Any:
    return tree.compile_decoder(_field(cls), _options(ignore_wrappers, complex_as), fmt, wrapped=not ignore_wrappers)(
        found
    )


def _options(ignore_wrappers: bool, complex_as: Any) -> Options:
    return Options(ignore_wrappers=ignore_wrappers, complex_as=kind_of_object(complex_as))


def _field(cls: Any) -> Field:
    return Lowering(natives=NATIVE_MAP).field(cls)
