"""Types that hold others: sequences, sets and generators are arrays, dicts are maps."""

from __future__ import annotations

from collections import OrderedDict, abc, defaultdict, deque
from typing import TYPE_CHECKING, Literal, get_args
from typing import Any as AnyType

from msgspec.structs import replace

from spyne.schema._place import Place, Rules, array_name, mistake, show
from spyne.schema.nodes import XSD_NAMESPACE, Any, Array, Field, Map, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

# The declared container to what makes one of a list; None is the list itself.
SEQUENCES: dict[AnyType, Callable[[list[AnyType]], AnyType] | None] = {
    list: None,
    abc.Sequence: None,
    abc.MutableSequence: None,
    abc.Collection: None,
    tuple: tuple,
    set: set,
    abc.Set: set,
    abc.MutableSet: set,
    frozenset: frozenset,
    deque: deque,
}
STREAMS = frozenset(
    {abc.Iterable, abc.Iterator, abc.Generator, abc.AsyncIterable, abc.AsyncIterator, abc.AsyncGenerator}
)
ARRIVALS: dict[AnyType, Literal["iterator", "async_iterator"]] = {
    abc.Iterator: "iterator",
    abc.AsyncIterator: "async_iterator",
}
MAPPINGS = frozenset({dict, abc.Mapping, abc.MutableMapping, OrderedDict, defaultdict})
ANY_DICT = Any(name="anyType", namespace=XSD_NAMESPACE, flavour="dict")


def array_field(rules: Rules, origin: object, tp: object, place: Place) -> Field:
    """A wrapped list of one type, named after it: `stringArray`, `OrderArray`."""
    args = get_args(tp)
    if origin is tuple and not (len(args) == 2 and args[1] is Ellipsis) and args:
        raise mistake(
            place, f"{show(tp)} has items of different types by position", "use a NamedTuple, or tuple[T, ...]"
        )
    if not args:
        name = getattr(origin, "__name__", str(origin))
        raise mistake(place, f"{show(tp)} does not say what it holds", f"write {name}[str], or {name}[Any]")
    node = array_of(
        rules,
        rules.field(args[0], place),
        load=SEQUENCES.get(origin),
        stream=origin in STREAMS,
        arrives=ARRIVALS.get(origin, "list"),
    )
    return Field(type=node)


def array_of(
    rules: Rules,
    item: Field,
    *,
    load: Callable[[list[AnyType]], AnyType] | None = None,
    stream: bool = False,
    arrives: Literal["list", "iterator", "async_iterator"] = "list",
) -> Node:
    """The array of an item, in the item's namespace, or in the application's where the item is one of XSD's own types."""
    item_name = item.type.name or (item.type.base.name if item.type.base else "") or "item"
    name = array_name(item_name)
    own = item.type.namespace
    namespace = own if own not in ("", XSD_NAMESPACE) else rules.default_namespace
    item = replace(item, name=item_name, wire_name=item_name, max_occurs=None)

    def build() -> Node:
        return Array(name=name, namespace=namespace, item=item, load=load, stream=stream, arrives=arrives)

    key = (Array, item.type, item.nillable, item.min_occurs, tuple(item.hints.items()), load, stream, arrives)
    return rules.define(key, build, name=name, namespace=namespace) if _hashable(key) else build()


def map_field(rules: Rules, tp: object, place: Place) -> Field:
    """A dict from one scalar type to any other type; without types, or with any values, a dict as the format gives it."""
    args = get_args(tp)
    if not args or (args[0] in (str, AnyType) and args[1] in (AnyType, object)):
        return Field(type=ANY_DICT)
    key, value = (rules.field(arg, place.inside(part)) for arg, part in zip(args, ("key", "value"), strict=True))
    if not isinstance(key.type, Scalar):
        raise mistake(place, f"{show(tp)} has keys that are no single value", "use str or another simple type as key")
    key = replace(key, name="key", wire_name="key", min_occurs=1, nillable=False)
    value = replace(value, name="value", wire_name="value")
    name = f"{_word(key.type)}{_capital(_word(value.type))}Map"
    own = value.type.namespace
    namespace = own if own not in ("", XSD_NAMESPACE) else rules.default_namespace
    node = rules.define(
        (Map, key.type, value.type, value.nillable),
        lambda: Map(name=name, namespace=namespace, key=key, value=value),
        name=name,
        namespace=namespace,
    )
    return Field(type=node)


def _word(node: Node) -> str:
    return node.name or (node.base.name if node.base else "") or "any"


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _hashable(key: object) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True
