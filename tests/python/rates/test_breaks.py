"""Breaks of rates and decompositions of their changes, against exact fractions and constructed cases."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

import dangjian
from dangjian import charts
from helpers.definitions import LEVELS, condition, made, rate, trees
from helpers.panels import read

YEARS = [(year, 3, "solo") for year in (2011, 2012, 2013, 2014, 2015)]
BASIC = {"members_full": pl.UInt32, "mode": pl.String}


def test_a_definition_that_changes_is_a_break():
    roster = made(YEARS, **BASIC)
    table = roster.coverage(rates="bulletin")
    assert table.select("year", "series").rows() == [(2011, 1), (2012, 1), (2014, 2), (2015, 2)]
    (found,) = roster.breaks(rates="bulletin").iter_rows(named=True)
    assert (found["year"], found["earlier_year"], found["reason"], found["column"]) == (
        2014,
        2012,
        "definition",
        None,
    )
    # Restricting the years does not change which of them are comparable.
    assert roster.coverage(rates="bulletin", years=[2011, 2015])["series"].to_list() == [1, 2]
    with pytest.raises(dangjian.ArgumentError, match="not comparable"):
        roster.explain_change("bulletin", 2011, 2014)


def test_the_breaks_of_the_bulletins_are_shipped():
    """Of those that meet the conditions to 2012, of all from 2014, of legal persons from 2018, no rate since 2021.

    The breaks are those of docs/field-notes.md#published-figures.
    """
    rows = [(year, 3, "solo", kind) for year in range(2010, 2023) for kind in ("enterprise", "self_employed")]
    roster = made(rows, **BASIC, kind=pl.String)
    table = roster.coverage(rates="bulletin")
    numbers = [1, 1, 1, *[2] * 4, *[3] * 3]
    assert table.select("year", "series").rows() == list(
        zip([2010, 2011, 2012, *range(2014, 2021)], numbers, strict=True)
    )
    assert roster.breaks(rates="bulletin").select("earlier_year", "year", "reason").rows() == [
        (2012, 2014, "definition"),
        (2017, 2018, "definition"),
    ]
    # The bulletins fall from 187.7 to 158.5 likewise: fewer are counted, but none were lost.
    assert table.filter(pl.col("year").is_in([2017, 2018]))["population"].to_list() == [2, 1]
    assert lines(charts.coverage_over_years(table)) == 3


def test_a_column_that_comes_or_changes_is_a_break(file):
    roster = dangjian.read_roster(
        pl.concat(
            [
                pl.DataFrame({"year": [2011], "org_id": ["单位1"], "mode": ["solo"], "members_full": [3]}),
                pl.DataFrame(
                    {
                        "year": [2012, 2013],
                        "org_id": ["单位1"] * 2,
                        "mode": ["solo"] * 2,
                        "members_full": [3, 3],
                        "operating": [True] * 2,
                    }
                ),
            ],
            how="diagonal",
        ),
        progress=False,
    )
    assert roster.breaks(rates="organised").height == 0, "one table has one set of columns"
    mine = file(
        rate("members_full >= 3", "mode = 'solo'"),
        '[[break]]\ncolumn = "members_full"\nyear = 2013\nnote = "改数全部党员"\nsource = "test"\n',
    )
    found = roster.breaks(rates_file=mine)
    drawn = found.filter(rate_id="drawn", column="members_full").select(
        "year", "earlier_year", "reason", "note_zh"
    )
    assert drawn.rows() == [(2013, 2012, "declared", "改数全部党员")]
    assert "declared" not in found.filter(rate_id="organised")["reason"]
    assert roster.coverage(rates="drawn", rates_file=mine)["series"].to_list() == [1, 1, 2]


def test_a_column_that_a_year_lacks_is_a_break(tmp_path):
    pl.DataFrame({"org_id": ["单位1"], "mode": ["solo"]}).write_csv(tmp_path / "2011.csv")
    pl.DataFrame({"org_id": ["单位1"], "mode": ["solo"], "operating": [True]}).write_csv(
        tmp_path / "2012.csv"
    )
    roster = dangjian.read_roster(tmp_path, progress=False)
    (found,) = roster.breaks(rates="organised").iter_rows(named=True)
    assert (found["year"], found["reason"], found["column"]) == (2012, "column", "operating")
    assert roster.breaks(rates="organised_all").height == 0


def lines(chart):
    """Counts the lines that a chart draws."""
    return vl_convert.vegalite_to_svg(chart.to_dict()).count('class="mark-line role-mark')


def test_no_line_crosses_a_break():
    table = made(YEARS, **BASIC).coverage(rates=["bulletin", "organised_all"])
    assert lines(charts.coverage_over_years(table)) == 3
    assert lines(charts.coverage_over_years(table.with_columns(series=1))) == 2


@given(
    panel=trees(),
    by=st.sampled_from([[], *([name] for name in LEVELS), ["kind", "county"]]),
    success=condition,
)
def test_parts_of_a_change_are_those_of_exact_fractions(file, panel, by, success):
    roster = read(panel)
    first, *_, last = [*roster.years, *roster.years]
    if first == last:
        return
    mine = file(rate("members_full >= 0", success))
    table = roster.explain_change("drawn", first, last, by=by, rates_file=mine)
    counted = roster.coverage(by=by, rates="drawn", rates_file=mine, years=[first, last])
    groups = {}
    for row in counted.iter_rows(named=True):
        pair = groups.setdefault(tuple(row[name] for name in by), {})
        if row["success"] + row["failure"]:
            pair[row["year"]] = (row["success"], row["success"] + row["failure"])
    groups = {key: pair for key, pair in groups.items() if pair}
    known = {
        year: [sum(pair[year][at] for pair in groups.values() if year in pair) for at in (0, 1)]
        for year in (first, last)
    }
    assert table.height == len(groups)
    if not (known[first][1] and known[last][1]):
        assert table["contribution"].null_count() == table.height
        return
    all_rates = [Fraction(*known[year]) for year in (first, last)]
    mean = sum(all_rates) / 2
    total = dict.fromkeys(("within", "between", "entry", "exit"), Fraction(0))
    for row in table.iter_rows(named=True):
        pair = groups[tuple(row[name] for name in by)]
        share = {year: Fraction(pair[year][1], known[year][1]) for year in pair}
        own = {year: Fraction(*pair[year]) for year in pair}
        if len(pair) == 2:
            want = {
                "within": (share[first] + share[last]) / 2 * (own[last] - own[first]),
                "between": ((own[first] + own[last]) / 2 - mean) * (share[last] - share[first]),
            }
        elif last in pair:
            want = {"entry": share[last] * (own[last] - mean)}
        else:
            want = {"exit": -share[first] * (own[first] - mean)}
        assert row["status"] == {"within": "continuing"}.get(next(iter(want)), next(iter(want)))
        for name in total:
            assert row[name] == pytest.approx(float(want.get(name, 0)), abs=1e-11)
            total[name] += want.get(name, 0)
    assert sum(total.values()) == all_rates[1] - all_rates[0]
    parts = [value for row in table.select(*total).rows() for value in row]
    assert sum(sorted(parts)) == sum(reversed(parts)) == table["contribution"].sum()
    assert table["contribution"].sum() == pytest.approx(float(all_rates[1] - all_rates[0]), abs=1e-12)


def test_a_change_made_by_hand():
    """Enterprises keep their rate of one half and shrink from 4 to 2; groups keep 1 and grow from 1 to 3;
    other kinds enter and leave.
    """
    kinds = {
        2011: [("enterprise", "solo")] * 2
        + [("enterprise", "none")] * 2
        + [("social_group", "solo")]
        + [("law_firm", "none")] * 5
    }
    kinds[2012] = (
        [("enterprise", "solo"), ("enterprise", "none")]
        + [("social_group", "solo")] * 3
        + [("foundation", "none")] * 5
    )
    roster = made(
        [(year, *pair) for year, pairs in kinds.items() for pair in pairs], kind=pl.String, mode=pl.String
    )
    table = roster.explain_change("organised_all", 2011, 2012, by="kind")
    rows = {row["kind"]: row for row in table.iter_rows(named=True)}
    # The rate goes from 3/10 to 4/10, its mean is 0.35.
    assert {kind: row["status"] for kind, row in rows.items()} == {
        "enterprise": "continuing",
        "social_group": "continuing",
        "foundation": "entry",
        "law_firm": "exit",
    }
    assert [rows["enterprise"][part] for part in ("within", "between")] == pytest.approx([0, 0.15 * -0.2])
    assert [rows["social_group"][part] for part in ("within", "between")] == pytest.approx([0, 0.65 * 0.2])
    assert rows["foundation"]["entry"] == pytest.approx(0.5 * -0.35)
    assert rows["law_firm"]["exit"] == pytest.approx(0.5 * 0.35)
    assert table["contribution"].sum() == pytest.approx(0.1, abs=1e-12)


@pytest.mark.parametrize(
    ("years", "said"),
    [((2012, 2011), "from an earlier to a later"), ((2011, 2019), "no data for the year 2019")],
)
def test_a_change_needs_two_years(years, said):
    with pytest.raises(dangjian.ArgumentError, match=said):
        made(YEARS, **BASIC).explain_change("organised_all", *years)
