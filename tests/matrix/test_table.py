"""The matrix in the documentation is the one that the tests run over."""

from __future__ import annotations

import pytest
from tests.matrix import table
from tests.matrix.codecs import CODECS
from tests.matrix.kinds import KINDS
from tests.matrix.one_way import ONE_WAY
from tests.matrix.test_round_trips import survives

LEFT_OUT = [(kind, codec) for kind in KINDS for codec in CODECS if table.reason_against(kind, codec)]


def test_the_page_has_the_table():
    """The page is what the tables say; write it anew after a change of theirs."""
    assert table.PAGE.read_text("utf-8") == table.page(), "python -m tests.matrix.table --write"


def test_no_word_without_a_kind():
    """What the documentation renames exists, and what is left out names formats and codecs that exist."""
    names = {kind.name for kind in KINDS}
    assert len(names) == len(KINDS)
    assert table.WORDS.keys() <= names
    known = {name for codec in (*CODECS, *ONE_WAY) for name in (codec.name, codec.format)}
    assert {name for kind in KINDS for name in kind.not_in} <= known


@pytest.mark.parametrize(("kind", "codec"), LEFT_OUT, ids=lambda row: row.name)
def test_what_is_left_out_does_not_travel(kind, codec):
    """A kind that is said not to travel really does not: no value of it survives."""
    style = "classic" if kind.classic is not None else "annotated"
    assert not any(survives(kind, codec, style, "argument", value) for value in kind.values)
