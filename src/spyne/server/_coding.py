"""Content codings: what a compressed request holds, within bounds, and how an answer is compressed (RFC 9110 §8.4, §12.5.3)."""

from __future__ import annotations

import zlib
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from spyne.error import Fault, InvalidInputError, UnsupportedMediaTypeError
from spyne.limits import LimitExceeded
from spyne.server._choice import media_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from spyne.limits import Limits

__all__ = ["CodedBody", "choose_coding", "codings", "compressor", "decoded_body", "is_compressible"]

_BLOCK = 64 * 1024
"""Bytes that are decompressed at once."""
_FREE = 10 * 1024 * 1024
"""Decompressed bytes up to which the ratio does not matter."""
_ALIASES = {"x-gzip": "gzip"}
_IDENTITY = ("", "identity")
_GZIP, _ZLIB, _RAW = 31, 15, -15
_ZSTD_MODULES = ("compression.zstd", "backports.zstd")


# --- what is there ---


@cache
def _module(*names: str) -> Any:
    """The first of these modules that is installed, None without any."""
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _brotli() -> Any:
    """The brotli package, if it can bound what it decompresses (1.2 and later)."""
    module = _module("brotli")
    return module if hasattr(getattr(module, "Decompressor", None), "can_accept_more_data") else None


@cache
def codings() -> tuple[str, ...]:
    """The codings that are read and written here, the best first."""
    found = [("zstd", _module(*_ZSTD_MODULES)), ("br", _brotli()), ("gzip", zlib), ("deflate", zlib)]
    return tuple(name for name, module in found if module is not None)


# --- requests ---


def decoded_body(content_encoding: str | None, limits: Limits, limit: int | None, too_long: Callable[[], Fault]) -> Any:
    """What the blocks of a compressed request are fed to, None for one that is not compressed.

    limit: bytes after decompression; `too_long` makes the fault for more. Raises UnsupportedMediaTypeError for a coding that is not
    known, or for more than one.
    """
    coding = (content_encoding or "").strip().lower()
    coding = _ALIASES.get(coding, coding)
    if coding in _IDENTITY:
        return None
    if coding not in codings():
        known = ", ".join(codings())
        raise UnsupportedMediaTypeError(
            f"requests of this Content-Encoding are not taken; these are, one at a time: {known}"
        )
    return CodedBody(coding, limits.compression_ratio, limit, too_long)


class CodedBody:
    """Decompresses a body block by block, and never more at once than it hands over."""

    def __init__(self, coding: str, ratio: int | None, limit: int | None, too_long: Callable[[], Fault]) -> None:
        self._coding = coding
        self._ratio = ratio
        self._limit = limit
        self._too_long = too_long
        self._decoder: Any = None
        self._taken = self._given = 0

    def feed(self, block: bytes) -> Iterator[bytes]:
        """What a block holds. Raises Fault for what is malformed, too long, or compressed beyond the limit."""
        self._taken += len(block)
        if self._decoder is None:
            self._decoder = _DECODERS[self._coding](block)
        try:
            for data in self._decoder.feed(block):
                self._given += len(data)
                self._check()
                yield data
        except _errors():
            raise InvalidInputError(f"the request's body is not well-formed {self._coding}") from None

    def finish(self) -> None:
        """Raise Fault for a body that ends too early."""
        if self._taken and not self._decoder.ended():
            raise InvalidInputError(f"the request's body ends before its {self._coding} does")

    def _check(self) -> None:
        if self._limit is not None and self._given > self._limit:
            raise self._too_long()
        if self._ratio is not None and self._given > max(self._taken * self._ratio, _FREE):
            raise Fault("Client.RequestTooLong", str(LimitExceeded("compression_ratio", self._ratio)))


@cache
def _errors() -> tuple[type[Exception], ...]:
    """What the libraries raise for malformed data."""
    optional = (getattr(_module(*_ZSTD_MODULES), "ZstdError", None), getattr(_brotli(), "error", None))
    return (zlib.error, ValueError, EOFError, *(error for error in optional if error is not None))


class _Bounded:
    """A decompressor of the standard library's kind: ``decompress(data, max_length)``."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def feed(self, block: bytes) -> Iterator[bytes]:
        decoder = self._decoder
        if decoder.eof:
            raise ValueError("something follows the end")
        yield decoder.decompress(block, _BLOCK)
        while (rest := self._rest()) is not None and not decoder.eof:
            yield decoder.decompress(rest, _BLOCK)
        if decoder.eof and decoder.unused_data:
            raise ValueError("something follows the end")

    def _rest(self) -> bytes | None:
        """The input that is not decompressed yet, None where more is needed."""
        return self._decoder.unconsumed_tail or None

    def ended(self) -> bool:
        return bool(self._decoder.eof)


class _Zstd(_Bounded):
    """zstd keeps its input itself."""

    def _rest(self) -> bytes | None:
        return None if self._decoder.needs_input else b""


class _Brotli:
    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder

    def feed(self, block: bytes) -> Iterator[bytes]:
        if self._decoder.is_finished():
            raise ValueError("something follows the end")
        data = self._decoder.process(block, output_buffer_limit=_BLOCK)
        while data:
            yield data
            data = b"" if self._decoder.is_finished() else self._decoder.process(b"", output_buffer_limit=_BLOCK)

    def ended(self) -> bool:
        return bool(self._decoder.is_finished())


def _deflate(block: bytes) -> _Bounded:
    """The format of zlib as HTTP has it, or bare deflate, as some clients send it."""
    wrapped = len(block) > 1 and block[0] & 15 == zlib.DEFLATED and int.from_bytes(block[:2], "big") % 31 == 0
    return _Bounded(zlib.decompressobj(_ZLIB if wrapped else _RAW))


_DECODERS: Mapping[str, Callable[[bytes], Any]] = {
    "gzip": lambda _: _Bounded(zlib.decompressobj(_GZIP)),
    "deflate": _deflate,
    "br": lambda _: _Brotli(_brotli().Decompressor()),
    "zstd": lambda _: _Zstd(_module(*_ZSTD_MODULES).ZstdDecompressor()),
}


# --- answers ---


@lru_cache(maxsize=128)
def choose_coding(accept_encoding: str) -> str | None:
    """The best coding that a client accepts, None where it prefers none."""
    weights = dict(media_ranges(accept_encoding))
    others = weights.get("*", 0.0)
    found = max(codings(), key=lambda name: weights.get(name, others))
    weight = weights.get(found, others)
    return found if weight > 0 and weight >= weights.get("identity", 0.0) else None


def is_compressible(content_type: str) -> bool:
    """Whether compressing that media type is worth the work."""
    media = content_type.partition(";")[0].strip().lower()
    return media.startswith("text/") or media.endswith(("xml", "json", "yaml", "javascript", "msgpack"))


def compressor(coding: str) -> Compressor:
    """A new compressor of one of the `codings`."""
    return _COMPRESSORS[coding]()


class Compressor:
    """Compresses parts one after another. part: what can be sent once a part is in. end: the rest."""

    def __init__(self, encoder: Any, add: str, flush: Callable[[Any], bytes], end: Callable[[Any], bytes]) -> None:
        self._encoder = encoder
        self._add = getattr(encoder, add)
        self._flush = flush
        self._end = end

    def part(self, data: bytes) -> bytes:
        compressed: bytes = self._add(data)
        return compressed + self._flush(self._encoder)

    def whole(self, data: bytes) -> bytes:
        compressed: bytes = self._add(data)
        return compressed + self._end(self._encoder)

    def end(self) -> bytes:
        return self._end(self._encoder)


def _zlib_compressor(wbits: int) -> Compressor:
    encoder = zlib.compressobj(wbits=wbits)
    return Compressor(encoder, "compress", lambda e: e.flush(zlib.Z_SYNC_FLUSH), lambda e: e.flush())


def _zstd_compressor() -> Compressor:
    encoder = _module(*_ZSTD_MODULES).ZstdCompressor()
    return Compressor(encoder, "compress", lambda e: e.flush(e.FLUSH_BLOCK), lambda e: e.flush())


_BROTLI_QUALITY = 4
"""Above that brotli is too slow for answers that are made once and sent once."""

_COMPRESSORS: Mapping[str, Callable[[], Compressor]] = {
    "gzip": lambda: _zlib_compressor(_GZIP),
    "deflate": lambda: _zlib_compressor(_ZLIB),
    "br": lambda: Compressor(
        _brotli().Compressor(quality=_BROTLI_QUALITY), "process", lambda e: e.flush(), lambda e: e.finish()
    ),
    "zstd": _zstd_compressor,
}
