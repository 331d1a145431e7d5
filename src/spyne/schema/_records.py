"""Classes with named members: each family of them is read by `_readers`, and one function makes structs of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args
from typing import Any as AnyType

from spyne.schema._generics import bindings_of, is_open_generic, substitute
from spyne.schema._members import annotated_field
from spyne.schema._place import Place, Rules, show
from spyne.schema._readers import Member, Record, is_record, read_record
from spyne.schema._text import own_doc
from spyne.schema.nodes import Field, Node, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["is_record", "record_field"]


def record_field(rules: Rules, cls: type, tp: object, place: Place) -> Field:
    """The struct of a record class, or of a generic one with its types (`Page[int]` is called `Page_integer`)."""
    args = get_args(tp)
    name = str(cls.__dict__.get("__type_name__") or cls.__name__)
    if args:
        name = "_".join([name, *(rules.field(arg, place.inside(show(cls))).type.name for arg in args)])
    namespace = str(getattr(cls, "__namespace__", None) or rules.default_namespace)
    key = tp if args else cls

    def build() -> Node:
        return _struct(rules, cls, args, Place(name, namespace))

    node = rules.define(key, build, name=name, namespace=namespace, after=cls.__mro__[1:])
    return Field(type=node)


def _struct(rules: Rules, cls: type, args: tuple[AnyType, ...], place: Place) -> Struct:
    record = read_record(cls, place)
    bindings = bindings_of(cls, args, place)
    base = _base(rules, cls, record, place)
    inherited = base.fields if base else ()
    own = record.members[len(inherited) :]
    fields = (*inherited, *(_field(rules, member, bindings, place) for member in own))
    return Struct(
        name=place.owner,
        namespace=place.namespace,
        doc=own_doc(cls),
        base=base,
        fields=fields,
        cls=cls,
        make=record.make,
        positional=record.positional,
        access=record.access,
        subtypes=_Subtypes(rules, cls) if record.extensible and not args else dict,
        native=record.native,
        view=record.view,
    )


def _field(rules: Rules, member: Member, bindings: Mapping[AnyType, AnyType], place: Place) -> Field:
    return annotated_field(
        rules,
        member.name,
        substitute(member.tp, bindings) if bindings else member.tp,
        member.default,
        Place(place.owner, place.namespace, member.wire_name),
        default_factory=member.default_factory,
        required=member.required,
    )


def _base(rules: Rules, cls: type, record: Record, place: Place) -> Struct | None:
    """The parent's struct where the class only adds to it; XSD's extension has one base and overrides nothing."""
    parents = [each for each in cls.__bases__ if is_record(each)] if record.parents is None else record.parents
    if not record.extensible or len(parents) != 1 or is_open_generic(parents[0]):
        return None
    inherited = read_record(parents[0], place).members
    if not all(map(_same, inherited, record.members)) or len(inherited) > len(record.members):
        return None
    node = rules.field(parents[0], Place(place.owner, place.namespace, "(base class)")).type
    assert isinstance(node, Struct)
    return node


def _same(first: Member, second: Member) -> bool:
    return (
        (first.name, first.wire_name) == (second.name, second.wire_name)
        and first.tp == second.tp
        and first.default is second.default
        and first.default_factory is second.default_factory
    )


class _Subtypes:
    """The structs that extend a class's struct, found at the first call, once all modules are imported."""

    def __init__(self, rules: Rules, cls: type) -> None:
        self._rules = rules
        self._cls = cls
        self._found: dict[tuple[str, str], Struct] | None = None

    def __call__(self) -> Mapping[tuple[str, str], Struct]:
        if self._found is None:
            self._found = {(node.namespace, node.name): node for node in _extensions(self._rules, self._cls)}
        return self._found


def _extensions(rules: Rules, cls: type) -> Iterator[Struct]:
    parent = rules.field(cls).type
    children: list[type] = cls.__subclasses__()
    for child in children:
        if not is_record(child) or is_open_generic(child):
            continue
        node = rules.field(child).type
        if isinstance(node, Struct) and node.base is parent:
            yield node
            yield from _extensions(rules, child)
