"""Several tables on a sheet: below each other, side by side, under headings with years, and forms.

Every layout is made as a workbook and as text, and compared with the rows it was made from.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

import dangjian
from helpers.tables import HEADER, code, organisation, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Rows = Sequence[Sequence[Any]]
    Save = Callable[[str, Rows], Path]

SOCIAL = [
    "序号",
    "社会组织名称",
    "统一社会信用代码",
    "业务主管单位",
    "正式党员人数",
    "从业人员数",
    "组建形式",
    "星级",
]


def _workbook(path: Path, rows: Rows) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for line in rows:
        sheet.append(list(line))
    book.save(path.with_suffix(".xlsx"))
    return path.with_suffix(".xlsx")


def _text(path: Path, rows: Rows) -> Path:
    width = max(map(len, rows))
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*line, *[""] * (width - len(line))] for line in rows)
    return path.with_suffix(".csv")


@pytest.fixture(params=[_workbook, _text], ids=["xlsx", "csv"])
def save(request: pytest.FixtureRequest, tmp_path: Path) -> Save:
    return lambda name, rows: request.param(tmp_path / name, rows)


def read(path: Path, **options: Any) -> dangjian.Roster:
    """Reads a roster and checks the balance of every table."""
    roster = dangjian.read_roster(path, progress=False, **options)
    for source in roster.sources.iter_rows(named=True):
        outcomes = source["kept"] + source["rejected"] + source["merged"] + source["conflicts"]
        assert source["data"] == outcomes, source
    return roster


def of(roster: dangjian.Roster, *columns: str) -> list[tuple[Any, ...]]:
    frame = roster.to_polars().with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    return frame.select("year", "org_id", *columns).sort("year", "org_id").rows()


def test_three_tables_side_by_side_are_all_read(save: Save) -> None:
    gap = [""]
    lines = [[*row(i), *gap, *row(i + 5), *gap, *row(i + 10)] for i in range(5)]
    roster = read(save("名单2013", [[*HEADER, *gap, *HEADER, *gap, *HEADER], *lines]))
    assert of(roster, "members_full") == sorted((2013, code(i), i + 1) for i in range(15))
    assert roster.sources["range"].to_list() == ["A1:F6", "H1:M6", "O1:T6"]
    assert roster.problems.is_empty()


def test_tables_side_by_side_have_their_own_titles_and_headers(save: Save) -> None:
    head = ["单位名称", "信用代码", "正式党员", "", "社会组织名称", "统一社会信用代码", "从业人员数"]
    lines = [[organisation(i), code(i), i, "", organisation(i + 9), code(i + 9), 20 + i] for i in range(4)]
    roster = read(save("名单", [["2012年名单", "", "", "", "2013年名单"], head, *lines]))
    assert of(roster, "members_full", "employees") == sorted(
        [
            *((2012, code(i), i, None) for i in range(4)),
            *((2013, code(i + 9), None, 20 + i) for i in range(4)),
        ]
    )


def test_a_shorter_table_on_the_right_ends_where_it_ends(save: Save) -> None:
    lines = [[*row(i), *(["", *row(i + 6)] if i < 2 else [])] for i in range(6)]
    roster = read(save("名单2013", [[*HEADER, "", *HEADER], *lines]))
    assert roster.sources["data"].to_list() == [6, 2]


def test_two_numbers_of_one_organisation_are_one_table(save: Save) -> None:
    head = ["单位名称", "统一社会信用代码", "组织机构代码", "从业人员"]
    roster = read(save("台账2013", [head, *([organisation(i), code(i), code(i)[8:17], 5] for i in range(3))]))
    assert roster.sources["table"].to_list() == [1]
    assert roster.sources["kept"].to_list() == [3]


def test_a_block_with_other_columns_is_read_under_its_own_header(save: Save) -> None:
    social = [
        [i + 1, f"示例县{i}协会", code(90 + i), "民政局", 3 + i, 20 + i, "单建", "三星"] for i in range(4)
    ]
    rows = [
        ["2013年度台账"],
        ["一、企业"],
        HEADER,
        *(row(i) for i in range(6)),
        ["二、社会组织"],
        SOCIAL,
        *social,
    ]
    roster = read(save("台账", rows))
    assert roster.sources.select("data", "kept").rows() == [(6, 6), (4, 4)]
    second = [(2013, code(90 + i), 3 + i, 20 + i, "solo", 3.0) for i in range(4)]
    found = of(roster, "members_full", "employees", "mode", "star")
    assert [line for line in found if line[1] in {s[1] for s in second}] == sorted(second)


def test_a_second_header_with_nothing_known_but_the_code_ends_the_first_table(save: Save) -> None:
    other = ["序号", "某栏", "统一社会信用代码", "业务范围", "活动方式"]
    rows = [
        HEADER,
        *(row(i) for i in range(4)),
        other,
        *([i, f"某会{i}", code(70 + i), "甲", "乙"] for i in range(3)),
    ]
    roster = read(save("台账2013", rows))
    # The cells of the second block are never read under the first header.
    assert roster.problems.filter(code="unreadable_number").is_empty()
    assert of(roster, "members_full")[:4] == sorted((2013, code(i), i + 1) for i in range(4))
    assert roster.tables.height == 2


def test_a_block_without_codes_is_said(save: Save) -> None:
    rows = [
        HEADER,
        *(row(i) for i in range(5)),
        [],
        ["二、汇总"],
        ["乡镇", "单位名称", "正式党员", "从业人员"],
    ]
    roster = read(save("台账2013", [*rows, ["甲镇", "某会", 3, 4], ["乙镇", "某社", 5, 6]]))
    assert roster.sources["kept"].to_list() == [5]
    (unread,) = roster.tables.filter(fate="unread").iter_rows(named=True)
    assert (unread["range"], unread["rows"]) == ("9:11", 2)
    assert "第 9–11 行" in roster.skipped["why_zh"].item()


def test_yearly_blocks_have_their_own_years(save: Save) -> None:
    rows = [["2012年度名单"], HEADER, *(row(i, "二星") for i in range(5)), [], ["2013年度名单"], HEADER]
    roster = read(save("历年名单", [*rows, *(row(i) for i in range(3, 9))]))
    expected = [*((2012, code(i), 2.0) for i in range(5)), *((2013, code(i), 3.0) for i in range(3, 9))]
    assert of(roster, "star") == sorted(expected)
    assert roster.sources.select("years", "data", "kept", "conflicts").rows() == [
        ("2012", 5, 5, 0),
        ("2013", 6, 6, 0),
    ]


@pytest.mark.parametrize(
    "first", [[["2012年"]], []], ids=["each year has a heading", "the title has the first year"]
)
def test_headings_with_years_between_rows_count(save: Save, first: Rows) -> None:
    title = ["某旗名单"] if first else ["2012年度名单"]
    rows = [
        title,
        HEADER,
        *first,
        *(row(i) for i in range(4)),
        ["2013年"],
        *(row(i, "四星") for i in range(4)),
    ]
    roster = read(save("名单", rows))
    assert of(roster, "star") == sorted(
        (y, code(i), s) for y, s in ((2012, 3.0), (2013, 4.0)) for i in range(4)
    )


def test_pages_with_title_and_header_are_one_table(save: Save) -> None:
    page = [["2013年度台账"], HEADER]
    roster = read(save("台账", [*page, *(row(i) for i in range(5)), *page, *(row(i) for i in range(5, 9))]))
    assert roster.sources.select("table", "data", "repeated_header").rows()[0][:2] == (1, 9)
    assert roster.sources.height == 1


def test_a_header_in_two_languages_is_one_header(save: Save) -> None:
    roster = read(
        save(
            "台账2013",
            [HEADER, ["no", "name", "org_id", "members_full", "mode", "star"], *map(row, range(4))],
        )
    )
    assert roster.sources.select("table", "kept", "rejected").rows() == [(1, 4, 0)]


def test_a_table_below_a_long_text_is_found(save: Save) -> None:
    roster = read(save("台账2013", [*([f"说明 {i}"] for i in range(60)), HEADER, *map(row, range(4))]))
    assert roster.sources.select("range", "kept").rows() == [("A61:F65", 4)]


def test_forms_are_rows(save: Save) -> None:
    form = lambda i: [  # noqa: E731 - a layout
        ["两新组织登记表（2013年度）"],
        ["单位名称", organisation(i), "统一社会信用代码", code(i)],
        ["从业人员", 10 + i, "正式党员", i],
        ["组建形式", "单建", "评定星级", "三星"],
        [],
    ]
    roster = read(save("登记表", [line for i in range(3) for line in form(i)]))
    found = of(roster, "name", "employees", "members_full", "mode", "star")
    assert found == sorted((2013, code(i), organisation(i), 10 + i, i, "solo", 3.0) for i in range(3))
    assert roster.problems.is_empty()


def test_a_year_that_names_disagree_about_is_told(save: Save) -> None:
    roster = read(save("台账2014", [["2013年度台账"], HEADER, *map(row, range(3))]))
    assert roster.sources["years"].to_list() == ["2013"]
    (problem,) = roster.problems.iter_rows(named=True)
    assert problem["code"] == "year_disagrees"
    assert "2013" in problem["value"]
    assert "2014" in problem["value"]


@pytest.mark.parametrize("name", ["两新台账20140115", "名单(2014-01-15)", "台账"])
def test_a_title_of_a_year_beats_a_date_in_the_name(save: Save, name: str) -> None:
    roster = read(save(name, [["示例县两新组织党建台账（2013年度）"], HEADER, *map(row, range(3))]))
    assert roster.sources.select("years", "year_from").rows() == [("2013", "title")]
    assert roster.problems.is_empty()


def test_problems_of_a_second_table_are_marked_in_its_own_columns(tmp_path: Path) -> None:
    social = [[1, "示例县协会", code(90), "民政局", "若干", 20, "单建", "三星"]]
    path = _workbook(tmp_path / "台账2013", [HEADER, *map(row, range(3)), SOCIAL, *social])
    roster = read(path)
    (problem,) = roster.problems.iter_rows(named=True)
    assert (problem["row"], problem["column"]) == (6, "members_full")
    roster.return_to(tmp_path / "back")
    back = openpyxl.load_workbook(tmp_path / "back" / "台账2013.xlsx")
    sheet = next(
        sheet for sheet in back.worksheets if sheet.max_row >= 6 and sheet.cell(1, 1).value == HEADER[0]
    )
    filled = [cell.coordinate for cell in sheet[6] if cell.comment is not None]
    assert filled == ["E6"]
