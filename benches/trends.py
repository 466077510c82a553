"""Times star transitions by county in DuckDB, Polars and dangjian, and the bootstrap against one pass.

All run in one process. The states are the grades, ``unrated``, ``no_party_org`` and ``unknown``; an
organisation not listed in one of the years is ``absent``. All cells of all years are compared before the
timing.

    python benches/trends.py --organisations 200000 --years 10
    python benches/trends.py --panel panel.parquet --runs 5
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

import duckdb
import polars as pl
from reference import ORGANISED, measured, read_panel

import dangjian

KEYS = ["year", "county", "star_state", "next_star_state"]


def duckdb_(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Counts transitions in DuckDB by a full join on id and year; the first and last year have no step
    outwards.
    """
    return con.sql(
        """
        SELECT coalesce(a.year, b.year - 1) AS year, coalesce(a.county, b.county) AS county,
               coalesce(a.state, 'absent') AS star_state, coalesce(b.state, 'absent') AS next_star_state, count(*) AS n
        FROM panel a FULL JOIN panel b ON a.org_id = b.org_id AND b.year = a.year + 1
        WHERE coalesce(a.year, b.year - 1) BETWEEN (SELECT min(year) FROM panel) AND (SELECT max(year) - 1 FROM panel)
        GROUP BY ALL"""
    ).pl()


def polars_(frame: pl.LazyFrame, first: int, last: int) -> pl.DataFrame:
    """Counts transitions in Polars."""
    after = frame.select("org_id", year=pl.col("year") - 1, next_county="county", next_star_state="state")
    joined = frame.join(after, on=["org_id", "year"], how="full", coalesce=True)
    return (
        joined.filter(pl.col("year").is_between(first, last - 1))
        .group_by(
            "year",
            county=pl.coalesce("county", "next_county"),
            star_state="state",
            next_star_state="next_star_state",
        )
        .agg(n=pl.len())
        .collect(engine="streaming")
    )


def normal(table: pl.DataFrame) -> pl.DataFrame:
    """Normalises a table of transitions."""
    states = [pl.col(c).cast(pl.String).fill_null("absent") for c in KEYS[2:]]
    return table.select(
        pl.col("year").cast(pl.Int64), pl.col("county").cast(pl.Int64), *states, pl.col("n").cast(pl.Int64)
    ).sort(KEYS)


def dangjian_(roster: dangjian.Roster) -> pl.DataFrame:
    """Counts transitions in dangjian."""
    return roster.star_transitions(by="county")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", type=Path, help="a panel as Parquet; without it one is made")
    parser.add_argument("--organisations", type=int, default=200_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--draws", type=int, default=1000)
    options = parser.parse_args()

    frame = read_panel(options)
    print(
        f"{frame.height:,} rows, {frame['org_id'].n_unique():,} organisations; {os.cpu_count()} CPUs, "
        f"{platform.machine()}; DuckDB {duckdb.__version__}, Polars {pl.__version__}, dangjian {dangjian.__version__}"
    )
    words = ["1", "2", "3", "4", "5", "unrated", "no_party_org", "unknown"]
    state = (
        pl.when(pl.col("star").is_not_null())
        .then(pl.col("star").cast(pl.String))
        .when(pl.col("mode").cast(pl.String).is_in(ORGANISED))
        .then(pl.lit("unrated"))
        .when(pl.col("mode").is_not_null())
        .then(pl.lit("no_party_org"))
        .otherwise(pl.lit("unknown"))
    )
    # Each peer gets its best types: counties as integers, states as an enumeration, and no other
    # columns.
    slim = frame.select(
        "org_id",
        "year",
        county=(pl.col("region") // 1_000_000).cast(pl.Int32),
        state=state.cast(pl.Enum(words)),
    )
    con = duckdb.connect()
    con.execute(f"CREATE TYPE state_t AS ENUM ({', '.join(repr(w) for w in [*words, 'absent'])})")
    con.register("slim", slim.with_columns(pl.col("state").cast(pl.String)).to_arrow())
    con.execute("CREATE TABLE panel AS SELECT * REPLACE (state::state_t AS state) FROM slim")
    con.unregister("slim")
    roster = dangjian.read_roster(frame)
    first, last = frame["year"].min(), frame["year"].max()
    lazy = slim.lazy()

    truth = normal(duckdb_(con))
    digits = pl.col("county").str.slice(0, 6)
    mine = (
        dangjian_(roster)
        .filter(pl.col("organisations") > 0)
        .with_columns(digits)
        .rename({"organisations": "n"})
    )
    for name, table in (("Polars", polars_(lazy, first, last)), ("dangjian", mine)):
        if not truth.equals(normal(table)):
            sys.exit(f"{name}: the answers differ")
    print(f"equal answers in all {truth.height:,} cells\n")

    figures = {
        "DuckDB": measured(lambda: duckdb_(con), options.runs),
        "Polars": measured(lambda: polars_(lazy, first, last), options.runs),
        "dangjian": measured(lambda: dangjian_(roster), options.runs),
    }
    print("| transitions by county | median s | least | most | peak MiB | dangjian is faster by |")
    print("|---|---|---|---|---|---|")
    for engine, f in figures.items():
        ratio = f.median / figures["dangjian"].median
        print(f"| {engine} | {f.median:.3f} | {f.least:.3f} | {f.most:.3f} | {f.peak_mib} | {ratio:.1f} |")
    one = measured(roster.star_transitions, options.runs)
    many = measured(lambda: roster.mobility(draws=options.draws), 3)
    print(
        f"\none pass {one.median:.3f} s; mobility with {options.draws} draws {many.median:.3f} s, "
        f"{many.median / one.median:.1f} passes; peak {many.peak_mib} MiB"
    )


if __name__ == "__main__":
    main()
