"""Long work seen from outside: Ctrl-C stops it at once and keeps the process alive; progress is reported,
and its callback may stop the work too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import pytest

import dangjian
from helpers import TESTS

# The goal is 0.2 s on a quiet machine with an optimised build; tests run in parallel and on debug
# builds.
SOON = 0.5

KINDS = ("read a table", "read parquet", "read text", "coverage", "gaps", "write parquet", "review")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What `helpers.interrupted` saw."""
    done = subprocess.run(
        [sys.executable, "-m", "helpers.interrupted", tmp_path_factory.mktemp("interrupted")],
        cwd=TESTS,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_stops_long_work(seen, kind):
    assert len(seen[kind]["lags"]) == 4
    assert max(seen[kind]["lags"]) < SOON, seen[kind]["lags"]
    # Most signals must arrive while the engine works, or the measurement is void.
    assert seen[kind]["inside"] >= 2


def test_the_process_works_on_after_ctrl_c(seen):
    whole, organisations = seen["again"]
    assert whole is True
    assert organisations > 200_000


@pytest.fixture(scope="module")
def panel():
    return dangjian.synth.panel(200_000, 5)


def test_progress_is_told_to_the_thread_that_asked(panel):
    told = []
    roster = dangjian.read_roster(panel, progress=lambda *state: told.append((threading.get_ident(), *state)))
    assert len(roster) == panel.height
    assert told
    for thread, what, done, total in told:
        assert thread == threading.get_ident()
        assert what
        assert 0 <= done <= total
    told.clear()
    roster.review(roster.years[0], progress=lambda *state: told.append(state))
    what, done, total = told[-1]
    assert (what, done) == ("review", total)


def test_an_exception_in_progress_stops_the_work(panel):
    class EnoughError(Exception):
        pass

    raised = []

    def stop(*_):
        raised.append(time.monotonic())
        raise EnoughError

    for call in (
        lambda: dangjian.read_roster(panel, progress=stop),
        lambda: dangjian.read_roster(dangjian.datasets.hexigten().ledgers, progress=stop),
    ):
        raised.clear()
        with pytest.raises(EnoughError):
            call()
        assert time.monotonic() - raised[0] < SOON
        assert len(raised) == 1
    assert len(dangjian.read_roster(panel, progress=False)) == panel.height


def test_two_threads_read_side_by_side(panel):
    """The engine releases the GIL while it works, and two calls do not disturb each other."""
    ledgers = dangjian.datasets.hexigten().ledgers
    found = []

    def read(source):
        found.append(len(dangjian.read_roster(source, progress=False)))

    threads = [threading.Thread(target=read, args=(source,)) for source in (panel, ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(found) == sorted([panel.height, 2660])
