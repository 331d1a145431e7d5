"""HttpPattern: the path, verb and host under which a method is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from spyne.schema import DeclarationError

__all__ = ["HttpPattern", "Piece", "parse_template"]

_VARIABLE = re.compile(
    r"<(?:(?P<converter>[a-z_]+)(?:\((?P<options>[^()<>]*)\))?:)?(?P<name>[^<>:{}/]+)>|\{(?P<plain>[^<>:{}/]+)\}"
)
_LEFT_OVER = re.compile(r"[<>{}]")
_FLOAT = re.compile(r"-?[0-9]{1,40}\.[0-9]{1,40}")
_MAX_DIGITS = 100


class HttpPattern:
    """Where a method is found: ``@rpc(Integer, _pattern=HttpPattern("/users/<id>", verb="GET"))``.

    address: a path below the application, ``/`` and the method's name unless given. ``<name>`` or ``{name}`` stands for a part of
    one segment, which becomes the argument (or flat name) of that name. Werkzeug's converters say more: ``<int:id>``,
    ``<float:x>``, ``<uuid:id>``, ``<string(length=2):lang>``, ``<any(a,b):kind>``, and ``<path:rest>`` for one or more segments.
    verb: a regular expression of HTTP methods, ``"PUT|PATCH"``, any unless given; GET goes for HEAD too. host: a host name
    without port, which may have variables as well. endpoint: the user's own.

    Raises DeclarationError for an address or a verb that is malformed.
    """

    def __init__(
        self,
        address: str | bytes | None = None,
        *,
        verb: str | bytes | None = None,
        host: str | bytes | None = None,
        endpoint: Any = None,
    ) -> None:
        path = _text(address)
        self.address = None if path is None else "/" + path.removeprefix("/")
        self.verb = _text(verb)
        self.host = _text(host)
        self.endpoint = endpoint
        for template in (self.address, self.host):
            parse_template(template or "")
        try:
            re.compile(self.verb or "")
        except re.error as error:
            raise DeclarationError(f"HttpPattern(verb={self.verb!r}) is no regular expression: {error}") from None

    def __repr__(self) -> str:
        given = (("verb", self.verb), ("host", self.host))
        more = "".join(f", {name}={value!r}" for name, value in given if value is not None)
        return f"HttpPattern({self.address!r}{more})"


def _text(value: str | bytes | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


class Piece(msgspec.Struct, frozen=True, eq=False):
    """A part of a template: literal text, or a variable.

    name: the variable's, empty for text. shape: what tells converters apart. fits: whether a text is a value for the variable.
    several: it may hold slashes.
    """

    text: str = ""
    name: str = ""
    shape: tuple[str, ...] = ()
    fits: Callable[[str], bool] = bool
    several: bool = False


def parse_template(template: str) -> list[Piece]:
    """A path, or a host, as literal texts and variables by turns. Raises DeclarationError for one that is malformed."""
    pieces: list[Piece] = []
    end = 0
    for match in _VARIABLE.finditer(template):
        pieces.append(Piece(text=_literal(template[end : match.start()], template)))
        pieces.append(_variable(match, template))
        end = match.end()
    pieces.append(Piece(text=_literal(template[end:], template)))
    return pieces


def _literal(text: str, template: str) -> str:
    if _LEFT_OVER.search(text):
        raise DeclarationError(
            f"HttpPattern({template!r}): a bracket is not closed, or a variable has a name that is none"
        )
    return text


def _variable(match: re.Match[str], template: str) -> Piece:
    name, converter = match["name"] or match["plain"], match["converter"] or "string"
    make = _CONVERTERS.get(converter)
    if make is None:
        known = ", ".join(sorted(_CONVERTERS))
        raise DeclarationError(f"HttpPattern({template!r}): there is no converter {converter!r}; there are: {known}")
    options = match["options"] or ""
    try:
        fits = make(options)
    except (TypeError, ValueError):
        raise DeclarationError(
            f"HttpPattern({template!r}): {converter}({options}) has options that it does not know"
        ) from None
    shape = (converter, options.replace(" ", ""))
    return Piece(name=name.strip(), shape=shape, fits=fits, several=converter == "path")


# --- converters ----------------------------------------------------------------------------------------------------------------


def _named(options: str) -> dict[str, str]:
    """``minlength=2, maxlength=4`` by name."""
    pairs = [option.partition("=") for option in options.split(",") if option.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _numbers(options: str, *known: str) -> dict[str, float]:
    found = _named(options)
    if not found.keys() <= {*known, "signed"}:
        raise ValueError
    return {name: float(value == "True") if name == "signed" else float(value) for name, value in found.items()}


def _string(options: str) -> Callable[[str], bool]:
    given = _numbers(options, "minlength", "maxlength", "length")
    low, high = given.get("length", given.get("minlength", 1)), given.get("length", given.get("maxlength"))
    return lambda text: len(text) >= low and (high is None or len(text) <= high)


def _int(options: str) -> Callable[[str], bool]:
    given = _numbers(options, "fixed_digits", "min", "max")
    within = _between(given)
    signed, digits = given.get("signed"), given.get("fixed_digits")

    def fits(text: str) -> bool:
        plain = text[1:] if signed and text[:1] == "-" else text
        if not (plain.isascii() and plain.isdigit() and len(plain) <= _MAX_DIGITS):
            return False
        return (not digits or len(plain) == digits) and within(int(text))

    return fits


def _float(options: str) -> Callable[[str], bool]:
    given = _numbers(options, "min", "max")
    within, signed = _between(given), given.get("signed")
    return lambda text: bool(_FLOAT.fullmatch(text)) and (bool(signed) or text[0] != "-") and within(float(text))


def _between(given: dict[str, float]) -> Callable[[float], bool]:
    low, high = given.get("min"), given.get("max")
    return lambda number: (low is None or number >= low) and (high is None or number <= high)


def _uuid(options: str) -> Callable[[str], bool]:
    _numbers(options)

    def fits(text: str) -> bool:
        try:
            return str(UUID(text)) == text.lower()
        except ValueError:
            return False

    return fits


def _any(options: str) -> Callable[[str], bool]:
    items = frozenset(item.strip().strip("'\"") for item in options.split(","))
    if "" in items:
        raise ValueError
    return items.__contains__


def _path(options: str) -> Callable[[str], bool]:
    _numbers(options)
    return lambda text: text[:1] not in ("", "/")


_CONVERTERS: dict[str, Callable[[str], Callable[[str], bool]]] = {
    "any": _any,
    "default": _string,
    "float": _float,
    "int": _int,
    "path": _path,
    "string": _string,
    "uuid": _uuid,
}
"""Werkzeug's converters: from the options in a template to whether a text fits."""
