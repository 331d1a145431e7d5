"""What each family of record classes says about its members; a family is known by its marks, without importing its library."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Literal, get_args
from typing import Any as AnyType

import msgspec

from spyne.schema._members import qualifier
from spyne.schema._place import Place, mistake, show
from spyne.schema.nodes import MISSING


class Member(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One member as declared; `required` is False where it may be absent though it has no default."""

    name: str
    tp: AnyType
    wire_name: str
    default: AnyType = MISSING
    default_factory: Callable[[], AnyType] | None = None
    required: bool = True


class Record(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The members of a class, parents' first, and how its values are made and read.

    extensible: values know their class, so one of a subclass can be told from one of its parent. view: see `Struct.view`. parents: the
    classes that this one may extend, None for those of its bases that are records.
    """

    members: tuple[Member, ...]
    make: Callable[..., AnyType]
    positional: bool = False
    access: Literal["attribute", "item"] = "attribute"
    native: bool = False
    extensible: bool = True
    view: Callable[[AnyType], Mapping[str, AnyType]] | None = None
    parents: tuple[type, ...] | None = None


def is_record(cls: type) -> bool:
    """Whether a class belongs to one of the families."""
    return _reader(cls) is not None


def read_record(cls: type, place: Place) -> Record:
    """Read a record class; place names the class in errors."""
    reader = _reader(cls)
    assert reader is not None
    return reader(cls, place)


def _reader(cls: type) -> Callable[[type, Place], Record] | None:
    return next((read for belongs, read in _FAMILIES if belongs(cls)), None)


def _hints(cls: type, place: Place) -> dict[str, AnyType]:
    from typing import get_type_hints

    try:
        return get_type_hints(cls, include_extras=True)
    except NameError:
        pass
    try:  # a class may mention itself and its own members before it has a name in its module
        return get_type_hints(cls, localns={**vars(cls), cls.__name__: cls}, include_extras=True)
    except NameError as error:
        problem = f"{show(cls)} mentions {error.name!r}, which its module does not have at run time"
        fix = "define it at module level, and import it outside of `if TYPE_CHECKING`"
        raise mistake(place, problem, fix) from None


def _at(place: Place, name: str) -> Place:
    return Place(place.owner, place.namespace, name)


def _renaming(cls: Callable[..., AnyType], names: dict[str, str]) -> Callable[..., AnyType]:
    """The constructor taking members by attribute name where its own arguments are called otherwise."""
    if all(name == argument for name, argument in names.items()):
        return cls
    return lambda **values: cls(**{names[name]: value for name, value in values.items()})


def _read_dataclass(cls: type, place: Place) -> Record:
    import dataclasses

    hints = _hints(cls, place)
    _refuse_init_vars(cls, place)
    fields = [each for each in dataclasses.fields(cls) if each.init]
    members = tuple(
        Member(
            name=each.name,
            tp=hints[each.name],
            wire_name=each.name,
            default=MISSING if each.default is dataclasses.MISSING else each.default,
            default_factory=None if each.default_factory is dataclasses.MISSING else each.default_factory,
        )
        for each in fields
    )
    return Record(members=members, make=cls, positional=not any(each.kw_only for each in fields), native=True)


def _refuse_init_vars(cls: type, place: Place) -> None:
    import dataclasses

    for name, field in cls.__dict__["__dataclass_fields__"].items() if "__dataclass_fields__" in cls.__dict__ else ():
        kind = getattr(field, "_field_type", None)
        if getattr(kind, "name", "") == "_FIELD_INITVAR" and field.default is dataclasses.MISSING:
            raise mistake(
                _at(place, name),
                "an InitVar does not travel, and the class cannot be made without it",
                "give it a default",
            )


def _read_typed_dict(cls: type, place: Place) -> Record:
    optional = []
    members = []
    for name, hint in _hints(cls, place).items():
        tp, required = hint, name in cls.__required_keys__  # type: ignore[attr-defined]
        while mark := qualifier(tp):
            tp = get_args(tp)[0]
            required = {"Required": True, "NotRequired": False}.get(mark, required)
        members.append(Member(name=name, tp=tp, wire_name=name, required=required))
        optional += [] if required else [name]
    return Record(members=tuple(members), make=_dict_without(optional), access="item", extensible=False)


def _dict_without(optional: Iterable[str]) -> Callable[..., AnyType]:
    """dict, leaving out members that need not be there and are None."""
    names = frozenset(optional)
    if not names:
        return dict
    return lambda **values: {name: value for name, value in values.items() if value is not None or name not in names}


def _read_named_tuple(cls: type, place: Place) -> Record:
    hints, defaults = _hints(cls, place), cls._field_defaults  # type: ignore[attr-defined]
    members = []
    for name in cls._fields:  # type: ignore[attr-defined]
        if name not in hints:
            raise mistake(_at(place, name), f"{show(cls)} gives it no type", "use typing.NamedTuple")
        members.append(Member(name=name, tp=hints[name], wire_name=name, default=defaults.get(name, MISSING)))
    return Record(members=tuple(members), make=cls, positional=True, extensible=False)


def _read_attrs(cls: type, place: Place) -> Record:
    nothing = sys.modules["attr"].NOTHING
    hints = _hints(cls, place)
    attributes = [each for each in cls.__attrs_attrs__ if each.init]  # type: ignore[attr-defined]
    members = []
    for each in attributes:
        tp = hints.get(each.name, each.type)
        if tp is None:
            raise mistake(_at(place, each.name), f"{show(cls)} gives it no type", "annotate it")
        factory = getattr(each.default, "factory", None) if type(each.default).__name__ == "Factory" else None
        if factory is not None and each.default.takes_self:
            raise mistake(_at(place, each.name), "its default is made from the other members", "use a plain factory")
        default = MISSING if each.default is nothing or factory is not None else each.default
        members.append(Member(name=each.name, tp=tp, wire_name=each.alias, default=default, default_factory=factory))
    return Record(
        members=tuple(members),
        make=_renaming(cls, {each.name: each.alias for each in attributes}),
        positional=False,
    )


def _read_msgspec(cls: type, place: Place) -> Record:
    from msgspec.structs import fields

    hints = _hints(cls, place)
    members = tuple(
        Member(
            name=each.name,
            tp=hints[each.name],
            wire_name=each.encode_name,
            default=MISSING if each.default is msgspec.NODEFAULT else each.default,
            default_factory=None if each.default_factory is msgspec.NODEFAULT else each.default_factory,
        )
        for each in fields(cls)
    )
    in_order = cls.__match_args__ == tuple(each.name for each in members)  # type: ignore[attr-defined]
    return Record(members=members, make=cls, positional=in_order, native=True)


def _read_pydantic(cls: AnyType, place: Place) -> Record:
    members, arguments = [], {}
    by_name = bool(cls.model_config.get("populate_by_name") or cls.model_config.get("validate_by_name"))
    for name, each in cls.model_fields.items():
        alias = each.validation_alias if isinstance(each.validation_alias, str) else each.alias
        arguments[name] = name if by_name else alias or name
        if getattr(each, "default_factory_takes_validated_data", False):
            raise mistake(_at(place, name), "its default is made from the other members", "use a plain default_factory")
        required = each.is_required()
        factory = None if required else each.default_factory
        metadata = [*each.metadata, *([each.description] if each.description else [])]
        members.append(
            Member(
                name=name,
                tp=Annotated[(each.annotation, *metadata)] if metadata else each.annotation,
                wire_name=each.serialization_alias or each.alias or name,
                default=MISSING if required or factory is not None else each.default,
                default_factory=factory,
            )
        )
    return Record(members=tuple(members), make=_renaming(cls, arguments))


def _read_mapped(cls: type, place: Place) -> Record:
    from spyne.store.relational.declarative import read_mapped

    return read_mapped(cls, place)


def _is_mapped(cls: type) -> bool:
    """Whether SQLAlchemy maps the class: every mapped class has a mapper of its own."""
    return "__mapper__" in cls.__dict__ and "sqlalchemy.orm" in sys.modules


def _is_typed_dict(cls: type) -> bool:
    return issubclass(cls, dict) and hasattr(cls, "__required_keys__") and hasattr(cls, "__total__")


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields") and hasattr(cls, "_field_defaults")


def _is_pydantic(cls: type) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel) and cls is not pydantic.BaseModel


def _is_msgspec(cls: type) -> bool:
    return issubclass(cls, msgspec.Struct) and cls is not msgspec.Struct


_FAMILIES: tuple[tuple[Callable[[type], bool], Callable[[type, Place], Record]], ...] = (
    (_is_mapped, _read_mapped),  # before the dataclasses and models that are mapped as well
    (_is_msgspec, _read_msgspec),
    (lambda cls: hasattr(cls, "__dataclass_fields__"), _read_dataclass),
    (lambda cls: hasattr(cls, "__attrs_attrs__"), _read_attrs),
    (_is_typed_dict, _read_typed_dict),
    (_is_named_tuple, _read_named_tuple),
    (_is_pydantic, _read_pydantic),
)
