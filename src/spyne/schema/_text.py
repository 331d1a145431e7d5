"""The words about a class that its author wrote."""

from __future__ import annotations


def own_doc(cls: type) -> str:
    """The class's own docstring, indentation removed; empty for an inherited one and for a signature made by a decorator."""
    doc = cls.__dict__.get("__doc__")
    if not isinstance(doc, str) or doc.startswith(f"{cls.__name__}("):
        return ""
    import inspect

    return inspect.cleandoc(doc)
