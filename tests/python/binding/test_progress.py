"""Progress is one bar: in the terminal, in Jupyter, in marimo."""

from __future__ import annotations

import contextlib
import io
import sys
import types

import pytest
from tqdm.notebook import tqdm_notebook
from tqdm.std import tqdm

import dangjian
from dangjian import progress

STAGES = [("read", 1, 4), ("read", 4, 4), ("roster", 0, 9), ("roster", 9, 9), ("review", 2, 9)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "_DELAY", 0)


def go():
    with progress.Bar(progress=True) as bar:
        for stage in STAGES:
            bar.callback(*stage)


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_has_one_bar(monkeypatch):
    screen = _Terminal()
    drawn = []

    class Watched(tqdm):
        def __init__(self, **options):
            super().__init__(file=screen, mininterval=0, **options)
            drawn.append(self)

    monkeypatch.setattr(progress, "tqdm", Watched)
    go()
    (bar,) = drawn
    assert bar.disable is True, "closed"
    text = screen.getvalue()
    for name in ("read", "roster", "review"):
        assert f"{name}: " in text
    assert "\n" not in text, "one line, written over"
    assert text.rstrip("\r").endswith(" "), "and wiped out in the end"


def test_nobody_watches(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(progress, "tqdm", lambda **options: tqdm(file=screen, **options))
    go()
    assert screen.getvalue() == ""


def test_jupyter_has_one_bar(monkeypatch):
    """The widget bar of tqdm, if available, is reset rather than created again."""
    ipywidgets = pytest.importorskip("ipywidgets")
    drawn = []

    class Watched(tqdm_notebook):
        def __init__(self, **options):
            super().__init__(display=False, **{**options, "disable": False})
            drawn.append(self)

    monkeypatch.setattr(progress, "tqdm", Watched)
    go()
    (bar,) = drawn
    assert isinstance(bar.container, ipywidgets.HBox)
    assert (bar.n, bar.total) == (2, 9)


def test_marimo_has_its_own_bar(monkeypatch):
    told = []

    class ProgressBar(contextlib.AbstractContextManager):
        def __init__(self, *, total, title, remove_on_exit):
            assert remove_on_exit
            told.append((title, total))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            told.append("gone")

        def update(self, increment):
            told.append(increment)

    marimo = types.ModuleType("marimo")
    marimo.running_in_notebook = lambda: True
    marimo.status = types.SimpleNamespace(progress_bar=ProgressBar)
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    monkeypatch.setattr(progress, "tqdm", None)
    go()
    assert told == [
        *[("read", 4), 1, 3, "gone"],
        *[("roster", 9), 0, 9, "gone"],
        *[("review", 9), 2, "gone"],
    ]


def test_short_work_draws_nothing(monkeypatch):
    monkeypatch.setattr(progress, "_DELAY", 3600)
    monkeypatch.setattr(progress, "tqdm", None)
    roster = dangjian.read_roster(dangjian.datasets.hexigten().ledgers[-1], progress=True)
    assert roster.years == [2013]
