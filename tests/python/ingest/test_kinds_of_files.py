"""Files whose name says another kind than their content, and what a folder holds besides ledgers."""

from __future__ import annotations

import openpyxl
import pytest

import dangjian
from helpers.tables import HEADER, row

ROWS = [HEADER, *(row(at) for at in range(5))]


def workbook(path):
    book = openpyxl.Workbook()
    for cells in ROWS:
        book.active.append(cells)
    book.save(path.with_suffix(".xlsx"))
    path.with_suffix(".xlsx").rename(path)
    return path


def text(path, sign, encoding):
    path.write_text("\r\n".join(sign.join(map(str, cells)) for cells in ROWS), encoding=encoding)
    return path


@pytest.mark.parametrize("name", ["台账2013.csv", "台账2013.txt", "台账2013.xls", "台账2013.et"])
def test_a_workbook_by_any_name_is_read(tmp_path, name):
    path = workbook(tmp_path / name)
    assert len(dangjian.read_roster(path, progress=False)) == 5


@pytest.mark.parametrize("name", ["台账2013.xls", "台账2013.xlsx", "台账2013.et"])
@pytest.mark.parametrize(("sign", "encoding"), [("\t", "gb18030"), (",", "utf-8"), ("\t", "utf-8-sig")])
def test_text_by_the_name_of_a_workbook_is_read(tmp_path, name, sign, encoding):
    assert len(dangjian.read_roster(text(tmp_path / name, sign, encoding), progress=False)) == 5


def test_every_file_of_a_folder_is_read_or_named(tmp_path):
    workbook(tmp_path / "甲镇2013.xlsx")
    for name, content in [
        ("乙镇.zip", b"PK"),
        ("丙镇.htm", b"<table>"),
        ("说明.docx", b"PK"),
        ("Thumbs.db", b"x"),
        ("~$甲镇2013.xlsx", b"x"),
    ]:
        (tmp_path / name).write_bytes(content)
    (tmp_path / "丁镇").mkdir()
    roster = dangjian.read_roster(tmp_path, progress=False)
    assert len(roster) == 5
    assert sorted(roster.skipped["file"]) == sorted(["乙镇.zip", "丙镇.htm", "说明.docx", "丁镇"])
    assert all("未读入" in why for why in roster.skipped["why_zh"])
