"""Links between ids of one organisation: panels with known corruptions, a slow direct version, a real
register.
"""

from __future__ import annotations

import itertools
from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import dangjian
from dangjian import synth
from helpers import shared

YEARS = range(2010, 2016)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check(first: str) -> str:
    """GB 32100-2015 (docs/field-notes.md#unified-codes)."""
    return ALPHABET[-sum(ALPHABET.index(c) * pow(3, at, 31) for at, c in enumerate(first)) % 31]


def code(n: int, county: str = "150425", prefix: str = "91") -> str:
    first = f"{prefix}{county}{n:08d}0"
    return first + check(first)


def number(n: int, county: str = "150425") -> str:
    return f"{county}{n:09d}"


def roster(rows, **columns) -> dangjian.Roster:
    """Returns a roster of rows (id, year, name, region, …)."""
    names = ["org_id", "year", "name", "region", *columns]
    types = {"year": pl.Int16, **dict.fromkeys((n for n in names if n != "year"), pl.String)}
    frame = pl.DataFrame(
        [(*row, *(None,) * (len(names) - len(row))) for row in rows], schema=names, orient="row"
    )
    return dangjian.read_roster(frame.cast(types), progress=False)


def proposed(links: pl.DataFrame) -> set[tuple[str, str, str]]:
    return set(links.filter(status="proposed").select("from_id", "to_id", "reason").rows())


def ambiguous(links: pl.DataFrame) -> set[frozenset[str]]:
    return {frozenset(row) for row in links.filter(status="ambiguous").select("from_id", "to_id").rows()}


HERE = "150425100000"


def test_each_reason():
    a, b, c = code(1), code(2), code(3)
    wrong = a[:5] + ("0" if a[5] != "0" else "1") + a[6:]
    cases = {
        "old_code": ([(number(7), 2010, "甲", HERE), (a, 2011, "甲", HERE)], number(7), a),
        "code_changed": ([(a, 2010, "甲", HERE), (b, 2012, " 甲 ", "150425101000")], a, b),
        "one_character": (
            [(a, 2010, "甲", HERE), (wrong, 2011, "甲", None), (a, 2012, "甲", HERE)],
            wrong,
            a,
        ),
        "same_organisation_code": ([(f"{c[8:16]}-{c[16]}", 2010), (c, 2012)], f"{c[8:16]}-{c[16]}", c),
        "renamed": ([(a, 2010, "甲厂", HERE), (b, 2011, "乙", HERE, "甲 厂；丙厂")], a, b),
    }
    for reason, (rows, from_id, to_id) in cases.items():
        one = roster(rows, former_name=None)
        assert proposed(one.links) == {(from_id, to_id, reason)}, reason
        assert one.links.filter(status="ambiguous").is_empty()
        linked = one.link()
        assert set(linked.to_polars()["org_id"]) == {to_id}
        assert linked.linked.rows() == [(from_id, to_id)]
        assert one.linked.is_empty()
        assert one.link(reasons=reason).to_polars().equals(linked.to_polars())
        assert one.link(reasons="renamed" if reason != "renamed" else "old_code").linked.is_empty()


def test_a_former_code_is_believed_whatever_the_names():
    rows = [(number(7), 2010, "甲", HERE), (code(1), 2012, "乙", "370883100000", number(7))]
    assert proposed(roster(rows, former_org_id=None).links) == {(number(7), code(1), "old_code")}
    rows = [(code(1), 2010, "甲", HERE), (code(2), 2012, "乙", HERE, code(1))]
    assert proposed(roster(rows, former_org_id=None).links) == {(code(1), code(2), "code_changed")}
    rows.append((code(3), 2012, "丙", HERE, code(1)))
    two = roster(rows, former_org_id=None)
    assert not proposed(two.links)
    assert ambiguous(two.links) == {frozenset({code(1), code(2)}), frozenset({code(1), code(3)})}


def test_chains_lead_to_the_newest_valid_code():
    rows = [(number(7), 2010, "甲", HERE), (code(1), 2011, "甲", HERE), (code(2), 2012, "甲", HERE)]
    links = roster(rows).links
    assert proposed(links) == {(number(7), code(2), "old_code"), (code(1), code(2), "code_changed")}
    assert f"{code(1)} in turn is {code(2)}" in links.filter(from_id=number(7))["why_en"].item()
    # An older valid code is preferred to a newer id of another kind.
    back = roster([(code(1), 2010, "甲", HERE), ("X-17", 2011, "甲", HERE)])
    assert proposed(back.links) == {("X-17", code(1), "code_changed")}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(code(1), 2010, "甲", HERE), (code(2), 2010, "甲", HERE)], "both are listed in one year"),
        (
            [(code(1), 2010, "甲", HERE), (code(2), 2011, "甲", HERE), (code(1), 2012, "甲", HERE)],
            "do not follow",
        ),
        ([(code(1), 2010, "甲", HERE), (code(2), 2011, "甲", None)], "county of one of them is not known"),
        (
            [
                (code(1), 2010, "甲", HERE),
                (code(2), 2011, "甲", HERE),
                (code(3), 2011, "甲", "370883100000"),
            ],
            "several organisations of one year bear this name",
        ),
        (
            [(code(1), 2010, "甲", HERE), (code(2), 2011, "甲", HERE), (code(3), 2011, "甲", HERE)],
            "more than one organisation fits",
        ),
    ],
)
def test_what_is_not_certain_is_told_and_not_joined(rows, why):
    one = roster(rows)
    assert not proposed(one.links)
    assert why in " ".join(one.links["why_en"])
    assert one.link().to_polars().equals(one.to_polars())


def test_who_takes_a_name_later_is_somebody_else():
    rows = [(code(1), 2010, "乙", HERE, "甲"), (code(2), 2012, "甲", HERE)]
    assert roster(rows, former_name=None).links.is_empty()
    # A name that the organisation had under its own code.
    rows = [(code(1), 2010, "甲", HERE), (code(2), 2010, "甲", HERE), (code(1), 2011, "乙", HERE, "甲")]
    links = roster(rows, former_name=None).links
    assert links["reason"].to_list() == ["code_changed"]


# A panel of known truth, corrupted.


def truth(organisations: int = 400) -> pl.DataFrame:
    """Generates a synthetic panel with a name for each organisation."""
    panel = synth.panel(organisations, len(YEARS), first_year=YEARS[0], seed=3)
    return panel.with_columns(
        name=pl.concat_str(
            pl.lit("某旗"), pl.col("org_id").rank("dense").cast(pl.String), pl.lit("号有限公司")
        ),
        former_name=pl.lit(None, pl.String),
    )


def test_spoilt_codes_are_found_again_and_nothing_else():
    panel = truth()
    ids = panel["org_id"].unique().sort()
    of = {id: at for at, id in enumerate(ids)}

    def spoil(row: dict) -> dict:
        at, id, year = of[row["org_id"]], row["org_id"], row["year"]
        early = year < YEARS[3]
        match at % 6:
            case 0 if early:
                row["org_id"] = number(at, id[2:8])
            case 1 if early:
                row["org_id"] = f"{id[8:16]}-{id[16]}"
            case 2 if year == YEARS[2]:
                row["org_id"] = id[:10] + ALPHABET[(ALPHABET.index(id[10]) + 1) % 31] + id[11:]
            case 3 if early:
                row["org_id"] = code(at, id[2:8], prefix="A1")
            case 4 if early:
                row["org_id"] = code(at, id[2:8], prefix="A1")
                row["name"] = "原" + row["name"]
            case 4:
                row["former_name"] = "原" + row["name"]
        return row

    rows = [spoil(dict(row)) for row in panel.iter_rows(named=True)]
    spoilt = pl.DataFrame(rows, schema=panel.schema)
    one = dangjian.read_roster(spoilt, progress=False)
    own = dict(zip(spoilt["org_id"], panel["org_id"], strict=True))
    listed = set(spoilt["org_id"])
    due = {(new, old) for new, old in own.items() if new != old and old in listed}
    assert len(due) > 150
    found = {row[:2] for row in proposed(one.links)}
    assert found == due
    assert {reason for *_, reason in proposed(one.links)} == {
        *("old_code", "same_organisation_code", "one_character", "code_changed", "renamed"),
    }
    # With links applied, the panel is the original one, except for ids without a link.
    left = {old: new for new, old in own.items() if new != old and old not in listed}
    columns = ["year", "org_id", "name", "members_full", "star", "operating"]
    want = panel.with_columns(pl.col("org_id").replace(left), name=spoilt["name"]).select(columns)
    assert_frame_equal(
        one.link().to_polars().select(columns), want.sort("year", "org_id"), check_dtypes=False
    )
    assert set(one.to_polars()["org_id"]) == listed


def test_a_panel_that_is_not_spoilt_stays_as_it_is():
    one = dangjian.read_roster(truth(), progress=False)
    assert one.links.is_empty()
    assert one.link().to_polars().equals(one.to_polars())
    assert len(
        one.link(
            pl.DataFrame({"from_id": [], "to_id": []}, schema={"from_id": pl.String, "to_id": pl.String})
        )
    ) == len(one)


# Small random rosters: order, doubling, and a slow direct version.

IDS = [code(1), code(2), code(3), number(1), number(2), "甲-1"]
REGIONS = [None, HERE, "150425101000", "370883102000"]
ROW = st.tuples(
    st.sampled_from(IDS),
    st.sampled_from([2010, 2011, 2012, 2013]),
    st.sampled_from([None, "甲", "乙", "丙丙"]),
    st.sampled_from(REGIONS),
    st.sampled_from([None, None, None, "甲", "乙；丙丙"]),
)
ROWS = st.lists(ROW, min_size=1, max_size=14, unique_by=lambda row: row[:2])


@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_changes_nothing(rows, data):
    one = roster(rows, former_name=None)
    other = roster(data.draw(st.permutations(rows)), former_name=None)
    assert one.links.equals(other.links)
    assert one.link().to_polars().equals(other.link().to_polars())


@given(rows=ROWS)
def test_links_never_put_two_rows_into_one_year_nor_lose_one(rows):
    one = roster(rows, former_name=None)
    linked = one.link()
    renamed = dict(linked.linked.rows())
    before, after = one.to_polars(), linked.to_polars()
    assert_frame_equal(
        before.with_columns(pl.col("org_id").replace(renamed)).sort("year", "org_id"),
        after,
        check_dtypes=False,
    )
    assert set(renamed) == {from_id for from_id, *_ in proposed(one.links)}
    assert not after.select("year", "org_id").is_duplicated().any()


@given(rows=ROWS)
def test_twice_the_organisations_have_twice_the_links(rows):
    # The copies differ in every code and name.
    ids = dict(zip(IDS, [code(11), code(12), code(13), number(11), number(12), "乙-1"], strict=True))
    name = {None: None, "甲": "子", "乙": "丑", "丙丙": "寅寅", "乙；丙丙": "丑；寅寅"}
    others = [(ids[i], year, name[n], region, name[f]) for i, year, n, region, f in rows]
    once = roster(rows, former_name=None).links
    twice = roster(rows + others, former_name=None).links
    assert twice.height == 2 * once.height
    assert proposed(once) <= proposed(twice)


def slow(rows) -> set[frozenset[str]]:
    """Returns the organisations with more than one id, by names alone, compared pair by pair."""
    years, places, home = defaultdict(set), defaultdict(set), {}
    for id, year, _, region in sorted(rows, key=lambda row: row[1]):
        years[id].add(year)
        home[id] = region[:6] if region else home.get(id)
    for id, _, name, region in rows:
        if name:
            places[name].add((region[:6] if region else home[id], id))
    is_old = lambda a, b: len(a) + len(b) == 15 + 18 and "甲-1" not in (a, b)  # noqa: E731

    def together(ids, strict):
        ordered = sorted(ids, key=lambda id: min(years[id]))
        if sum(len(years[id]) for id in ids) != len(set().union(*(years[id] for id in ids))):
            return False
        return not strict or all(max(years[a]) < min(years[b]) for a, b in itertools.pairwise(ordered))

    edges = set()
    for found in places.values():
        everyone = {id for _, id in found}
        common = not together(everyone, strict=False)
        for county in {county for county, _ in found}:
            ids = sorted(
                (id for c, id in found if c == county), key=lambda id: (min(years[id]), max(years[id]), id)
            )
            pairs = list(itertools.pairwise(ids))
            if together(ids, strict=any(not is_old(a, b) for a, b in pairs)):
                edges |= {(a, b) for a, b in pairs if is_old(a, b) or not common}
    groups = [{id} for id in years]
    for a, b in edges:
        merged = {id for group in groups if a in group or b in group for id in group}
        groups = [group for group in groups if not group & merged] + [merged]
    strict = [any(not is_old(a, b) for a, b in edges if a in group) for group in groups]
    return {
        frozenset(group)
        for group, hard in zip(groups, strict, strict=True)
        if len(group) > 1 and together(group, hard)
    }


@given(rows=ROWS)
def test_names_join_what_the_slow_version_joins(rows):
    rows = [row[:4] for row in rows]
    groups = defaultdict(set)
    for former, id in roster(rows).link().linked.rows():
        groups[id] |= {former, id}
    assert {frozenset(group) for group in groups.values()} == slow(rows)


# Links supplied by the user.


def test_links_are_filtered_edited_and_given_back():
    rows = [
        (code(1), 2010, "甲", HERE),
        (code(2), 2011, "甲", None),
        (number(5), 2010, "乙", HERE),
        (code(5), 2012, "乙", HERE),
    ]
    one = roster(rows)
    assert one.link().linked["former_id"].to_list() == [number(5)]
    accepted = one.links.with_columns(status=pl.lit("accepted"))
    both = one.link(accepted)
    assert both.linked["former_id"].to_list() == [number(5), code(1)]
    assert both.count(years=2011)["organisations"].item() == 1
    for kind in (accepted.to_arrow(), accepted.to_pandas(), accepted.cast({"status": pl.Categorical})):
        assert one.link(kind).to_polars().equals(both.to_polars())
    assert one.link(one.links.filter(reason="renamed")).linked.is_empty()
    by_hand = one.link(pl.DataFrame({"from_id": [code(2)], "to_id": [code(1)]}))
    assert by_hand.linked.rows() == [(code(2), code(1))]
    # The sources of the rows are kept; linking again adds to earlier links.
    assert by_hand.sources.equals(one.sources)
    assert (
        by_hand.link(pl.DataFrame({"from_id": [code(1)], "to_id": [code(5)]}), reasons=None).linked.height
        == 2
    )


@pytest.mark.parametrize(
    ("links", "error", "said"),
    [
        ({"from_id": [code(1)], "to_id": [code(2)]}, dangjian.DataError, "listed in 2010"),
        ({"from_id": ["不存在"], "to_id": [code(2)]}, dangjian.ArgumentError, "不存在"),
        ({"from_id": [code(1)], "to_id": ["91"]}, dangjian.ArgumentError, "registration number\\): 91"),
        ({"from_id": [code(1)]}, dangjian.ArgumentError, "no column 'to_id'"),
        ({"from_id": [code(1)], "to_id": [None]}, dangjian.ArgumentError, "row 1"),
        (
            {"from_id": [code(1)], "to_id": [code(2)], "status": ["yes"]},
            dangjian.ArgumentError,
            "Expected: proposed or accepted",
        ),
    ],
)
def test_links_that_cannot_be_applied(links, error, said):
    one = roster([(code(1), 2010, "甲", HERE), (code(2), 2010, "乙", HERE)])
    with pytest.raises(error, match=said):
        one.link(pl.DataFrame(links, schema_overrides=dict.fromkeys(links, pl.String)))


def test_wrong_calls():
    one = roster([(code(1), 2010, "甲", HERE)])
    with pytest.raises(dangjian.ArgumentError, match="old_code, same_organisation_code"):
        one.link(reasons="rename")
    with pytest.raises(dangjian.ArgumentError, match="type list"):
        one.link([("a", "b")])
    with pytest.raises(dangjian.ArgumentError, match="expected a Roster"):
        one.links_from("工商.xlsx")
    with pytest.raises(dangjian.ArgumentError, match="no column 'reason'"):
        one.link(pl.DataFrame({"from_id": [code(1)], "to_id": [code(1)]}), reasons="renamed")


# A register.


def test_a_register_leads_to_codes_that_the_roster_does_not_have():
    one = roster(
        [(number(1), 2010, "甲厂", HERE), (number(2), 2010, "乙厂", HERE), (number(3), 2010, "丙厂", HERE)]
    )
    register = dangjian.read_roster(
        pl.DataFrame(
            {
                "统一社会信用代码": [code(1), code(2), code(4), code(5)],
                "注册号": [number(1), None, None, None],
                "企业名称": ["甲公司", "乙公司", "丁公司", "丁公司"],
                "曾用名": [None, "乙厂查看更多", "丙厂", "丙厂"],
            }
        ),
        year=2020,
        progress=False,
    )
    links = one.links_from(register)
    assert proposed(links) == {(number(1), code(1), "old_code"), (number(2), code(2), "renamed")}
    assert ambiguous(links) == {frozenset({number(3), code(4)}), frozenset({number(3), code(5)})}
    assert links["first_year"].null_count() == links.height
    assert links.row(0, named=True)["to_name"] == "甲公司"
    linked = one.link(links)
    assert linked.to_polars()["org_id"].to_list() == sorted([number(3), code(1), code(2)])


@pytest.fixture(scope="module")
def firms():
    path = shared.data("real/企业工商信息_7551.xlsx")
    register = dangjian.read_roster(path, year=2020, progress=False)
    given_ = dangjian.read_roster(
        path, year=2019, columns={"提供企业名称": "name", "提供代码匹配": "org_id"}, progress=False
    )
    return register, given_


def test_the_former_names_of_real_firms_lead_to_their_codes(firms):
    register, _ = firms
    table = register.to_polars().filter(pl.col("former_name").is_not_null())
    # 1,139 cells (real/README.md), minus firms listed more than once.
    assert table.height == 1015
    # A ledger with the former names of the firms, and its own numbers.
    old = table.select(
        org_id=pl.concat_str(pl.lit("旧"), pl.int_range(pl.len()).cast(pl.String)),
        year=pl.lit(2015, pl.Int16),
        name=pl.col("former_name").str.strip_suffix("查看更多"),
        code="org_id",
    )
    one = dangjian.read_roster(old.drop("code"), progress=False)
    links = one.links_from(register)
    # One name is also that of a firm with a registration number only; two are former and current names alike.
    (namesake,) = set(old.select("org_id", "code").rows()) ^ {row[:2] for row in proposed(links)}
    assert frozenset(namesake) in ambiguous(links)
    assert links.filter(reason="code_changed").height == 2
    assert one.links.is_empty()


def test_the_firms_as_given_are_led_to_their_registered_codes(firms):
    register, ledger = firms
    links = ledger.links_from(register)
    by_number = {
        row["former_org_id"]: row["org_id"]
        for row in register.to_polars().iter_rows(named=True)
        if row["former_org_id"]
    }
    ids = set(ledger.to_polars()["org_id"])
    declared = {(n, to) for n, to in by_number.items() if n in ids and n != to}
    decided = {row[:2] for row in proposed(links)}
    assert len(declared) > 100
    assert all(pair in decided or frozenset(pair) in ambiguous(links) for pair in declared)
    linked = ledger.link(links)
    assert linked.linked.height == len(decided)
    assert len(linked) == len(ledger)
