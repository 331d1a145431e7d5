"""Which method a path, verb and host are for: a tree of segments, so that the cost of a request is its own length.

Literal segments count before those with variables, variables of one segment before those of several.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from spyne.protocol.http.pattern import HttpPattern, Piece, parse_template
from spyne.schema import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["VERBS", "Found", "Route", "Router"]

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods of HTTP that calls are made with; patterns may name others."""

MAX_SEGMENTS = 256
_WORD = re.compile(r"[A-Z][A-Z-]*")

Values: TypeAlias = tuple[str, ...]


class Route(msgspec.Struct, frozen=True, eq=False):
    """Where a pattern leads: the user's thing, and the names of its variables in order."""

    target: Any
    names: tuple[str, ...]
    pattern: HttpPattern


class Found(msgspec.Struct, frozen=True, eq=False):
    """What a path leads to.

    route: None where no pattern of that path takes the verb. values: the texts of the route's variables. allowed: the verbs
    that the path takes, for the Allow header.
    """

    route: Route | None
    values: Values
    allowed: tuple[str, ...]


class _Place:
    """One node of the tree: what follows, and the routes that end here by their verbs (None for any)."""

    __slots__ = ("affixed", "literal", "paths", "routes", "several", "single")

    def __init__(self) -> None:
        self.literal: dict[str, _Place] = {}
        self.affixed: dict[tuple[int, int], dict[tuple[str, str], list[_Branch]]] = {}
        self.single: list[_Branch] = []
        self.several: list[_Branch] = []
        self.routes: dict[str | None, Route] = {}
        self.paths: _Place | None = None


class _Branch(msgspec.Struct, frozen=True, eq=False):
    """A segment with variables: the texts between them, the variables, and what follows."""

    shape: tuple[Any, ...]
    between: tuple[str, ...]
    variables: tuple[Piece, ...]
    place: _Place

    def values(self, text: str) -> Values | None:
        """The variables' texts in what is left of a segment without its ends; each but the last is as short as can be."""
        found = []
        for literal in self.between:
            at = text.find(literal, 1)
            if at < 0:
                return None
            found.append(text[:at])
            text = text[at + len(literal) :]
        found.append(text)
        fit = all(piece.fits(value) for piece, value in zip(self.variables, found, strict=True))
        return tuple(found) if fit else None


class Router:
    """Patterns with what they lead to, compiled. Raises DeclarationError for two patterns that take the same requests."""

    def __init__(self) -> None:
        self._hosts = _Place()
        self._paths = _Place()
        self._routes: dict[Any, list[Route]] = {}
        self.has_hosts = False
        self.verbs = frozenset(VERBS)

    def routes_to(self, target: Any) -> Sequence[Route]:
        """The routes that lead to a target."""
        return self._routes.get(target, ())

    def add(self, pattern: HttpPattern, target: Any, name: str) -> Route:
        """File a pattern. name: what stands for the address of a pattern without one."""
        names: list[str] = []
        root = self._paths
        if pattern.host is not None:
            self.has_hosts = True
            host = self._reach(self._hosts, pattern.host.lower(), ".", names)
            root = host.paths = host.paths or _Place()
        place = self._reach(root, (pattern.address or f"/{name}")[1:], "/", names)
        if len(set(names)) != len(names):
            raise DeclarationError(f"{pattern!r} has a variable twice")
        route = Route(target, tuple(names), pattern)
        for verb in self._verbs_of(pattern):
            known = place.routes.setdefault(verb, route)
            if known is not route:
                raise DeclarationError(
                    f"{known.pattern!r} of {known.target!r} and {pattern!r} of {target!r} take the same requests;"
                    " change the address or the verb of one"
                )
        self._routes.setdefault(target, []).append(route)
        return route

    def find(self, verb: str, host: str, path: str) -> Found | None:
        """What a path leads to, None where no pattern has it. The path begins with a slash, and is decoded."""
        if not self._routes:
            return None
        segments = path[1:].split("/", MAX_SEGMENTS)
        if len(segments) > MAX_SEGMENTS:
            return None
        allowed: dict[str, None] = {}
        for root, before in self._roots(host) if self.has_hosts else ((self._paths, ()),):
            for place, values in _walk(root, segments, 0, "/"):
                route = _route_of(place, verb)
                if route is not None:
                    return Found(route, before + values, ())
                allowed.update(dict.fromkeys(_allowed(place)))
        return Found(None, (), (*allowed, *({"OPTIONS"} - allowed.keys()))) if allowed else None

    def _roots(self, host: str) -> Iterator[tuple[_Place, Values]]:
        """The trees of paths that are for a host, those that name it first."""
        labels = _without_port(host).lower().split(".", MAX_SEGMENTS)
        for place, values in _walk(self._hosts, labels, 0, "."):
            if place.paths is not None:
                yield place.paths, values
        yield self._paths, ()

    def _verbs_of(self, pattern: HttpPattern) -> Iterable[str | None]:
        if pattern.verb is None:
            return (None,)
        matches = re.compile(pattern.verb).fullmatch
        known = dict.fromkeys((*VERBS, *_WORD.findall(pattern.verb)))
        verbs = [verb for verb in known if matches(verb)]
        if not verbs:
            raise DeclarationError(
                f"{pattern!r}: the verb matches no method of HTTP; write it in capitals, as in 'GET|HEAD'"
            )
        self.verbs |= {*verbs}
        return verbs

    @staticmethod
    def _reach(place: _Place, template: str, separator: str, names: list[str]) -> _Place:
        """The node of a template, made where it is not there yet; its variables' names go into `names`."""
        for pieces in _segments(template, separator):
            variables = tuple(piece for piece in pieces if piece.name)
            names += [piece.name for piece in variables]
            if not variables:
                place = place.literal.setdefault("".join(piece.text for piece in pieces), _Place())
            else:
                place = _branch(place, pieces, variables).place
        return place


def _segments(template: str, separator: str) -> Iterator[list[Piece]]:
    """The pieces of each segment; a variable stands between two literal texts, which may be empty."""
    segment: list[Piece] = []
    for piece in parse_template(template):
        if piece.name:
            segment.append(piece)
            continue
        first, *others = piece.text.split(separator)
        segment.append(Piece(text=first))
        for text in others:
            yield segment
            segment = [Piece(text=text)]
    yield segment


def _branch(place: _Place, pieces: list[Piece], variables: tuple[Piece, ...]) -> _Branch:
    """The branch for a segment with variables, the known one where it is of the same shape."""
    first, last = pieces[0].text, pieces[-1].text
    between = tuple(piece.text for piece in pieces[1:-1] if not piece.name)
    several = any(variable.several for variable in variables)
    if "" in between or (several and (len(variables) > 1 or first or last)):
        raise DeclarationError(
            f"variables of one segment need a text between them, and a path stands alone: {[v.name for v in variables]}"
        )
    if several:
        known = place.several
    elif first or last:
        known = place.affixed.setdefault((len(first), len(last)), {}).setdefault((first, last), [])
    else:
        known = place.single
    shape = (between, tuple(variable.shape for variable in variables))
    for branch in known:
        if branch.shape == shape:
            return branch
    branch = _Branch(shape, between, variables, _Place())
    known.append(branch)
    known.sort(key=lambda each: [_WEIGHTS.get(kind[0], 0) for kind in each.shape[1]])
    return branch


_WEIGHTS = {"string": 1, "default": 1}
"""Converters that take more come later."""


def _walk(place: _Place, segments: list[str], at: int, separator: str) -> Iterator[tuple[_Place, Values]]:
    """The nodes that a path ends at with the texts of the variables on the way, the best one first."""
    if at == len(segments):
        yield place, ()
        return
    segment = segments[at]
    literal = place.literal.get(segment)
    if literal is not None:
        yield from _walk(literal, segments, at + 1, separator)
    for (before, after), by_ends in place.affixed.items():
        end = len(segment) - after
        for branch in by_ends.get((segment[:before], segment[end:]), ()) if before < end else ():
            yield from _along(branch, segment[before:end], segments, at + 1, separator)
    for branch in place.single:
        yield from _along(branch, segment, segments, at + 1, separator)
    for branch in place.several:
        for end in range(len(segments), at, -1):
            yield from _along(branch, separator.join(segments[at:end]), segments, end, separator)


def _along(branch: _Branch, text: str, segments: list[str], at: int, separator: str) -> Iterator[tuple[_Place, Values]]:
    values = branch.values(text)
    if values is not None:
        for place, more in _walk(branch.place, segments, at, separator):
            yield place, values + more


def _route_of(place: _Place, verb: str) -> Route | None:
    """The route of a verb: its own, for HEAD that of GET, or the one for any; OPTIONS is answered here unless it is named."""
    routes = place.routes
    route = routes.get(verb)
    if route is None and verb == "HEAD":
        route = routes.get("GET")
    if route is None and verb != "OPTIONS" and verb in VERBS:
        route = routes.get(None)
    return route


def _allowed(place: _Place) -> Iterator[str]:
    for verb in place.routes:
        yield from VERBS if verb is None else ("GET", "HEAD") if verb == "GET" else (verb,)


def _without_port(host: str) -> str:
    return host[: host.rfind("]") + 1] if host[:1] == "[" else host.partition(":")[0]
