"""Headers put together in another way, headers that mean the same, and ticks under a common header."""

from __future__ import annotations

import openpyxl
import polars as pl
import pytest

import dangjian
from helpers.tables import code, organisation


def book(folder, header, rows, merges=(), name="台账2013.xlsx"):
    """Writes a workbook with the rows of ``header`` and ``rows``."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in [*header, *rows]:
        sheet.append(row)
    for merged in merges:
        sheet.merge_cells(merged)
    workbook.save(folder / name)
    return folder / name


def read(*args, **options):
    return dangjian.read_roster(*args, progress=False, **options)


def codes(roster):
    return roster.problems["code"].unique().to_list()


@pytest.mark.parametrize(
    "header",
    [
        "社会统一信用代码",
        "企业统一社会信用代码",
        "统一社会代码",
        "机构信用代码",
        "法人代码",
        "统一信用代码(18位)",
    ],
)
@pytest.mark.parametrize("name", ["法人单位名称", "业户名称", "申报企业名称", "机构全称", "市场主体名称"])
def test_a_code_and_a_name_by_any_name_are_a_ledger(tmp_path, header, name):
    rows = [[at + 1, organisation(at), code(at), at] for at in range(3)]
    roster = read(book(tmp_path, [["序号", name, header, "说明"]], rows))
    assert roster.to_polars().select("org_id", "name").rows() == sorted(
        (code(at), organisation(at)) for at in range(3)
    )


@pytest.mark.parametrize(
    ("column", "stem"),
    [
        ("employees", "从业人员"),
        ("employees", "职工"),
        ("employees", "企业员工"),
        ("members_full", "正式党员"),
        ("members_probationary", "预备党员"),
        ("seconded_officers", "挂职干部"),
        ("seconded_officers", "选派挂职干部"),
        ("staff_full_time", "专职党务工作者"),
        ("staff_part_time", "兼职党务工作者"),
    ],
)
@pytest.mark.parametrize("ending", ["数", "人数", "总数", "总人数", "数量", "数（人）", "人数（名）"])
def test_a_count_with_any_ending_is_that_count(tmp_path, column, stem, ending):
    rows = [[organisation(at), code(at), at + 1] for at in range(3)]
    roster = read(book(tmp_path, [["单位名称", "统一社会信用代码", stem + ending]], rows))
    assert sorted(roster.to_polars()[column].to_list()) == [1, 2, 3]


@pytest.mark.parametrize(
    "header",
    [
        "女职工人数",
        "退休职工数",
        "党员总数",
        "流动党员数",
        "女性从业人员数",
        "上年从业人员数",
        "职工代表人数",
        "大学生员工数",
        "联系人数",
    ],
)
def test_another_count_is_not_taken(tmp_path, header):
    rows = [[organisation(at), code(at), 77] for at in range(3)]
    frame = read(book(tmp_path, [["单位名称", "统一社会信用代码", header]], rows)).to_polars()
    assert not [
        name
        for name in frame.columns
        if 77 in frame[name].cast(pl.String, strict=False).to_list() or frame[name].to_list() == [77] * 3
    ]


@pytest.mark.parametrize("header", ["统计年份", "投保年度", "认定年度", "评定年份", "所属年度"])
def test_a_column_of_years_by_another_name(tmp_path, header):
    rows = [[organisation(at), code(at), year] for year in (2011, 2012) for at in range(3)]
    roster = read(book(tmp_path, [["企业名称", "统一社会信用代码", header]], rows, name="名单.xlsx"))
    assert roster.to_polars()["year"].value_counts(sort=True).sort("year").rows() == [(2011, 3), (2012, 3)]


@pytest.mark.parametrize(
    ("before", "now"), [("上年数", "本年数"), ("去年", "今年"), ("2012年", "2013年"), ("年初数", "年末数")]
)
@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_years_side_by_side_the_ledgers_year_is_read(tmp_path, before, now, swapped):
    groups = [now, before] if swapped else [before, now]
    values = {before: (1, "一星"), now: (9, "三星")}
    header = [
        ["单位名称", "统一社会信用代码", groups[0], None, groups[1], None],
        [None, None, "正式党员", "评定星级", "正式党员", "评定星级"],
    ]
    rows = [[organisation(at), code(at), *values[groups[0]], *values[groups[1]]] for at in range(4)]
    roster = read(book(tmp_path, header, rows, merges=["A1:A2", "B1:B2", "C1:D1", "E1:F1"]))
    assert roster.to_polars().select("members_full", "star").unique().rows() == [(9, 3.0)]
    left = roster.columns_read.filter(pl.col("column").is_null())["header"].to_list()
    assert left == [f"{before}/正式党员", f"{before}/评定星级"]


def test_between_two_columns_of_one_name_nothing_is_guessed(tmp_path):
    header = [
        ["单位名称", "统一社会信用代码", "甲组", None, "乙组", None],
        [None, None, "正式党员", "评定星级", "正式党员", "其他"],
    ]
    rows = [[organisation(at), code(at), 1, "三星", 9, ""] for at in range(4)]
    roster = read(book(tmp_path, header, rows, merges=["A1:A2", "B1:B2", "C1:D1", "E1:F1"]))
    frame = roster.to_polars()
    assert "members_full" not in frame.columns or frame["members_full"].null_count() == 4
    assert frame["star"].to_list() == [3.0] * 4
    problem = roster.problems.filter(code="columns_ambiguous")
    assert problem.select("column", "value").rows() == [("members_full", "甲组/正式党员 | 乙组/正式党员")]
    chosen = read(tmp_path / "台账2013.xlsx", columns={"乙组/正式党员": "members_full"})
    assert chosen.to_polars()["members_full"].to_list() == [9] * 4
    assert codes(chosen) == []


@pytest.mark.parametrize("tick", ["√", "是", "1", "✓"])
def test_grades_that_are_ticked_are_stars(tmp_path, tick):
    grades = ["五星级", "四星级", "三星级", "二星级", "一星级"]
    header = [["单位名称", "统一社会信用代码", "星级", None, None, None, None], [None, None, *grades]]
    rows = [
        [organisation(at), code(at), *(tick if at == column else None for column in range(5))]
        for at in range(6)
    ]
    rows.append([organisation(6), code(6), tick, tick, None, None, None])
    roster = read(book(tmp_path, header, rows, merges=["A1:A2", "B1:B2", "C1:G1"]))
    stars = dict(roster.to_polars().select("name", "star").rows())
    assert [stars[organisation(at)] for at in range(7)] == [5.0, 4.0, 3.0, 2.0, 1.0, None, None]
    assert roster.problems["code"].to_list() == ["marks_conflict"]
    marks = roster.columns_read.filter(column="star").select("header", "value").rows()
    assert marks == [(f"星级/{grade}", str(5 - at)) for at, grade in enumerate(grades)]


def test_ticked_words_of_the_office_are_to_be_given_a_meaning(tmp_path):
    words = ["在会员中建", "在理事会中建", "其他"]
    header = [["单位名称", "统一社会信用代码", "党组织组建形式", None, None], [None, None, *words]]
    rows = [
        [organisation(at), code(at), *("√" if at == column else "×" for column in range(3))]
        for at in range(3)
    ]
    path = book(tmp_path, header, rows, merges=["A1:A2", "B1:B2", "C1:E1"])
    roster = read(path)
    assert roster.problems.select("code", "value").rows() == [("mode_unknown_word", word) for word in words]
    known = read(path, words={"mode": {"在会员中建": "solo", "在理事会中建": "joint", "其他": "affiliated"}})
    assert sorted(known.to_polars()["mode"].cast(pl.String).to_list()) == ["affiliated", "joint", "solo"]


@pytest.mark.parametrize(
    ("people", "yes"), [("（名）", "（是、否）"), ("(人)", "(是/否)"), ("【名】", "【有、无】")]
)
def test_a_unit_below_a_header_belongs_to_it(tmp_path, people, yes):
    header = [
        ["单位名称", "统一社会信用代码", "基本情况", None],
        [None, None, "从业人员", "是否规模以上"],
        [None, None, people, yes],
    ]
    rows = [[organisation(at), code(at), at + 5, "是"] for at in range(3)]
    merges = ["A1:A3", "B1:B3", "C1:D1"]
    frame = read(book(tmp_path, header, rows, merges=merges)).to_polars()
    assert sorted(frame["employees"].to_list()) == [5, 6, 7]
    assert frame["above_scale"].to_list() == [True] * 3


def test_what_could_stand_for_a_missing_column_is_not_called_needless(tmp_path):
    header = [["单位名称", "统一社会信用代码", "是否建立党组织", "党组织名称", "评定星级"]]
    rows = [[organisation(at), code(at), "是", f"支部{at}", "三星"] for at in range(3)]
    roster = read(book(tmp_path, header, rows))
    dropped = roster.columns_read.filter(pl.col("column").is_null())
    assert dropped.select("header", "status", "proposal").rows() == [
        ("是否建立党组织", "unknown", None),
        ("党组织名称", "unknown", "party_org_id"),
    ]
    whole = [[*header[0], "党组织代码", "组建形式"]]
    beside = read(book(tmp_path, whole, [[*row, "D1", "单建"] for row in rows]))
    statuses = beside.columns_read.filter(pl.col("column").is_null())["status"].to_list()
    assert statuses == ["ignored", "ignored"]
