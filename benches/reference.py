"""The reference workload: one annual review of one panel, in DuckDB, Polars and dangjian, in one process.

A review consists of seven grouping sets of ten counts (the cube), the mode needed against the mode
recorded, star grades, and the transitions of mode and grade from one year to the next; the last three by
county. Each engine gets its best types. All answers are compared, row by row, before the timing. Figures
are medians after a warm-up; compare only ratios of one run.

    python benches/reference.py --organisations 200000 --years 10
    python benches/reference.py --panel panel.parquet --runs 5
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import polars as pl

import dangjian

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEYS = ("year", "province", "county", "township", "kind", "mode", "next_mode", "need", "star", "next_star")
COUNTS = (
    "n",
    "operating",
    "organised",
    "eligible",
    "eligible_established",
    "worked",
    "active",
    "guided",
    "members",
    "employees",
)
SETS = (
    (),
    ("province",),
    ("province", "county"),
    ("province", "county", "township"),
    ("kind",),
    ("province", "kind"),
    ("province", "county", "kind"),
)
ORGANISED = ("solo", "joint", "affiliated")
COLUMNS = (
    "region",
    "kind",
    "mode",
    "star",
    "operating",
    "members_full",
    "employees",
    "activities",
    "instructor_id",
)
"""The columns that the review uses, in addition to year and organisation."""


class Answers(NamedTuple):
    """The results of a review."""

    cube: list[pl.DataFrame]
    """One table for each of ``SETS``."""
    needs: pl.DataFrame
    stars: pl.DataFrame
    moves: pl.DataFrame


def normal(table: pl.DataFrame, counts: Sequence[str] = COUNTS) -> pl.DataFrame:
    """Normalises a table: keys in a fixed order, words as text, numbers as ``Int64``, rows sorted."""
    keys = [c for c in KEYS if c in table.columns]
    text = [c for c in ("kind", "mode", "next_mode", "need") if c in keys]
    counts = [c for c in counts if c in table.columns]
    return table.select(
        pl.col(c).cast(pl.String) if c in text else pl.col(c).cast(pl.Int64) for c in (*keys, *counts)
    ).sort(keys, nulls_last=True)


def assert_equal(a: Answers, b: Answers, who: str) -> int:
    """Compares every row of two answers and returns the number of rows."""
    left, right = ([*x.cube, x.needs, x.stars, x.moves] for x in (a, b))
    rows = 0
    for one, other in zip(left, right, strict=True):
        one, other = normal(one), normal(other)  # noqa: PLW2901
        if not one.equals(other):
            differ = one.join(other, on=one.columns, how="anti", nulls_equal=True)
            back = other.join(one, on=one.columns, how="anti", nulls_equal=True)
            sys.exit(f"{who}: the answers differ by {one.columns}:\n{differ}\nagainst\n{back}")
        rows += one.height
    if not rows:
        sys.exit(f"{who}: there was nothing to compare")
    return rows


def duckdb_(con: duckdb.DuckDBPyConnection, source: str, guided: str) -> list[object]:
    """Runs the review in DuckDB; the cube is one table, split by :func:`duckdb_answers`."""
    established = f"mode IN {ORGANISED}"
    sets = ", ".join(f"({', '.join(('year', *by))})" for by in SETS)
    cube = f"""
        SELECT year, region // 10000000000 AS province, region // 1000000 AS county, region AS township, kind,
               grouping(province, county, township, kind) AS grouping, count(*) AS n,
               count(*) FILTER (operating) AS operating,
               count(*) FILTER (operating AND {established}) AS organised,
               count(*) FILTER (operating AND members_full >= 3) AS eligible,
               count(*) FILTER (operating AND members_full >= 3 AND {established}) AS eligible_established,
               count(*) FILTER (operating AND (mode <> 'none' OR {guided})) AS worked,
               count(*) FILTER (operating AND {established} AND activities > 0) AS active,
               count(*) FILTER (operating AND NOT {established} AND {guided}) AS guided,
               sum(members_full) AS members, sum(employees) AS employees
        FROM {source} GROUP BY GROUPING SETS ({sets})"""
    needs = f"""
        SELECT year, region // 1000000 AS county, mode,
               CASE WHEN members_full >= 3 THEN 'solo' WHEN members_full >= 1 THEN 'joint' ELSE 'area' END need,
               count(*) AS n
        FROM {source} GROUP BY ALL"""
    stars = f"SELECT year, region // 1000000 AS county, star, count(*) AS n FROM {source} GROUP BY ALL"
    moves = f"""
        SELECT a.year, a.region // 1000000 AS county, count(*) AS n,
               a.mode, b.mode AS next_mode, a.star, b.star AS next_star
        FROM {source} a JOIN {source} b ON a.org_id = b.org_id AND b.year = a.year + 1 GROUP BY ALL"""
    return [con.sql(query).to_arrow_table() for query in (cube, needs, stars, moves)]


def duckdb_answers(tables: list[object]) -> Answers:
    """Splits the cube of :func:`duckdb_` into its grouping sets."""
    cube, *others = (pl.from_arrow(table) for table in tables)
    names = ("province", "county", "township", "kind")

    def part(by: tuple[str, ...]) -> pl.DataFrame:
        # grouping() sets a bit for each column that is rolled up, the first column's the highest.
        bits = sum(1 << (len(names) - 1 - at) for at, name in enumerate(names) if name not in by)
        return cube.filter(pl.col("grouping") == bits).select("year", *by, *COUNTS)

    return Answers([part(by) for by in SETS], *others)


def polars_(frame: pl.LazyFrame) -> Answers:
    """Runs the review in Polars: the cube's finest cells, rolled up."""
    operating, members, guided = (
        pl.col("operating"),
        pl.col("members_full"),
        pl.col("instructor_id").is_not_null(),
    )
    established, eligible = pl.col("mode").is_in(ORGANISED), members >= 3
    region = pl.col("region")
    frame = frame.with_columns(province=region // 10_000_000_000, county=region // 1_000_000, township=region)
    cells = frame.group_by("year", "province", "county", "township", "kind").agg(
        n=pl.len(),
        operating=operating.sum(),
        organised=(operating & established).sum(),
        eligible=(operating & eligible).sum(),
        eligible_established=(operating & eligible & established).sum(),
        worked=(operating & ((pl.col("mode") != "none") | guided)).sum(),
        active=(operating & established & (pl.col("activities") > 0)).sum(),
        guided=(operating & ~established & guided).sum(),
        members=members.cast(pl.Int64).sum(),
        employees=pl.col("employees").cast(pl.Int64).sum(),
    )
    need = (
        pl.when(members >= 3)
        .then(pl.lit("solo"))
        .when(members >= 1)
        .then(pl.lit("joint"))
        .otherwise(pl.lit("area"))
    )
    needs = frame.with_columns(need=need).group_by("year", "county", "mode", "need").agg(n=pl.len())
    stars = frame.group_by("year", "county", "star").agg(n=pl.len())
    before = frame.select("org_id", "year", "county", "mode", "star")
    after = frame.select("org_id", year=pl.col("year") - 1, next_mode="mode", next_star="star")
    states = ("mode", "next_mode", "star", "next_star")
    moves = before.join(after, on=["org_id", "year"]).group_by("year", "county", *states).agg(n=pl.len())
    cells, *others = pl.collect_all([cells, needs, stars, moves], engine="streaming")
    sums = [pl.col(c).sum() for c in COUNTS]
    return Answers([cells.group_by("year", *by).agg(sums) for by in SETS], *others)


MEASURES = {
    "n": "*",
    "operating": "operating",
    "organised": f"operating AND mode IN {ORGANISED}",
    "eligible": "operating AND members_full >= 3",
    "eligible_established": f"operating AND members_full >= 3 AND mode IN {ORGANISED}",
    "worked": "operating AND (mode <> 'none' OR instructor_id IS NOT NULL)",
    "active": f"operating AND mode IN {ORGANISED} AND activities > 0",
    "guided": f"operating AND NOT mode IN {ORGANISED} AND instructor_id IS NOT NULL",
    "members": "sum(members_full)",
    "employees": "sum(employees)",
}


def dangjian_(roster: dangjian.Roster) -> Answers:
    """Runs the review in dangjian."""
    return Answers(
        roster.count_sets([list(by) for by in SETS], measures=MEASURES),
        roster.count(by=["county", "mode", "need"], measures={"n": "*"}),
        roster.count(by=["county", "star"], measures={"n": "*"}),
        roster.moves(of=["mode", "star"], by=["county"]),
    )


def dangjian_answers(answers: Answers) -> Answers:
    """Converts dangjian's tables to the peers' terms: regions as leading digits, no arrivals and
    departures.
    """
    digits = {"province": 2, "county": 6, "township": 12}

    def plain(table: pl.DataFrame) -> pl.DataFrame:
        if "organisations" in table.columns:
            table = table.filter(pl.col("mode") != "absent", pl.col("next_mode") != "absent")
            table = table.rename({"organisations": "n"})
        cut = [pl.col(c).str.slice(0, n) for c, n in digits.items() if c in table.columns]
        return table.with_columns(cut)

    return Answers(
        [plain(t) for t in answers.cube], plain(answers.needs), plain(answers.stars), plain(answers.moves)
    )


def add_panel(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that :func:`read_panel` takes."""
    parser.add_argument("--panel", type=Path, help="a panel as Parquet; without it one is made")
    parser.add_argument("--organisations", type=int, default=200_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)


def duckdb_panel(frame: pl.DataFrame) -> duckdb.DuckDBPyConnection:
    """Loads the panel into a DuckDB table, words as enumerations."""
    con = duckdb.connect()
    for column in ("kind", "mode"):
        words = ", ".join(f"'{word}'" for word in frame[column].unique().cast(pl.String).sort())
        con.execute(f"CREATE TYPE {column}_t AS ENUM ({words})")
    con.execute(
        "CREATE TABLE panel AS SELECT instructor_id IS NOT NULL AS guided, "
        "* REPLACE (kind::VARCHAR::kind_t AS kind, mode::VARCHAR::mode_t AS mode) FROM frame"
    )
    return con


def read_panel(options: argparse.Namespace) -> pl.DataFrame:
    """Returns the panel in types that suit all three engines: regions as integers, words as enumerations."""
    if options.panel:
        frame = pl.read_parquet(options.panel)
    else:
        frame = dangjian.synth.panel(options.organisations, options.years, seed=options.seed)
    words = {c: pl.Enum(frame[c].cast(pl.String).unique().sort()) for c in ("kind", "mode", "industry")}
    # dangjian does not recognise a township with the code of its county (金门县).
    return frame.filter(~pl.col("region").cast(pl.String).str.ends_with("000000")).with_columns(
        *(pl.col(c).cast(pl.String).cast(t) for c, t in words.items()),
        # dangjian treats more than five members per employee as a typing error and reads null.
        pl.min_horizontal("members_full", 5 * pl.col("employees")).cast(pl.UInt32).alias("members_full"),
        pl.col("region").cast(pl.String).cast(pl.Int64),
        pl.col("instructor_id").cast(pl.String),
        pl.col("star").cast(pl.UInt8),
    )


class Figure(NamedTuple):
    """The times of an engine, and the peak memory of the process meanwhile."""

    median: float
    least: float
    most: float
    peak_mib: int


def measured(work: Callable[[], object], runs: int) -> Figure:
    """Times ``work`` after one warm-up run."""
    work()
    reset_peak()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return Figure(statistics.median(times), min(times), max(times), peak_mib())


def reset_peak() -> None:
    """Resets the peak of resident memory, if the system allows it (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_mib() -> int:
    """Returns the peak of resident memory since the last reset, or of the process if there is none."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_panel(parser)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()

    frame = read_panel(options)
    years = frame["year"].n_unique()
    print(
        f"{frame.height:,} rows, {frame['org_id'].n_unique():,} organisations, {years} years; "
        f"{os.cpu_count()} CPUs, {platform.machine()}; DuckDB {duckdb.__version__}, Polars {pl.__version__}, "
        f"dangjian {dangjian.__version__}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path, own = Path(folder) / "panel.parquet", Path(folder) / "own.parquet"
        frame.write_parquet(path, compression="zstd", row_group_size=500_000)
        compare(frame, path, own, options.runs)


def compare(frame: pl.DataFrame, path: Path, own: Path, runs: int) -> None:
    """Compares the answers, then the times, and prints both."""
    con = duckdb_panel(frame)
    start = time.perf_counter()
    roster = dangjian.read_roster(frame)
    print(f"roster built from the frame in {time.perf_counter() - start:.3f} s; peak {peak_mib()} MiB")

    truth = duckdb_answers(duckdb_(con, "panel", "guided"))
    assert_equal(truth, polars_(frame.lazy()), "Polars")
    rows = assert_equal(truth, dangjian_answers(dangjian_(roster)), "dangjian")
    print(f"equal answers in all {rows:,} result rows of the {len(SETS) + 3} tables")
    start = time.perf_counter()
    roster.to_parquet(own)
    print(
        f"written in {time.perf_counter() - start:.3f} s, {own.stat().st_size / 1e6:.0f} MB; Polars'", end=" "
    )
    print(f"file has {path.stat().st_size / 1e6:.0f} MB")
    opened = dangjian_answers(dangjian_(dangjian.open_roster(own, COLUMNS, progress=False)))
    assert_equal(truth, opened, "dangjian, from its own file")
    print("equal answers from dangjian's own file\n")

    file = f"'{path}'"
    table: list[tuple[str, str, Callable[[], object]]] = [
        ("memory", "DuckDB", lambda: duckdb_(con, "panel", "guided")),
        ("memory", "Polars", lambda: polars_(frame.lazy())),
        ("memory", "dangjian", lambda: dangjian_(roster)),
        ("Parquet", "DuckDB", lambda: duckdb_(con, file, "instructor_id IS NOT NULL")),
        ("Parquet", "Polars", lambda: polars_(pl.scan_parquet(path))),
        ("Parquet", "dangjian", lambda: dangjian_(dangjian.open_roster(own, COLUMNS, progress=False))),
        ("Parquet, opening", "dangjian", lambda: dangjian.open_roster(own, COLUMNS, progress=False)),
        ("Parquet of others", "dangjian", lambda: dangjian_(dangjian.read_roster(path, progress=False))),
    ]
    figures = {(source, engine): measured(work, runs) for source, engine, work in table}
    print("| from | engine | median s | least | most | peak MiB | dangjian is faster by |")
    print("|---|---|---|---|---|---|---|")
    for (source, engine), f in figures.items():
        ratio = f.median / figures[source.split()[0].rstrip(","), "dangjian"].median
        cells = (
            source,
            engine,
            f"{f.median:.3f}",
            f"{f.least:.3f}",
            f"{f.most:.3f}",
            f.peak_mib,
            f"{ratio:.1f}",
        )
        print("|", " | ".join(map(str, cells)), "|")


if __name__ == "__main__":
    main()
