"""Real third-party files, read in place and compared cell by cell with pandas and openpyxl."""

from __future__ import annotations

from collections import Counter

import openpyxl
import pandas as pd
import polars as pl
import pytest

import dangjian
from helpers import shared

# Texts that count as empty in a user's own column (docs/cells.md).
NOTHING = {"", "-", "N/A"}


def of_pandas(path, encoding):
    """Reads the file as text with pandas."""
    return pd.read_csv(path, encoding=encoding, dtype=str, keep_default_na=False)


def cleaned(text):
    """Returns a text as it is stored: trimmed, without line breaks."""
    text = text.strip().replace("\n", "").replace("\r", "")
    return None if text in NOTHING else text


def only(roster):
    """Returns the single source of the roster."""
    (source,) = roster.sources.to_dicts()
    assert source["data"] == sum(source[fate] for fate in ("kept", "rejected", "merged", "conflicts"))
    return source


def cells(roster, column):
    """Returns the cells of a column, as text, by organisation."""
    frame = roster.to_polars()
    return dict(zip(frame["org_id"], frame[column].cast(pl.String), strict=True))


def check(roster, frame, of_id, columns):
    """Checks that every cell of ``columns`` (header in the file, name in the roster) equals the oracle's,
    row by row.
    """
    ids = frame[of_id].str.strip()
    assert len(roster.to_polars()) == len(frame) == ids.nunique()
    for header, name in columns.items():
        want = {at: cleaned(text) for at, text in zip(ids, frame[header], strict=True)}
        assert cells(roster, name) == want, header
        assert any(want.values()), header


def test_a_list_of_companies_in_gbk():
    path = shared.data("real/公司名单_gbk.csv")
    columns = {"期货代码": "org_id", "公司名称": "name"}
    roster = dangjian.read_roster(path, year=2020, columns=columns, keep=["期货名称"])
    source = only(roster)
    assert (source["data"], source["kept"], source["encoding"]) == (3373, 3373, "gb18030")
    assert roster.problems.is_empty()
    check(roster, of_pandas(path, "gbk"), "期货代码", {"公司名称": "name", "期货名称": "期货名称"})


TIBET = {
    "企业名称": "name",
    "注册日期": "established_on",
    **{name: name for name in ("注册资金", "经营范围", "所在省份", "地区", "注册地址")},
}


@pytest.mark.parametrize(
    ("name", "encoding", "rows"),
    [
        ("2010", "utf-8", None),
        ("2011", "utf-8", None),
        ("2012", "utf-8", 1253),
        ("2012.gb18030", "gb18030", 1253),
    ],
)
def test_new_enterprises_of_tibet(name, encoding, rows):
    path = shared.data(f"real/西藏_{name}.csv")
    options = {"columns": {"注册日期": "established_on", "企业类型": "legal_form"}, "keep": list(TIBET)[2:]}
    roster = dangjian.read_roster(path, **options)
    frame = of_pandas(path, encoding)
    source = only(roster)
    assert source["data"] == source["kept"] == len(frame) == (rows or len(frame))
    assert (source["encoding"], source["year_from"]) == (encoding, "file name")
    # The file's README states that every check character is valid.
    assert roster.problems.is_empty()
    check(roster, frame, "统一社会信用代码", TIBET)
    # The capital column as money: 万 and 人民币 are understood, other currencies are a problem.
    roster = dangjian.read_roster(path, columns={"注册资金": "funds", "企业类型": "legal_form"})
    kinds = Counter(roster.problems["code"])
    foreign = int(frame["注册资金"].str.contains("美元|港|欧元|日元").sum())
    assert kinds == ({"unreadable_number": foreign} if foreign else {})
    amounts = frame["注册资金"].str.extract(r"^([\d,.]+)\(万\)$")[0].dropna().str.replace(",", "")
    want = {frame["统一社会信用代码"][at]: round(float(text) * 10_000) for at, text in amounts.items()}
    got = dict(zip(roster.to_polars()["org_id"], roster.to_polars()["funds"], strict=True))
    assert len(want) > len(frame) / 4
    assert {at: got[at] for at in want} == want


@pytest.fixture(scope="module")
def sheet():
    """Returns the official sheet as read by openpyxl, with its merged cells filled."""
    book = openpyxl.load_workbook(shared.data("real/西藏_2012_合并表头.xlsx"))
    sheet = book.active
    regions = {row: sheet.cell(row, 4).value for row in range(4, sheet.max_row + 1)}
    for merged in sheet.merged_cells.ranges:
        if merged.min_col == 4:
            regions |= dict.fromkeys(
                range(merged.min_row, merged.max_row + 1), sheet.cell(merged.min_row, 4).value
            )
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    data = {row[2]: (row, regions[4 + at]) for at, row in enumerate(rows) if row[2]}
    assert len(data) == 300
    return data


def of_sheet():
    path = shared.data("real/西藏_2012_合并表头.xlsx")
    return dangjian.read_roster(path, columns={"注册日期": "established_on"}, keep=["地区", "注册资金"])


def test_an_official_sheet_with_merged_headers(sheet):
    roster = of_sheet()
    source = only(roster)
    assert (source["data"], source["total"], source["footer"], source["note"]) == (300, 1, 1, 0)
    assert roster.problems.is_empty()
    for at, name in ((1, "name"), (4, "established_on"), (5, "注册资金")):
        assert cells(roster, name) == {code: cleaned(row[at]) for code, (row, _) in sheet.items()}
    # The rows are a subset of the text file's, with equal values.
    path = shared.data("real/西藏_2012.csv")
    whole = dangjian.read_roster(path, columns={"注册日期": "established_on"}, keep=["注册资金"])
    both = roster.to_polars().join(whole.to_polars(), on=["year", "org_id"], how="inner")
    assert len(both) == 300
    for name in ("name", "established_on", "注册资金"):
        assert both[name].eq_missing(both[f"{name}_right"]).all(), name


def test_merged_regions_are_filled_down(sheet):
    assert cells(of_sheet(), "地区") == {code: cleaned(region) for code, (_, region) in sheet.items()}


@pytest.mark.usefixtures("sheet")
def test_both_rows_of_the_merged_header_are_found():
    roster = of_sheet()
    source = only(roster)
    assert (source["title"], source["header"]) == (1, 2)
    assert roster.columns_read["header"].to_list() == [
        "序号",
        "企业基本信息/企业名称",
        "企业基本信息/统一社会\n信用代码",
        "企业基本信息/地区",
        "登记信息/注册日期",
        "登记信息/注册资金",
    ]


def test_looked_up_firms_of_whom_many_have_no_code():
    path = shared.data("real/企业工商信息_7551.xlsx")
    columns = {"提供企业名称": "name", "企业名称": "registered_name", "所属行业": "industry_name"}
    roster = dangjian.read_roster(path, year=2020, columns=columns, keep=["曾用名", "经营状态"])
    source = only(roster)
    frame = pd.read_excel(path, dtype=str, keep_default_na=False)
    codes = frame["统一社会信用代码"]
    assert (len(codes), int((codes == "-").sum()), int((codes == "").sum())) == (7551, 350, 1592)
    assert (source["data"], source["rejected"], source["note"]) == (7551, 1592, 0)

    def rows_with(problem):
        return sorted(roster.problems.filter(pl.col("code") == problem)["row"])

    # The firms that have no code (-) have a registration number; those that were not found have nothing.
    assert rows_with("id_missing") == [at + 2 for at, code in enumerate(codes) if code == ""]
    assert rows_with("id_other_column") == [at + 2 for at, code in enumerate(codes) if code == "-"]
    frame["统一社会信用代码"] = codes.mask(codes == "-", frame["注册号"])
    # A firm requested twice is kept once; if it has two names, the first is kept.
    known = frame[codes != ""]
    first = known.drop_duplicates("统一社会信用代码")
    assert source["kept"] == len(first)
    assert source["merged"] + source["conflicts"] == len(known) - len(first)
    headers = {
        "提供企业名称": "name",
        "企业名称": "registered_name",
        "曾用名": "曾用名",
        "经营状态": "经营状态",
    }
    check(roster, first, "统一社会信用代码", headers)
    assert roster.to_polars()["曾用名"].is_not_null().sum() > 500
    assert {"Sheet2", "Sheet3"} <= set(roster.skipped["sheet"])


def test_stars_of_contracts_with_half_stars():
    path = shared.data("real/medicare_advantage_us_2009-2022_stars.csv")
    columns = {"contract_id": "org_id", "star_year": "year", "stars": "star", "summary_type": "summary"}
    roster = dangjian.read_roster(path, columns=columns, keep=["stars_note"])
    frame = of_pandas(path, "utf-8")
    source = only(roster)
    averages = frame["contract_id"].str.endswith("Average")
    assert (source["data"], source["rejected"]) == (len(frame), int(averages.sum()))
    # A contract has several rows a year (Part C, Part D, overall): the first is kept.
    first = frame[~averages].drop_duplicates(["contract_id", "star_year"])
    assert source["kept"] == len(first)
    want = {
        (row.contract_id, int(row.star_year)): float(row.stars) if row.stars else None
        for row in first.itertuples()
    }
    panel = roster.to_polars()
    assert dict(zip(zip(panel["org_id"], panel["year"], strict=True), panel["star"], strict=True)) == want
    assert 2.5 in want.values()
