"""Types whose values must be there: ``Mandatory(T)``, short ``M(T)``."""

from __future__ import annotations

from typing import Any

from spyne import const
from spyne.model._base import ModelBase, SimpleModel
from spyne.schema import DeclarationError

__all__ = [
    "M",
    "Mandatory",
]


class _MandatoryMeta(type):
    """Serves the old spelling ``Mandatory.Unicode``."""

    def __getattr__(cls, name: str) -> Any:
        from spyne.model import primitive

        tp = getattr(primitive, name, None) if name in primitive.__all__ else None
        if not (isinstance(tp, type) and issubclass(tp, ModelBase)):
            raise AttributeError(f"Mandatory has no type {name!r}")
        import warnings

        warnings.warn(f"Mandatory.{name} is deprecated: write Mandatory({name})", DeprecationWarning, stacklevel=2)
        return Mandatory(tp)


class Mandatory(metaclass=_MandatoryMeta):
    """``Mandatory(T)`` is T with min_occurs=1 and nullable=False; text has at least one character, so have items of an array.

    The public name of text, of types with members and of arrays gets the prefix "Mandatory" (`spyne.const`). Raises DeclarationError for what is no type.
    """

    def __new__(cls, tp: Any, **attributes: Any) -> Any:
        """The mandatory variant of `tp`, with further customizations."""
        from spyne.model._fields import model_of

        model = model_of(tp)
        if not (isinstance(model, type) and issubclass(model, ModelBase)):
            raise DeclarationError(
                f"Mandatory({tp!r}): the argument must be a Spyne type or a native type that has one"
            )
        return _mandatory(model, attributes)


M = Mandatory


def _mandatory(model: type[ModelBase], attributes: dict[str, Any]) -> Any:
    from spyne.model.complex import Array, ComplexModelBase
    from spyne.model.primitive import Unicode

    given: dict[str, Any] = {"min_occurs": 1, "nillable": False}
    if issubclass(model, Array):
        return _mandatory_array(model, {**given, **attributes})
    if issubclass(model, Unicode):
        if not model.Attributes.min_len:
            given["min_len"] = 1
        if _has_name(model):
            given["type_name"] = _name(model)
    elif issubclass(model, ComplexModelBase):
        given["type_name"] = _name(model)
    return model.customize(**{**given, **attributes})


def _name(model: type[ModelBase]) -> str:
    """The public name of the mandatory variant, see `spyne.const`."""
    return f"{const.MANDATORY_PREFIX}{model.get_type_name()}{const.MANDATORY_SUFFIX}"


def _has_name(model: type[SimpleModel]) -> bool:
    """Whether the type is not an anonymous restriction, which stays one."""
    from spyne.model._base import is_named

    return is_named(model)


def _mandatory_array(model: Any, attributes: dict[str, Any]) -> Any:
    """The array with mandatory items, under the items' names from before."""
    from spyne.model._fields import TypeInfo

    (name, item), *_ = model._type_info.items()
    items = Mandatory(item)
    made = model.customize(**attributes)
    made._type_info = TypeInfo({name: items})
    if "type_name" not in attributes and (not issubclass(items, SimpleModel) or _has_name(items)):
        made.__type_name__ = _name(model)
    return made
