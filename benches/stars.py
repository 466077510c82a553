"""Ten million scores rated by one scheme, in dangjian and in Polars expressions, in the same process.

The scheme: thirty items in five dimensions, one of them a bonus capped at five, one of penalties that do not lead below
nothing; the dimensions blended; half-open bands; a gate, a cap by a sub-score, a quota of 30 % of all, equals at the line all
in. Totals, stars by the score alone and stars after all rules are compared, organisation by organisation, before anything is
timed. The Polars side is the faster of two ways of writing it. Figures are medians; compare only those of one run.

    python benches/stars.py --rows 10000000 --runs 5
    python benches/stars.py --rows 10000000 --runs 5 --shuffle
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

import dangjian as dj

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = 30
# Dimension: items, points of each, what the form gives, weight in twentieths.
DIMENSIONS = {
    "organisation": (8, 10, "award", 14),
    "work": (8, 10, "award", 14),
    "judged": (8, 10, "award", 12),
    "bonus": (3, 5, "bonus", 20),
    "minus": (3, 5, "penalty", 20),
}
PLACES = 0.3


def scheme() -> str:
    """The scheme as TOML."""
    records = [
        '[[scheme]]\nid = "bench"\nlabel = "bench"\nsource = "bench"\nmethod = "bands"\nbelow = "unrated"\nleast = 0\n'
    ]
    for name, (n, points, gives, weight) in DIMENSIONS.items():
        most = "most = 5\n" if gives == "bonus" else ""
        records.append(f'[[dimension]]\nid = "{name}"\nweight = {weight / 20}\n{most}')
        records += [
            f'[[item]]\nid = "{name[:5]}{at}"\ndimension = "{name}"\npoints = {points}\ngives = "{gives}"\n'
            for at in range(n)
        ]
    records += [f"[[band]]\nstars = {star}\nfrom = {at}\n" for star, at in BANDS]
    records.append('[[gate]]\nstars = 5\ndimension = "organisation"\nat_least = 56\n')
    records.append('[[cap]]\nstars = 2\ndimension = "judged"\nbelow_share = 0.6\n')
    records.append(f'[[quota]]\nstars = 5\nshare = {PLACES}\nof = "all"\nrounding = "floor"\nties = "in"\n')
    return "\n".join(records)


# Of 160 × 0.7 + 80 × 0.6 = 160 points.
BANDS = ((5, 112), (4, 104), (3, 96), (2, 80), (1, 60))


def scores(rows: int, *, shuffle: bool) -> pl.DataFrame:
    """Made-up forms in half points, the forms of an organisation one line after the other."""
    orgs = -(-rows // ITEMS)
    names = [f"{name[:5]}{at}" for name, (n, *_) in DIMENSIONS.items() for at in range(n)]
    most = pl.Series([points for n, points, *_ in DIMENSIONS.values() for _ in range(n)], dtype=pl.Float64)
    low = pl.Series(
        [0.0 if gives == "penalty" else 0.4 for n, _, gives, _ in DIMENSIONS.values() for _ in range(n)]
    )
    frame = pl.DataFrame({"at": pl.int_range(orgs * ITEMS, eager=True)}).select(
        pl.format("D{}", (pl.col("at") // ITEMS + 10_000_000)).alias("party_org_id"),
        pl.lit(2013, pl.Int16).alias("year"),
        pl.lit(pl.Series(names)).gather(pl.col("at") % ITEMS).alias("item"),
        # A hash in place of random numbers, the same in every run.
        (
            pl.lit(most).gather(pl.col("at") % ITEMS)
            * (
                pl.lit(low).gather(pl.col("at") % ITEMS)
                + (1 - pl.lit(low).gather(pl.col("at") % ITEMS))
                * (pl.col("at").hash(7) % 1000).cast(pl.Float64)
                / 999
            )
            * 2
        )
        .round()
        .truediv(2)
        .alias("points"),
    )
    return frame.sample(fraction=1, shuffle=True, seed=7) if shuffle else frame


def stars(total: str) -> pl.Expr:
    """Stars by bands of a total that is held in fortieths of a point."""
    chain = pl.when(pl.col(total) >= BANDS[0][1] * 40).then(BANDS[0][0])
    for star, at in BANDS[1:]:
        chain = chain.when(pl.col(total) >= at * 40).then(star)
    return chain.otherwise(0).cast(pl.Int8)


def rules(sums: pl.LazyFrame, everybody: int) -> pl.DataFrame:
    """From the sums of dimensions, in half points, to stars."""
    weighted = {name: pl.col(name) * weight for name, (*_, weight) in DIMENSIONS.items()}
    weighted["bonus"] = pl.min_horizontal("bonus", pl.lit(10)) * 20
    weighted["minus"] = -pl.col("minus") * 20
    places = int(everybody * 3 // 10)
    return (
        sums.with_columns(total=pl.max_horizontal(pl.sum_horizontal(*weighted.values()), pl.lit(0)))
        .with_columns(by_score=stars("total"))
        .with_columns(
            star=pl.when((pl.col("by_score") == 5) & (pl.col("organisation") < 112))
            .then(pl.lit(4, pl.Int8))
            .otherwise("by_score")
        )
        .with_columns(
            star=pl.when(pl.col("judged") < 96)
            .then(pl.min_horizontal("star", pl.lit(2, pl.Int8)))
            .otherwise("star")
        )
        .with_columns(rank=pl.when(pl.col("star") == 5).then(pl.col("total")).rank("min", descending=True))
        .with_columns(
            star=pl.when((pl.col("star") == 5) & (pl.col("rank") > places))
            .then(pl.lit(4, pl.Int8))
            .otherwise("star")
        )
        .select("party_org_id", "total", "by_score", "star")
        .collect()
    )


def meta() -> pl.LazyFrame:
    """Which dimension an item belongs to."""
    rows = [(f"{name[:5]}{at}", d) for d, (name, (n, *_)) in enumerate(DIMENSIONS.items()) for at in range(n)]
    return pl.LazyFrame(rows, schema={"item": pl.String, "dimension": pl.UInt8}, orient="row")


def by_masks(frame: pl.DataFrame, everybody: int) -> pl.DataFrame:
    """Polars, one way: a masked sum for each dimension."""
    halves = (pl.col("points") * 2).cast(pl.Int32)
    sums = (
        frame.lazy()
        .join(meta(), on="item")
        .group_by("party_org_id")
        .agg(halves.filter(pl.col("dimension") == d).sum().alias(name) for d, name in enumerate(DIMENSIONS))
    )
    return rules(sums, everybody)


def by_cells(frame: pl.DataFrame, everybody: int) -> pl.DataFrame:
    """Polars, another way: sums by organisation and dimension, then a row an organisation."""
    halves = (pl.col("points") * 2).cast(pl.Int32)
    sums = (
        frame.lazy()
        .join(meta(), on="item")
        .group_by("party_org_id", "dimension")
        .agg(halves.sum().alias("sum"))
        .group_by("party_org_id")
        .agg(
            pl.col("sum").filter(pl.col("dimension") == d).sum().alias(name)
            for d, name in enumerate(DIMENSIONS)
        )
    )
    return rules(sums, everybody)


def compare(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Stop unless both say the same of everybody."""
    mine = ours.select(
        "party_org_id",
        total=(pl.col("score") * 40).round().cast(pl.Int64),
        by_score=pl.col("by_score").replace("unrated", "0").cast(pl.Int8),
        star=pl.col("stars").fill_null(0).cast(pl.Int8),
    ).sort("party_org_id")
    other = theirs.select("party_org_id", pl.col("total").cast(pl.Int64), "by_score", "star").sort(
        "party_org_id"
    )
    if not mine.equals(other):
        differ = mine.join(other, on=mine.columns, how="anti")
        sys.exit(f"the answers differ:\n{differ}\n{other.join(mine, on=mine.columns, how='anti')}")
    if other.filter(pl.col("by_score") != pl.col("star")).is_empty():
        sys.exit("no rule changed anything: there was nothing to compare")


def timed(work: Callable[[], object], runs: int) -> list[float]:
    """Seconds of each run, after one that does not count."""
    work()
    out = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        out.append(time.perf_counter() - start)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--shuffle", action="store_true")
    args = parser.parse_args()
    frame = scores(args.rows, shuffle=args.shuffle)
    ids = frame["party_org_id"].unique().sort()
    roster = dj.read_roster(
        pl.DataFrame(
            {"year": [2013] * len(ids), "org_id": ids, "party_org_id": ids, "mode": ["solo"] * len(ids)}
        ),
        progress=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.toml"
        path.write_text(scheme(), encoding="utf-8")
        everybody = len(ids)
        ours = roster.rate_stars(frame, path).stars
        for theirs in (by_masks, by_cells):
            compare(ours, theirs(frame, everybody))
        print(
            f"{frame.height:,} rows, {everybody:,} party organisations, equal answers: total, by score, after all rules"
        )
        times = {
            "dangjian": timed(lambda: roster.rate_stars(frame, path).stars, args.runs),
            "Polars, masks": timed(lambda: by_masks(frame, everybody), args.runs),
            "Polars, cells": timed(lambda: by_cells(frame, everybody), args.runs),
        }
    medians = {name: statistics.median(t) for name, t in times.items()}
    for name, t in times.items():
        print(f"  {name}: median {medians[name]:.3f} s ({min(t):.3f}-{max(t):.3f})")
    best = min(medians["Polars, masks"], medians["Polars, cells"])
    print(f"  faster by {best / medians['dangjian']:.1f}")


if __name__ == "__main__":
    main()
