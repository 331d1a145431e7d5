"""The drill, as long as a test may take: kills at every boundary, a while of chaos, and the proof that it would notice."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys

import pytest

from drill import servers
from drill.mutants import MUTANTS
from drill.schedules import SCHEDULES, perform

KINDS = ("sqlite", "postgresql")
IDS = [schedule.__name__ for schedule, _, _ in SCHEDULES]


@pytest.fixture(scope="module")
def database():
    """A PostgreSQL. SQLite has one writer at a time, so that these schedules cannot come about there."""
    try:
        with servers.database("postgresql") as made:
            yield made
    except servers.Missing as reason:
        pytest.skip(str(reason))


@pytest.fixture
def quiet():
    """Failures are wanted here: nothing is logged."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("schedule", "mutant", "name"), SCHEDULES, ids=IDS)
def test_the_drill_notices(database, quiet, monkeypatch, schedule, mutant, name):
    """Each schedule is green, and red under the right name with the bug that it is made for."""
    database.clear()
    verdict = perform(database, schedule)
    assert verdict.good, verdict.findings
    database.clear()
    MUTANTS[mutant](monkeypatch.setattr)
    assert name in perform(database, schedule, mutant).names


def drill(root, *options):
    """Run the drill's command, and fail with its report if a promise was broken."""
    command = [sys.executable, "-m", "drill", "--seed", "1", *options]
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        report, _ = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # with all that it has started
        raise
    assert process.returncode == 0, report
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_kills_at_every_boundary(root, kind):
    """Whatever statement a producer or a consumer is killed before or after, every promise is kept."""
    report = drill(root, "--walk", "--short", "--database", kind)
    assert "| consumer (once) killed at a boundary |" in report


@pytest.mark.parametrize("kind", KINDS)
def test_chaos(root, kind):
    """Kills, stops, cuts, crashes and full disks by chance, from a seed: every promise is kept."""
    report = drill(root, "--short", "--database", kind)
    assert "| fault: kill -9 of a consumer |" in report
