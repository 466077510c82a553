"""Rates ten million scores by one scheme, in dangjian and in Polars expressions, in one process.

The scheme has thirty items in five dimensions, one of them a bonus capped at five, one of penalties with a
floor of zero; a weighted sum of dimensions; half-open bands; a gate, a cap by a sub-score, and a quota of
30 % of all, with ties at the line admitted. Totals, stars by score alone and stars after all rules are
compared, organisation by organisation, before the timing. The Polars side is the faster of two
formulations, and both sides return the same four columns. The full star table of thirty columns, joined
with the ledger, is timed separately. Figures are medians; compare only those of one run.

With ``--faults`` the table has the faults of real submissions: about 1 % of the rows are missing, 0.5 %
out of the item's range, 0.5 % sent twice, 0.2 % sent again with another number. Unknown scores are then
intervals on both sides, from the minimum to the maximum of the item, and the quota is left out. Without
it, Polars skips the checks that dangjian makes.

    python benches/stars.py --rows 10000000 --runs 5
    python benches/stars.py --rows 10000000 --runs 5 --shuffle
    python benches/stars.py --rows 10000000 --runs 5 --faults
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
# Dimension: number of items, points of each, kind of score, weight in twentieths.
DIMENSIONS = {
    "organisation": (8, 10, "award", 14),
    "work": (8, 10, "award", 14),
    "judged": (8, 10, "award", 12),
    "bonus": (3, 5, "bonus", 20),
    "minus": (3, 5, "penalty", 20),
}
PLACES = 0.3
# Untimed warm-up runs.
WARM = 4


def scheme(*, quota: bool = True) -> str:
    """Returns the scheme as TOML."""
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
    if quota:
        records.append(
            f'[[quota]]\nstars = 5\nshare = {PLACES}\nof = "all"\nrounding = "floor"\nties = "in"\n'
        )
    return "\n".join(records)


# The maximum is 160 × 0.7 + 80 × 0.6 = 160 points.
BANDS = ((5, 112), (4, 104), (3, 96), (2, 80), (1, 60))


def scores(rows: int, *, shuffle: bool) -> pl.DataFrame:
    """Generates forms in half points, the lines of an organisation adjacent."""
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
        # A hash instead of random numbers, for the same data in every run.
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


def faulty(frame: pl.DataFrame, *, shuffle: bool) -> pl.DataFrame:
    """Adds faults: lines missing, lines out of range, and repeated lines at the end."""
    of = pl.col("of")
    frame = frame.join(
        meta().select("item", "most").collect(), on="item", maintain_order="left"
    ).with_columns(of=pl.int_range(pl.len()).hash(11) % 1000)
    other = pl.when(pl.col("points") > 0).then(pl.col("points") - 0.5).otherwise(0.5)
    impossible = pl.col("most") / 2 + 3
    there = frame.filter(of >= 10).with_columns(points=pl.when(of < 15).then(impossible).otherwise("points"))
    again = frame.filter(of.is_between(15, 21)).with_columns(
        points=pl.when(of < 20).then("points").otherwise(other)
    )
    frame = pl.concat([there, again], rechunk=True).drop("most", "of")
    return frame.sample(fraction=1, shuffle=True, seed=7) if shuffle else frame


def stars(total: str) -> pl.Expr:
    """Returns the stars by bands of a total in fortieths of a point."""
    chain = pl.when(pl.col(total) >= BANDS[0][1] * 40).then(BANDS[0][0])
    for star, at in BANDS[1:]:
        chain = chain.when(pl.col(total) >= at * 40).then(star)
    return chain.otherwise(0).cast(pl.Int8)


def rules(sums: pl.LazyFrame, everybody: int) -> pl.DataFrame:
    """Computes stars from the sums of dimensions in half points."""
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
    """Lists the dimension, the maximum half points and a distinct bit of each item."""
    rows = [
        (f"{name[:5]}{at}", d, points * 2, 1 << at)
        for d, (name, (n, points, *_)) in enumerate(DIMENSIONS.items())
        for at in range(n)
    ]
    schema = {"item": pl.String, "dimension": pl.UInt8, "most": pl.Int32, "bit": pl.UInt32}
    return pl.LazyFrame(rows, schema=schema, orient="row")


def by_masks(frame: pl.DataFrame, everybody: int) -> pl.DataFrame:
    """Polars, first formulation: a masked sum for each dimension."""
    halves = (pl.col("points") * 2).cast(pl.Int32)
    sums = (
        frame.lazy()
        .join(meta().select("item", "dimension"), on="item")
        .group_by("party_org_id")
        .agg(halves.filter(pl.col("dimension") == d).sum().alias(name) for d, name in enumerate(DIMENSIONS))
    )
    return rules(sums, everybody)


def by_cells(frame: pl.DataFrame, everybody: int) -> pl.DataFrame:
    """Polars, second formulation: sums by organisation and dimension, then one row per organisation."""
    halves = (pl.col("points") * 2).cast(pl.Int32)
    sums = (
        frame.lazy()
        .join(meta().select("item", "dimension"), on="item")
        .group_by("party_org_id", "dimension")
        .agg(halves.sum().alias("sum"))
        .group_by("party_org_id")
        .agg(
            pl.col("sum").filter(pl.col("dimension") == d).sum().alias(name)
            for d, name in enumerate(DIMENSIONS)
        )
    )
    return rules(sums, everybody)


def checked(frame: pl.DataFrame) -> pl.LazyFrame:
    """Converts rows to half points of their item, -1 if out of the item's range."""
    halves = (pl.col("points") * 2).cast(pl.Int32)
    return (
        frame.lazy()
        .join(meta(), on="item")
        .select(
            "party_org_id",
            "dimension",
            "bit",
            "most",
            half=pl.when(halves.is_between(0, pl.col("most"))).then(halves).otherwise(-1),
        )
    )


def of_cells(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Sums, for each dimension, the known half points and the maximum of the known items, cell by cell."""
    known = (pl.col("low") == pl.col("high")) & (pl.col("low") >= 0)
    return (
        rows.group_by("party_org_id", "dimension", "bit")
        .agg(low=pl.col("half").min(), high=pl.col("half").max(), most=pl.col("most").first())
        .group_by("party_org_id", "dimension")
        .agg(sum=(pl.col("low") * known).sum(), most=(pl.col("most") * known).sum())
    )


def interval_rules(sums: pl.LazyFrame) -> pl.DataFrame:
    """Computes lower and upper bounds of the stars from the known part of each dimension."""
    columns: list[pl.Expr] = []
    for d, name in enumerate(DIMENSIONS):
        of = pl.col("dimension") == d
        columns += [
            pl.col("sum").filter(of).sum().alias(name),
            pl.col("most").filter(of).sum().alias(f"{name}_known"),
        ]
    low: list[pl.Expr] = []
    high: list[pl.Expr] = []
    for name, (n, points, gives, weight) in DIMENSIONS.items():
        # An open item counts as nothing or as its maximum; for a penalty the bounds swap.
        least, most = pl.col(name), pl.col(name) + n * points * 2 - pl.col(f"{name}_known")
        if gives == "bonus":
            least, most = (pl.min_horizontal(end, pl.lit(10)) for end in (least, most))
        if gives == "penalty":
            least, most = -most, -least
        low.append(least * weight)
        high.append(most * weight)
    possible = {
        name: pl.col(name) + DIMENSIONS[name][0] * DIMENSIONS[name][1] * 2 - pl.col(f"{name}_known")
        for name in ("organisation", "judged")
    }
    four, two = pl.lit(4, pl.Int8), pl.lit(2, pl.Int8)
    capped = {end: pl.min_horizontal(end, two) for end in ("star_low", "star_high")}
    return (
        sums.group_by("party_org_id")
        .agg(columns)
        .with_columns(
            low=pl.max_horizontal(pl.sum_horizontal(*low), pl.lit(0)),
            high=pl.max_horizontal(pl.sum_horizontal(*high), pl.lit(0)),
        )
        .with_columns(by_low=stars("low"), by_high=stars("high"))
        .with_columns(
            star_low=pl.when(pl.col("organisation") < 112)
            .then(pl.min_horizontal("by_low", four))
            .otherwise("by_low"),
            star_high=pl.when(possible["organisation"] < 112)
            .then(pl.min_horizontal("by_high", four))
            .otherwise("by_high"),
        )
        .with_columns(
            star_low=pl.when(pl.col("judged") < 96).then(capped["star_low"]).otherwise("star_low"),
            star_high=pl.when(possible["judged"] < 96).then(capped["star_high"]).otherwise("star_high"),
        )
        .select("party_org_id", "low", "high", "by_low", "by_high", "star_low", "star_high")
        .collect()
    )


def open_by_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """Polars with faults, first formulation: every cell is a group."""
    return interval_rules(of_cells(checked(frame)))


def open_by_suspects(frame: pl.DataFrame) -> pl.DataFrame:
    """Polars with faults, second formulation: only dimensions with a repeated item are grouped cell by
    cell.
    """
    rows = checked(frame)
    valid = pl.col("half") >= 0
    sums = (
        rows.group_by("party_org_id", "dimension")
        .agg(
            sum=(pl.col("half") * valid).sum(),
            most=(pl.col("most") * valid).sum(),
            # The sum of the bits equals their bitwise or exactly if no item is repeated.
            bits=pl.col("bit").sum(),
            either=pl.col("bit").bitwise_or(),
        )
        .collect()
        .lazy()
    )
    once = pl.col("bits") == pl.col("either")
    twice = sums.filter(~once).select("party_org_id", "dimension")
    suspects = rows.join(twice, on=["party_org_id", "dimension"], how="semi")
    parts = [sums.filter(once).select("party_org_id", "dimension", "sum", "most"), of_cells(suspects)]
    return interval_rules(pl.concat(parts))


def compare_open(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Exits unless both sides agree on the bounds of every organisation."""
    fortieths = {end: (pl.col(f"score_{end}") * 40).round().cast(pl.Int64) for end in ("low", "high")}
    given = {f"star_{end}": pl.col(f"stars_{end}").fill_null(0).cast(pl.Int8) for end in ("low", "high")}
    mine = ours.select("party_org_id", **fortieths, by_score="by_score", **given).sort("party_org_id")
    by_score = (
        pl.when(pl.col("by_low") != pl.col("by_high"))
        .then(pl.lit("unknown"))
        .otherwise(pl.col("by_low").cast(pl.String).replace("0", "unrated"))
    )
    other = theirs.select(
        "party_org_id",
        pl.col("low", "high").cast(pl.Int64),
        by_score.alias("by_score"),
        "star_low",
        "star_high",
    ).sort("party_org_id")
    if not mine.equals(other):
        differ = mine.join(other, on=mine.columns, how="anti")
        sys.exit(f"the answers differ:\n{differ}\n{other.join(mine, on=mine.columns, how='anti')}")
    if other.filter(pl.col("low") != pl.col("high")).is_empty():
        sys.exit("nothing is open: there was nothing to compare")


def compare(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Exits unless both sides agree on every organisation."""
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
    """Returns the seconds of each run, after untimed ones until memory and caches are steady."""
    # The allocator returns freed memory in the background; wait, so that this is not timed.
    time.sleep(2)
    for _ in range(WARM):
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
    parser.add_argument("--faults", action="store_true")
    args = parser.parse_args()
    frame = scores(args.rows, shuffle=args.shuffle and not args.faults)
    ids = frame["party_org_id"].unique().sort()
    everybody = len(ids)
    roster = dj.read_roster(
        pl.DataFrame(
            {"year": [2013] * len(ids), "org_id": ids, "party_org_id": ids, "mode": ["solo"] * len(ids)}
        ),
        progress=False,
    )
    ways: dict[str, Callable[[], pl.DataFrame]] = {
        "Polars, masks": lambda: by_masks(frame, everybody),
        "Polars, cells": lambda: by_cells(frame, everybody),
    }
    check = compare
    if args.faults:
        frame = faulty(frame, shuffle=args.shuffle)
        ways = {
            "Polars, cells": lambda: open_by_cells(frame),
            "Polars, suspects": lambda: open_by_suspects(frame),
        }
        check = compare_open
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.toml"
        path.write_text(scheme(quota=not args.faults), encoding="utf-8")
        ours = roster.rate_stars(frame, path).stars
        for theirs in ways.values():
            check(ours, theirs())
        print(
            f"{frame.height:,} rows, {everybody:,} party organisations, equal answers: totals, stars, after all rules"
        )
        asked = ["party_org_id", "score", "by_score", "stars"]
        if args.faults:
            asked = ["party_org_id", "score_low", "score_high", "by_score", "stars_low", "stars_high"]
        times = {
            "dangjian": timed(lambda: roster.rate_stars(frame, path).select(*asked), args.runs),
            "dangjian, all columns": timed(lambda: roster.rate_stars(frame, path).stars, args.runs),
        }
        times |= {name: timed(way, args.runs) for name, way in ways.items()}
    medians = {name: statistics.median(t) for name, t in times.items()}
    for name, t in times.items():
        print(f"  {name}: median {medians[name]:.3f} s ({min(t):.3f}-{max(t):.3f})")
    best = min(medians[name] for name in ways)
    print(
        f"  faster by {best / medians['dangjian']:.1f}, with all columns by {best / medians['dangjian, all columns']:.1f}"
    )


if __name__ == "__main__":
    main()
