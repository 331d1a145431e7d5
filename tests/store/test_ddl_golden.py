"""The tables of the corpus against those that Spyne 2.14 made with SQLAlchemy 1.4, statement by statement."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.store import corpus
from tests.store.golden.record import URLS, statements

from spyne.model.table import TTableModel

RECORDED = json.loads((Path(__file__).parent / "golden" / "ddl_of_2_14.json").read_text("utf-8"))

# What differs on purpose: (what 2.14 has, what stands there now, why), regular expressions over lines in canonical form; "" is no line.
REASONS = [
    (r"", r"(\w+: )?CHECK .*", "limits of the type are said to the database too"),
    (r"(\w+): SMALLINT", r"\1: INTEGER", "unsigned 16-bit numbers do not fit into a SMALLINT"),
    (r"(\w+): INTEGER", r"\1: BIGINT", "unsigned 32-bit numbers do not fit into an INTEGER"),
    (r"(\w+): SERIAL NOT NULL", r"\1: BIGSERIAL NOT NULL", "the same for keys, and for keys of any size"),
    (r"(\w+): BIGINT", r"\1: DECIMAL\(20, 0\)", "unsigned 64-bit numbers do not fit into a BIGINT"),
    (r"(\w+): (BIGINT|DECIMAL) NOT NULL", r"\1: INTEGER NOT NULL", "SQLite counts up keys of the type INTEGER only"),
    (r"(\w+): DECIMAL", r"\1: DECIMAL\(\d+, \d+\)", "the declared digits are the column's"),
    (r"(\w+): BLOB(| NOT NULL)", r"\1: CHAR\(36\)\2", "a UUID on SQLite is text, and so says the type"),
    (r"(\w+): INET", r"\1: VARCHAR\(\d+\)", "SQLite has no addresses"),
    (r"(\w+): XML", r"\1: TEXT", "SQLite has no XML"),
    (r"(\w+): JSONB", r"\1: JSON", "SQLite has no JSONB"),
    (r"CompileError", r".*", "types of PostgreSQL's have a stand-in on other databases"),
    (r"Exception", r".*", "PostGIS is not needed: geometries are well-known text, unless db_type=PGGeometry(…)"),
    (r"(.*)DEFAULT \(CURRENT_TIMESTAMP\)", r"\1DEFAULT CURRENT_TIMESTAMP", "SQLAlchemy 2 writes it so"),
]


def parts_of(body):
    """Split the inside of CREATE TABLE at its outermost commas."""
    depth, start = 0, 0
    for place, letter in enumerate(body):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            yield body[start:place].strip()
            start = place + 1
    yield body[start:].strip()


def line_of(table, part):
    """Return one part of a table in canonical form: no names of keys and checks, types in capitals, no optional quotes."""
    part = re.sub(r"^CONSTRAINT \S+ (?=FOREIGN|CHECK)", "", part).replace('"', "")
    if re.match(r"(PRIMARY|FOREIGN|CONSTRAINT|UNIQUE|CHECK)\b", part):
        return f"{table}: {part}"
    name, rest = part.split(" ", 1)
    kind, *default = rest.split(" DEFAULT ")
    return f"{table}.{name}: {' DEFAULT '.join([kind if kind == 'Colour' else kind.upper(), *default])}"


def canonical(ddl):
    """Return a database as a set of lines: keys that are added later stand with their table, columns of a primary key are NOT NULL."""
    lines = set()
    for statement in ddl:
        created = re.fullmatch(r"CREATE TABLE (\S+) \( (.*) \)", statement)
        altered = re.fullmatch(r"ALTER TABLE (\S+) ADD (.*)", statement)
        if created:
            table = created[1].replace('"', "")
            lines |= {line_of(table, part) for part in parts_of(created[2])}
        elif altered:
            lines.add(line_of(altered[1], altered[2]))
        else:
            lines.add(statement.replace('"', ""))
    for line in sorted(lines):
        key = re.fullmatch(r"(\S+): PRIMARY KEY \((.*)\)", line)
        for column in key[2].split(", ") if key else ():
            found = next(each for each in lines if each.startswith(f"{key[1]}.{column}: "))
            lines = lines - {found} | {found if found.endswith(" NOT NULL") else f"{found} NOT NULL"}
    return lines


def without_table(line):
    """Return a line without the table it is about."""
    return re.sub(r"^\w+\.(?=\w+: )", "", line)


def reason_for(before, now):
    """Return why a line became another one, None where no reason is known."""
    both = f"{without_table(before)} => {without_table(now)}"
    return next((why for old, new, why in REASONS if re.fullmatch(f"{old} => {new}", both)), None)


def unexplained(before, now):
    """Return the differences between two databases that no reason covers."""
    gone, come = before - now, sorted(now - before)
    for line in sorted(gone):
        key = line.partition(":")[0]
        partner = next((each for each in come if each.partition(":")[0] == key and reason_for(line, each)), None)
        if partner is not None:
            come.remove(partner)
            gone.discard(line)
        elif reason_for(line, ""):
            return []
    return sorted(gone) + [line for line in come if not reason_for("", line)]


@pytest.mark.parametrize("dialect", URLS)
@pytest.mark.parametrize("declare", corpus.CASES, ids=lambda case: case.__name__)
def test_tables_are_those_of_spyne_2(declare, dialect):
    """Every statement that 2.14 makes of a declaration is made here too, but for what the table of reasons says."""
    now = statements(declare, TTableModel, dialect)
    assert now
    assert not now[0].endswith("Error")
    assert unexplained(canonical(RECORDED[declare.__name__][dialect]), canonical(now)) == []


def test_every_reason_is_needed():
    """No reason is listed that explains nothing."""
    used = set()
    for declare in corpus.CASES:
        for dialect in URLS:
            before = canonical(RECORDED[declare.__name__][dialect])
            now = canonical(statements(declare, TTableModel, dialect))
            used |= {reason_for(old, new) for old in (before - now) | {""} for new in now - before}
    assert [why for _, _, why in REASONS if why not in used] == []


def test_an_unknown_difference_is_seen():
    """A column of another type, a missing key and a missing index are differences."""
    before = canonical(
        ["CREATE TABLE a ( id INTEGER NOT NULL, b TEXT, FOREIGN KEY(b) REFERENCES c (d) )", "CREATE INDEX i ON a (b)"]
    )
    now = canonical(["CREATE TABLE a ( id INTEGER NOT NULL, b FLOAT )"])
    assert len(unexplained(before, now)) == 4


def test_the_corpus_is_recorded():
    """Each declaration of the corpus has a recording, for both databases."""
    assert {case.__name__ for case in corpus.CASES} == RECORDED.keys()
    assert len(RECORDED) >= 25
    assert sa.__version__ >= "2.1"
