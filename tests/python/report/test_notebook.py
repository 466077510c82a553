"""The notebooks run from top to bottom without a warning, and show the figures of the source article."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from helpers import ROOT, shared

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def run(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Executes the notebook at ``path`` in ``folder``; an error in a cell is raised."""
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def shown(notebook: nbformat.NotebookNode, tag: str) -> Any:
    """Returns the value shown by the cell tagged ``tag``."""
    (cell,) = (c for c in notebook.cells if tag in c.metadata.get("tags", []))
    (output,) = cell.outputs
    return ast.literal_eval(output.data["text/plain"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_is_kept_without_outputs(path: Path) -> None:
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert len(cells) > 3
    assert all(c.execution_count is None and not c.outputs for c in cells)


# The client of Jupyter kernels starts processes and sockets, and its warnings do not concern the
# project.
@pytest.mark.filterwarnings("default")
def test_the_annual_review(tmp_path: Path) -> None:
    (path,) = (p for p in NOTEBOOKS if p.stem == "01_annual_review")
    notebook = run(path, tmp_path)
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    warned = [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    assert not warned
    charts = [o for o in outputs if "image/svg+xml" in o.get("data", {})]
    assert len(charts) == 6
    headline = shown(notebook, "headline")
    # The article of 2013: 246 instructors, 48 seconded officers, 85 owners who are secretary, 3
    # four-star and 8 three-star party organisations, none with five.
    figures = {k: headline[k] for k in ("instructors", "seconded_officers", "owner_secretaries")}
    assert figures == {"instructors": 246, "seconded_officers": 48, "owner_secretaries": 85}
    assert {k: n for k, n in headline["stars"].items() if k >= "3" and n} == {"4": 3, "3": 8}
    assert len(headline["targets"]) == 4
    assert (tmp_path / "review" / "review.html").stat().st_size > 10_000


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("real", [True, False], ids=["medicare", "sample"])
def test_star_trends(tmp_path: Path, real: bool) -> None:  # noqa: FBT001 - one of two sources
    (path,) = (p for p in NOTEBOOKS if p.stem == "03_star_trends")
    if real:
        shared.data("real/medicare_advantage_us_2009-2022_stars.csv")
    notebook = run(path, path.parent if real else tmp_path)
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    assert not [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    assert len([o for o in outputs if "image/svg+xml" in o.get("data", {})]) >= 3
    tables = {t: text(notebook, t) for t in ("denominators", "trend", "skill")}
    for view in ("kept", "all", "removed", "absorbing"):
        assert view in tables["denominators"]
    assert "升" in tables["trend"]
    for method in ("naive", "drift", "holt", "mix"):
        assert method in tables["skill"]


def text(notebook: nbformat.NotebookNode, tag: str) -> str:
    """Returns the output of the cell tagged ``tag`` as text."""
    (cell,) = (c for c in notebook.cells if tag in c.metadata.get("tags", []))
    (output,) = cell.outputs
    return str(output.data["text/plain"])


def test_the_star_rating(tmp_path: Path) -> None:
    (path,) = (p for p in NOTEBOOKS if p.stem == "02_star_rating")
    notebook = run(path, tmp_path)
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    warned = [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    assert not warned
    # The article of 2013: three four-star and eight three-star party organisations, none with five.
    stars = shown(notebook, "stars")
    assert {k: n for k, n in stars.items() if k >= "3" and k[0].isdigit()} == {"5": 0, "4": 3, "3": 8}
    assert sum(shown(notebook, "plaques").values()) >= 11
    assert shown(notebook, "replayed") is True
    assert (tmp_path / "星级评定.xlsx").stat().st_size > 10_000
