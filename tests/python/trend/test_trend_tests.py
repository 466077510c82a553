"""Trends of a roster's figures and paths of its organisations, against plain counts and slow direct
versions.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import polars as pl
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import dangjian as dj
from helpers import panels
from helpers.histories import high, histories, made
from helpers.panels import read
from helpers.peers import near

FIGURE = {"rate": None, "rates_file": None, "success": None, "population": None, "measure": None}
ALL = {"by": [], "bands": None, "filter": None, "only": None, "years": None}
BY = st.sampled_from(["kind", "above_scale", "楼栋"])


@given(panel=panels.panels(), by=BY, rate=st.sampled_from(["organised", "bulletin"]))
def test_trends_are_those_of_the_rates_of_coverage(panel, by, rate):
    roster = read(panel)
    coverage = roster.coverage(by=by, rates=rate)
    stretches: dict[int, set[int]] = defaultdict(set)
    for year, number in roster.coverage(rates=rate).select("year", "series").rows():
        stretches[number].add(year)
    groups: dict[tuple[int, object], dict[int, tuple[float | None, int, int]]] = defaultdict(dict)
    for row in coverage.iter_rows(named=True):
        known = row["success"] + row["failure"]
        groups[row["series"], row[by]][row["year"]] = (row["rate"], row["success"], known)
    table = roster.trend_test(rate, by=by)
    assert {(row["series"], row[by]) for row in table.iter_rows(named=True)} == set(groups)
    by_stretch: dict[int, list[dict]] = defaultdict(list)
    for row in table.iter_rows(named=True):
        years = sorted(stretches[row["series"]])
        of = [groups[row["series"], row[by]].get(year, (None, 0, 0)) for year in years]
        values = [value for value, *_ in of]
        known = [value for value in values if value is not None]
        want = dj.mann_kendall(values, years).row(0, named=True)
        assert (row["first_year"], row["last_year"]) == (years[0], years[-1])
        assert (row["n"], row["years_missing"]) == (len(known), len(years) - len(known))
        assert (row["first"], row["last"]) == ((known[0], known[-1]) if known else (None, None))
        assert {k: row[k] for k in want if k != "verdict"} == {
            k: v for k, v in want.items() if k != "verdict"
        }
        shares = dj.cochran_armitage([s for _, s, _ in of], [n for *_, n in of], years).row(0, named=True)
        assert (row["success"], row["known"]) == (shares["success"], shares["known"])
        for mine, theirs in (
            ("share_slope", "slope"),
            ("share_slope_z", "z"),
            ("share_slope_p", "p"),
            ("share_slope_low", "slope_low"),
        ):
            assert near(row[mine], shares[theirs]), mine
        by_stretch[row["series"]].append(row)
    for rows in by_stretch.values():
        tested = [row["p"] if row["n"] >= 5 else None for row in rows]
        assert [row["tests"] for row in rows] == [sum(p is not None for p in tested)] * len(rows)
        assert [row["p_adjusted"] for row in rows] == dj.adjust_p(tested)


@given(panel=panels.panels(), by=BY)
def test_measures_and_own_words_are_those_of_count(panel, by):
    roster = read(panel)
    count = roster.count(by=by, measures={"members": "sum(members_full)", "due": "members_full >= 3"})
    groups = defaultdict(dict)
    for row in count.iter_rows(named=True):
        groups[row[by]][row["year"]] = row["members"]
    years = roster.years
    for row in roster.trend_test(measure="sum(members_full)", by=by).iter_rows(named=True):
        values = [groups[row[by]].get(year) for year in years]
        want = dj.mann_kendall(values, years).row(0, named=True)
        assert (row["s"], row["slope"], row["share_slope"], row["known"]) == (
            want["s"],
            want["slope"],
            None,
            None,
        )
    own = roster.trend_test(success="members_full >= 3", population="operating", by=by)
    answers = panel.filter("operating", pl.col("members_full").is_not_null())
    asked = dict(
        answers.group_by(by).agg(pl.struct(s=(pl.col("members_full") >= 3).sum(), n=pl.len())).rows()
    )
    for row in own.iter_rows(named=True):
        counts = asked.get(row[by], {"s": 0, "n": 0})
        assert (row["success"], row["known"]) == (counts["s"], counts["n"])


@given(panel=panels.panels(), by=BY)
def test_groups_together_are_pooled(panel, by):
    roster = read(panel)
    groups = defaultdict(dict)
    for year, group, rate in roster.coverage(by=by, rates="organised").select("year", by, "rate").rows():
        groups[group][year] = rate
    units = [[of.get(year) for year in roster.years] for of in groups.values()]
    want = dj.pooled_kendall(units, roster.years)
    got = roster.trend_pooled("organised", by=by)
    assert got.select(want.columns).equals(want)
    assert got.select("first_year", "last_year").unique().rows() == [(roster.years[0], roster.years[-1])]


def test_no_trend_goes_across_a_break():
    members = {"kind": "enterprise", "operating": True, "members_full": 3}
    rows = [
        {"year": year, "org_id": f"单位{at}", "mode": "solo" if at < n else "none", **members}
        for year, n in zip(range(2008, 2018), (1, 2, 3, 4, 5, 1, 2, 3, 4, 5), strict=True)
        for at in range(6)
    ]
    roster = read(pl.DataFrame(rows))
    table = roster.trend_test("bulletin")
    assert table.select("series", "first_year", "last_year", "n").rows() == [
        (1, 2008, 2012, 5),
        (2, 2014, 2017, 4),
    ]
    assert table["verdict"].to_list() == ["rising", "too_few_years"]
    whole = roster.trend_test("organised")
    assert (whole["n"].item(), whole["verdict"].item()) == (10, "no_trend")


def test_many_counties_are_told_from_chance():
    """Among twenty randomly fluctuating groups, the one with a trend is significant; after adjustment only
    a clear trend is.
    """
    rows = []
    for group in range(20):
        for nth, year in enumerate(range(2010, 2018)):
            met = nth + 1 if group == 7 else (3 * nth + group) % 5
            rows += [
                {
                    "year": year,
                    "org_id": f"{group:02}-{at}",
                    "mode": "solo" if at < met else "none",
                    "街区": f"{group:02}",
                }
                for at in range(10)
            ]
    roster = read(pl.DataFrame(rows))
    table = roster.trend_test(success="mode = 'solo'", by="街区")
    assert table["tests"].unique().to_list() == [20]
    assert table.filter(verdict="rising")["街区"].to_list() == ["07"]
    assert (table["p_adjusted"] >= table["p"]).all()
    assert near(table.filter(街区="07")["share_slope"].item(), 0.1)


def test_bad_figures_are_refused():
    roster = made([[3, 3]])
    for figure in ({}, {"rate": "organised", "measure": "*"}, {"measure": "*", "population": "operating"}):
        with pytest.raises(dj.ArgumentError, match="expected one of"):
            roster.trend_test(**figure)
    with pytest.raises(dj.ArgumentError, match="organised"):
        roster.trend_test("organized")
    with pytest.raises(dj.ArgumentError, match=r"0\.05"):
        roster.trend_test("organised", alpha=5)
    with pytest.raises(dj.ArgumentError, match="party organisations"):
        roster.paired_change("active", earlier=2010, later=2011)
    with pytest.raises(dj.ArgumentError, match="measure has no pairs"):
        roster._native.paired_change({**FIGURE, "measure": "*"}, 2010, 2011, 0.95, ALL)  # noqa: SLF001


@given(panel=panels.panels(), by=st.sampled_from([(), "kind"]))
def test_pairs_are_the_same_organisations(panel, by):
    roster = read(panel)
    earlier, later = roster.years[0], roster.years[-1]
    if earlier == later:
        with pytest.raises(dj.ArgumentError):
            roster.paired_change(success="members_full >= 3", earlier=earlier, later=later)
        return

    def answers(year):
        found = {}
        for org, operating, members, kind in (
            panel.filter(year=year).select("org_id", "operating", "members_full", "kind").rows()
        ):
            if operating is not False:
                met = None if operating is None or members is None else members >= 3
                found[org] = (met, kind if by else None)
        return found

    first, last = answers(earlier), answers(later)
    want: Counter = Counter()
    for org in first.keys() | last.keys():
        if org not in first:
            want[last[org][1], "entered"] += 1
        elif org not in last:
            want[first[org][1], "left"] += 1
        else:
            pair = (first[org][0], last[org][0])
            fate = (
                "unknown"
                if None in pair
                else {(1, 1): "kept", (1, 0): "lost", (0, 1): "gained", (0, 0): "never"}[pair]
            )
            want[first[org][1], fate] += 1
    table = roster.paired_change(
        success="members_full >= 3", population="operating", earlier=earlier, later=later, by=by
    )
    fates = ("kept", "lost", "gained", "never", "unknown", "left", "entered")
    got = {
        (row.get("kind"), fate): row[fate]
        for row in table.iter_rows(named=True)
        for fate in fates
        if row[fate]
    }
    assert got == dict(want)
    for row in table.iter_rows(named=True):
        test = dj.mcnemar(*(row[fate] for fate in fates[:4])).row(0, named=True)
        assert all(row[name] == test[name] for name in ("difference", "low", "high", "p", "chi2", "chi2_p"))


def path(years, of, at_least):
    """Returns the path of an organisation by a slow method."""
    listed = [year for year in years if year in of]
    rated = [year for year in listed if isinstance(of[year], float)]
    stars = [of[year] for year in rated]
    steps = [(a, b) for a, b in itertools.pairwise(listed) if b == a + 1 and a in rated and b in rated]
    rises, falls = (sum(sign * (of[b] - of[a]) > 0 for a, b in steps) for sign in (1, -1))
    course = {(True, False): "rising", (False, True): "falling", (True, True): "swinging"}.get(
        (rises > 0, falls > 0), "steady" if steps else "no_step"
    )

    def run(holds, end):
        """Counts the consecutive years up to ``end`` for which ``holds`` is true."""
        length = 0
        while end - length in listed and end - length in years and holds(end - length):
            length += 1
        return length

    last = listed[-1]
    rise_ends = {b for a, b in steps if of[b] > of[a]}
    states = Counter(type(of[year]) is float or of[year] for year in listed)
    return {
        "first_year": listed[0],
        "last_year": last,
        "years_listed": len(listed),
        "years_rated": len(rated),
        **{f"years_{name}": states[name] for name in ("unrated", "no_party_org", "unknown")},
        "years_absent": sum(listed[0] < year < last for year in years if year not in of),
        "first_star": stars[0] if stars else None,
        "last_star": stars[-1] if stars else None,
        "lowest_star": min(stars, default=None),
        "highest_star": max(stars, default=None),
        "rises": rises,
        "falls": falls,
        "holds": len(steps) - rises - falls,
        "course": course,
        "state": f"{of[last]:g}" if isinstance(of[last], float) else of[last],
        "streak": run(lambda year: of[year] == of[last], last),
        "streak_at_least": run(lambda year: high(of[year], at_least), last),
        "longest_at_least": max(run(lambda year: high(of[year], at_least), end) for end in listed),
        "longest_rise": max((run(lambda year: year in rise_ends, end) for end in listed), default=0),
    }


@given(panel=panels.panels(), at_least=st.sampled_from([1, 2.5, 3, 6]))
def test_paths_are_those_found_by_looking(panel, at_least):
    years = sorted(set(panel["year"]))
    of = histories(panel)
    want = [{"org_id": org, **path(years, of[org], at_least)} for org in sorted(of)]
    roster = read(panel)
    table = roster.star_paths(at_least=at_least)
    assert table.rows(named=True) == want
    courses = Counter(row["course"] for row in want)
    with_step = len(want) - courses["no_step"]
    for row in roster.star_path_counts().iter_rows(named=True):
        assert row["organisations"] == courses[row["course"]]
        defined = with_step and row["course"] != "no_step"
        assert row["share"] == (courses[row["course"]] / with_step if defined else None)
    grouped = roster.star_path_counts(by="kind")
    assert grouped["organisations"].sum() == len(want)


def test_streaks():
    roster = made(
        [[1, 2, 3, 3, 4], [5, 4, None, 4, 4], [3, 0, 3, 2, 3], [3, 3, 3, 3, 3], [None, None, 0, -1, 2]]
    )
    table = roster.star_paths()
    assert table["course"].to_list() == ["rising", "falling", "swinging", "steady", "no_step"]
    assert table["longest_rise"].to_list() == [2, 0, 1, 0, 0]
    assert table["streak_at_least"].to_list() == [3, 2, 1, 5, 0]
    assert table["streak"].to_list() == [1, 2, 1, 5, 1]
    assert table["years_absent"].to_list() == [0, 1, 0, 0, 0]
    assert roster.star_paths(where="star >= 4")["org_id"].to_list() == ["单位00", "单位01"]
    window = roster.star_paths(years=[2013, 2014])
    assert window["course"].to_list() == ["rising", "steady", "rising", "steady", "no_step"]


def test_chance_is_that_of_scipy_for_a_real_rate():
    roster = dj.read_roster(dj.datasets.hexigten().ledgers)
    rates = roster.coverage(rates="organised")["rate"].to_list()
    row = roster.trend_test("organised").row(0, named=True)
    assert near(row["p"], scipy.stats.kendalltau(roster.years, rates, method="exact").pvalue)
    assert near(row["slope"], scipy.stats.theilslopes(rates, roster.years).slope)
