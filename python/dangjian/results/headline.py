"""The headline figures of a review for scripts, as written to ``review.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from dangjian.catalogue.ledgers import FATES

if TYPE_CHECKING:
    from collections.abc import Mapping


def of(year: int, tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """Returns the headline figures of ``year``.

    Returns:
        ``year``; ``organisations``, ``party_organisations``, ``organised`` (organisations with a party organisation);
        ``coverage``, the first rate in print: the one called ``organised``, else the first of the definitions, with
        its counts (null without rates); ``instructors``, ``seconded_officers``, ``owner_secretaries``; ``stars``
        (party organisations by grade, the highest first); ``targets`` (each with ``population``, ``success``,
        ``missing``, ``unknown``, ``rate``, ``met``, ``inferred``); ``rows`` of all files read: ``in = kept + rejected
        + merged + conflicts``.
    """
    overview = tables["overview"].row(by_predicate=pl.col("year") == year, named=True)
    stars = tables["stars"].filter(pl.col("year") == year)
    grades = stars.filter(pl.col("star_state").cast(pl.Float64, strict=False).is_not_null())
    counts_of = grades.select("star_state", "party_organisations")
    told = overview["party_organisations"] is not None and "star" not in missing(tables)
    rows = {name: int(tables["sources"][name].sum()) for name in ("rows_in", *FATES)}
    counts = ("year", "organisations", "party_organisations", "organised")
    return {
        **{name: overview[name] for name in counts},
        "coverage": _coverage(tables["coverage"].filter(pl.col("year") == year)),
        **{name: overview[name] for name in ("instructors", "seconded_officers", "owner_secretaries")},
        "stars": dict(reversed([(star, n if told else None) for star, n in counts_of.iter_rows()])),
        "targets": [
            {
                "id": target["target"],
                "label": target["label_zh"],
                "missing": target["failure"],
                **{k: target[k] for k in ("rate", "population", "success", "unknown", "met", "inferred")},
            }
            for target in tables["targets"].iter_rows(named=True)
        ],
        "rows": {"in": rows.pop("rows_in"), **rows},
    }


def missing(tables: Mapping[str, pl.DataFrame]) -> list[str]:
    """Returns the columns that the review uses and that no ledger of its year has."""
    return tables["columns_missing"]["column"].to_list() if "columns_missing" in tables else []


def _coverage(rates: pl.DataFrame) -> dict[str, Any] | None:
    """Returns the rate that comes first in print."""
    named = rates.filter(pl.col("rate_id") == "organised")
    for rate in (named if named.height else rates).head(1).iter_rows(named=True):
        parts = ("population", "success", "failure", "unknown", "population_unknown")
        return {
            "id": rate["rate_id"],
            "label": rate["label_zh"],
            "rate": rate["rate"],
            **{k: rate[k] for k in parts},
        }
    return None
