"""YamlDocument: calls and results as YAML (YAML 1.2.2, core schema)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from spyne.codec import tree
from spyne.codec._base import DecodeError, EncodeError
from spyne.limits import LimitExceeded, unless_off
from spyne.protocol.dictdoc.hier import HierDictDocument
from spyne.schema import DeclarationError
from spyne.util.excerpt import cut

try:
    import yaml
    from yaml import CBaseLoader, CSafeDumper  # the ones in Python are slow, and lose characters
except ImportError as error:
    raise ImportError(
        "YamlDocument needs PyYAML with libyaml, as its wheels have it: pip install spyne[yaml]"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Callable

    from spyne.codec._base import Options
    from spyne.limits import Limits
    from spyne.schema import Field

__all__ = ["YamlDocument"]

_CORE = "tag:yaml.org,2002:"
_SEQUENCE_TAGS = (None, "!", f"{_CORE}seq")
_MAPPING_TAGS = (None, "!", f"{_CORE}map")
_TEXT_TAGS = ("!", f"{_CORE}str")
_TAGGED: dict[str, tuple[type, ...]] = {
    f"{_CORE}null": (type(None),),
    f"{_CORE}bool": (bool,),
    f"{_CORE}int": (int,),
    f"{_CORE}float": (float, int, Decimal),
}

# YAML 1.2.2 §10.3.2, the core schema: what a plain scalar is, by its first character and its form.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_SPECIAL = {
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_WORDS: dict[str, Any] = {**dict.fromkeys(_NULL), **_BOOL, **_SPECIAL}
_MAYBE_NUMBER = frozenset("+-.0123456789")
_FLOAT_FORM = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
_NUMBERS: tuple[tuple[Callable[[str], Any], Callable[[str], Any]], ...] = (
    (re.compile(r"[-+]?[0-9]+").fullmatch, int),
    (re.compile(_FLOAT_FORM).fullmatch, Decimal),
    (re.compile(r"0o[0-7]+").fullmatch, lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+").fullmatch, lambda text: int(text[2:], 16)),
)


_OF_BLOCKS = frozenset({"indent", "default_flow_style", "allow_unicode", "sort_keys", "width"})
"""Options of ``yaml.dump`` that leave a sequence what its items are one after another."""


class YamlDocument(HierDictDocument):
    """``say_hello: {name: Dave, times: 2}`` is answered by ``- Hello, Dave`` twice.

    The options are those of `HierDictDocument`, and: allow_unicode: write other characters than ASCII as they are.
    duplicate_keys: "refuse", as YAML says (§3.2.1.1), or "last" (the last one counts). Further options are those of
    ``yaml.dump``: indent (4), default_flow_style (False), sort_keys (True), width, explicit_start…

    Plain scalars are what the core schema of YAML 1.2 says: ``yes`` is text, ``010`` is ten, dates are text until their type
    is known. Aliases, anchors, tags beyond that schema and several documents are refused. Strings that another schema
    would take for something else are written in quotes. Raises DeclarationError for safe=False.
    """

    type: ClassVar[frozenset[str]] = frozenset({"yaml"})
    mime_type = "text/yaml"
    media_types: ClassVar[tuple[str, ...]] = ("text/yaml", "application/yaml", "application/x-yaml", "text/x-yaml")
    format = tree.YAML
    error_code = "Client.YamlDecodeError"

    def __init__(
        self,
        app: Any = None,
        validator: Any = None,
        mime_type: str | None = None,
        ignore_uncap: bool = False,
        ignore_wrappers: bool = True,
        complex_as: Any = dict,
        ordered: bool = False,
        polymorphic: bool = False,
        safe: bool = True,
        encoding: str = "UTF-8",
        allow_unicode: bool = True,
        *,
        key_encoding: str | None = None,
        binary_encoding: Any = None,
        duplicate_keys: str = "refuse",
        **kwargs: Any,
    ) -> None:
        if not safe:
            raise DeclarationError("safe=False would let requests make any Python object; YamlDocument is always safe")
        if str(encoding).lower().replace("_", "-") not in ("utf-8", "utf8"):
            raise DeclarationError(f"YamlDocument writes UTF-8, not {encoding!r}")
        if duplicate_keys not in ("last", "refuse"):
            raise DeclarationError(f"duplicate_keys is 'last' or 'refuse', not {duplicate_keys!r}")
        self.duplicate_keys = duplicate_keys
        self.ends_explicitly = bool(kwargs.get("explicit_end"))
        self.dump_options = tuple(
            sorted({"indent": 4, "default_flow_style": False, "allow_unicode": allow_unicode, **kwargs}.items())
        )
        given = (app, validator, mime_type, ignore_uncap, ignore_wrappers, complex_as, ordered, polymorphic)
        super().__init__(*given, key_encoding, binary_encoding)
        self._check_dump_options()

    def _check_dump_options(self) -> None:
        """Try the options for ``yaml.dump``."""
        try:
            self.write_tree({})
        except (TypeError, ValueError) as error:
            raise DeclarationError(f"YamlDocument has an option that yaml.dump does not take: {error}") from None

    @property
    def brackets(self) -> tuple[bytes, bytes, bytes] | None:  # type: ignore[override]
        """In block style a sequence is its items one after another."""
        options = dict(self.dump_options)
        block = options["default_flow_style"] is False and options.keys() <= _OF_BLOCKS
        return (b"", b"", b"") if block else None

    def item_writer(self, item: Field, options: Options) -> Any:
        encode = tree.compile_encoder(item, options, self.format)
        return lambda value: self.write_tree([encode(value)])

    def parse(self, data: bytes) -> Any:
        return _read(data, self.app.limits, unique=self.duplicate_keys == "refuse")

    def write_tree(self, value: Any) -> bytes:
        try:
            written: bytes = yaml.dump(value, Dumper=_Dumper, encoding="utf-8", **dict(self.dump_options))
        except UnicodeEncodeError:
            raise EncodeError("has text with half of a surrogate pair") from None
        except RecursionError:
            raise EncodeError("nests too deep") from None
        except ValueError:
            raise EncodeError("has a number of more digits than can be written") from None
        # A document of one plain scalar is given an end, which nothing follows here.
        return written[:-4] if written.endswith(b"\n...\n") and not self.ends_explicitly else written


class _Dumper(CSafeDumper):
    """Writes every value where it stands, and puts what either version of YAML would take for a number into quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_implicit_resolver(f"{_CORE}int", re.compile(r"0o[0-7]+$"), ["0"])
_Dumper.add_implicit_resolver(f"{_CORE}float", re.compile(_FLOAT_FORM + "$"), list("+-.0123456789"))


def _read(data: bytes, limits: Limits, *, unique: bool) -> Any:
    """The one document of a stream as builtins, numbers with a point or exponent as Decimal; None for an empty stream.

    Raises DecodeError or LimitExceeded.
    """
    loader = None
    try:
        loader = CBaseLoader(data)
        return _Composer(loader.get_event, limits, unique=unique).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise DecodeError(f"is not well-formed YAML: {cut(error.problem or 'it cannot be read')}{place}") from None
    except (yaml.YAMLError, UnicodeError):
        raise DecodeError("is not well-formed YAML: it has bytes or characters that are not allowed") from None
    except RecursionError:
        raise DecodeError("nests too deep") from None
    finally:
        if loader is not None:
            loader.dispose()


class _Composer:
    """Makes builtins of a parser's events, and looks at each node before it goes on: the parser itself has no limits."""

    def __init__(self, next_event: Callable[[], Any], limits: Limits, *, unique: bool) -> None:
        self.next = next_event
        self.limits = limits
        self.depth = unless_off(limits.depth)
        self.left = unless_off(limits.elements)
        self.number_text = unless_off(limits.number_text)
        self.unique = unique

    def document(self) -> Any:
        self.next()
        if isinstance(self.next(), yaml.StreamEndEvent):
            return None
        value = self.node(self.next(), self.depth)
        self.next()
        after = self.next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise _error("is followed by another one", after)
        return value

    def node(self, event: Any, depth: int) -> Any:
        """One value; depth: how deep it may nest."""
        self.count(event)
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self.scalar(event)
        if not depth:
            raise LimitExceeded("depth", self.depth)
        return self.sequence(event, depth) if kind is yaml.SequenceStartEvent else self.mapping(event, depth)

    def count(self, event: Any) -> None:
        if event.anchor is not None:  # of an alias, too
            raise _error("has an anchor or an alias, which are not taken", event)
        self.left -= 1
        if self.left < 0:
            raise LimitExceeded("elements", unless_off(self.limits.elements))

    def sequence(self, event: Any, depth: int) -> list[Any]:
        if event.tag not in _SEQUENCE_TAGS:
            raise _bad_tag(event)
        found: list[Any] = []
        while type(item := self.next()) is not yaml.SequenceEndEvent:
            found.append(self.node(item, depth - 1))
        return found

    def mapping(self, event: Any, depth: int) -> dict[str, Any]:
        """An object; its keys are names, and so text, whatever they look like."""
        if event.tag not in _MAPPING_TAGS:
            raise _bad_tag(event)
        found: dict[str, Any] = {}
        while type(key := self.next()) is not yaml.MappingEndEvent:
            self.count(key)
            if type(key) is not yaml.ScalarEvent:
                raise _error("has a key that is no text", key)
            self.scalar(key)
            name: str = key.value
            if self.unique and name in found:
                raise _error(f"has the key '{cut(name)}' twice", key)
            found[name] = self.node(self.next(), depth - 1)
        return found

    def scalar(self, event: Any) -> Any:
        text: str = event.value
        tag = event.tag
        if tag is None:
            return self.plain(text, event) if event.implicit[0] else text
        if tag in _TEXT_TAGS:
            return text
        if tag not in _TAGGED:
            raise _bad_tag(event)
        value = self.plain(text, event)
        if type(value) not in _TAGGED[tag]:
            raise _error(f"has the value '{cut(text)}', which is no !!{tag.removeprefix(_CORE)}", event)
        return value

    def plain(self, text: str, event: Any) -> Any:
        """What a scalar without quotes is."""
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _MAYBE_NUMBER:
            return text
        for form, make in _NUMBERS:
            if form(text):
                if len(text) > self.number_text:
                    raise LimitExceeded("number_text", self.number_text)
                try:
                    return make(text)
                except (ValueError, ArithmeticError):
                    raise _error("has a number that is out of range", event) from None
        return text


def _error(message: str, event: Any) -> DecodeError:
    mark = event.start_mark
    return DecodeError(f"{message} (line {mark.line + 1}, column {mark.column + 1})")


def _bad_tag(event: Any) -> DecodeError:
    shown = event.tag.removeprefix(_CORE)
    return _error(f"has the tag '{cut(shown if shown == event.tag else f'!!{shown}')}', which is not taken", event)
