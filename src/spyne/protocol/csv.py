"""Csv: results as a table of comma separated values (RFC 4180)."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, ClassVar

from spyne.codec._base import Cut
from spyne.codec.rows import Cells, Table, compile_table, free_text, release
from spyne.error import Fault
from spyne.protocol._streamed import BLOCK_SIZE, StreamedOutput, results_of
from spyne.schema import Any as AnyNode
from spyne.schema import DeclarationError, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from spyne.context import MethodContext
    from spyne.interface._base import Call

__all__ = ["Csv"]

_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")  # spreadsheets take the wide forms for the narrow ones
_LINE_ENDS = ("\r\n", "\n", "\r")


class Csv(StreamedOutput):
    """A table: for arrays and iterables a row per item, for anything else one row. Output only.

    Columns are named by public names, members of objects inside objects as in ``address.city``; an array, a map or free content
    inside an object is one cell of JSON, and so is an object inside itself. A result that is no object has one column, named after
    the result. None is an empty cell, an empty text ``""``. Faults are tables too: faultcode, faultstring, and the other members
    they have.

    header: begin with the names of the columns. delimiter, quotechar: one character each. lineterminator: CRLF, LF or CR.
    bom: begin with U+FEFF, by which some spreadsheets know UTF-8. escape_formulas: put an apostrophe before text that a
    spreadsheet would run as a formula; numbers, dates and such stay as they are. block_size: characters that are gathered while a
    generator is sent. complex_as, ordered and polymorphic have no effect: the columns are those of the declared class.

    Raises DeclarationError for a method with several results. ``ctx.out_document`` is an iterator of rows, each a list of str or
    None, with the names of the columns first.
    """

    type: ClassVar[frozenset[str]] = frozenset({"csv"})
    mime_type = "text/csv; charset=utf-8; header=present"
    fault_mime_type: ClassVar[str] = "text/csv; charset=utf-8; header=present"

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
        header: bool = True,
        *,
        delimiter: str = ",",
        quotechar: str = '"',
        lineterminator: str = "\r\n",
        bom: bool = False,
        escape_formulas: bool = True,
        binary_encoding: Any = None,
        block_size: int = BLOCK_SIZE,
    ) -> None:
        _check_dialect(delimiter, quotechar, lineterminator)
        self.header = header
        self.delimiter = delimiter
        self.quotechar = quotechar
        self.lineterminator = lineterminator
        self.bom = bom
        self.escape_formulas = escape_formulas
        if mime_type is None and not header:
            mime_type = "text/csv; charset=utf-8; header=absent"
        super().__init__(
            app, validator, mime_type, ignore_uncap, ignore_wrappers, binary_encoding, block_size=block_size
        )

    def writer(self, call: Call) -> Callable[[Sequence[Any]], Iterator[Cells]]:
        results = results_of(call)
        if len(results) > 1:
            raise DeclarationError(
                f"{call.descriptor.operation_name}: {type(self).__name__} writes one table, and this method has {len(results)} "
                "results; return one object with these members, or serve the method by another protocol"
            )
        if not results:
            return lambda _: iter(())
        table = self._table(results[0])
        columns: Cells = [*table.columns]

        def rows(values: Sequence[Any]) -> Iterator[Cells]:
            found = table.rows(values[0] if values else None)
            try:
                if self.header:
                    yield columns
                yield from found
            finally:
                release(found)

        return rows

    def _table(self, field: Field) -> Table:
        guard = _defused if self.escape_formulas else None
        return compile_table(field, self.codec_options(), guard=guard)

    def cut(self, call: Call) -> Cut | None:
        results = results_of(call)
        table = self._table(results[0]) if results else None
        if table is None or not table.is_sequence:
            return None
        row, line = table.row, self._line_writer()
        names = line([*table.columns]) if self.header else ""
        return Cut(("\ufeff" if self.bom else "") + names, lambda value: line(row(value)), "")

    def fault_document(self, fault: Fault) -> Iterator[Cells]:
        found = Fault.to_dict(fault)
        if "detail" in found:
            found["detail"] = self._detail(found["detail"])
        guard = _defused if self.escape_formulas else str
        yield [*found]
        yield [guard(str(text)) for text in found.values()]

    def _detail(self, detail: Any) -> str:
        field = Field(type=AnyNode())
        if hasattr(type(detail), "__spyne_schema__"):
            field = self.app.interface.lowering.field(type(detail))
        return free_text(field, self.codec_options())(detail)

    def texts(self, pieces: Iterable[Cells], ctx: MethodContext) -> Iterator[str]:
        """A line per row; the names of the columns wait for the first row, so that what fails before it is a fault."""
        line = self._line_writer()
        lines = map(line, pieces)
        named = self.header or ctx.out_error is not None
        try:
            yield "".join(chain("\ufeff" if self.bom else "", islice(lines, 2 if named else 1)))
            yield from lines
        finally:
            release(pieces)

    def _line_writer(self) -> Callable[[Cells], str]:
        delimiter, quote, end = self.delimiter, self.quotechar, self.lineterminator
        must_quote = re.compile(f"[{re.escape(delimiter + quote)}\r\n]").search
        empty = quote + quote

        def cell(text: str | None) -> str:
            if text is None:
                return ""
            if text and must_quote(text) is None:
                return text
            return f"{quote}{text.replace(quote, empty)}{quote}"

        def line(cells: Cells) -> str:
            text = delimiter.join([cell(each) for each in cells])
            return (text if text else empty) + end  # a line with nothing on it is no row for most readers

        return line


def _defused(text: str) -> str:
    """Text that no spreadsheet runs as a formula (owasp.org, CSV Injection)."""
    return f"'{text}" if text and text[0] in _FORMULA else text


def _check_dialect(delimiter: Any, quotechar: Any, lineterminator: Any) -> None:
    for name, value in (("delimiter", delimiter), ("quotechar", quotechar)):
        if not isinstance(value, str) or len(value) != 1 or value in "\r\n":
            raise DeclarationError(f"Csv({name}={value!r}): must be one character, and no line end")
    if delimiter == quotechar:
        raise DeclarationError(f"Csv(delimiter={delimiter!r}, quotechar={quotechar!r}): must be different characters")
    if lineterminator not in _LINE_ENDS:
        raise DeclarationError(f"Csv(lineterminator={lineterminator!r}): must be '\\r\\n', '\\n' or '\\r'")
