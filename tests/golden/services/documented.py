"""Docstrings and annotations."""

from __future__ import annotations

from typing import Any

from spyne import Application, ComplexModel, Integer, Service, Unicode, rpc
from spyne.protocol.soap import Soap11


class Book(ComplexModel):
    """This is a book."""

    class Annotations(ComplexModel.Annotations):
        doc = "A book, documented."
        appinfo = {"shelf": "B2"}

    title = Unicode(doc="The title.")
    pages = Integer(appinfo="pages info")
    isbn = Unicode(pattern=r"\d+", doc="Digits only.")


class Parented(Book):
    """This docstring is used."""

    class Annotations(ComplexModel.Annotations):
        __use_parent_doc__ = True

    extra = Unicode


class Undocumented(ComplexModel):
    a = Unicode


class Documented(Service):
    """The service's docstring."""

    @rpc(Book, _returns=Book)
    def read(ctx, book):
        """Reads a book.

        Over several lines,
            indented.
        """
        return book

    @rpc(Parented, Undocumented)
    def other(ctx, parented, undocumented):
        pass


def build(in_protocol: Any = None, out_protocol: Any = None) -> Application:
    """The application; protocols default to Soap11 both ways."""
    return Application(
        [Documented],
        "golden.documented",
        in_protocol=in_protocol or Soap11(),
        out_protocol=out_protocol or Soap11(),
    )
