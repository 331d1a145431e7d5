"""Parsing a document block by block: in whatever threads, and whatever else is parsed meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import spyne
from spyne.codec.json_stream import JsonCall, JsonItems
from spyne.codec.xml_stream import Items, XmlFeed
from spyne.limits import Limits

# Names and texts of libxml2's trees belong to a dictionary of the parser, which lxml exchanges behind the scenes: a mistake ends the process.
THREADS = """
import gc
from concurrent.futures import ThreadPoolExecutor
from lxml import etree
from spyne.codec import xml_input
from spyne.codec.xml_stream import Items, XmlFeed
from spyne.limits import Limits

LIMITS, POOL = Limits(), ThreadPoolExecutor(4)
ENDS = (b"</rows></a>", b"</x>", b"<row>&foo;</row>", b"</rows></a><b/>")

def others(number):
    for part in range(3):
        etree.fromstring(f"<q><n{number} a='b'>t</n{number}><k{number}_{part}/></q>")
        xml_input.parse(b"<z%d><y/></z%d>" % (number, number), limits=LIMITS)

def step(items, number):
    others(number)
    items.feed("".join(f"<row><y{number}_{part}>v</y{number}_{part}></row>" for part in range(20)).encode())
    found = list(items.ready())
    others(number + 1)
    return len(found)

def finish(items, end):
    others(5)
    try:
        items.feed(end)
        items.close()
        return list(items.ready())
    except ValueError:
        return None

for turn in range(120):
    feed = XmlFeed(LIMITS, ["row"])
    feed.feed(b"<a><rows><row>x</row>")
    items = Items(feed, feed.root[0], lambda e: (len(e) and e[0].text, e.tag), LIMITS, 10)
    others(turn)
    assert sum(POOL.submit(step, items, number).result() for number in range(6)) >= 120
    POOL.submit(finish, items, ENDS[turn % 4]).result()
    del feed, items
gc.collect()
print("done")
"""


def test_a_document_may_be_read_in_several_threads():
    """Names of documents are freed where they belong, whatever the thread parses beside."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(spyne.__file__).parent.parent),
        "MALLOC_CHECK_": "3",
        "MALLOC_PERTURB_": "165",
    }
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_items_leave_the_tree():
    """What was handed over is not kept."""
    feed = XmlFeed(Limits(), ["row"])
    feed.feed(b"<a><rows>")
    items = Items(feed, feed.root[0], lambda element: element.text, Limits(), 9)
    for number in range(50):
        items.feed(b"<row>%d</row> <row>%d</row>\n" % (number, number))
        assert list(items.ready()) == [str(number)] * 2
        assert len(feed.root[0]) == 1
    items.feed(b"</rows></a>")
    items.close()
    assert list(items.ready()) == []
    assert items.count == 100


@pytest.mark.parametrize("start", [b"\xff\xfe<\0a\0", b"<?xml version='1.0' encoding='latin-1'?><a>", b" " * 20_000])
def test_foreign_documents(start):
    """Documents in other encodings, and those that do not begin, are left to others, and not parsed."""
    feed = XmlFeed(Limits(), [])
    feed.feed(start)
    assert (feed.is_foreign, feed.root) == (True, None)


def call(text, size):
    """The head of a call and the items of its stream `rows`, read in blocks of one size."""
    head, items, found = JsonCall({"m": "rows"}.get, None), None, []
    for at in range(0, len(text), size):
        piece = text[at : at + size]
        if items is None:
            if head.feed(piece):
                if head.is_foreign:
                    return None, None
                items = JsonItems(head.cursor, "rows", lambda run: [run], lambda item: item, None, head.phase)
        else:
            items.feed(piece)
        found += list(items.ready()) if items is not None else []
    return head.head, b",".join(run[1:-1] for run in found).replace(b" ", b"")


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    "rows",
    [
        b"",
        b"1",
        b"1,-2.5e3,true,null",
        b'"a","","\\"","\\\\","],["',
        b'{},[],{"a":[{"b":"]}"}]}',
        b"[" * 40 + b'"]"' + b"]" * 40 + b",7," + b"[" * 9 + b"]" * 9,
    ],
)
def test_items_of_json(rows, size):
    """Their ends are found in strings and brackets of any depth, with blanks anywhere."""
    text = b' {"m" : {"a": [1, {"b": "}"}], "rows" : [ %s ] } } ' % rows.replace(b",", b" , ").replace(
        b'"] , ["', b'"],["'
    )
    assert call(text, size) == (b'{"a": [1, {"b": "}"}]}', rows)


def test_other_documents_of_json():
    """A call of another method, or of another form, is left to others."""
    assert call(b'{"other": {}}', 3) == (None, None)
    assert call(b'["m", []]' + b" " * 3000, 100) == (None, None)
