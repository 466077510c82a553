"""Run by `binding/test_threads.py` in a process of its own, with a number of threads: prints a hash of every table as JSON."""

from __future__ import annotations

import hashlib
import json
import sys

import polars as pl

import dangjian
from helpers.panels import LISTS, TABLES


def main() -> None:
    """Generates a panel with shared party organisations, and computes every statistic."""
    panel = dangjian.synth.panel(30_000, 4)
    ids = pl.col("org_id").str.slice(12, 5)
    mode = pl.col("mode").cast(pl.String)
    panel = panel.with_columns(
        party_org_id=pl.when(mode == "solo")
        .then("D" + ids)
        .when(mode.is_in(["joint", "affiliated"]))
        .then("L" + ids),
        party_superior="S" + ids.str.slice(0, 2),
    )
    roster = dangjian.read_roster(panel, progress=False)
    seen = {"panel": of(roster.to_polars())}
    for by in (["county", "kind"], ["township", "mode"]):
        seen |= {f"{name} by {by}": of(table(roster, by=by)) for name, table in TABLES.items()}
    year = roster.years[-1]
    seen |= {name: of(table(roster, year)) for name, table in LISTS.items()}
    review = roster.review(year).tables
    seen |= {f"review: {name}": of(table) for name, table in review.items()}
    json.dump(seen, sys.stdout)


def of(table: pl.DataFrame) -> str:
    """Hashes a table, exact to the last bit of a number."""
    whole = repr((table.schema, table.rows())).encode()
    return hashlib.sha256(whole).hexdigest()


if __name__ == "__main__":
    main()
