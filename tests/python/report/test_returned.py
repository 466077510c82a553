"""Ledgers returned to their sender: every faulty cell is marked, nothing else changes, and the result
reads the same.
"""

from __future__ import annotations

import json
import zipfile
from itertools import zip_longest
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

import dangjian as dj
from dangjian.returned.style import COLOURS
from helpers import shared
from helpers.messages import check, run

IDS = ("91110000101623741K", "91110000600037341L", "911101066976941872")  # in the order of a roster
FILLS = {f"00{colour}" for colour in COLOURS.values()}


def read(source, **options):
    return dj.read_roster(source, progress=False, **options)


def files_of(folder):
    here = sorted(shared.data(f"ledgers/{folder}").iterdir())
    return [f for f in here if f.suffix in (".xlsx", ".xls", ".csv") and f.name != "workers.csv"]


def dirt(folder):
    lines = (shared.data(f"ledgers/{folder}") / "dirt.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    return [json.loads(line) for line in lines]


def same(one, other):
    """Checks that the rosters of the original and of the returned files agree."""
    assert one.to_polars().equals(other.to_polars())
    keys = ["sheet", "row", "line", "year", "column", "header", "code", pl.col("value").str.strip_chars()]
    # A row with too many fields gains one more.
    value = pl.when(pl.col("code") == "field_count").then(None).otherwise(pl.col("value")).alias("value")
    first, second = (r.problems.with_columns(value).select(keys) for r in (one, other))
    assert first.equals(second)
    assert first.height > 0


@pytest.mark.parametrize("folder", ["ledger62", "one_book", "xls_old"])
def test_every_spoilt_cell_of_a_workbook_is_marked(folder, tmp_path):
    roster = read(files_of(folder))
    written = roster.return_to(tmp_path / "out")
    books = {}
    for file, path in written.select("file", "written").rows():
        books[file] = openpyxl.load_workbook(path)
    indexes = {
        (file, sheet, column): index
        for file, sheet, column, index in roster.columns_read.filter(pl.col("value").is_null())
        .select("file", "sheet", "column", "index")
        .rows()
    }
    marked = 0
    for spoilt in dirt(folder):
        sheet = books[spoilt["file"]][spoilt["sheet"]]
        right = sheet.max_column
        said = sheet.cell(spoilt["row"], right)
        message = roster.problems.filter(
            pl.col("file") == spoilt["file"],
            pl.col("sheet") == spoilt["sheet"],
            pl.col("row") == spoilt["row"],
            pl.col("code") == spoilt["category"],
        )["message_zh"]
        assert message[0] in said.value, spoilt
        assert said.fill.fgColor.rgb in FILLS
        if "column" not in spoilt:
            continue
        index = indexes.get((spoilt["file"], spoilt["sheet"], spoilt["column"]))
        if index is not None:
            cell = sheet.cell(spoilt["row"], index + 1)
            assert cell.fill.fgColor.rgb in FILLS, spoilt
            assert message[0] in cell.comment.text
            marked += 1
        else:  # one of several adjacent words is ticked
            assert any(message[0] in c.comment.text for c in sheet[spoilt["row"]] if c.comment), spoilt
            marked += 1
    assert marked > 100
    same(roster, read(sorted(written["written"])))
    assert (written["problems"].sum(), written["note"].null_count() == 0) == (
        roster.problems.height,
        folder == "xls_old",
    )


@pytest.mark.parametrize("folder", ["ledger62", "one_book"])
def test_nothing_else_of_a_workbook_is_changed(folder, tmp_path):
    source = files_of(folder)[-1]
    roster = read(source)
    (path,) = roster.return_to(tmp_path / "out")["written"]
    old, new = openpyxl.load_workbook(source), openpyxl.load_workbook(path)
    assert new.sheetnames == ["问题汇总", *old.sheetnames]
    for sheet in old:
        other = new[sheet.title]
        assert other.sheet_state == sheet.sheet_state
        assert {str(a) for a in sheet.merged_cells.ranges} <= {str(a) for a in other.merged_cells.ranges}
        assert {k: d.width for k, d in sheet.column_dimensions.items()}.items() <= {
            k: d.width for k, d in other.column_dimensions.items()
        }.items()
        ledger = sheet.title in roster.sources["sheet"].to_list()
        assert other.max_column == sheet.max_column + ledger
        for row, others in zip_longest(sheet.iter_rows(), other.iter_rows(max_col=sheet.max_column)):
            for cell, twin in zip(row, others, strict=True):
                assert (cell.value, cell.number_format, cell.data_type) == (
                    twin.value,
                    twin.number_format,
                    twin.data_type,
                )
    assert sum(sheet.sheet_view.tabSelected for sheet in new) == 1


def test_a_text_file_goes_back_with_one_field_more_and_is_otherwise_the_same(tmp_path):
    roster = read(files_of("flat_gb18030"))
    written = dict(roster.return_to(tmp_path / "out").select("file", "written").rows())
    problems = {}
    for spoilt in dirt("flat_gb18030"):
        problems.setdefault((spoilt["file"], spoilt["line"]), []).append(spoilt["category"])
    found = 0
    for source in files_of("flat_gb18030"):
        old = source.read_bytes().split(b"\r\n")
        new = Path(written[source.name]).read_bytes().split(b"\r\n")
        assert len(old) == len(new)
        messages = dict(dj.problem_codes().select("code", "message_zh").rows())
        begins = set()
        line = 1
        for before, after in zip(old, new, strict=True):
            begins.add(line)
            if before:
                assert after.startswith(before + b",")
                said = after[len(before) + 1 :].decode("gb18030")
                here = problems.get((source.name, line), [])
                assert bool(said) == bool(here) or line == 1, (source.name, line, said)
                for category in here:
                    assert messages[category] in said
                    found += 1
            line += 1 + before.count(b"\n")
        assert new[0].endswith(",问题".encode("gb18030"))
    assert found == sum(map(len, problems.values())) > 100
    same(roster, read(sorted(written.values())))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_text_file_keeps_encoding_quotes_and_line_ends(tmp_path, encoding, end):
    lines = [
        '"统一社会信用代码","单位名称",备注',
        f'{IDS[0]},"甲，""乙""{end}厂",a"b',
        "",
        f"{IDS[1]},丙,",
        f"{IDS[1][:-1]}A,丁,㐀",
        "合计,,",
    ]
    source = tmp_path / "台账2013.csv"
    source.write_bytes(end.join(lines).encode(encoding))
    roster = read(source)
    assert roster.problems["code"].to_list() == ["uscc_check_digit"]
    (path,) = roster.return_to(tmp_path / "out")["written"]
    text = Path(path).read_bytes().decode(encoding)
    message = roster.problems["message_zh"].item()
    said = f"统一社会信用代码“{IDS[1][:-1]}A”：{message}"
    behind = [",问题", ",", "", ",", f",{said}", ","]
    assert text == end.join(line + more for line, more in zip(lines, behind, strict=True))
    again = read(path)
    same(roster, again)
    again.return_to(tmp_path / "twice")
    twice = (tmp_path / "twice" / "台账2013.csv").read_bytes()
    assert Path(path).read_bytes() == twice, "what came back unmended goes back as it was"


@pytest.fixture
def book(tmp_path):
    """Writes a small workbook with features common in offices."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "企业"
    for row in (
        ["某县台账（2013年）"],
        ["单位名称", "统一社会信用代码", "从业人员", "正式党员", "党员比例", "园区"],
        ["甲", IDS[0], 10, 3, "=D3/C3", "东区"],
        ["=危险", IDS[1], "若干", 30, "=D4/3", None],
        ["丙", 911101066976941872, "=2+3", 1, '=IF(D5>0,"有","无")', "西区"],
    ):
        sheet.append(row)
    sheet["A4"].data_type = "s"
    sheet.merge_cells("A1:F1")
    sheet.merge_cells("F3:F4")
    sheet.auto_filter.ref = "A2:F5"
    sheet.freeze_panes = "C3"
    sheet["C4"].comment = Comment("去年 20", "王")
    sheet["C4"].fill = PatternFill("solid", fgColor="00FF00")
    hidden = book.create_sheet("草稿")
    hidden["A1"], hidden.sheet_state = "=1+1", "veryHidden"
    path = tmp_path / "台账2013.xlsx"
    book.save(path)
    # Cached values, as a spreadsheet program saves them.
    values = {"企业": {"E3": 0.3, "E4": 10, "C5": 5, "E5": "有"}, "草稿": {"A1": 2}}
    from dangjian.returned import formulas

    formulas.put_back(path, values)
    return path


def test_formulas_notes_filters_and_merged_cells_stay(book, tmp_path):
    roster = read(book)
    assert roster.to_polars()["employees"].to_list() == [10, None]
    (path,) = roster.return_to(tmp_path / "out")["written"]
    new = openpyxl.load_workbook(path)
    sheet = new["企业"]
    assert (sheet["E3"].value, sheet["C5"].value, new["草稿"]["A1"].value) == ("=D3/C3", "=2+3", "=1+1")
    values = openpyxl.load_workbook(path, data_only=True)
    assert [values["企业"][at].value for at in ("E3", "C5", "E5")] == [0.3, 5, "有"]
    assert values["草稿"]["A1"].value == 2
    assert new["草稿"].sheet_state == "veryHidden"
    assert (sheet.auto_filter.ref, sheet.freeze_panes) == ("A2:G5", "C3")
    assert sheet["G2"].value == "问题"
    assert sheet["C4"].comment.text.startswith("去年 20\n\n从业人员“若干”：")
    assert sheet["A4"].data_type == "s"
    assert sheet["B5"].fill.fgColor.rgb == f"00{COLOURS['error']}"
    assert new["问题汇总"]["A1"].value == "台账2013.xlsx：问题汇总"
    again = read(path)
    same(roster, again)
    # A corrected cell loses its mark; the office's own comment is kept.
    sheet["C4"].value, sheet["B5"].value = 200, IDS[2]
    new.save(path)
    mended = read(path)
    # The library that mended it stores no results of formulas.
    assert mended.problems["code"].to_list() == ["formula_no_result"]
    (path,) = mended.return_to(tmp_path / "twice")["written"]
    sheet = openpyxl.load_workbook(path)["企业"]
    assert sheet.max_column == 7
    notes = [sheet.cell(row, 7).value for row in range(1, 6)]
    assert notes[:4] == [None, "问题", None, None]
    assert "公式没有保存计算结果" in notes[4]
    assert sheet["B5"].comment is None


def test_nothing_that_is_written_is_a_formula(tmp_path):
    path = tmp_path / "台账2013.csv"
    path.write_text(f"org_id,=cmd|x!A0,name\n{IDS[0]},待定,\n", encoding="utf-8")
    roster = read(path, columns={"=cmd|x!A0": "members_full"})
    (back,) = roster.return_to(tmp_path / "out")["written"]
    added = Path(back).read_text(encoding="utf-8").splitlines()[1].removeprefix(f"{IDS[0]},待定,,")
    assert not added.startswith(("=", "+", "-", "@"))
    frame = pl.DataFrame({"org_id": [IDS[0]], "year": [2013], "正式党员": ["=1+1"]})
    (back,) = read(frame).return_to(tmp_path / "out")["written"]
    sheet = openpyxl.load_workbook(back).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} <= {"s", "n"}


def test_where_it_may_not_be_written(tmp_path, book):
    roster = read(book)
    check(
        dj.ArgumentError,
        "folder that 台账2013.xlsx came from",
        "所在的文件夹",
        lambda: roster.return_to(tmp_path),
    )
    roster.return_to(tmp_path / "out")
    check(dj.FileError, "already there", "已经存在", lambda: roster.return_to(tmp_path / "out"))
    assert roster.return_to(tmp_path / "out", overwrite=True).height == 1
    (tmp_path / "file").write_text("")
    check(dj.FileError, "cannot be written", "不能写入", lambda: roster.return_to(tmp_path / "file" / "out"))
    (tmp_path / "another").mkdir()
    twin = tmp_path / "another" / book.name
    twin.write_bytes(book.read_bytes())
    several = read([book, twin])
    check(
        dj.ArgumentError, "two files are called", "有几个文件都叫", lambda: several.return_to(tmp_path / "x")
    )
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [book.name]


def test_a_folder_and_files_of_one_stem_go_back(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for source in (*files_of("xls_old")[:1], *files_of("ledger62")[:1]):
        (folder / f"tz2009{source.suffix}").write_bytes(source.read_bytes())
    written = read(folder).return_to(tmp_path / "out")["written"].to_list()
    assert sorted(p.rsplit("/", 1)[-1] for p in written) == ["tz2009.xls.xlsx", "tz2009.xlsx"]


def test_the_command_returns_what_it_checked(book, tmp_path):
    done = run("check", book, "--return-to", tmp_path / "out", "--lang", "en")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"returned {tmp_path / 'out' / book.name}: 2 problems marked" in done.stdout
    with zipfile.ZipFile(tmp_path / "out" / book.name) as parts:
        assert parts.testzip() is None
    assert openpyxl.load_workbook(tmp_path / "out" / book.name)["企业"]["G2"].value == "Problems"
    again = run("check", book, "--return-to", tmp_path / "out")
    assert again.returncode == 2
    assert "已经存在" in again.stderr
    assert run("check", book, "--return-to", tmp_path / "out", "--overwrite").returncode == 0
    assert run("check", book, "--return-to", tmp_path).returncode == 2
