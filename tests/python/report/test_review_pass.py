"""The shared scan of a review gives the same tables as its statistics one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import dangjian
from dangjian import _native
from helpers import panels
from helpers.definitions import trees
from helpers.panels import read

PLAIN = [r["id"] for r in _native.definitions()["rates"]]


def alone(roster, year):
    """Computes the tables of a review separately."""
    up_to = [y for y in roster.years if y <= year]
    shown = list(dict.fromkeys(roster.review(year).tables["coverage"]["rate_id"]))
    return {
        "targets": roster.targets(year),
        "targets_series": roster.targets_series(years=up_to),
        "gaps_by_township": roster.gap_counts(by="township", years=year),
        "coverage": roster.coverage(rates=shown, years=up_to),
        "coverage_by_township": roster.coverage(rates=shown, by="township", years=year),
        "coverage_by_kind": roster.coverage(rates=shown, by="kind", years=year),
        "coverage_by_committee": roster.coverage(rates=shown, by="committee", years=year),
        "formation": roster.formation(years=up_to),
        "formation_by_township": roster.formation(by="township", years=year),
        "formation_need": roster.formation_need(years=year),
        "formation_moves": roster.formation_moves(years=[y for y in up_to if y >= year - 1]),
        "formation_audit": roster.formation_audit(years=up_to),
        "joint_summary": roster.joint_summary(years=up_to),
        "readiness": roster.readiness(years=year),
        "stars": roster.star_distribution(years=up_to),
        "stars_by_township": roster.star_distribution(by="township", years=year),
    }


def same(roster, year):
    tables = roster.review(year).tables
    for name, table in alone(roster, year).items():
        assert tables[name].equals(table), name
    counted = roster.count(measures={"organisations": "*", "members_full": "sum(members_full)"})
    counted = counted.filter(counted["year"] <= year)
    assert tables["overview"].select(counted.columns).equals(counted)
    work = roster.workforce(years=year)
    ledgers = tables["workforce"].filter(source="ledgers")
    assert ledgers.select("year", "item", "value").equals(work)


@settings(max_examples=20)
@given(panel=trees())
def test_one_pass_gives_what_each_gives(panel):
    roster = read(panel)
    for year in {roster.years[0], roster.years[-1]}:
        same(roster, year)


@pytest.mark.parametrize("year", [2009, 2011, 2013])
def test_the_bundled_ledgers_too(year):
    same(dangjian.read_roster(dangjian.datasets.hexigten().ledgers), year)


def test_the_review_shows_the_rates_that_are_not_special():
    roster = panels.read(dangjian.synth.panel(50, 2))
    shown = set(roster.review(roster.years[-1]).tables["coverage"]["rate_id"])
    assert shown < set(PLAIN)
    assert len(shown) == 7
