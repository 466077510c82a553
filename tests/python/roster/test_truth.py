"""Synthetic ledgers read through the Python interface match their ground truth.

The engine's tests check every statistic of every set. These tests check that Python returns the same
results, and that the panel handed over is the one that the reading rules prescribe.
"""

from __future__ import annotations

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import dangjian
from helpers import shared

ORGANISED = ["solo", "joint", "affiliated"]


class Set:
    """A set of ledgers with its ground truth, and the roster read from it."""

    def __init__(self, folder):
        self.folder = folder
        self.truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        self.years = {int(year): read for year, read in self.truth["read"]["years"].items()}
        self.roster = dangjian.read_roster([folder / file["file"] for file in self.truth["files"]])


@pytest.fixture(scope="module", params=["hexigten", "ledger62", "flat_utf8bom"])
def ledgers(request):
    return Set(shared.data(f"ledgers/{request.param}"))


@pytest.fixture(scope="module")
def hexigten():
    return Set(shared.data("ledgers/hexigten"))


@pytest.fixture(scope="module")
def clean():
    """Returns the panel that a reader should get from the Hexigten ledgers."""
    return pl.read_parquet(shared.data("ledgers/hexigten/clean.parquet"))


def cells(frame, *names):
    """Returns the last column of ``names`` keyed by the others."""
    rows = frame.select(names).rows()
    found = {tuple(map(str, row[:-1])): row[-1] for row in rows}
    assert len(found) == len(rows) > 0
    return found


def test_rows_balance_file_by_file(ledgers):
    fates = ["data", "kept", "rejected", "merged", "conflicts"]
    names = ["data_rows", "kept", "rejected", "duplicates_merged", "conflicts_reported"]
    got = ledgers.roster.sources.group_by("file").agg(pl.col(fates).sum())
    want = [(f["file"], *(f["accounting"][name] for name in names)) for f in ledgers.truth["files"]]
    assert sorted(got.select("file", *fates).rows()) == sorted(want)
    assert len(want) == 5
    assert (got["data"] == got["kept"] + got["rejected"] + got["merged"] + got["conflicts"]).all()
    assert len(ledgers.roster) == got["kept"].sum() == ledgers.roster.to_polars().height


def test_problems_are_found_and_counted(ledgers):
    problems = ledgers.roster.problems
    assert dict(problems.group_by("code").len().rows()) == ledgers.truth["problems_total"]
    assert dict(problems.select("code", "action").unique().rows()) == {
        code: action
        for code, action in ledgers.truth["actions"].items()
        if code in ledgers.truth["problems_total"]
    }


def test_nothing_personal_is_loaded(ledgers):
    headers = {header for file in ledgers.truth["files"] for header in file["personal_headers"]}
    assert headers or ledgers.folder.name == "flat_utf8bom"
    dropped = ledgers.roster.dropped_columns
    assert set(dropped.filter(pl.col("reason") == "personal")["header"]) == headers
    pattern = ledgers.truth["personal"]["pattern"]
    texts = ledgers.roster.to_polars().select(pl.col(pl.String).str.contains(pattern).any())
    assert not any(texts.row(0))
    assert not ledgers.roster.problems.select(pl.col("value").str.contains(pattern).any()).item()


def test_counts_of_every_year(ledgers):
    roster, years = ledgers.roster, ledgers.years
    assert roster.years == sorted(years)
    rates = roster.coverage(rates=["organised_all", "eligible_established"])
    population, success, unknown = (
        cells(rates, "year", "rate_id", name) for name in ("population", "success", "unknown")
    )
    modes = cells(roster.formation(), "year", "mode", "organisations")
    parties = cells(roster.formation(), "year", "mode", "party_organisations")
    stars = cells(roster.star_distribution(), "year", "star_state", "organisations")
    of_parties = roster.star_distribution().group_by("year").agg(pl.col("party_organisations").sum())
    for year, truth in years.items():
        y = str(year)
        assert population[y, "organised_all"] == truth["organisations"]
        assert success[y, "organised_all"] == truth["organised"]
        assert unknown[y, "organised_all"] == truth["mode_unknown"]
        assert population[y, "eligible_established"] == truth["eligible"]
        assert success[y, "eligible_established"] == truth["eligible_established"]
        assert unknown[y, "eligible_established"] == truth["eligible_established_unknown"]
        assert {mode: n for (of, mode), n in modes.items() if of == y} == truth["by_mode"]
        by_mode = {mode: n for mode, n in truth["party_organisations"].items() if mode != "organised"}
        assert {mode: parties[y, mode] for mode in by_mode} == by_mode
        assert dict(of_parties.rows())[year] == truth["party_organisations"]["organised"]
        assert {state: n for (of, state), n in stars.items() if of == y} == truth["star_distribution"]


def test_counties(ledgers):
    roster = ledgers.roster
    rates = roster.coverage(by="county", rates=["organised_all", "eligible_established"])
    population, success = (
        cells(rates.with_columns(pl.col("county").fill_null("null")), "year", "county", "rate_id", name)
        for name in ("population", "success")
    )
    for year, truth in ledgers.years.items():
        counties = truth["by_county"]
        assert {county for of, county, _ in population if of == str(year)} == set(counties)
        for county, figures in counties.items():
            key = (str(year), county)
            assert population[*key, "organised_all"] == figures["organisations"]
            assert success[*key, "organised_all"] == figures["organised"]
            assert population[*key, "eligible_established"] == figures["eligible"]
            assert success[*key, "eligible_established"] == figures["eligible_established"]


@pytest.mark.parametrize(
    ("truth", "counts"),
    [("star_transitions", "organisations"), ("party_org_star_transitions", "party_organisations")],
)
def test_star_transitions(ledgers, truth, counts):
    moves = ledgers.roster.star_transitions(counts=counts)
    check_moves(cells(moves, "year", "next_year", "star_state", "next_star_state", counts), ledgers, truth)


def test_mode_transitions(ledgers):
    moves = ledgers.roster.formation_moves()
    got = cells(moves, "year", "next_year", "mode", "next_mode", "organisations")
    check_moves(got, ledgers, "mode_transitions")


def check_moves(got, ledgers, name):
    want = {
        (*years.split("-"), a, b): n
        for years, rows in ledgers.truth["read"][name].items()
        for a, row in rows.items()
        for b, n in row.items()
        if n
    }
    assert {key: n for key, n in got.items() if n} == want
    assert len(want) > 20


def test_workforce(ledgers):
    got = cells(ledgers.roster.workforce(), "year", "item", "value")
    names = {
        "instructors": "instructors",
        "organisations_with_instructor": "organisations_with_instructor",
        "without_party_org_with_instructor": "without_party_org_with_instructor",
        "owner_secretaries": "owner_is_secretary",
    }
    sums = ["seconded_officers", "staff_full_time", "staff_part_time"]
    for year, truth in ledgers.years.items():
        for item, name in names.items():
            assert got[str(year), item] == truth[name], (year, item)
        for item in sums:
            assert got[str(year), item] == truth["totals"][item], (year, item)


def test_the_figures_in_print(hexigten):
    """The article of 2013: 246 instructors, 48 seconded officers, 85 owners who are secretary, 3 four-star
    and 8 three-star party organisations.
    """
    review = hexigten.roster.review(2013, workers=hexigten.folder / "workers.csv")
    head = review.headline
    figures = [head[name] for name in ("instructors", "seconded_officers", "owner_secretaries")]
    assert figures == [246, 48, 85]
    assert (head["stars"]["5"], head["stars"]["4"], head["stars"]["3"]) == (0, 3, 8)
    got = cells(review.tables["workforce"], "source", "item", "value")
    # The table of workers is a separate source; the two agree.
    assert got["workers", "instructor"] == got["ledgers", "instructors"] == 246
    assert got["workers", "seconded_officer"] == got["ledgers", "seconded_officers"] == 48


def test_the_table_of_workers_in_every_year(hexigten):
    truth = hexigten.truth["truth"]["years"]
    for year in hexigten.roster.years:
        workforce = hexigten.roster.review(year, workers=hexigten.folder / "workers.csv").tables["workforce"]
        got = cells(workforce, "source", "item", "value")
        assert got["workers", "instructor"] == truth[str(year)]["instructors"]
        assert got["workers", "seconded_officer"] == truth[str(year)]["totals"]["seconded_officers"]


# The four targets of 2013 as defined, in Polars.
ESTABLISHED = pl.col("mode").is_in(ORGANISED)
TARGETS = {
    "eligible_established": (pl.col("members_full") >= 3, ESTABLISHED),
    "memberless_covered": (pl.col("members_full") == 0, pl.col("mode") == "area"),
    "guided": (pl.col("mode").is_in(["area", "none"]), pl.col("instructor_id").is_not_null()),
}


def test_targets_and_gaps_of_2013(hexigten, clean):
    roster, panel = hexigten.roster, clean.filter(pl.col("year") == 2013)
    table = {row["target"]: row for row in roster.targets(2013).iter_rows(named=True)}
    assert list(table) == ["eligible_established", "established_active", "memberless_covered", "guided"]
    assert [row["inferred"] for row in table.values()] == [False, True, True, True]
    for target, (population, success) in TARGETS.items():
        row, asked = table[target], panel.filter(population)
        want = [
            asked.height,
            asked.filter(success).height,
            asked.filter(~success).height,
            asked.select(success.is_null().sum()).item(),
            panel.select(population.is_null().sum()).item(),
        ]
        names = ("population", "success", "failure", "unknown", "population_unknown")
        assert [row[name] for name in names] == want, target
        assert row["met"] is False
        assert row["rate"] == pytest.approx(want[1] / (want[1] + want[2]))
        gaps = roster.gaps(target, 2013)
        missing = gaps.filter(pl.col("status") == "missing")["org_id"]
        assert sorted(missing) == sorted(asked.filter(~success)["org_id"])
        maybe = population.is_null() & success.fill_null(value=False).not_()
        unknown = panel.filter((population & success.is_null()) | maybe)
        assert sorted(gaps.filter(pl.col("status") == "unknown")["org_id"]) == sorted(unknown["org_id"])
    # The ground truth of the first target.
    read = hexigten.years[2013]
    first = table["eligible_established"]
    assert (first["population"], first["success"]) == (read["eligible"], read["eligible_established"])


def test_party_organisations_that_hold_activities(hexigten, clean):
    """A party organisation is active if any of its organisations is; unknown if none is and the answer of
    one is null.
    """
    own = clean.filter(pl.col("year") == 2013, ESTABLISHED, pl.col("party_org_id").is_not_null())
    active = own.group_by("party_org_id").agg((pl.col("activities") > 0).any(ignore_nulls=False))[
        "activities"
    ]
    row = hexigten.roster.targets(2013).row(by_predicate=pl.col("target") == "established_active", named=True)
    assert row["counts"] == "party_organisations"
    want = [len(active), active.sum(), (~active).sum(), active.null_count()]
    assert [row[name] for name in ("population", "success", "failure", "unknown")] == want
    assert min(want) > 0


def test_the_panel_is_the_clean_one(ledgers):
    want = pl.read_parquet(ledgers.folder / "clean.parquet")
    got = ledgers.roster.to_polars()
    # A column absent from all files is absent here; in the clean panel it is null throughout.
    absent = [name for name in want.columns if name not in got.columns]
    assert all(want[name].null_count() == want.height for name in absent)
    want = want.sort("year", "org_id").drop(absent)
    assert set(got.columns) == set(want.columns)
    assert_frame_equal(got.select(want.columns).cast(dict(want.schema)), want)
