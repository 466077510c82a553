"""Web pages with tables under the names of workbooks, as office systems export them."""

from __future__ import annotations

import html

import openpyxl
import pytest

import dangjian
from helpers.tables import HEADER, code, organisation, row, values, values_of

ROWS = [row(at) for at in range(6)]
HEAD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
    '<meta http-equiv="Content-Type" content="text/html; charset={}"><style>td {{mso-number-format:"\\@"}}</style>'
    "<!--[if gte mso 9]><xml><x:ExcelWorkbook><x:Name>Sheet1</x:Name></x:ExcelWorkbook></xml><![endif]--></head><body>"
)


def cells(texts, kind="td", *, ends=True):
    end = f"</{kind}>" if ends else ""
    return "".join(f"<{kind}>{html.escape(str(value))}{end}" for value in texts)


def table(rows=ROWS, header=HEADER, kind="th", *, ends=True, above=""):
    end = "</tr>" if ends else ""
    lines = [f"<tr>{cells(header, kind, ends=ends)}{end}"] if header else []
    lines += [f"<tr>{cells(texts, ends=ends)}{end}" for texts in rows]
    text = "\r\n".join(lines)
    return f'<table border="1">{above}{text}</table>'


def page(path, body, charset="gb2312", encoding="gb18030"):
    path.write_bytes((HEAD.format(charset) + body + "</body></html>").encode(encoding))
    return path


def read(path):
    roster = dangjian.read_roster(path, progress=False)
    return roster, values(roster)


@pytest.mark.parametrize(
    "name", ["台账2013.xls", "台账2013.xlsx", "台账2013.html", "台账2013.htm", "台账2013.csv"]
)
@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("gb2312", "gb18030"),
        ("utf-8", "utf-8"),
        ("gb2312", "utf-8-sig"),
        ("utf-8", "gbk"),
        ("unicode", "utf-16"),
    ],
)
def test_a_page_by_any_name_in_any_encoding_is_read(tmp_path, name, charset, encoding):
    roster, rows = read(page(tmp_path / name, table(), charset, encoding))
    assert rows == values_of(ROWS)
    assert len(roster.skipped) == 0


@pytest.mark.parametrize("kind", ["th", "td"])
def test_tags_without_ends_and_in_capitals_are_read(tmp_path, kind):
    text = table(kind=kind, ends=False).replace("td", "TD").replace("<table", "<TABLE").replace("<tr", "<Tr")
    assert read(page(tmp_path / "台账2013.xls", text))[1] == values_of(ROWS)


@pytest.mark.parametrize(
    "body",
    [
        f"<h3>2013年度台账</h3>{table()}",
        table(above='<tr><td colspan="6">2013年度台账</td></tr>'),
        f"<table><tr><td>2013年度台账</td></tr></table>{table()}",
        f"<table><tr><td>2013年度台账</td></tr><tr><td>{table()}</td></tr></table>",
        table([]).replace("</table>", "</table><br>") + table(header=None).replace("<table", "<div><table"),
    ],
)
def test_the_title_may_stand_anywhere_above_the_rows(tmp_path, body):
    name = "台账.xls" if "2013" in body else "台账2013.xls"
    roster, rows = read(page(tmp_path / name, body))
    assert rows == values_of(ROWS)
    assert list(roster.years) == [2013]


def test_headers_and_texts_over_several_cells(tmp_path):
    body = (
        '<table><tr><th rowspan="2">单位名称</th><th rowspan=2>统一社会信用代码</th><th colspan="2">党员</th>'
        "<th rowspan=2>组建形式</th></tr><tr><th>正式党员</th><th>预备党员</th></tr>"
        f"<tr><td>甲厂</td><td>{code(1)}</td><td>5</td><td>1</td><td rowspan=2>联建</td></tr>"
        f"<tr><td>乙厂</td><td>{code(2)}</td><td>6</td><td>2</td></tr></table>"
    )
    roster = dangjian.read_roster(page(tmp_path / "台账2013.xls", body), progress=False)
    frame = roster.to_polars().sort("members_full")
    assert list(frame["members_full"]) == [5, 6]
    assert list(frame["members_probationary"]) == [1, 2]
    assert list(frame["mode"].cast(str)) == ["joint", "joint"]


def test_a_number_of_several_rows_is_none_of_theirs(tmp_path):
    body = (
        "<table><tr><th>单位名称<th>统一社会信用代码<th>正式党员<th>党组织组建形式"
        f"<tr><td>甲厂<td>{code(1)}<td rowspan=3>18<td>联建<tr><td>乙厂<td>{code(2)}<td>联建"
        f"<tr><td>丙厂<td>{code(3)}<td>联建</table>"
    )
    roster = dangjian.read_roster(page(tmp_path / "台账2013.xls", body), progress=False)
    assert len(roster) == 3
    assert roster.to_polars()["members_full"].null_count() == 3
    assert list(roster.problems["code"]) == ["merged_number"] * 3


def test_several_tables_are_sheets_and_each_is_read_or_named(tmp_path):
    other = "<table><tr><th>姓名</th><th>备注</th></tr><tr><td>某某</td><td>无</td></tr><tr><td>甲</td><td>乙</td></tr></table>"
    second = table([row(at) for at in range(6, 9)], above="<caption>2013年丙镇</caption>")
    roster, rows = read(page(tmp_path / "台账2013.xls", f"{table()}<p>附件</p>{other}{second}"))
    assert rows == values_of([row(at) for at in range(9)])
    assert sorted(roster.sources["sheet"]) == ["2013年丙镇", "表1"]
    assert list(roster.skipped["sheet"]) == ["表2"]


def test_what_a_cell_shows_is_read(tmp_path):
    rows = [
        ["甲&nbsp;厂", f"<span>{code(1)}</span>", "<p>5</p>", "&radic;"],
        ["乙\r\n   厂", f'<td x:num="1">{code(2)}', "<table><tr><td>6</td></tr></table>", "&nbsp;"],
        ["R&amp;D厂", code(3), '<input value="7">', "<input type=checkbox checked>"],
    ]
    lines = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in r) + "</tr>" for r in rows)
    body = f"<table><tr><th>单位名称<th>统一社会信用代码<th>正式党员<th>是否建立工会</tr>{lines}</table>"
    roster = dangjian.read_roster(
        page(tmp_path / "台账2013.xls", body.replace("<td><td", "<td")), progress=False
    )
    frame = roster.to_polars().sort("members_full")
    assert list(frame["name"]) == ["甲 厂", "乙厂", "R&D厂"]
    assert list(frame["members_full"]) == [5, 6, 7]


def test_a_hidden_table_is_named(tmp_path):
    hidden = table([row(99)]).replace("<table", '<table style="DISPLAY: none"')
    roster, rows = read(page(tmp_path / "台账2013.xls", table() + hidden))
    assert rows == values_of(ROWS)
    assert "隐藏" in roster.skipped["why_zh"][0]


def test_a_page_that_ends_early_is_never_read_in_silence(tmp_path):
    whole = table()
    end = whole.rindex("<tr>")
    path = page(tmp_path / "台账2013.xls", "")
    head = HEAD.format("gb2312")
    path.write_bytes((head + whole[:end]).encode("gbk"))
    roster, rows = read(path)
    assert rows == values_of(ROWS[:-1])
    assert "没有结束标记" in roster.skipped["why_zh"][0]
    for cut in (whole[: end + 20], whole[: end + 30]):
        path.write_bytes((head + cut).encode("gbk"))
        with pytest.raises(dangjian.FileError, match="incomplete"):
            read(path)


def test_a_page_without_a_table_says_so(tmp_path):
    path = page(tmp_path / "台账2013.xls", "<p>请先登录</p>")
    with pytest.raises(dangjian.FileError) as caught:
        read(path)
    assert "网页中没有表格" in caught.value.message("zh")


def test_hostile_pages_end(tmp_path):
    for at, body in enumerate(
        [
            "<table><tr>" + "<td colspan=1000>x" * 100,
            "<table><tr><td>" * 10_000,
            "<table>" + "<tr><td rowspan=65534>x" * 20_000 + "</table>",
            "<table><tr><td " + "a=" * 100_000,
            "<table><tr><td>" + "&" * 100_000 + "</table>",
            "<!--" * 50_000,
            "<script>" + "</" * 100_000 + "<table>",
        ]
    ):
        with pytest.raises(dangjian.FileError):
            read(page(tmp_path / f"台账{2000 + at}.xls", body))


def test_names_and_codes_of_the_page_are_as_written(tmp_path):
    assert organisation(3) in [r[1] for r in read(page(tmp_path / "台账2013.xls", table()))[1]]


@pytest.mark.parametrize("name", ["台账2013.xls", "台账2013.html"])
def test_a_page_is_returned_as_a_workbook_with_its_problems(tmp_path, name):
    wrong = [*row(9)[:3], "许多", "单建", "三星"]
    body = f"<h3>2013年台账</h3>{table([*ROWS, wrong])}"
    roster = dangjian.read_roster(page(tmp_path / name, body), progress=False)
    roster.return_to(tmp_path / "返还")
    book = openpyxl.load_workbook(tmp_path / "返还" / "台账2013.xlsx")
    cells = [[cell.value for cell in line] for line in book["表1"].iter_rows()]
    assert cells[1][:6] == HEADER
    assert cells[8][:4] == [str(value) for value in wrong[:4]]
    assert "不是数字" in cells[8][-1]
