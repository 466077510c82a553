"""Times the `dj` namespace against the same checks written in Polars, after comparing the results.

    python benches/expressions.py [--rows 5000000]

The Polars side is written as an experienced Polars user would write it: expressions only, no Python per
value. Cases it cannot handle (shortened names, near misses, merged regions) are left out of the data, so
that both sides do the same work.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time

import polars as pl

import dangjian as dj

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
MODES = {
    "单独组建": "solo",
    "单建": "solo",
    "联合组建": "joint",
    "联建": "joint",
    "挂靠组建": "affiliated",
    "区域覆盖": "area",
    "未建": "none",
}


def frame(rows: int) -> pl.DataFrame:
    """Generates codes (one in eight with a wrong check character, one in twenty malformed), regions,
    industries and modes.
    """
    row = pl.int_range(rows, dtype=pl.UInt32)
    township = pl.Series(dj.regions(level="township")["code"])
    first = pl.format(
        "91{}MA{}", 100_000 + row * 7919 % 800_000, (row * 104_729 % 9_000_000 + 1_000_000).cast(pl.String)
    )
    made = pl.select(first=first, row=row).with_columns(
        code=pl.col("first") + pl.col("first").dj.uscc_check(),
        region=township.gather(pl.select(row * 6151 % len(township)).to_series()),
    )
    wrong = pl.when(pl.col("row") % 8 == 0).then(pl.col("first") + "0")
    odd = wrong.when(pl.col("row") % 20 == 7).then(pl.col("first").str.slice(2, 15)).otherwise("code")
    division = (row * 31 % 97 + 1).cast(pl.String).str.zfill(2)
    written = pl.Series(list(MODES)).gather(pl.select(row * 17 % len(MODES)).to_series())
    return made.select(odd.alias("code"), "region", division.alias("industry"), written.alias("mode"))


def status_in_polars(code: pl.Expr) -> pl.Expr:
    """Checks a unified code, character by character."""
    values = {character: value for value, character in enumerate(ALPHABET)}
    total = pl.sum_horizontal(
        code.str.slice(at, 1).replace_strict(values, default=None, return_dtype=pl.UInt32) * weight
        for at, weight in enumerate(WEIGHTS)
    )
    check = code.str.slice(17, 1).replace_strict(values, default=None, return_dtype=pl.UInt32)
    digits = code.str.contains(r"^\d+$")
    return (
        pl.when(code.str.len_bytes() == 18)
        .then(pl.when((total + check) % 31 == 0).then(pl.lit("valid")).otherwise(pl.lit("check_digit")))
        .when((code.str.len_bytes() == 15) & digits)
        .then(pl.lit("registration_number"))
        .otherwise(pl.lit("other"))
    )


def tasks() -> dict[str, tuple[pl.Expr, pl.Expr]]:
    """Returns the dangjian expression and the Polars expression of each task."""
    # Four cities have no counties; the code then means the city itself.
    counties = dict(
        pl.concat(dj.regions(2023, x) for x in ("prefecture", "county")).select("code", "name").rows()
    )
    known = dj.regions(level="township")["code"]
    county = pl.col("region").str.slice(0, 6) + "000000"
    sections = "ABCDEFGHIJKLMNOPQRST"
    divisions = pl.Series([f"{n:02}" for n in range(1, 98)]).to_frame("d")
    letters = divisions.select(pl.col("d").dj.industry("section"))["d"].to_list()
    section = dict(zip(divisions["d"].to_list(), letters, strict=True))
    if set(letters) != set(sections):
        sys.exit("the sections are not those of the standard")
    return {
        "uscc_status": (pl.col("code").dj.uscc_status().cast(pl.String), status_in_polars(pl.col("code"))),
        "region, county": (
            pl.col("region").dj.region(level="county"),
            pl.when(pl.col("region").is_in(known.implode())).then(county),
        ),
        "region_name, county": (
            pl.col("region").dj.region_name(year=2023, level="county"),
            county.replace_strict(counties, default=None, return_dtype=pl.String),
        ),
        "industry": (
            pl.col("industry").dj.industry(),
            pl.col("industry").replace_strict(section, default=None, return_dtype=pl.String)
            + pl.col("industry"),
        ),
        "mode": (
            pl.col("mode").dj.mode().cast(pl.String),
            pl.col("mode").replace_strict(MODES, default=None, return_dtype=pl.String),
        ),
    }


def median(table: pl.DataFrame, expression: pl.Expr, runs: int) -> float:
    """Returns the median time of one evaluation, after an untimed first one."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        table.select(expression)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    table = frame(options.rows)
    print(
        f"{table.height:,} rows; {os.cpu_count()} CPUs, {platform.machine()}; Polars {pl.__version__}, "
        f"dangjian {dj.__version__}\n"
    )
    print("| task | dangjian s | Polars s | dangjian is faster by |")
    print("|---|---|---|---|")
    for name, (ours, theirs) in tasks().items():
        left, right = table.select(v=ours)["v"], table.select(v=theirs)["v"]
        if not left.equals(right):
            differ = pl.DataFrame({"ours": left, "theirs": right}).filter(left.ne_missing(right))
            sys.exit(f"{name}: the answers differ:\n{differ}")
        if left.null_count() == left.len():
            sys.exit(f"{name}: there was nothing to compare")
        mine, peer = median(table, ours, options.runs), median(table, theirs, options.runs)
        print(f"| {name} | {mine:.3f} | {peer:.3f} | {peer / mine:.1f} |")


if __name__ == "__main__":
    main()
