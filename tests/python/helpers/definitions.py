"""Definitions for tests, panels with superiors to apply them to, and their evaluation in SQL."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl
from hypothesis import strategies as st

import dangjian
from helpers import panels

FIGURES = ["population", "success", "failure", "unknown", "population_unknown"]

# Dimensions, as SQL expressions.
LEVELS = {
    "kind": "kind",
    "above_scale": "above_scale",
    "committee": "committee",
    "party_superior": "party_superior",
    "楼栋": '"楼栋"',
    "province": "left(region, 2) || '0000000000'",
    "prefecture": "left(region, 4) || '00000000'",
    "county": "left(region, 6) || '000000'",
    "township": "CASE WHEN region LIKE '%000000' THEN NULL ELSE region END",
    "section": "left(industry, 1)",
    "division": "left(industry, 3)",
    "members_size": """CASE WHEN members_full = 0 THEN '0' WHEN members_full < 3 THEN '1-2' WHEN members_full < 7 THEN '3-6'
        WHEN members_full < 50 THEN '7-49' ELSE CASE WHEN members_full >= 50 THEN '50+' END END""",
}

CONDITIONS = (
    "true",
    "operating",
    "members_full >= 3",
    "mode in ('solo', 'joint')",
    "mode <> 'none' or star > 2",
)
condition = st.sampled_from(CONDITIONS)
FURTHER = {
    "party_superior": ([None, "旗委", "园区党工委"], pl.String),
    "party_org_level": ([None, "branch", "committee"], pl.String),
    # Large enough for the members of any row; reading rejects more members than plausible.
    "employees": ([None, 20, 30, 50, 99, 100], pl.UInt32),
    "members_probationary": ([None, 0, 2], pl.UInt32),
}


@st.composite
def trees(draw):
    """Draws a panel whose party organisations have superiors and further columns."""
    panel = draw(panels.panels())
    return panel.with_columns(
        pl.Series(name, draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)), dtype)
        for n in (panel.height,)
        for name, (values, dtype) in FURTHER.items()
    )


DUCKDB = duckdb.connect()


def sql(panel: pl.DataFrame, query: str) -> list[tuple[Any, ...]]:
    """Runs a query in DuckDB; the panel is the table ``panel``."""
    DUCKDB.register("panel", panel.cast({pl.UInt32: pl.Int64}).to_arrow())
    return DUCKDB.sql(query).fetchall()


def rate(
    population: str = "true",
    success: str = "operating",
    of: str = "organisations",
    name: str = "drawn",
    **more: object,
) -> str:
    """Formats a rate as a definition file has it."""
    fields = "\n".join(f"{key} = {value!r}" for key, value in more.items())
    return f"""
[[rate]]
id = "{name}"
label = "抽到的"
population = '''{population}'''
success = '''{success}'''
counts = "{of}"
source = "test"
{fields}
"""


def made(rows: list[tuple[Any, ...]], **columns: Any) -> dangjian.Roster:
    """Returns a roster of organisations 单位0, 单位1 … with these columns; a row is a year and values."""
    schema = {"year": pl.Int16, "org_id": pl.String, **columns}
    numbered = [
        {"year": year, "org_id": f"单位{at}", **dict(zip(columns, values, strict=True))}
        for at, (year, *values) in enumerate(rows)
    ]
    return dangjian.read_roster(pl.DataFrame(numbered, schema=schema), progress=False)
