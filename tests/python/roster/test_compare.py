"""Comparisons of surveys: against joins in Polars, sums of parts, the workbook and the command."""

from __future__ import annotations

import re
from collections import Counter

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import dangjian
from dangjian.cli import app
from dangjian.results.comparison import STATUSES
from helpers import panels

COLUMNS = [name for name in panels.SCHEMA if name not in ("year", "org_id")]


def joined(panel: pl.DataFrame, year: int, before: int) -> dict[str, str]:
    """Returns the status of each organisation, computed by joins."""
    now, then = panel.filter(year=year), panel.filter(year=before)
    ever = set(panel.filter(pl.col("year") < before)["org_id"])
    both = now.join(then, on="org_id", suffix="_then")
    same = both.filter(pl.all_horizontal(pl.col(c).eq_missing(pl.col(f"{c}_then")) for c in COLUMNS))
    return {
        **{id: "reappeared" if id in ever else "new" for id in set(now["org_id"]) - set(then["org_id"])},
        **dict.fromkeys(set(then["org_id"]) - set(now["org_id"]), "gone"),
        **dict.fromkeys(both["org_id"], "changed"),
        **dict.fromkeys(same["org_id"], "unchanged"),
    }


def cells(panel: pl.DataFrame, year: int, before: int) -> Counter:
    """Counts the kinds of changes by column, cell by cell."""
    both = panel.filter(year=year).join(panel.filter(year=before), on="org_id", suffix="_then")
    kinds: Counter = Counter()
    for row in both.iter_rows(named=True):
        for column in COLUMNS:
            to, was = row[column], row[f"{column}_then"]
            if to != was:
                kinds[column, "filled" if was is None else "emptied" if to is None else "changed"] += 1
    return kinds


@given(panel=panels.panels(), apart=st.booleans(), data=st.data())
def test_two_surveys_are_what_joins_say(panel, apart, data):
    years = panel["year"].unique().sort().to_list()
    if len(years) < 2:
        return
    before, year = sorted(data.draw(st.lists(st.sampled_from(years), min_size=2, max_size=2, unique=True)))
    if apart:
        # Each survey in its own roster; earlier years may be in either.
        early = panel.filter(pl.col("year") <= before)
        compared = panels.read(
            panel.filter(pl.col("year").is_in([year]) | (pl.col("year") < before))
        ).compare(panels.read(early), year=year)
    else:
        compared = panels.read(panel).compare(year=year, earlier_year=before)
    assert (compared.year, compared.earlier_year) == (year, before)
    want = joined(panel, year, before)
    got = dict(compared.organisations.select("org_id", "status").rows())
    assert got == {id: status for id, status in want.items() if status != "unchanged"}
    counts = compared.counts().row(0, named=True)
    assert {s: counts[s] for s in STATUSES} == {s: list(want.values()).count(s) for s in STATUSES}
    assert sum(counts[s] for s in STATUSES) == len(want)
    assert counts["later"] == panel.filter(year=year).height
    assert counts["earlier"] == panel.filter(year=before).height
    # A column that is null throughout a survey still belongs to the survey.
    kinds = Counter(compared.changes.select("column", "change").rows())
    del_detail = {key: n for key, n in kinds.items() if key[0] != "mode_detail"}
    assert del_detail == cells(panel, year, before)
    by_column = {
        (row["column"], kind): row[kind]
        for row in compared.column_counts.iter_rows(named=True)
        for kind in ("changed", "filled", "emptied")
        if row[kind]
    }
    assert by_column == kinds


@given(panel=panels.panels(), by=panels.groupings(), apart=st.booleans())
def test_the_parts_add_up(panel, by, apart):
    years = panel["year"].unique().sort().to_list()
    if len(years) < 2:
        return
    roster = panels.read(panel)
    if apart:
        compared = panels.read(panel.filter(year=years[-1])).compare(
            panels.read(panel.filter(pl.col("year") < years[-1]))
        )
    else:
        compared = roster.compare()
    parts = compared.counts(by)
    figures = ["earlier", "later", *STATUSES]
    assert parts.select(figures).sum().row(0) == compared.counts().select(figures).row(0)
    assert parts.columns[:3] == ["year", "earlier_year", by[0]]
    # Organisations listed now are in the same group as in a count of the year.
    counted = roster.count(by=by, years=years[-1])
    now = (
        parts.filter(pl.col("later") > 0)
        .drop("earlier_year", "earlier", *STATUSES)
        .rename({"later": "organisations"})
    )
    assert sorted(now.rows(), key=str) == sorted(counted.rows(), key=str)


@given(panel=panels.panels(), seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(panel, seed):
    if panel["year"].n_unique() < 2:
        return
    one = panels.read(panel).compare()
    other = panels.read(panel.sample(fraction=1, shuffle=True, seed=seed)).compare()
    assert one.organisations.equals(other.organisations)
    assert one.changes.equals(other.changes)


def survey(year: int, rows: list[tuple], **more) -> dangjian.Roster:
    columns = ["org_id", "name", "mode", "region", "above_scale"]
    types = dict.fromkeys(columns[:-1], pl.String) | {"above_scale": pl.Boolean}
    frame = pl.DataFrame(rows, schema=types, orient="row").with_columns(**more)
    return dangjian.read_roster(frame, year=year, progress=False)


@pytest.fixture(scope="module")
def two():
    earlier = survey(
        2012,
        [
            ("A1", "甲", "joint", "150425100000", True),
            ("A2", "乙", "none", "150425100000", None),
            ("A3", "丙", None, "150425101000", False),
            ("A4", "丁", "solo", "150425101000", False),
        ],
        old=pl.lit("x"),
    )
    later = survey(
        2013,
        [
            ("A1", "甲", "solo", "150425101000", None),
            ("A3", "丙", "area", "150425101000", True),
            ("A4", "丁", "solo", "150425101000", False),
            ("A5", "戊", "none", "150425100000", True),
        ],
    )
    return later.compare(earlier)


def test_what_changed_from_what_to_what(two):
    assert two.organisations.select("status", "org_id", "name", "last_year", "changes").rows() == [
        ("new", "A5", "戊", None, 0),
        ("gone", "A2", "乙", 2012, 0),
        ("changed", "A1", "甲", 2012, 3),
        ("changed", "A3", "丙", 2012, 2),
    ]
    assert two.changes.select("org_id", "column", "change", "from", "to", "label_zh").rows() == [
        (
            "A1",
            "region",
            "changed",
            "150425100000",
            "150425101000",
            "所在行政区划：经棚镇（150425100000） → 宇宙地镇（150425101000）",
        ),
        ("A1", "above_scale", "emptied", "true", None, "规模以上：是 → （未填）"),
        ("A1", "mode", "changed", "joint", "solo", "党组织组建形式：联建 → 单建"),
        ("A3", "above_scale", "changed", "false", "true", "规模以上：否 → 是"),
        ("A3", "mode", "filled", None, "area", "党组织组建形式：（未填） → 区域覆盖（1+N）"),
    ]
    assert two.changes["label_en"][2] == "formation mode: joint → solo"
    assert two.not_compared.rows() == [("old", "较晚的调查没有这一列", "not in the later survey")]
    by = two.counts("township").select("township_name", "earlier", "later", *STATUSES)
    assert by.rows() == [("经棚镇", 1, 1, 1, 0, 1, 0, 0), ("宇宙地镇", 3, 3, 0, 0, 0, 2, 1)]
    flags = two.counts(by=["above_scale"])
    assert flags["above_scale"].to_list() == [True, False, None]


def test_summaries_in_both_languages(two):
    assert two.summary().splitlines()[:2] == [
        "2013年与2012年对比：较早单位数 4，较晚单位数 4",
        "新增 1，恢复 0，减少 1，变动 2，未变 1",
    ]
    assert "党组织组建形式：变动 1，补填 1" in two.summary("zh")
    assert repr(two) == two.summary("en")
    assert "formation mode: changed 1, filled 1" in repr(two)
    html = two._repr_html_()
    assert "2013年与2012年对比" in html
    assert "<td style='text-align:right'>规模以上</td>" in html
    assert not re.search(r"background|color", html)


def test_the_workbook(two, tmp_path):
    book = openpyxl.load_workbook(two.to_excel(tmp_path / "摸底.xlsx"))
    assert book.sheetnames == ["摸底对比", "各列变动数", "有变动的单位", "变动明细"]
    sheet = [[cell.value for cell in row] for row in book["变动明细"].iter_rows()]
    assert sheet[0][3:7] == ["列", "变动方式", "原值", "现值"]
    assert sheet[3][3:7] == ["党组织组建形式", "变动", "joint", "solo"]
    counts = [[cell.value for cell in row] for row in book["摸底对比"].iter_rows()]
    assert counts[1][:2] == [2013, 2012]
    english = openpyxl.load_workbook(two.to_excel(tmp_path / "en.xlsx", lang="en"))
    assert english.sheetnames[0] == "Surveys compared"


def test_only_some_columns():
    roster = dangjian.read_roster(dangjian.datasets.hexigten().ledgers, progress=False)
    compared = roster.compare(columns="star")
    assert compared.column_counts["column"].to_list() == ["star"]
    assert set(compared.changes["column"]) == {"star"}
    everything = roster.compare()
    kinds = everything.counts().row(0, named=True)
    assert kinds["changed"] > compared.counts()["changed"].item()
    assert sum(kinds[s] for s in STATUSES) == len(
        joined(
            roster.to_polars().with_columns(
                pl.lit(None).alias(c) for c in COLUMNS if c not in roster.columns
            ),
            2013,
            2012,
        )
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"year": 2012, "earlier_year": 2013}, "swap them"),
        ({"year": 2013, "earlier_year": 2013}, "swap them"),
        ({"year": 2012}, "no year before 2012"),
        ({"year": 1999}, "no data for the year 1999"),
        ({"columns": "没有"}, "there is no column '没有'"),
    ],
)
def test_wrong_calls(options, said):
    rows = [("A1", "甲", "solo", None, True)]
    roster = dangjian.read_roster(
        pl.concat([survey(y, rows).to_polars() for y in (2012, 2013)]), progress=False
    )
    with pytest.raises(dangjian.ArgumentError, match=said):
        roster.compare(**options)


def test_rosters_in_the_wrong_order_or_no_rosters(two):
    rows = [("A1", "甲", "solo", None, True)]
    with pytest.raises(dangjian.ArgumentError, match="swap them"):
        survey(2012, rows).compare(survey(2013, rows))
    with pytest.raises(dangjian.ArgumentError, match="expected a Roster"):
        survey(2012, rows).compare("2011.xlsx")
    with pytest.raises(dangjian.ArgumentError, match="no dimension"):
        two.counts("没有")
    # Two versions of one year's survey may be compared.
    assert survey(2013, rows).compare(survey(2013, rows)).counts()["unchanged"].item() == 1


def test_the_command(tmp_path):
    ledgers = [str(path) for path in dangjian.datasets.hexigten().ledgers]
    out = tmp_path / "对比.xlsx"
    result = CliRunner().invoke(
        app, ["compare", ledgers[-1], "--with", ledgers[-2], "--by", "kind", "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2013年与2012年对比：")
    assert "\n  企业：新增 " in result.stdout
    assert out.exists()
    linked = CliRunner().invoke(app, ["compare", *ledgers, "--link", "--lang", "en"])
    assert linked.exit_code == 0, linked.output
    assert re.match(r"\d+ ids joined\n2013 compared with 2012: ", linked.stdout)
    wrong = CliRunner().invoke(app, ["compare", ledgers[0], "--with", ledgers[-1]])
    assert wrong.exit_code == 2
    assert "对调" in wrong.stderr
