"""Any panel in any layout reads back to itself, and the order of its rows, columns and files is
irrelevant.

``HYPOTHESIS_PROFILE=slow`` tries more layouts.
"""

from __future__ import annotations

import polars as pl
from hypothesis import given, note
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import dangjian
from helpers import layouts


def read(paths):
    """Reads a roster and checks that there is no problem and no row is lost."""
    roster = dangjian.read_roster(paths, progress=False)
    assert roster.problems.is_empty(), roster.problems.to_dicts()[:5]
    return roster


def panel_of(roster, columns):
    """Returns the panel in the given columns, words as text."""
    frame = roster.to_polars().with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    return frame.select(columns).sort("year", "org_id")


@st.composite
def written(draw):
    """Draws a panel and a layout of it."""
    panel = layouts.panel(draw(st.integers(1, 25)), draw(st.integers(1, 3)), draw(st.integers(0, 1000)))
    return panel, draw(layouts.layouts(panel.columns))


@given(case=written())
def test_a_panel_in_any_layout_reads_back_to_itself(tmp_path_factory, case):
    panel, layout = case
    if panel.is_empty():
        return
    note(layout)
    roster = read(layouts.write(panel, layout, tmp_path_factory.mktemp("layout")))
    columns = [
        "year",
        "org_id",
        *(c for c in panel.columns if c in layout.columns and c not in ("year", "org_id")),
    ]
    assert_frame_equal(
        panel_of(roster, columns), panel.select(columns).sort("year", "org_id"), check_dtypes=True
    )
    sources = roster.sources
    assert sources["data"].sum() == sources["kept"].sum() == panel.height
    sheets = 1 if layout.years == "column" else panel["year"].n_unique()
    # Upper rows that name no known column may count as titles or blank.
    assert len(sources) == sheets
    assert sources["header"].is_between(1, layout.header_rows).all()
    assert (sources["total"] == (layout.totals != "none")).all()
    assert (sources["footer"] + sources["note"] == 2 * layout.footer).all()


@given(case=written(), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_columns_and_files_changes_nothing(tmp_path_factory, case, order):
    panel, layout = case
    if panel.is_empty():
        return
    one = read(layouts.write(panel, layout, tmp_path_factory.mktemp("one"))).to_polars()
    layout.seed = order.randint(0, 2**32)
    order.shuffle(layout.columns)
    paths = layouts.write(panel, layout, tmp_path_factory.mktemp("other"))
    other = read(paths).to_polars()
    # The original word for a mode is kept as each file has it.
    plain = [name for name in one.columns if name != "mode_detail"]
    assert_frame_equal(one.select(plain), other.select(plain))
    assert read(paths[::-1]).to_polars().equals(other)


def test_the_layouts_cover_what_offices_do():
    """The lists that the strategies draw from are not empty, and include every alias of the schema."""
    assert len(layouts.ALIASES["org_id"]) > 5
    assert all(len(ways) >= 2 for words in layouts.WORDS.values() for ways in words.values())
    assert {"utf-8", "utf-8-sig", "gb18030", "utf-16"} <= set(layouts.ENCODINGS)
    assert set(layouts.TYPES) >= {"mode", "star", "established_on", "funds"}
