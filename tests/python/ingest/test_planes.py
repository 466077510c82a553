"""Any panel over any plane of tables reads back to itself, or every difference is told.

``HYPOTHESIS_PROFILE=slow`` tries more planes.
"""

from __future__ import annotations

import csv
import random

import openpyxl
import polars as pl
from hypothesis import given, note
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import dangjian
from helpers import layouts, planes


@given(
    organisations=st.integers(1, 20),
    years=st.integers(1, 3),
    seed=st.integers(0, 10_000),
    is_text=st.booleans(),
)
def test_a_panel_in_any_plane_of_tables_reads_back_to_itself(
    tmp_path_factory, organisations, years, seed, is_text
):
    panel = layouts.panel(organisations, years, seed).select("year", "org_id", *planes.COLUMNS)
    if panel.is_empty():
        return
    rng = random.Random(seed)  # noqa: S311
    divided = planes.blocks(panel, rng)
    lines = planes.sheet(divided, rng)
    note("\n".join(str(line) for line in lines))
    folder = tmp_path_factory.mktemp("plane")
    if is_text:
        path = folder / "台账.csv"
        width = max(map(len, lines))
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([*line, *[""] * (width - len(line))] for line in lines)
    else:
        path = folder / "台账.xlsx"
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        book.save(path)
    roster = dangjian.read_roster(path, progress=False)
    frame = roster.to_polars()
    found = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String)).select(panel.columns)
    assert roster.problems.is_empty(), roster.problems.to_dicts()[:3]
    assert_frame_equal(found.sort("year", "org_id"), panel.sort("year", "org_id"), check_dtypes=True)
    assert roster.sources["data"].sum() == roster.sources["kept"].sum() == panel.height
    # Neighbours of one year under one header are one table.
    assert roster.tables.height <= len(divided)
