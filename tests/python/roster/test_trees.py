"""Trees of organisations: their levels, invalid trees, and reconciliation."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dangjian
from helpers.definitions import made, sql, trees
from helpers.panels import ORGANISED, read

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
            # Party organisations are counted at home rows, which a condition would shift; organisations
            # are not.
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


# Trees with levels above the units that ledgers name.

COMMITTEES = {
    "旗委": None,
    "园区": "旗委",
    "工业园区党工委": "园区",
    "住建局党委": "旗委",
    "空的": "旗委",
}


def table(units, name="id", above="parent"):
    return pl.DataFrame({name: list(units), above: list(units.values())})


def line(units, unit):
    """Returns the units above ``unit``, topmost first, then the unit itself; empty if it is not in the
    tree.
    """
    found = []
    while unit in units:
        found.append(unit)
        unit = units[unit]
    return found[::-1]


def over(units, unit, level):
    """Returns the unit of level ``level`` above ``unit``."""
    above = line(units, unit)
    return above[level - 1] if len(above) >= level else None


@given(
    panel=trees(),
    shuffled=st.permutations(list(COMMITTEES)),
    lacking=st.sampled_from([None, "住建局党委", "空的"]),
)
def test_levels_of_a_tree_are_those_above_the_unit_named(panel, shuffled, lacking):
    units = {name: COMMITTEES[name] for name in shuffled if name != lacking}
    roster = read(panel).with_tree("committee", table(units))
    depth = max(len(line(units, unit)) for unit in units)
    levels = [f"committee_{level}" for level in range(1, depth + 1)]
    assert [name for name in roster.columns if name.startswith("committee_")] == levels
    got = roster.to_polars().sort("year", "org_id")
    named = panel.sort("year", "org_id")["committee"].to_list()
    for level, name in enumerate(levels, 1):
        assert got[name].to_list() == [over(units, unit, level) for unit in named], name
    # The groups of every level match those of the rows, and the levels roll up.
    rows = roster.coverage(by=levels, rates="organised_all", rollup=True)
    for level in range(depth + 1):
        part = rows.filter(grouping=2 ** (depth - level) - 1)
        want = (
            got.group_by("year", *levels[:level]).agg(pl.len().cast(pl.Int64)).sort("year", *levels[:level])
        )
        assert (
            part.select("year", *levels[:level], "population").sort("year", *levels[:level]).rows()
            == want.rows()
        )
    assert roster.count(where="committee_1 = '旗委'").equals(
        roster.count(where=pl.col("committee_1") == "旗委")
    )
    found = roster.reconcile(roster.years[-1])
    unlisted = {
        org
        for org, unit in panel.filter(year=roster.years[-1]).select("org_id", "committee").rows()
        if unit is not None and unit not in units
    }
    assert set(found.filter(finding="committee_unlisted")["org_id"]) == unlisted
    totals = roster.reconcile_totals(roster.years[-1], rates="organised_all").filter(tree="committee")
    placed = [unit for unit in panel.filter(year=roster.years[-1])["committee"] if unit in units]
    assert totals["placed"].item() == len(placed)


PARTIES = {"旗委": None, "园区党工委": "旗委", "D1": "园区党工委", "D2": "旗委", "D3": None}


@given(panel=trees(), silent=st.booleans())
def test_a_party_organisation_stands_where_its_ledger_says_else_where_the_table_does(panel, silent):
    """With ``silent``, the ledgers have no column of superiors, and only the table names them."""
    if silent:
        panel = panel.drop("party_superior")
    roster = read(panel).with_tree("party_superior", table(PARTIES, "party_org_id", "superior"))
    rows = panel.sort("year", "org_id").to_dicts()
    listed = [PARTIES.get(row["party_org_id"]) for row in rows]
    units = [row.get("party_superior") or above for row, above in zip(rows, listed, strict=True)]
    got = roster.to_polars().sort("year", "org_id")
    assert got["party_superior_listed"].to_list() == listed
    for level in (1, 2, 3):
        assert got[f"party_superior_{level}"].to_list() == [over(PARTIES, unit, level) for unit in units]
    year = roster.years[-1]
    found = roster.reconcile(year).filter(finding="superior_differs")["org_id"]
    differs = {
        row["org_id"]
        for row, above in zip(rows, listed, strict=True)
        if row["year"] == year and above is not None and row.get("party_superior") not in (None, above)
    }
    assert set(found) == differs
    nowhere = set(roster.reconcile(year).filter(finding="no_superior")["org_id"])
    due = {
        row["org_id"]
        for row, unit in zip(rows, units, strict=True)
        if row["year"] == year
        and unit is None
        and (row["mode"] in ORGANISED or row["party_org_id"] is not None)
    }
    assert nowhere == due


WRONG = {
    "a circle": ("a,b\nb,a\n", "line 3", "field parent", "a → b → a", "成环"),
    "an unknown parent": (
        "建设,\n交通,建社\n",
        "line 3",
        "field parent",
        "did you mean '建设'?",
        "是不是“建设”",
    ),
    "two parents": (
        "a,\nb,\nc,a\nc,b\n",
        "line 5",
        "field parent",
        "two parents, 'a' (line 4) and 'b'",
        "两个上级",
    ),
    "twice": ("a,\na,\n", "line 3", "field id", "is defined twice, first at line 2", "出现了两次"),
    "no id": ("a,\n,a\n", "line 3", "field id", "is empty", "没有编号"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_no_tree_is_refused(tmp_path, what):
    records, place, field, said, zh = WRONG[what]
    path = tmp_path / "归口.csv"
    path.write_text("id,parent\n" + records, encoding="utf-8")
    roster = made([(2013, "a")], committee=pl.String)
    with pytest.raises(dangjian.DefinitionError) as caught:
        roster.with_tree("committee", path)
    for part in (str(path), place, field, said, "Hint" if what != "an unknown parent" else "Hint: did"):
        assert part in str(caught.value), caught.value
    assert zh in caught.value.message("zh")
    with pytest.raises(dangjian.DefinitionError, match="DataFrame: record"):
        roster.with_tree("committee", pl.read_csv(path, schema={"id": pl.String, "parent": pl.String}))


def test_a_tree_comes_from_any_table(tmp_path):
    import xlsxwriter

    roster = made([(2013, "住建局党委"), (2013, "2"), (2013, None)], committee=pl.String)
    rows = [("编号", "名称", "上级"), ("1", "旗委", None), ("2", "住建局党委", "1")]
    with xlsxwriter.Workbook(tmp_path / "归口.xlsx") as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            sheet.write_row(at, 0, row)
    text = "\n".join(",".join(cell or "" for cell in row) for row in rows)
    (tmp_path / "归口.csv").write_bytes(text.encode("gb18030"))
    frame = pl.DataFrame(
        {"id": [1, 2], "name": ["旗委", "住建局党委"], "parent": [None, 1], "设立": [None, None]}
    )
    for source in (tmp_path / "归口.xlsx", tmp_path / "归口.csv", frame, frame.to_pandas(), frame.to_arrow()):
        got = roster.with_tree("committee", source).to_polars()
        assert got["committee_2"].to_list() == ["2", "2", None], source


def test_a_tree_needs_a_place_of_its_own():
    roster = made([(2013, "a", "支部")], committee=pl.String, party_superior=pl.String)
    tree = roster.with_tree("committee", table({"a": None}))
    for call, said in (
        (lambda: tree.with_tree("committee", table({"a": None})), "'committee_1' already"),
        (
            lambda: roster.with_tree("region", table({"a": None})),
            "no column of codes 'region'.*Available: committee",
        ),
        (lambda: roster.with_tree("committee", 3), "table is of type int"),
        (
            lambda: made([(2013, 1)], members_full=pl.UInt32).with_tree("committee", table({"a": None})),
            "no column of codes",
        ),
    ):
        with pytest.raises(dangjian.ArgumentError, match=said):
            call()
    twins = pl.DataFrame({"id": ["1", "2"], "name": ["支部", "支部"], "parent": [None, "1"]})
    with pytest.raises(dangjian.DefinitionError, match=r"field name: '支部'.*several units.*Hint: write ids"):
        roster.with_tree("party_superior", twins)
    with pytest.raises(dangjian.FileError, match="no such file"):
        roster.with_tree("committee", "没有.csv")


def test_the_levels_of_places_zones_and_grids(tmp_path):
    """A grid belongs to its township, a building to its park; one table has the subtotals of all levels."""
    zones = tmp_path / "zones.toml"
    zones.write_text(
        """
[[zone]]
id = "jp"
name = "经棚工业园区"
written = ["经棚园区"]
region = "150425100000"
""",
        encoding="utf-8",
    )
    rows = [
        ("150425100000", "一网格", "经棚园区"),
        ("150425100000", "一网格", "经棚工业园区"),
        ("150425100000", "二网格", "商会大厦"),
        ("150425101000", "一网格", None),
        (None, None, None),
    ]
    frame = pl.DataFrame(
        [
            {"year": 2013, "org_id": f"单位{at}", "region": r, "grid": g, "zone": z}
            for at, (r, g, z) in enumerate(rows)
        ]
    )
    roster = dangjian.read_roster(frame, zones=zones, progress=False)
    places = roster.coverage(by=["county", "township", "grid"], rates="organised_all", rollup=True)
    got = {
        row[:-1]: row[-1]
        for row in places.select("county", "township", "grid", "grouping", "population").rows()
    }
    flag, other, county = "150425100000", "150425101000", "150425000000"
    assert got == {
        (county, flag, "一网格", 0): 2,
        (county, flag, "二网格", 0): 1,
        (county, flag, None, 1): 3,
        (county, other, "一网格", 0): 1,
        (county, other, None, 1): 1,
        (county, None, None, 3): 4,
        (None, None, None, 0): 1,
        (None, None, None, 1): 1,
        (None, None, None, 3): 1,
        (None, None, None, 7): 5,
    }
    assert roster.count(by="zone").select("zone", "organisations").rows() == [
        ("商会大厦", 1),
        ("经棚工业园区", 2),
        (None, 2),
    ]
    parks = roster.with_tree("zone", table({"经棚镇": None, "经棚工业园区": "经棚镇", "商会大厦": "经棚镇"}))
    assert parks.count(by=["zone_1", "zone_2"]).select("zone_1", "zone_2", "organisations").rows() == [
        ("经棚镇", "商会大厦", 1),
        ("经棚镇", "经棚工业园区", 2),
        (None, None, 2),
    ]
