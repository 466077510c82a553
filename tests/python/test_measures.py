"""Rates at every level, their breaks, what changed them, the trees: against SQL, exact fractions, and cases made by hand."""

from __future__ import annotations

from fractions import Fraction
from statistics import NormalDist

import duckdb
import polars as pl
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

import dangjian
import panels
from dangjian import charts
from panels import read

DUCKDB = duckdb.connect()
FIGURES = ["population", "success", "failure", "unknown", "population_unknown"]

# Dimensions, and how SQL says them.
LEVELS = {
    "kind": "kind",
    "above_scale": "above_scale",
    "committee": "committee",
    "party_superior": "party_superior",
    "楼栋": '"楼栋"',
    "province": "left(region, 2) || '0000000000'",
    "prefecture": "left(region, 4) || '00000000'",
    "county": "left(region, 6) || '000000'",
    "township": "CASE WHEN region LIKE '%000000' THEN NULL ELSE region END",
    "section": "left(industry, 1)",
    "division": "left(industry, 3)",
    "members_size": """CASE WHEN members_full = 0 THEN '0' WHEN members_full < 3 THEN '1-2' WHEN members_full < 7 THEN '3-6'
        WHEN members_full < 50 THEN '7-49' ELSE CASE WHEN members_full >= 50 THEN '50+' END END""",
}
CONDITIONS = (
    "true",
    "operating",
    "members_full >= 3",
    "mode in ('solo', 'joint')",
    "mode <> 'none' or star > 2",
)
condition = st.sampled_from(CONDITIONS)
FURTHER = {
    "party_superior": ([None, "旗委", "园区党工委"], pl.String),
    "party_org_level": ([None, "branch", "committee"], pl.String),
    # More than any has members, which reading would not believe.
    "employees": ([None, 20, 30, 50, 99, 100], pl.UInt32),
    "members_probationary": ([None, 0, 2], pl.UInt32),
}


@st.composite
def trees(draw):
    """A panel whose party organisations have superiors, and more."""
    panel = draw(panels.panels())
    return panel.with_columns(
        pl.Series(name, draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)), dtype)
        for n in (panel.height,)
        for name, (values, dtype) in FURTHER.items()
    )


def sql(panel, query):
    DUCKDB.register("panel", panel.cast({pl.UInt32: pl.Int64}).to_arrow())
    return DUCKDB.sql(query).fetchall()


def rate(population="true", success="operating", of="organisations", name="drawn", **more):
    fields = "\n".join(f"{key} = {value!r}" for key, value in more.items())
    return f"""
[[rate]]
id = "{name}"
label = "抽到的"
population = '''{population}'''
success = '''{success}'''
counts = "{of}"
source = "test"
{fields}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("definitions")

    def write(*records):
        path = folder / "mine.toml"
        path.write_text("".join(records), encoding="utf-8")
        return path

    return write


@given(
    panel=trees(),
    by=st.lists(st.sampled_from(list(LEVELS)), unique=True, max_size=3),
    population=condition,
    success=condition,
    where=st.none() | condition,
)
def test_subtotals_are_those_of_sql(file, panel, by, population, success, where):
    mine = file(rate(population, success))
    table = read(panel).coverage(by=by, rates="drawn", rates_file=mine, where=where, rollup=True)
    got = {
        tuple(row[: len(by) + 2]): row[len(by) + 2 :]
        for row in table.select("year", *by, "grouping", *FIGURES).rows()
    }
    assert len(got) == table.height
    dims = ", ".join(f"{LEVELS[name]} AS d{at}" for at, name in enumerate(by))
    names = ", ".join(f"d{at}" for at in range(len(by)))
    rolled = f", ROLLUP ({names})" if by else ""
    grouping = f"GROUPING({names})" if by else "0"
    want = sql(
        panel,
        f"""SELECT year, {names + "," if by else ""} {grouping},
            count(*) FILTER (WHERE p), count(*) FILTER (WHERE p AND s), count(*) FILTER (WHERE p AND NOT s),
            count(*) FILTER (WHERE p AND s IS NULL), count(*) FILTER (WHERE p IS NULL)
        FROM (SELECT year, {dims + "," if by else ""} ({population}) AS p, ({success}) AS s FROM panel
              WHERE {where or "true"})
        GROUP BY year{rolled}""",  # noqa: S608 - our own conditions
    )
    assert got == {row[: len(by) + 2]: row[len(by) + 2 :] for row in want}


@given(
    panel=trees(),
    by=st.lists(st.sampled_from(list(LEVELS)), unique=True, min_size=1, max_size=3),
    seed=st.integers(0, 9),
)
def test_parts_add_up_at_every_level_and_in_every_tree(panel, by, seed):
    """Also where party organisations are counted; and the order of rows changes nothing."""
    table = read(panel).coverage(by=by, rollup=True)
    assert table.equals(read(panel.sample(fraction=1, shuffle=True, seed=seed)).coverage(by=by, rollup=True))
    keys = ["year", "rate_id"]
    figures = [*FIGURES, "unidentified"]
    levels = table["grouping"].unique().sort().to_list()
    assert levels == [2**at - 1 for at in range(len(by) + 1)]
    whole = read(panel).coverage().select(*keys, *figures).sort(keys)
    for level in levels:
        part = table.filter(grouping=level).group_by(keys).agg(pl.col(figures).sum()).sort(keys)
        assert part.equals(whole), level


@given(
    panel=trees(),
    by=panels.groupings(1),
    pair=st.sampled_from(
        [
            ("operating", pl.col("operating")),
            ("members_full >= 3", pl.col("members_full") >= 3),
            (
                "mode in ('solo', 'joint') and not above_scale",
                pl.col("mode").is_in(["solo", "joint"]) & ~pl.col("above_scale"),
            ),
            ("kind is null", pl.col("kind").is_null()),
            ("true", pl.lit(value=True)),
            ("false", pl.lit(value=False)),
            ("year = 2011", pl.col("year") == 2011),
        ]
    ),
)
def test_where_may_be_an_expression(panel, by, pair):
    roster = read(panel)
    text, expression = pair
    assert roster.coverage(by=by, where=expression).equals(roster.coverage(by=by, where=text))
    measures = {"n": "*", "members": "sum(members_full)"}
    assert roster.count(by=by, measures=measures, where=expression).equals(
        roster.count(by=by, measures=measures, where=text)
    )


@given(panel=panels.panels())
def test_an_expression_sees_the_whole_panel(panel):
    """Its answers are those of the rows they were worked out for, also where a row is compared with others."""
    most = pl.col("members_full") == pl.col("members_full").max().over("year")
    got = {row[0]: row[1] for row in read(panel).count(where=most).rows()}
    kept = panel.filter(most).group_by("year").len()
    assert got == dict(kept.rows())


def made(rows, **columns):
    """A roster of organisations 单位0, 单位1 … with these columns; a row is a year and values."""
    schema = {"year": pl.Int16, "org_id": pl.String, **columns}
    numbered = [
        {"year": year, "org_id": f"单位{at}", **dict(zip(columns, values, strict=True))}
        for at, (year, *values) in enumerate(rows)
    ]
    return dangjian.read_roster(pl.DataFrame(numbered, schema=schema), progress=False)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (pl.col("emploees") > 3, "names emploees"),
        (pl.col("members_full"), "gives UInt32"),
        (pl.col("mode") > 3, "cannot be evaluated"),
        (3, "where is a int"),
    ],
)
def test_a_wrong_expression_says_what_is_wrong(where, said):
    roster = made([(2011, 3, "solo")], members_full=pl.UInt32, mode=pl.String)
    with pytest.raises(dangjian.ArgumentError, match=said):
        roster.coverage(where=where)


@given(panel=panels.panels(), level=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_intervals_are_wilson_s(panel, level):
    table = read(panel).coverage(by="kind", rates=["organised", "eligible_established"], interval=level)
    z = NormalDist().inv_cdf((1 + level) / 2)
    for yes, no, low, high in table.select("success", "failure", "wilson_low", "wilson_high").rows():
        n = yes + no
        if not n:
            assert low is None
            assert high is None
            continue
        # The two shares p for which the observed one is z standard deviations away: roots of n(s − p)² = z²p(1 − p).
        for p in (low, high):
            assert n * (yes / n - p) ** 2 == pytest.approx(z * z * p * (1 - p), abs=1e-9)
        assert 0 <= low <= yes / n <= high <= 1


def test_an_interval_needs_a_level():
    with pytest.raises(dangjian.ArgumentError, match="above 0 and below 1"):
        made([(2011, True)], operating=pl.Boolean).coverage(interval=95)


def test_bands_of_one_s_own(file):
    bands = file(
        """
[[bands]]
id = "staff"
label = "职工规模"
column = "employees"
from = [0, 8, 60]
names = ["小", "中", "大"]
source = "test"
"""
    )
    roster = made([(2011, n) for n in (0, 7, 8, 59, 60, 9999, None)], employees=pl.UInt32)
    table = roster.coverage(by=["staff", "employees_size"], rates="organised_all", bands=bands)
    assert table.select("staff", "employees_size", "population").rows() == [
        ("小", "0-9", 2),
        ("中", "0-9", 1),
        ("中", "50-99", 1),
        ("大", "50-99", 1),
        ("大", "1000+", 1),
        (None, None, 1),
    ]
    assert "employees_size" in roster.dimensions


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('column = "employees"', 'column = "employes"'), ["field column", "did you mean 'employees'"]),
        (('column = "employees"', 'column = "mode"'), ["field column", "counts or money"]),
        (("[0, 8]", "[1, 8]"), ["field from", "ascend from 0"]),
        (("[0, 8]", "[0, 8, 8]"), ["field from", "ascend from 0"]),
        (("[0, 8]", '["0"]'), ["field from", "whole numbers"]),
        (('source = "x"', 'source = "x"\nnames = ["a"]'), ["field names", "2 different names"]),
        (('id = "b"', 'id = "kind"'), ["field id", "a column of the ledger"]),
        (('source = "x"', ""), ["field source", "missing"]),
    ],
)
def test_wrong_bands_are_refused(file, change, said):
    bands = file(
        '[[bands]]\nid = "b"\nlabel = "l"\ncolumn = "employees"\nfrom = [0, 8]\nsource = "x"\n'.replace(
            *change
        )
    )
    with pytest.raises(dangjian.DefinitionError) as error:
        made([(2011, 3)], employees=pl.UInt32).coverage(bands=bands)
    assert all(part in str(error.value) for part in ["mine.toml: [[bands]]", *said]), error.value


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
    # The years that are asked for do not change which are comparable.
    assert roster.coverage(rates="bulletin", years=[2011, 2015])["series"].to_list() == [1, 2]
    with pytest.raises(dangjian.ArgumentError, match="not comparable"):
        roster.explain_change("bulletin", 2011, 2014)


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
    """How many lines a chart draws."""
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
    """Enterprises stay at one half and shrink from 4 to 2; groups stay at 1 and grow from 1 to 3; others come and go."""
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


FINDINGS = {
    "no_region": "region IS NULL",
    "no_committee": "committee IS NULL",
    "no_superior": "(mode IN ('solo', 'joint', 'affiliated') OR party_org_id IS NOT NULL) AND party_superior IS NULL",
    "superior_without_party_org": "mode IN ('area', 'none') AND party_org_id IS NULL AND party_superior IS NOT NULL",
    "several_superiors": """party_superior IS NOT NULL AND party_org_id IN (SELECT party_org_id FROM panel AS other
        WHERE other.year = panel.year GROUP BY party_org_id HAVING count(DISTINCT party_superior) > 1)""",
}


@given(panel=trees())
def test_the_trees_are_reconciled_as_sql_does(panel):
    roster = read(panel)
    for year in roster.years:
        found = roster.reconcile(year)
        for finding, holds in FINDINGS.items():
            want = sql(panel, f"SELECT org_id FROM panel WHERE year = {year} AND {holds}")  # noqa: S608 - our own conditions
            assert sorted(found.filter(finding=finding)["org_id"]) == sorted(org for (org,) in want), finding
        assert set(found["finding"]) <= set(FINDINGS)


@given(panel=trees())
def test_totals_of_a_tree_are_what_its_nodes_add_up_to(panel):
    roster = read(panel)
    due = "mode in ('solo', 'joint', 'affiliated') or party_org_id is not null"
    for year in roster.years:
        totals = roster.reconcile_totals(year)
        assert totals.height == 3 * totals["rate_id"].n_unique()
        assert totals["agrees"].to_list() == (totals["unplaced"] == 0).to_list()
        assert (totals["population"] == totals["not_due"] + totals["placed"] + totals["unplaced"]).all()
        organisations = totals.filter(counts="organisations")
        for tree in ("region", "committee", "party_superior"):
            # Party organisations stand at home rows, which a condition would move; organisations do not.
            nodes = roster.coverage(by=tree, years=year, where=due if tree == "party_superior" else None)
            placed = (
                nodes.filter(pl.col(tree).is_not_null())
                .group_by("rate_id")
                .agg(pl.col("population", "success").sum())
            )
            want = {row[0]: row[1:] for row in placed.rows()}
            got = organisations.filter(tree=tree).select("rate_id", "placed", "success_placed").rows()
            assert {row[0]: row[1:] for row in got} == {row[0]: want.get(row[0], (0, 0)) for row in got}


def test_a_tree_that_the_ledger_does_not_have_says_nothing():
    roster = made([(2013, "solo", "150425100000"), (2013, "solo", None)], mode=pl.String, region=pl.String)
    assert roster.reconcile(2013).select("finding", "org_id").rows() == [("no_region", "单位1")]
    totals = roster.reconcile_totals(2013, rates="organised_all")
    assert totals.select("tree", "placed", "unplaced", "agrees").rows() == [
        ("region", 1, 1, False),
        ("committee", None, None, None),
        ("party_superior", None, None, None),
    ]
