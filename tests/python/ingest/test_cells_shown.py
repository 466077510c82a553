"""What a cell shows, holds and lacks: formulas without results, formats of years, numbers merged over rows."""

from __future__ import annotations

import datetime as dt
import zipfile

import openpyxl
import polars as pl
import pytest

import dangjian
from helpers.tables import code, organisation

HEADER = ["单位名称", "统一社会信用代码", "正式党员", "从业人员", "评定星级"]


def read(path, **options):
    return dangjian.read_roster(path, progress=False, **options)


def problems(roster):
    return sorted(roster.problems.select("code", "column", "value").rows())


def save(workbook, folder, name="台账2013.xlsx"):
    workbook.save(folder / name)
    return folder / name


def book(rows, header=HEADER):
    workbook = openpyxl.Workbook()
    for row in [header, *rows]:
        workbook.active.append(row)
    return workbook


@pytest.mark.parametrize("formula", ["=ROW()-2", "=SUM(D{0}:D{0})", '=IF(D{0}>1,1,"")'])
def test_formulas_without_results_are_said_once_for_a_column(tmp_path, formula):
    rows = [[organisation(at), code(at), formula.format(at + 2), at + 5, "=1+2"] for at in range(6)]
    roster = read(save(book(rows), tmp_path))
    frame = roster.to_polars()
    assert frame["members_full"].null_count() == frame["star"].null_count() == 6
    assert frame["employees"].sum() == sum(range(5, 11))
    assert problems(roster) == [
        ("formula_no_result", "members_full", "6"),
        ("formula_no_result", "star", "6"),
    ]


def test_formulas_with_results_are_read(tmp_path):
    """Writes the results as a spreadsheet program stores them, an empty text among them."""
    path = save(book([[organisation(at), code(at), "=1+1", 5, "三星"] for at in range(3)]), tmp_path)
    results = ["<v>2</v>", "<v></v>", "<v>4</v>"]
    changed = tmp_path / "台账2012.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name).decode() if name.endswith("sheet1.xml") else old.read(name)
            if isinstance(data, str):
                for at, result in enumerate(results):
                    kind = ' t="str"' if result == "<v></v>" else ""
                    start = data.index(f'<c r="C{at + 2}"')
                    end = data.index("</c>", start)
                    data = f'{data[:start]}<c r="C{at + 2}"{kind}><f>1+1</f>{result}{data[end:]}'
            new.writestr(name, data)
    roster = read(changed)
    assert problems(roster) == []
    assert roster.to_polars().sort("name")["members_full"].to_list() == [2, None, 4]


@pytest.mark.parametrize("shown", ['yyyy"年"', "yyyy", 'yyyy"年度"', '[$-804]yyyy"年"', "yyyy\\年;@"])
def test_a_date_that_is_shown_as_a_year_is_that_year(tmp_path, shown):
    workbook = book([], header=[*HEADER, "年度"])
    for at in range(4):
        day = dt.date(2012 + at % 2, 12, 31)
        workbook.active.append([organisation(at), code(at), 1, 5, "三星", day])
        workbook.active.cell(at + 2, 6).number_format = shown
    roster = read(save(workbook, tmp_path, name="名单.xlsx"))
    assert problems(roster) == []
    assert sorted(roster.to_polars()["year"].to_list()) == [2012, 2012, 2013, 2013]


@pytest.mark.parametrize("shown", ["yyyy-mm-dd", 'yyyy"年"m"月"', "m/d/yy"])
def test_a_date_that_is_shown_as_a_date_is_no_year(tmp_path, shown):
    workbook = book([], header=[*HEADER, "年度"])
    workbook.active.append([organisation(0), code(0), 1, 5, "三星", dt.date(2013, 12, 31)])
    workbook.active.cell(2, 6).number_format = shown
    roster = read(save(workbook, tmp_path, name="名单.xlsx"))
    assert roster.problems["code"].to_list() == ["year_missing"]


@pytest.mark.parametrize("written", [6, "6", "6人"])
def test_a_number_merged_over_units_is_nobodys_own(tmp_path, written):
    rows = [
        [
            organisation(at),
            code(at),
            written if at % 3 == 0 else None,
            10 + at,
            "三星" if at % 3 == 0 else None,
        ]
        for at in range(9)
    ]
    workbook = book(rows)
    for first in (2, 5, 8):
        workbook.active.merge_cells(f"C{first}:C{first + 2}")
        workbook.active.merge_cells(f"E{first}:E{first + 2}")
    roster = read(save(workbook, tmp_path))
    frame = roster.to_polars()
    assert frame["star"].to_list() == [3.0] * 9
    assert frame["members_full"].null_count() == 9
    assert frame["employees"].sum() == sum(range(10, 19))
    assert roster.problems["code"].unique().to_list() == ["merged_number"]
    assert roster.problems["row"].to_list() == list(range(2, 11))


def test_a_number_merged_over_one_row_is_its_own(tmp_path):
    workbook = book([[organisation(0), code(0), 6, 12, "三星"], [organisation(1), code(1), 7, 12, "三星"]])
    workbook.active.merge_cells("E2:F2")
    assert read(save(workbook, tmp_path)).to_polars().select(pl.col("members_full").sum()).item() == 13
