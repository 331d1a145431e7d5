"""What the documentation shows is true: its Python runs, its copies of examples are the examples."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")


def blocks_of(page):
    """Yield (line number, source) of each Python block of a page."""
    text = page.read_text("utf-8")
    for found in BLOCK.finditer(text):
        yield text.count("\n", 0, found.start(1)), found[1]


def code_of(example):
    """Return an example's source without its docstring."""
    return (ROOT / "examples" / example).read_text("utf-8").split('"""\n', 2)[1].strip()


@pytest.mark.parametrize("page", [p for p in PAGES if any(blocks_of(p))], ids=lambda p: str(p.relative_to(ROOT)))
def test_python_of_a_page_runs(page, monkeypatch):
    """The Python blocks of a page run one after the other, in one module, without a warning."""
    module = ModuleType("docs_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for line, source in blocks_of(page):
        exec(compile("\n" * line + source, str(page), "exec", dont_inherit=True), module.__dict__)


@pytest.mark.parametrize("example", ["hello_annotations.py", "hello_classic.py"])
def test_the_readme_shows_the_examples(example):
    """The README's two services are the files in `examples/`, letter by letter."""
    shown = [source.strip() for _, source in blocks_of(ROOT / "README.md")]
    assert any(source in code_of(example) and "class HelloWorldService" in source for source in shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_inside_the_repository_lead_somewhere(page):
    """Each relative link of a page names a file that exists."""
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
