"""A matcher in linear time, for patterns with which Python's backtracking may take for ever: ``(a+)+b``, ``.*a.*a.*a``.

The pattern becomes a nondeterministic automaton; the deterministic one is made of it as texts need it (Thompson 1968). What has
no such form (references, look-around, atomic groups) stays with Python's engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

__all__ = ["Automaton", "Unsupported", "hazard"]

Items: TypeAlias = Iterable[tuple[Any, Any]]
Test: TypeAlias = Callable[[str], object]

MOST_NODES = 2000
MOST_STEPS = 8_000_000
"""Nodes times characters of the longest text that is tried."""
MOST_STATES = 1000
_REPEATS = frozenset({op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT})
_GREEDY_OR_NOT = frozenset({op.MAX_REPEAT, op.MIN_REPEAT})
_CATEGORIES = {
    op.CATEGORY_DIGIT: re.compile(r"\d"),
    op.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    op.CATEGORY_SPACE: re.compile(r"\s"),
    op.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    op.CATEGORY_WORD: re.compile(r"\w"),
    op.CATEGORY_NOT_WORD: re.compile(r"\W"),
}
_FLAGS = re.UNICODE | re.VERBOSE | re.DOTALL


class Unsupported(Exception):
    """The pattern has no automaton of a reasonable size."""


def hazard(pattern: str) -> int:
    """How a text's length may count in the time that backtracking takes: 0 and 1 for at most linear, 2 and more for that power
    of it, -1 for exponential.
    """
    return _hazard(parser.parse(pattern))


def _hazard(items: Items) -> int:
    powers = 0
    for kind, argument in items:
        for inner in _bodies(kind, argument):
            power = _hazard(inner)
            if kind in _REPEATS and argument[1] > 1 and (power or _varies(inner)):
                return -1
            if power < 0:
                return -1
            powers += power
        if kind in _REPEATS and argument[1] == op.MAXREPEAT:
            powers += 1
    return powers


def _bodies(kind: Any, argument: Any) -> list[Any]:
    """The sequences inside of one item."""
    if kind in _REPEATS:
        return [argument[2]]
    if kind is op.SUBPATTERN:
        return [argument[3]]
    if kind is op.BRANCH:
        return list(argument[1])
    if kind is op.ATOMIC_GROUP:
        return [argument]
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [argument[1]]
    return []


def _varies(items: Items) -> bool:
    """Whether a sequence can be matched in more than one way."""
    return any(
        kind is op.BRANCH
        or (kind in _REPEATS and argument[0] != argument[1])
        or any(map(_varies, _bodies(kind, argument)))
        for kind, argument in items
    )


class _State:
    """A state of the deterministic automaton: the nodes that may consume the next character, and what it leads to."""

    __slots__ = ("accepts", "following", "nodes")

    def __init__(self, nodes: frozenset[int]) -> None:
        self.accepts = _END in nodes
        self.nodes = sorted(nodes - {_END})
        self.following: dict[str, _State] = {}


_END = 0


class Automaton:
    """Matches whole texts. Raises `Unsupported` for a pattern that has no automaton.

    longest: the number of characters that are tried at most, so that the time is bounded whatever the pattern.
    """

    def __init__(self, pattern: str) -> None:
        items = parser.parse(pattern)
        if items.state.flags & ~_FLAGS:
            raise Unsupported
        self._any: Test = re.compile("." if not items.state.flags & re.DOTALL else "(?s:.)").match
        self._consuming: dict[int, tuple[Test, int]] = {}
        self._empty: dict[int, list[int]] = {}
        self._count = 0
        start = self._sequence(_without_ends(list(items)), _END)
        self._first = frozenset(self._reached([start]))
        self._states: dict[frozenset[int], _State] = {}
        self.longest = MOST_STEPS // (self._count + 1)

    def fullmatch(self, text: str) -> bool:
        """Whether the whole text matches."""
        state = self._state(self._first)
        for character in text:
            following = state.following.get(character)
            if following is None:
                following = self._follow(state, character)
            if not following.nodes and not following.accepts:
                return False
            state = following
        return state.accepts

    # --- the deterministic automaton, as far as it was needed ---

    def _follow(self, state: _State, character: str) -> _State:
        tests = self._consuming
        targets = [tests[node][1] for node in state.nodes if tests[node][0](character)]
        following = self._state(frozenset(self._reached(targets)))
        if len(state.following) < MOST_STATES:
            state.following[character] = following
        return following

    def _state(self, nodes: frozenset[int]) -> _State:
        state = self._states.get(nodes)
        if state is None:
            if len(self._states) >= MOST_STATES:
                self._states = {}
            state = self._states[nodes] = _State(nodes)
        return state

    def _reached(self, nodes: list[int]) -> set[int]:
        """The consuming nodes, and the end, that are reached without a character."""
        seen: set[int] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(self._empty.get(node, ()))
        return {node for node in seen if node not in self._empty}

    # --- the nondeterministic automaton, made from its end ---

    def _node(self) -> int:
        self._count += 1
        if self._count > MOST_NODES:
            raise Unsupported
        return self._count

    def _consume(self, test: Test, after: int) -> int:
        node = self._node()
        self._consuming[node] = (test, after)
        return node

    def _sequence(self, items: Items, after: int) -> int:
        for kind, argument in reversed(list(items)):
            after = self._item(kind, argument, after)
        return after

    def _item(self, kind: Any, argument: Any, after: int) -> int:
        if kind in _GREEDY_OR_NOT:
            low, high, inner = argument
            return self._repeat(low, high, inner, after)
        if kind is op.SUBPATTERN and not argument[1] and not argument[2]:
            return self._sequence(argument[3], after)
        if kind is op.BRANCH:
            node = self._node()
            self._empty[node] = [self._sequence(each, after) for each in argument[1]]
            return node
        return self._consume(self._test(kind, argument), after)

    def _repeat(self, low: Any, high: Any, items: Any, after: int) -> int:
        if high == op.MAXREPEAT:
            start = self._node()
            self._empty[start] = [after]
            self._empty[start].append(self._sequence(items, start))
        else:
            start = after
            for _ in range(high - low):
                node = self._node()
                self._empty[node] = [self._sequence(items, start), after]
                start = node
        for _ in range(low):
            start = self._sequence(items, start)
        return start

    def _test(self, kind: Any, argument: Any) -> Test:
        if kind is op.LITERAL:
            return chr(argument).__eq__
        if kind is op.NOT_LITERAL:
            return chr(argument).__ne__
        if kind is op.ANY:
            return self._any
        if kind is op.IN:
            return _class_test(argument)
        raise Unsupported


def _class_test(items: Items) -> Test:
    negated = False
    tests: list[Test] = []
    for kind, argument in items:
        if kind is op.NEGATE:
            negated = True
        elif kind is op.LITERAL:
            tests.append(chr(argument).__eq__)
        elif kind is op.RANGE:
            tests.append(_range_test(*argument))
        elif kind is op.CATEGORY and argument in _CATEGORIES:
            tests.append(_CATEGORIES[argument].match)
        else:
            raise Unsupported
    return lambda character: any(test(character) for test in tests) is not negated


def _range_test(low: int, high: int) -> Test:
    return lambda character: low <= ord(character) <= high


def _without_ends(items: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The items without ``^`` and ``$`` at the ends, where a match of the whole text has no use for them."""
    while items and items[0] in ((op.AT, op.AT_BEGINNING), (op.AT, op.AT_BEGINNING_STRING)):
        items = items[1:]
    while items and items[-1] in ((op.AT, op.AT_END), (op.AT, op.AT_END_STRING)):
        items = items[:-1]
    return items
