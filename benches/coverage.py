"""Times one table of rates by year and county, the most frequent query, in DuckDB, Polars and dangjian.

Each engine holds the panel in memory in its best types, as in ``reference.py``. The peers count population
and success of each rate; dangjian's table also has the unknowns and the bounds of each rate. All figures
are compared before the timing. Times are medians after a warm-up, with the engines taking turns.

    python benches/coverage.py --panel panel.parquet --runs 7
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from typing import TYPE_CHECKING

import duckdb
import polars as pl
from reference import add_panel, duckdb_panel, normal, read_panel

import dangjian

if TYPE_CHECKING:
    from collections.abc import Callable

ESTABLISHED = ("solo", "joint", "affiliated")
_MODE, _GUIDED = pl.col("mode"), pl.col("instructor_id").is_not_null()
_OPERATING, _ELIGIBLE, _ALL = pl.col("operating"), pl.col("members_full") >= 3, pl.lit(value=True)
_DONE, _WORKED = _MODE.is_in(ESTABLISHED), (_MODE != "none") | _GUIDED
RATES: dict[str, tuple[str, str, pl.Expr, pl.Expr]] = {
    "organised": ("operating", f"mode IN {ESTABLISHED}", _OPERATING, _DONE),
    "organised_all": ("true", f"mode IN {ESTABLISHED}", _ALL, _DONE),
    "eligible_established": ("members_full >= 3", f"mode IN {ESTABLISHED}", _ELIGIBLE, _DONE),
    "solo_rate": ("operating", "mode = 'solo'", _OPERATING, _MODE == "solo"),
    "worked": ("operating", "mode <> 'none' OR guided", _OPERATING, _WORKED),
    "worked_all": ("true", "mode <> 'none' OR guided", _ALL, _WORKED),
}
"""Shipped rates whose columns the panel has: population and success, in SQL and as expressions."""


def duckdb_(con: duckdb.DuckDBPyConnection, rates: tuple[str, ...]) -> object:
    counts = ", ".join(
        f"count(*) FILTER ({RATES[r][0]}) AS {r}_population, count(*) FILTER (({RATES[r][0]}) AND ({RATES[r][1]})) AS {r}"
        for r in rates
    )
    return con.sql(
        f"SELECT year, region // 1000000 AS county, {counts} FROM panel GROUP BY ALL"
    ).to_arrow_table()


def polars_(frame: pl.DataFrame, rates: tuple[str, ...]) -> pl.DataFrame:
    rows = frame.lazy().group_by("year", county=pl.col("region") // 1_000_000)
    counts = {f"{r}_population": RATES[r][2].sum() for r in rates if r[-4:] != "_all"}
    counts |= {f"{r}_population": pl.len() for r in rates if r[-4:] == "_all"}
    counts |= {r: (RATES[r][2] & RATES[r][3]).sum() for r in rates}
    return rows.agg(**counts).collect(engine="streaming")


def dangjian_(roster: dangjian.Roster, rates: tuple[str, ...]) -> pl.DataFrame:
    return roster.coverage(by=["year", "county"], rates=list(rates))


def dangjian_answers(table: pl.DataFrame, rates: tuple[str, ...]) -> pl.DataFrame:
    """Reshapes dangjian's table to one row for each year and county."""
    of = {
        rate: table.filter(pl.col("rate_id") == rate).select(
            "year",
            pl.col("county").str.slice(0, 6),
            pl.col("population").alias(f"{rate}_population"),
            pl.col("success").alias(rate),
        )
        for rate in rates
    }
    first, *others = of.values()
    for other in others:
        first = first.join(other, on=["year", "county"], how="full", coalesce=True, nulls_equal=True)
    return first


def same(table: pl.DataFrame, rates: tuple[str, ...]) -> pl.DataFrame:
    counts = [column for rate in rates for column in (f"{rate}_population", rate)]
    return normal(table, counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_panel(parser)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    frame = read_panel(options)
    con = duckdb_panel(frame)
    roster = dangjian.read_roster(frame)
    print(
        f"{frame.height:,} rows; {os.cpu_count()} CPUs, {platform.machine()}; DuckDB {duckdb.__version__}, "
        f"Polars {pl.__version__}, dangjian {dangjian.__version__}"
    )
    print("| rates | engine | median ms | least | most | dangjian is faster by |\n|---|---|---|---|---|---|")
    for rates in (("organised",), tuple(RATES)):
        engines: dict[str, Callable[[], object]] = {
            "DuckDB": lambda rates=rates: duckdb_(con, rates),
            "Polars": lambda rates=rates: polars_(frame, rates),
            "dangjian": lambda rates=rates: dangjian_(roster, rates),
        }
        truth = same(pl.from_arrow(duckdb_(con, rates)), rates)
        assert truth.equals(same(polars_(frame, rates), rates)), "Polars"
        assert truth.equals(same(dangjian_answers(dangjian_(roster, rates), rates), rates)), "dangjian"
        times: dict[str, list[float]] = {engine: [] for engine in engines}
        for _ in range(options.runs):
            for engine, work in engines.items():
                start = time.perf_counter()
                work()
                times[engine].append((time.perf_counter() - start) * 1e3)
        own = statistics.median(times["dangjian"])
        for engine, t in times.items():
            figures = (
                f"{statistics.median(t):.1f}",
                f"{min(t):.1f}",
                f"{max(t):.1f}",
                f"{statistics.median(t) / own:.1f}",
            )
            print("|", " | ".join((str(len(rates)), engine, *figures)), "|", flush=True)
    print(f"equal figures in all {truth.height:,} rows of the larger table")


if __name__ == "__main__":
    main()
