"""The ``dj`` namespace agrees with the reading of ledgers on every value, in every engine of Polars."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

import dangjian as dj

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def codes(number: int) -> list[str]:
    """Generates valid unified codes from the definition of their check character."""
    found = []
    for n in range(number):
        first = f"91150425MA{n:07}"
        total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first))
        found.append(first + ALPHABET[-total % 31])
    return found


# Values as ledgers write them, invalid values, and a few that are valid in several columns.
WRITTEN = st.sampled_from(
    [
        *(
            "是",
            "√",
            "否",
            "N",
            "待定",
            "",
            " ",
            "-",
            "无",
            "#N/A",
            "1",
            "0",
            "12",
            "１，２３４",
            "-3",
            "2.5",
            "若干",
        ),
        *(
            "单独组建",
            "2-联合组建",
            "区域覆盖（1+N）",
            "未建",
            "党支部",
            "民非",
            "其他",
            "私营",
            "出资人担任",
            "没有党员",
        ),
        *(
            "三星",
            "★★",
            "4.5",
            "未评",
            "9星",
            "2012年5月",
            "20120501",
            "41030",
            "2012.13",
            "C13",
            "A111",
            "98",
        ),
        *(
            "150425100000",
            "152425",
            "3.7E+11",
            "990425105000",
            "150425999",
            "克什克腾旗",
            "鼓楼区",
            "密云县",
            "某旗",
        ),
    ]
) | st.text(max_size=6)

# A column of a ledger, and the expression that reads its values.
READ = {
    "region": lambda values: values.dj.region(),
    "industry": lambda values: values.dj.industry(),
    "employees": lambda values: values.dj.count(),
    "funds": lambda values: values.dj.money(),
    "star": lambda values: values.dj.star(),
    "established_on": lambda values: values.dj.date(),
    "union": lambda values: values.dj.flag(),
    "mode": lambda values: values.dj.mode(),
    **{
        name: lambda values, name=name: values.dj.word(name)
        for name in ("kind", "control", "party_org_level", "no_org_reason", "secretary_source")
    },
}


@given(st.lists(st.none() | WRITTEN, min_size=1, max_size=40), st.sampled_from(sorted(READ)))
def test_values_are_those_of_a_roster(written, column):
    frame = pl.DataFrame(
        {"year": [2013] * len(written), "org_id": codes(len(written)), column: written},
        schema={"year": pl.Int16, "org_id": pl.String, column: pl.String},
    )
    roster = frame.dj.roster()
    read = roster.to_polars().sort("org_id")
    want = (
        read[column] if column in read.columns else pl.Series(column, [None] * len(written), dtype=pl.String)
    )
    got = frame.sort("org_id").select(READ[column](pl.col(column)))[column]
    assert got.cast(pl.String).to_list() == want.cast(pl.String).to_list()
    said = roster.problems.filter(pl.col("column") == column).select("row", "code").rows()
    problems = frame.select(pl.col(column).dj.problem(column))[column]
    assert [(row, code) for row, code in enumerate(problems, 1) if code is not None] == sorted(said)
    assert_series_equal(READ[column](frame[column]), frame.select(READ[column](pl.col(column)))[column])


EXPRESSIONS = {
    "uscc_status": lambda values: values.dj.uscc_status(),
    "uscc_check": lambda values: values.dj.uscc_check(),
    "organisation_code": lambda values: values.dj.organisation_code(),
    "region of a year": lambda values: values.dj.region(year=1990, of_year=2013),
    "region_name": lambda values: values.dj.region_name(level="province"),
    "region_status": lambda values: values.dj.region_status(year=2023),
    "section": lambda values: values.dj.industry("section"),
    "group": lambda values: values.dj.industry("group"),
    "registration_type": lambda values: values.dj.registration_type(part="label_zh"),
    "problem": lambda values: values.dj.problem("org_id"),
    **READ,
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_lazy_streaming_chunked_and_categorical_columns_are_the_same(name):
    some = [
        "150425",
        "克什克腾旗",
        None,
        "173 私营有限责任公司",
        "单建",
        "√",
        "3",
        "C1311",
        *codes(3),
        *("民非", "私营", "支部", "没有党员", "其他"),
        "2012-05-01",
    ]
    frame = pl.DataFrame({"values": some * 20_000})
    expression = EXPRESSIONS[name](pl.col("values"))
    want = frame.select(expression)
    assert want["values"].null_count() < frame.height
    query = frame.lazy().select(expression)
    assert query.collect_schema() == want.schema
    assert_frame_equal(query.collect(), want)
    assert_frame_equal(query.collect(engine="streaming"), want)
    chunks = pl.concat([frame[:1], frame[1:70_000], frame[70_000:]], rechunk=False)
    assert_frame_equal(chunks.select(expression), want)
    assert_frame_equal(frame.cast(pl.Categorical).select(expression), want)
    assert (
        want.head(len(some))["values"].to_list()
        == frame.head(len(some)).select(expression)["values"].to_list()
    )
    empty = frame.clear().select(expression)
    assert (empty.height, empty.schema) == (0, want.schema)
    nothing = pl.DataFrame({"values": [None, None]}, schema={"values": pl.String}).select(expression)
    assert nothing["values"].to_list() == [None, None]


def test_answers_stand_beside_their_rows_in_groups_and_filters():
    frame = pl.DataFrame({"region": ["150425", "152425", "110228", None] * 500, "n": range(2000)})
    counts = (
        frame.lazy()
        .group_by(pl.col("region").dj.region(year=2023, level="county").alias("county"))
        .agg(pl.len(), pl.col("n").sum())
        .sort("county", nulls_last=True)
        .collect()
    )
    assert counts.select("county", "len").rows() == [
        ("110118000000", 500),
        ("150425000000", 1000),
        (None, 500),
    ]
    assert counts["n"].sum() == sum(range(2000))
    kept = frame.filter(pl.col("region").dj.region_status(year=2023) == "recoded")
    assert set(kept["region"]) == {"152425", "110228"}


def test_numbers_in_columns_of_numbers():
    frame = pl.DataFrame({"i": [150425, 13, None], "f": [3.5, float("nan"), -1.0], "b": [True, False, None]})
    got = frame.select(
        region=pl.col("i").dj.region(),
        industry=pl.col("i").dj.industry(),
        star=pl.col("f").dj.star(),
        money=pl.col("f").dj.money(10_000),
        flag=pl.col("b").dj.flag(),
    )
    assert got.rows() == [
        ("150425000000", None, 3.5, 35_000, True),
        (None, "C13", None, None, False),
        (None, None, None, None, None),
    ]


def test_wrong_arguments_are_told_at_once():
    column = pl.col("x")
    for call, says in [
        (lambda: column.dj.region(year=1900), "1980 to 2026, got 1900"),
        (lambda: column.dj.region(level="village"), "township"),
        (lambda: column.dj.industry("class"), "section, division, group"),
        (lambda: column.dj.word("employees"), "no_org_reason"),
        (lambda: column.dj.problem("nonsense"), "there is no column 'nonsense'"),
        (lambda: column.dj.money(0), "expected a unit above 0"),
        (lambda: column.dj.registration_type("gb"), "old, new, registry"),
        (lambda: dj.regions(2030), "got 2030"),
        (lambda: dj.resolve_regions("150425", year=1900), "got 1900"),
    ]:
        with pytest.raises(dj.ArgumentError) as raised:
            call()
        assert says in str(raised.value)
    days = pl.DataFrame({"x": [1]}).select(pl.col("x").cast(pl.Date))
    with pytest.raises((dj.DataError, pl.exceptions.ComputeError), match="cannot be read as employees"):
        days.select(pl.col("x").dj.count())


def test_a_roster_from_a_frame_with_options(tmp_path):
    zones = tmp_path / "zones.toml"
    zones.write_text(
        '[[zone]]\nid = "jp"\nname = "经棚工业园区"\nwritten = ["经棚园区"]\nregion = "150425100000"\n',
        encoding="utf-8",
    )
    frame = pl.DataFrame({"org_id": codes(3), "所在园区": ["经棚 园区", "别处", None]})
    roster = frame.lazy().dj.roster(year=2013, zones=zones)
    assert roster.to_polars().sort("org_id")["zone"].to_list() == ["经棚工业园区", "别处", None]
    assert roster.problems.select("row", "code", "header", "value").rows() == [
        (2, "zone_unknown", "所在园区", "别处")
    ]
    zones.write_text('[[zone]]\nid = "jp"\n', encoding="utf-8")
    with pytest.raises(dj.DefinitionError, match='"jp": field name: is missing'):
        frame.dj.roster(year=2013, zones=zones)
    with pytest.raises(dj.FileError, match=r"none\.toml"):
        frame.dj.roster(year=2013, zones=tmp_path / "none.toml")


def test_what_regions_became():
    got = dj.resolve_regions(["150425", "330110", "鼓楼区", "999999"], year=2023, of_year=2013)
    assert got.filter(written="330110").select("status", "role", "code").rows() == [
        ("split", "part", "330110000000"),
        ("split", "part", "330113000000"),
    ]
    assert got.filter(written="150425").select("status", "code", "level").row(0) == (
        "same",
        "150425000000",
        "county",
    )
    assert got.filter(written="鼓楼区")["role"].unique().to_list() == ["candidate"]
    assert got.filter(written="999999").select("status", "role", "code").rows() == [("unknown", None, None)]
