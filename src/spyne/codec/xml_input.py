"""XML as it arrives: bytes to a safe lxml tree, with no DTD, no entity, nothing external and nothing unbounded.

The order is: size, encoding, DOCTYPE, parse, processing instructions, shape. Whatever is wrong is an `XmlError` or a
`LimitExceeded`. Limits cost nearly nothing on ordinary documents: each has a cheap screen that proves most documents harmless
(too short, no run of bytes without ``<`` that is long enough), and an exact check for the others.
"""

from __future__ import annotations

import codecs
import os
import re
import sys
from functools import cache, lru_cache
from threading import local
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from lxml import etree

from spyne.limits import LimitExceeded, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

Element: TypeAlias = Any  # lxml ships no types

MESSAGE_LENGTH = 200
SHALLOW = 12
DEEPEST = 2048  # where libxml2 stops even with huge_tree
SAMPLE = 512
STRIDE = 64 * SAMPLE
DICTIONARY_BYTES = 8 * 1024 * 1024


class XmlError(ValueError):
    """A document that is not well-formed or not acceptable; `line` and `column` count from 1 where libxml2 tells them."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class ParserOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of lxml's parser that an application may choose; those that make it safe are not among them.

    huge_tree lifts libxml2's own limits and leaves only `Limits`. remove_comments=False keeps comments, which then split texts.
    """

    huge_tree: bool = False
    ns_clean: bool = False
    remove_blank_text: bool = False
    remove_comments: bool = True
    strip_cdata: bool = True


DEFAULT_OPTIONS = ParserOptions()


# --- encodings: everything is UTF-8 before libxml2 sees it -------------------------------------------------------------------

_UTF8 = frozenset(("utf-8", "utf8", "UTF-8", "UTF8"))
_UTF16 = frozenset(("utf-16", "utf-16-le", "utf-16-be"))
# By Python's own names (`codecs.lookup(...).name`). All keep ASCII apart or are decoded before anything is looked for.
_ENCODINGS = (
    _UTF16
    | {"utf-8", "ascii", "koi8-r", "koi8-u", "tis-620", "mac-roman"}
    | {f"iso8859-{part}" for part in range(1, 17) if part != 12}
    | {f"cp{page}" for page in (*range(1250, 1259), 437, 850, 852, 855, 858, 866, 874, 932, 936, 949, 950)}
    | {"shift_jis", "euc_jp", "iso2022_jp", "gb2312", "gbk", "gb18030", "big5", "euc_kr", "iso2022_kr"}
)
_PLAIN = tuple(  # how nearly every document starts
    f"<?xml version={q}1.0{q} encoding={q}{name}{q}".encode() for q in "\"'" for name in ("UTF-8", "utf-8")
)
_DECLARED = re.compile(rb"""<\?xml\s[^<>?]{0,200}?\sencoding\s{0,9}=\s{0,9}["']([^"'<>]{0,64})["']""")
_CHARSET = re.compile(r"[A-Za-z][A-Za-z0-9._:\-]{0,39}")


def to_utf8(data: bytes, charset: str | None = None) -> bytes:
    """The document in UTF-8 without a byte order mark; its XML declaration stays and is to be ignored.

    A byte order mark beats `charset` (of the Content-Type), which beats the declaration (RFC 7303 §3). XmlError for an
    encoding that is not known here and for bytes that are not in it.
    """
    if (charset is None or charset in _UTF8) and data.startswith(_PLAIN):
        return data
    first = data[:4]
    if first[:3] == b"\xef\xbb\xbf":
        return data[3:]
    if charset is None and first[:1] == b"<" and b"\0" not in first and first != b"<?xm":
        return data
    if first in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        raise XmlError("the encoding UTF-32 is not supported")
    if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decode(data, "utf-16")
    if charset is not None:
        return _convert(data, charset)
    if first in (b"<\0?\0", b"\0<\0?"):
        return _convert_utf16(data)
    if first == b"\x4c\x6f\xa7\x94":
        raise XmlError("the encoding EBCDIC is not supported")
    declared = _DECLARED.match(data, 0, 512)
    return _convert(data, declared[1].decode("latin-1")) if declared else data


def _convert_utf16(data: bytes) -> bytes:
    """UTF-16 without a byte order mark, accepted where its own declaration says so (XML 1.0 appendix F)."""
    text = _decode(data, _byte_order(data))
    declared = _DECLARED.match(text, 0, 512)
    if declared is None or _lookup(declared[1].decode("latin-1")) not in _UTF16:
        raise XmlError("a document in UTF-16 without a byte order mark must declare its encoding")
    return text


def _convert(data: bytes, charset: str) -> bytes:
    if charset in _UTF8:
        return data
    name = _lookup(charset)
    if name == "utf-8":
        return data
    return _decode(data, _byte_order(data) if name == "utf-16" else name)


def _byte_order(data: bytes) -> str:
    return "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"  # RFC 2781 §4.3: big-endian unless it shows


def _lookup(charset: str) -> str:
    if _CHARSET.fullmatch(charset):
        try:
            name = codecs.lookup(charset).name
        except LookupError:
            name = ""
        if name in _ENCODINGS:
            return name
    raise XmlError(f"the encoding '{_clean(charset)[:40]}' is not supported")


def _decode(data: bytes, name: str) -> bytes:
    try:
        return data.decode(name).removeprefix("\ufeff").encode()
    except UnicodeError as e:
        raise XmlError(f"the document is not valid {name.upper()}") from e


# --- parsers: one per thread ---------------------------------------------------------------------------------------------------


class _Parsers(local):
    """The parsers of one thread, and how many bytes they have read.

    A parser belongs to one thread: lxml locks it while it parses, and lets threads that share it share its dictionary of
    names, which libxml2 does not protect. lxml < 7 never forgets a name (element, attribute, prefix or namespace) that a
    thread has met, so a client that invents names would grow the process for ever: the dictionary is dropped from time to time.
    """

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}
        self.bytes = 0

    def make(self, key: str, options: ParserOptions, remove_pis: bool) -> Any:
        parser = self.known[key] = _make_parser(options, remove_pis)
        return parser

    def forget(self) -> None:
        self.known.clear()
        self.bytes = 0
        _drop_names()


_parsers = _Parsers()


def _make_parser(options: ParserOptions, remove_pis: bool) -> Any:
    return etree.XMLParser(
        encoding="utf-8",  # overrides the declaration: the bytes have been converted
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        recover=False,
        decompress=False,
        collect_ids=False,
        remove_pis=remove_pis,
        remove_comments=options.remove_comments,
        huge_tree=options.huge_tree,
        ns_clean=options.ns_clean,
        remove_blank_text=options.remove_blank_text,
        strip_cdata=options.strip_cdata,
    )


def _drop_names() -> None:
    """Let go of this thread's dictionary of names; trees that use it keep it alive as long as they live.

    lxml < 7 keeps it in the dict of the thread's state and makes a new one when that entry is missing. Nothing happens where
    there is no such entry (lxml 7 has a dictionary per parser) or no such interface (PyPy).
    """
    if etree.LXML_VERSION >= (7,) or not names_can_be_forgotten():
        return
    state = _thread_state()()
    if state:
        default = etree.get_default_parser()
        state.pop("_ParserDictionaryContext", None)
        etree.set_default_parser(default)


@cache
def _thread_state() -> Callable[[], dict[str, Any] | None]:
    """The function that returns the dict of the thread's state."""
    import ctypes  # only here: once per `DICTIONARY_BYTES`, and slow to import

    get_dict = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyThreadState_GetDict", ctypes.pythonapi))  # a borrowed reference

    def get() -> dict[str, Any] | None:
        address = get_dict()
        return ctypes.cast(address, ctypes.py_object).value if address else None

    return get


# --- reading -------------------------------------------------------------------------------------------------------------------


class XmlReader:
    """Reads documents under one set of limits and options; made once per protocol, used by every thread.

    allow_pi: ignore processing instructions (texts around them stay whole) instead of refusing them (SOAP 1.1 §3).
    """

    __slots__ = ("_allow_pi", "_body", "_keys", "_limits", "_options", "_shape")

    def __init__(self, limits: Limits, *, allow_pi: bool = False, options: ParserOptions = DEFAULT_OPTIONS) -> None:
        self._limits = limits
        self._allow_pi = allow_pi
        self._options = options
        self._body = sys.maxsize if limits.body is None else limits.body
        self._keys = (f"{options!r} with PIs", f"{options!r} without PIs")
        self._shape = _Shape(limits)

    def parse(self, data: bytes, charset: str | None = None) -> Element:
        """The root element of the document in `data`; `charset` is the Content-Type's. Raises XmlError or LimitExceeded."""
        text = data if len(data) > self._body else to_utf8(data, charset)
        if len(text) > self._body:
            raise LimitExceeded("body", self._body)
        special = text.find(b"!") >= 0 and text.find(b"<!") >= 0
        if special:
            _refuse_doctype(text)
        pis = _has_pi(text)
        parser = self._parser(not pis or self._allow_pi, len(text))
        try:
            root = etree.fromstring(text, parser)
        except (etree.LxmlError, ValueError) as e:
            raise _explain(e, self._limits) from None
        if pis and not self._allow_pi and _FIND_PI(root):
            raise XmlError("processing instructions are not allowed")
        self._shape.check(root, text, special or pis)
        return root

    def _parser(self, remove_pis: bool, size: int) -> Any:
        parsers = _parsers
        parsers.bytes += size
        if parsers.bytes > DICTIONARY_BYTES:
            parsers.forget()
        key = self._keys[remove_pis]
        return parsers.known.get(key) or parsers.make(key, self._options, remove_pis)


@lru_cache(64)
def _reader(limits: Limits, allow_pi: bool, options: ParserOptions) -> XmlReader:
    return XmlReader(limits, allow_pi=allow_pi, options=options)


def parse(
    data: bytes,
    *,
    limits: Limits,
    charset: str | None = None,
    allow_pi: bool = False,
    options: ParserOptions = DEFAULT_OPTIONS,
) -> Element:
    """`XmlReader.parse` for those who do not keep a reader."""
    return _reader(limits, allow_pi, options).parse(data, charset)


# Anything may stand before the DOCTYPE here, so that what libxml2 may skip (a second byte order mark) does not hide one.
_DOCTYPE = re.compile(rb"(?:[^<]++|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)
_FIND_PI = etree.XPath("boolean(//processing-instruction())", smart_strings=False, regexp=False)


def _refuse_doctype(text: bytes) -> None:
    """SOAP 1.1 §3; outside of SOAP a DTD is of no use either, and every entity attack starts with one."""
    if text.find(b"<!DOCTYPE") >= 0 and _DOCTYPE.match(text):
        raise XmlError("a document type declaration (DOCTYPE) is not allowed")


def _has_pi(text: bytes) -> bool:
    """Whether ``<?`` occurs after the XML declaration; it may still be in a comment or CDATA."""
    start = text.find(b"?>") + 1 if text.startswith(b"<?xml ") else 0
    return text.find(b"?", start + 1) >= 0 and text.find(b"<?", start) >= 0


# --- errors --------------------------------------------------------------------------------------------------------------------

# libxml2's own limits (parserInternals.h), by its words.
_BUILT_IN: tuple[tuple[str, str, int], ...] = (
    ("Excessive depth in document: 2048", "depth", DEEPEST),
    ("Excessive depth", "depth", 256),
    ("Name too long", "name_length", 50_000),
    ("Text node too long", "text_size", 10_000_000),
    ("Comment too big", "text_size", 10_000_000),
    ("CData section too big", "text_size", 10_000_000),
    ("Buffer size limit", "attribute_size", 10_000_000),
    ("AttValue length too long", "attribute_size", 10_000_000),
)
_POSITION = re.compile(r"\s*, line \d+, column \d+$")


def _explain(error: Exception, limits: Limits) -> ValueError:
    """What lxml raised, in our words: no file name, no input but what libxml2 quotes, at most `MESSAGE_LENGTH` characters."""
    raw = getattr(error, "msg", None) or str(error)
    for words, limit, built_in in _BUILT_IN:
        if words in raw:
            own: int | None = getattr(limits, limit)
            return LimitExceeded(limit, built_in if own is None else min(own, built_in))
    message = _clean(_POSITION.sub("", raw.strip()))[:MESSAGE_LENGTH] or "the document is not well-formed"
    line, column = getattr(error, "position", None) or (None, None)
    where = f" (line {line}, column {column})" if line else ""
    return XmlError(f"{message}{where}", line=line, column=column)


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


# --- shape ---------------------------------------------------------------------------------------------------------------------

# The exact view of a document that libxml2 has found well-formed: what hides tags, then start tags and their attributes.
_TOKEN = re.compile(
    rb"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<([^\s/>!?]++)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""", re.DOTALL
)
_ATTRIBUTE = re.compile(rb"""([^\s="'<>/]++)\s*+=\s*+("[^"]*+"|'[^']*+')""")
_TAG = re.compile(rb"""<(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+>""")
_ELEMENT_NAME = re.compile(rb"<([^\s/>!?<]++)")
_ATTRIBUTE_NAME = re.compile(rb"""\s([^\s="'<>/]++)=["']""")

# Fewest bytes that one more of each takes: `<a/>`, ` a=""`, and `<a></a>` around what is there.
_ELEMENT_BYTES, _ATTRIBUTE_BYTES, _LEVEL_BYTES = 4, 5, 7


def _xpath(expression: str) -> Any:
    return etree.XPath(expression, smart_strings=False, regexp=False)


def _levels(count: int) -> Any:
    return _xpath("boolean(/" + "/".join("*" * count) + ")")


class _Shape:
    """The limits that need the document's structure, prepared for one `Limits`."""

    __slots__ = ("_deep", "_limits", "_long", "_many", "_next", "_next_inside", "_shallow")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        depth, elements, children = limits.depth, limits.elements, limits.children
        self._shallow: Any = None if depth is None or depth <= SHALLOW else _levels(SHALLOW + 1)
        self._deep: Any = None if depth is None or depth >= DEEPEST else _levels(depth + 1)
        self._many: Any = None if elements is None else _xpath(f"descendant::*[{max(elements, 1)}]")
        step = (children or 0) + 1
        self._next_inside = _xpath(f"descendant::*[{step}]")
        self._next = _xpath(f"following::*[{step}]")
        attributes = None if limits.attributes is None else limits.attributes * _ATTRIBUTE_BYTES
        sizes = (limits.name_length, attributes, limits.attribute_size, limits.text_size)
        self._long = min((size for size in sizes if size is not None), default=None)

    def check(self, root: Element, text: bytes, split: bool) -> None:
        """Refuse a document that passes a limit; `split`: CDATA, comments or PIs may divide its texts."""
        limits = self._limits
        size = len(text)
        if limits.depth is not None and size > limits.depth * _LEVEL_BYTES and self.is_deeper(root):
            raise LimitExceeded("depth", limits.depth)
        if self._long is not None and size > self._long:
            self._check_runs(root, text, self._long, split)
        if limits.children is not None and size > limits.children * _ELEMENT_BYTES:
            self._check_children(root, limits.children)
        many = self._many
        if limits.elements is not None and size > limits.elements * _ELEMENT_BYTES and many is not None and many(root):
            raise LimitExceeded("elements", limits.elements)
        if limits.unique_names is not None and size > limits.unique_names * _ELEMENT_BYTES:
            _check_unique_names(text, limits.unique_names)

    def is_deeper(self, root: Element) -> bool:
        """Whether the document passes the limit of depth."""
        deep = self._deep
        return deep is not None and (self._shallow is None or self._shallow(root)) and deep(root)

    def _check_children(self, root: Element, children: int) -> None:
        """Look at every (children + 1)th element only: an element with that many children has one of these inside it."""
        counted: set[Element] = set()
        found = [root]
        while found:
            for parent in (found[0], *found[0].iterancestors()):
                if parent in counted:
                    break
                counted.add(parent)
                if len(parent) > children:
                    raise LimitExceeded("children", children)
            found = self._next_inside(found[0]) or self._next(found[0])

    def _check_runs(self, root: Element, text: bytes, longest: int, split: bool) -> None:
        """Tags and texts that may be too long are where `longest` bytes come without a ``<``."""
        most = self._limits.text_size
        texts = split and most is not None and len(text) > most
        tags = False
        at, end = 0, len(text) - longest
        while 0 <= at < end and not tags:
            last = text.rfind(b"<", at + 1, at + 1 + longest)
            if last >= 0:
                at = last
                continue
            tag = _TAG.match(text, at)
            tags = tag is None or tag.end() - at > longest
            at = text.find(b"<", at + 1)
            texts = texts or (most is not None and (at < 0 or tag is None or at - tag.end() > most))
        if tags:
            _check_tags(text, self._limits, longest)
        if most is not None and (texts or (tags and len(text) > most)):
            _check_texts(root, most)


def _check_tags(text: bytes, limits: Limits, longest: int) -> None:
    for token in _TOKEN.finditer(text):
        name = token[1]
        if name is not None and token.end() - token.start() > longest:
            _check_tag(name, _ATTRIBUTE.findall(token[2]), limits)


def _check_tag(name: bytes, attributes: list[tuple[bytes, bytes]], limits: Limits) -> None:
    longest_name = max(len(name), *(len(key) for key, _ in attributes)) if attributes else len(name)
    longest_value = max((len(value) - 2 for _, value in attributes), default=0)
    for limit, maximum, actual in (
        ("name_length", limits.name_length, longest_name),
        ("attributes", limits.attributes, len(attributes)),
        ("attribute_size", limits.attribute_size, longest_value),
    ):
        if maximum is not None and actual > maximum:
            raise LimitExceeded(limit, maximum)


def _check_texts(root: Element, most: int) -> None:
    for element in root.iter():
        if len(element.text or "") > most or len(element.tail or "") > most:
            raise LimitExceeded("text_size", most)


def _check_unique_names(text: bytes, most: int) -> None:
    """Count names only where a sample looks as if there were many: `SAMPLE` bytes at a random place in every `STRIDE`."""
    starts = os.urandom(len(text) // STRIDE + 1) if len(text) > STRIDE else b""
    seen: set[bytes] = set()
    for index, random in enumerate(starts):
        start = index * STRIDE + random * (STRIDE - SAMPLE) // 255
        sample = text[start : start + SAMPLE]
        seen.update(_ELEMENT_NAME.findall(sample))
        if b"=" in sample:
            seen.update(_ATTRIBUTE_NAME.findall(sample))
    if starts and len(seen) * STRIDE // SAMPLE <= most // 3:
        return
    names: set[bytes] = set()
    for token in _TOKEN.finditer(text):
        if token[1] is not None:
            names.add(token[1])
            if b"=" in token[2]:
                names.update(key for key, _ in _ATTRIBUTE.findall(token[2]))
            if len(names) > most:
                raise LimitExceeded("unique_names", most)


# --- for documents that are read as they arrive ----------------------------------------------------------------------------------

element_names = _ELEMENT_NAME.findall
attribute_names = _ATTRIBUTE_NAME.findall
explain = _explain


def forget_names() -> None:
    """Begin a new dictionary of names in this thread; parsers at work keep theirs."""
    _parsers.forget()


def names_can_be_forgotten() -> bool:
    """Whether parsers may have dictionaries of names of their own, so that a document can be read in more than one thread."""
    return etree.LXML_VERSION >= (7,) or sys.implementation.name == "cpython"


def is_deeper(root: Element, limits: Limits) -> bool:
    """Whether a tree passes ``limits.depth``."""
    return _shape(limits).is_deeper(root)


@lru_cache(64)
def _shape(limits: Limits) -> _Shape:
    return _Shape(limits)
