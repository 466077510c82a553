"""Histories of stars, one an organisation: of a panel, and rosters made of them."""

from __future__ import annotations

from collections import defaultdict

import polars as pl

import dangjian as dj
from helpers.panels import ORGANISED


def state(star, mode):
    if star is not None:
        return float(star)
    if mode is None:
        return "unknown"
    return "unrated" if mode in ORGANISED else "no_party_org"


def histories(panel):
    """For each organisation its states by year."""
    found: dict[str, dict[int, object]] = defaultdict(dict)
    for year, org, star, mode in panel.select("year", "org_id", "star", "mode").rows():
        found[org][year] = state(star, mode)
    return found


def high(state, at_least):
    return isinstance(state, float) and state >= at_least


def made(histories, first=2010):
    """A roster of organisations with these stars from the first year on; None is absent, 0 is unrated, -1 unknown."""
    rows = []
    for at, stars in enumerate(histories):
        for nth, star in enumerate(stars):
            if star is not None:
                rated = star if star > 0 else None
                mode = "solo" if star >= 0 else None
                rows.append({"year": first + nth, "org_id": f"单位{at:02}", "mode": mode, "star": rated})
    return dj.read_roster(
        pl.DataFrame(rows, schema_overrides={"star": pl.Float64, "mode": pl.String}), progress=False
    )
