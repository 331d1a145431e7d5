"""A small builder of Python source: functions that refer to constants and to one another, compiled together."""

from __future__ import annotations

from typing import Any


class Source:
    """The functions of one generated module. No text from outside gets into the source but through `literal`."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.names: dict[str, Any] = {}
        self._lines: list[str] = []
        self._known: dict[tuple[str, int], str] = {}
        self._count = 0

    def fresh(self, prefix: str) -> str:
        """A name that nothing has yet."""
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, value: Any, prefix: str = "k") -> str:
        """The name of a value; the same object has one name."""
        key = (prefix, id(value))
        name = self._known.get(key)
        if name is None:
            name = self._known[key] = self.fresh(prefix)
            self.names[name] = value
        return name

    def well_known(self, **values: Any) -> None:
        """Values under names of their own."""
        self.names.update(values)

    def function(self, head: str, body: list[str]) -> None:
        """Add ``def head:`` with these lines, each with its indentation inside the body."""
        self._lines.append(f"def {head}:")
        self._lines.extend(f"    {line}" for line in body)

    def text(self) -> str:
        """The source so far, for reading."""
        return "\n".join(self._lines) + "\n"

    def compile(self) -> dict[str, Any]:
        """Run the source; the functions by name."""
        exec(compile(self.text(), f"<spyne: {self.title}>", "exec"), self.names)
        return self.names


def literal(text: str) -> str:
    """Text as the fixed part of a triple-quoted f-string."""
    escaped = text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return escaped.replace("{", "{{").replace("}", "}}")


def f_string(*parts: str) -> str:
    """An f-string of parts that are `literal` text or expressions in braces."""
    return f'f"""{"".join(parts)}"""'
