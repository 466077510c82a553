"""Spells and survival of rosters, against slow direct versions, and at four stars of a real panel."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian as dj
from helpers import panels, shared
from helpers.histories import high, histories, made
from helpers.panels import read
from helpers.peers import near


def column(table, name):
    return dict(table.select("time", name).rows())


def spells(years, of, at_least):
    """Returns the spells of an organisation by a slow method: begun, start, first, last, ended."""
    found = []
    for year in years:
        before = of.get(year - 1, "absent") if year - 1 in years else None
        if not high(of.get(year), at_least) or high(before, at_least):
            continue
        last = year
        while last + 1 in years and high(of.get(last + 1), at_least):
            last += 1
        after = of.get(last + 1, "absent") if last + 1 in years else None
        if after is None:
            ended = "end_of_study" if last == max(years) else "gap"
        else:
            ended = "below" if isinstance(after, float) else after
        if before is None:
            begun = "first_year" if year == min(years) else "after_gap"
        else:
            begun = {"unknown": "after_unknown", "absent": "appeared"}.get(before, "risen")
        start = year if begun in ("risen", "appeared") else None
        found.append((begun, start, year, last, ended))
    return found


@given(panel=panels.panels(), at_least=st.sampled_from([1, 2.5, 3, 5.5]))
def test_spells_are_those_found_by_looking(panel, at_least):
    years = sorted(set(panel["year"]))
    want = [
        (org, *spell) for org, of in sorted(histories(panel).items()) for spell in spells(years, of, at_least)
    ]
    table = read(panel).star_spells(at_least=at_least)
    assert [row[:6] for row in table.rows()] == want


def times(spell, entry, origin):
    """Returns the interval in which a spell is observed, or the reason why it is not."""
    _, start, first, last, ended = spell
    out = last + 1 if ended in ("below", "unrated", "no_party_org", "absent") else last
    if entry in ("incident", "delayed"):
        if start is None:
            return "unknown_start"
        zero = start
    else:
        zero = origin if entry == "calendar" else first
    if first - zero < out - zero or first == zero:
        return first - zero, out - zero
    return "never_at_risk"


@given(
    panel=panels.panels(),
    at_least=st.sampled_from([1, 2.5, 3]),
    entry=st.sampled_from(["incident", "delayed", "calendar", "all"]),
)
def test_curves_are_those_of_the_definition(panel, at_least, entry):
    """Compares exactly, in fractions."""
    years = sorted(set(panel["year"]))
    found = [spell for of in histories(panel).values() for spell in spells(years, of, at_least)]
    placed = [(times(spell, entry, min(years)), spell[4]) for spell in found]
    watched = [(*time, ended) for time, ended in placed if not isinstance(time, str)]
    roster = read(panel)
    table = roster.star_survival(at_least=at_least, entry=entry)
    causes = ("below", "unrated", "no_party_org", "absent")
    alone, kept, left = Fraction(1), Fraction(1), dict.fromkeys(causes, Fraction(0))
    assert table.height == (max(out for _, out, _ in watched) + 1 if watched else 0)
    for row in table.iter_rows(named=True):
        time = row["time"]
        there = [ended for into, out, ended in watched if (into < time or into == 0) and time <= out]
        now = Counter(ended for into, out, ended in watched if out == time)
        assert row["at_risk"] == len(there)
        assert [row[name] for name in ("events", *causes[1:])] == [now[cause] for cause in causes]
        assert row["competing"] == sum(now[cause] for cause in causes[1:])
        assert row["censored"] == sum(now.values()) - row["events"] - row["competing"]
        if there:
            alone *= 1 - Fraction(now["below"], len(there))
            for cause in causes:
                left[cause] += kept * Fraction(now[cause], len(there))
            kept *= 1 - Fraction(sum(now[cause] for cause in causes), len(there))
        shares = [
            row[name] for name in ("survival", "kept", "cif", "cif_unrated", "cif_no_party_org", "cif_absent")
        ]
        assert all(
            near(got, float(want)) for got, want in zip(shares, [alone, kept, *left.values()], strict=True)
        )
        assert near(row["hazard"], now["below"] / len(there) if there else None)
    summary = roster.star_survival_summary(at_least=at_least, entry=entry)
    if not found:
        assert summary.height == 0
        return
    counted = summary.row(0, named=True)
    reasons = Counter(time for time, _ in placed if isinstance(time, str))
    ended = Counter(ended for *_, ended in watched)
    assert counted["spells"] == len(watched) == counted["events"] + counted["competing"] + counted["censored"]
    assert {name: counted[name] for name in ("unknown_start", "never_at_risk")} == {
        name: reasons[name] for name in ("unknown_start", "never_at_risk")
    }
    for name in ("unrated", "no_party_org", "absent", "end_of_study", "gap", "unknown"):
        assert counted[name] == ended[name], name
    reached = [row for row in table.iter_rows(named=True) if row["survival"] <= 0.5 + 1e-12]
    assert counted["median"] == (reached[0]["time"] if reached else None)


@given(panel=panels.panels(), by=st.sampled_from(["kind", "楼栋", "start"]), seed=st.integers(0, 99))
def test_groups_make_the_whole_in_any_order(panel, by, seed):
    roster, other = read(panel), read(panel.sample(fraction=1, shuffle=True, seed=seed))
    whole = roster.star_survival_summary(entry="all", at_least=2.5)
    parts = roster.star_survival_summary(entry="all", at_least=2.5, by=by)
    for name in ("spells", "events", "competing", "censored", "end_of_study", "never_at_risk"):
        assert whole[name].sum() == parts[name].sum(), name
    for options in (
        {"by": by, "entry": "all"},
        {"by": by, "entry": "calendar"},
        {"counts": "party_organisations"},
    ):
        assert roster.star_survival(**options).equals(other.star_survival(**options))
        assert roster.star_survival_summary(**options).equals(other.star_survival_summary(**options))
    assert roster.star_logrank(by=by, entry="all").equals(other.star_logrank(by=by, entry="all"))
    assert roster.star_spells().equals(other.star_spells())


def test_losses_are_no_censoring():
    """If losses counted as censoring, the drop would look larger than it is (docs/field-notes.md, star
    survival).
    """
    roster = made([[1, 3, 2], [1, 3, 2], [1, 3, None], [1, 3, 0], [1, 3, 3]])
    last = roster.star_survival().row(-1, named=True)
    assert (last["at_risk"], last["events"], last["absent"], last["unrated"], last["censored"]) == (
        5,
        2,
        1,
        1,
        1,
    )
    lost_first = made([[1, 3, None, None], [1, 3, None, None], [1, 3, 3, 2], [1, 3, 3, 3]])
    last = lost_first.star_survival().row(-1, named=True)
    assert near(1 - last["survival"], 0.5)
    assert near(last["cif"], 0.25)
    assert near(last["kept"] + last["cif"] + last["cif_absent"], 1)


def test_a_missing_year_ends_the_watch():
    roster = made([[1, 3, 3, 2], [1, 3, 3, 3]])
    gap = dj.read_roster(roster.to_polars().filter(pl.col("year") != 2012), progress=False)
    rows = gap.star_spells().select("begun", "first_year", "last_year", "ended").rows()
    assert rows == [("risen", 2011, 2011, "gap")] * 2 + [("after_gap", 2013, 2013, "end_of_study")]
    assert gap.star_survival_summary()["events"].item() == 0, "two years on is not the next year"


def test_years_are_a_window_that_earlier_years_tell_the_start_of():
    """A spell of 2011 observed from 2013 on is two years old then: it is left-truncated."""
    roster = made([[1, 3, 3, 3, 2], [1, 1, 1, 3, 2], [3, 3, 3, 3, 3], [1, 1, 1, 3, 3]])
    window = [2013, 2014]
    table = roster.star_survival(entry="delayed", years=window)
    assert column(table, "at_risk") == {0.0: 2, 1.0: 2, 2.0: 0, 3.0: 1}
    assert column(table, "events") == {0.0: 0, 1.0: 1, 2.0: 0, 3.0: 1}
    summary = roster.star_survival_summary(entry="incident", years=window)
    assert summary.select("spells", "earlier_start", "unknown_start").row(0) == (2, 1, 1)
    calendar = roster.star_survival(entry="calendar", years=window)
    assert column(calendar, "at_risk") == {0.0: 4, 1.0: 4}


def test_later_spells_hang_together_with_earlier_ones():
    histories = [[1, 3, 2, 3, 2, 3, 2]] * 3 + [[1, 3, 3, 3, 3, 3, 3]] * 3
    roster = made(histories)
    summary = roster.star_survival_summary()
    assert summary.select("organisations", "spells", "events", "later_spells").row(0) == (6, 12, 9, 0)
    first = roster.star_survival_summary(recurrent=False)
    assert first.select("organisations", "spells", "events", "later_spells").row(0) == (6, 6, 3, 6)
    robust, naive = (roster.star_survival(variance=v) for v in ("organisation", "greenwood"))
    assert robust["survival"].equals(naive["survival"])
    assert robust["std_error"][1] > naive["std_error"][1]


def test_what_is_undefined_is_null():
    never = made([[1, 4, 4, 4], [1, 4, 4, 4]])
    summary = never.star_survival_summary().row(0, named=True)
    assert (summary["events"], summary["median"], summary["mean"]) == (0, None, 2.0)
    assert (summary["mean_std_error"], summary["mean_low"]) == (None, None)
    assert never.star_survival().select("survival", "std_error", "low", "high").row(-1) == (
        1.0,
        None,
        None,
        1.0,
    )
    always = made([[1, 4, 1], [1, 4, 2]]).star_survival().row(-1, named=True)
    assert (always["survival"], always["std_error"], always["low"], always["high"]) == (0.0, None, None, None)
    # A curve that has reached 0 extends to any horizon; the other group's ends at 3.
    both = made([[1, 4, 1, None, None], [1, 5, 5, 5, 5]]).star_survival_summary(by="star_state")
    assert both.select("star_state", "horizon", "mean").rows() == [("4", 3.0, 1.0), ("5", 3.0, 3.0)]
    nobody = made([[1, 1]])
    assert (
        nobody.star_survival().height
        == nobody.star_survival_summary().height
        == nobody.star_spells().height
        == 0
    )
    alone = never.star_logrank(by="mode").row(0, named=True)
    assert (alone["chi2"], alone["df"], alone["p"], alone["p_robust"]) == (None, 0, None, None)


def test_bad_questions_are_answered():
    roster = made([[3, 3]])
    for options, what in (
        ({"entry": "prevalent"}, "incident, delayed, calendar, all"),
        ({"interval": "wald"}, "plain, log, log-log"),
        ({"variance": "robust"}, "organisation, greenwood"),
        ({"counts": "rows"}, "party_organisations"),
        ({"by": "colour"}, "colour"),
        ({"years": 1999}, "1999"),
        ({"at_least": float("nan")}, "3.5"),
        ({"level": 95}, "0.95"),
    ):
        with pytest.raises(dj.ArgumentError, match=what):
            roster.star_survival(**options)
    with pytest.raises(dj.ArgumentError, match="horizon"):
        roster.star_survival_summary(horizon=0)
    with pytest.raises(dj.ArgumentError, match="fall, loss, any"):
        roster.star_logrank(by="mode", of="death")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def medicare():
    path = shared.data("real/medicare_advantage_us_2009-2022_stars.csv")
    frame = pl.read_csv(path, infer_schema_length=None).filter(pl.col("summary_type") == "Overall")
    names = {"star_year": "year", "contract_id": "org_id", "stars": "star"}
    return dj.read_roster(frame, columns=names), frame


def test_survival_of_health_plans_at_four_stars(medicare):
    """Compares with an independent computation: no spells, only yearly counts of outcomes."""
    roster, frame = medicare
    by_plan = defaultdict(dict)
    for year, plan, stars in frame.select("star_year", "contract_id", "stars").rows():
        by_plan[plan][year] = "unknown" if stars is None else stars
    years = range(min(frame["star_year"]), max(frame["star_year"]) + 1)
    assert set(years) == set(frame["star_year"])
    # The known time of each plan at four stars, and its outcome in the following year.
    age: dict[str, int] = {}
    at_risk, fell, lost, out = Counter(), Counter(), Counter(), Counter()
    for year, after in itertools.pairwise(years):
        for plan, of in by_plan.items():
            now, then = of.get(year), of.get(after)
            if isinstance(now, float) and now >= 4:
                known = plan in age or (year > min(years) and of.get(year - 1) != "unknown" and not (
                    isinstance(of.get(year - 1), float) and of[year - 1] >= 4))  # fmt: skip
                if not known:
                    continue
                age[plan] = age.get(plan, 0) + 1
                at_risk[age[plan]] += then != "unknown"
                out[age[plan]] += then == "unknown"
                fell[age[plan]] += isinstance(then, float) and then < 4
                lost[age[plan]] += then is None
            if not (isinstance(then, float) and then >= 4):
                age.pop(plan, None)
    table = roster.star_survival(at_least=4, variance="greenwood").filter(pl.col("time") > 0)
    survival = kept = 1.0
    cif = 0.0
    assert table.height == max(at_risk) >= 8
    for row in table.iter_rows(named=True):
        u = int(row["time"])
        assert (row["at_risk"], row["events"], row["absent"]) == (at_risk[u], fell[u], lost[u])
        cif += kept * fell[u] / at_risk[u]
        kept *= 1 - (fell[u] + lost[u]) / at_risk[u]
        survival *= 1 - fell[u] / at_risk[u]
        assert near(row["survival"], survival)
        assert near(row["kept"], kept)
        assert near(row["cif"], cif)
        assert 1 - survival >= cif - 1e-12, "losses taken for censoring overstate the drop"
    assert sum(fell.values()) > 100


def test_health_plans_seen_from_the_start_and_not(medicare):
    roster, _ = medicare
    test = roster.star_logrank(at_least=4, entry="all", by="start")
    assert test["start"].to_list() == ["known", "unknown"]
    assert test["observed"].sum() == pytest.approx(test["expected"].sum())
    spells = roster.star_spells(at_least=4, entry="all")
    want = dj.log_rank(
        spells["time_exit"],
        spells["ended"] == "below",
        spells["start_year"].is_null(),
        cluster=spells["org_id"],
    )
    assert near(test["chi2"][0], want["chi2"][0])
    assert near(test["chi2_robust"][0], want["chi2_robust"][0])
