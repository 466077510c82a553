"""Hostile files: workbooks and texts that are broken, absurd or malicious.

Each is made by a function that takes a folder and returns the path to read. No file is stored: a bomb is
built from one compressed block, repeated.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import xlsxwriter

ID = "91110000600037341L"
OTHER = "91110000101623741K"
HEAD = "org_id,name,year,employees\n"
ROW = f"{ID},甲厂,2013,5\n"

_TYPES = """<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" \
ContentType="application/xml"/><Override PartName="/xl/workbook.xml" \
ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_ROOT = _RELS.format(f'<Relationship Id="r1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>')
_PARTS = _RELS.format(
    f'<Relationship Id="r1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_BOOK = (
    f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets><sheet name="台账" sheetId="1" '
    'r:id="r1"/></sheets></workbook>'
)
_SHEET = f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}">'


def row(number: int, *cells: object) -> str:
    """Returns a row of a sheet with these texts."""
    texts = "".join(
        f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for at, cell in enumerate(cells)
    )
    return f'<row r="{number}">{texts}</row>'


HEADER = row(1, "org_id", "name", "year", "employees")
DATA = row(2, ID, "甲厂", 2013, 5)
ROWS = f"<sheetData>{HEADER}{DATA}</sheetData>"


class Part:
    """A deflated part of a package: ``head``, then ``times`` times the block ``body``, then ``tail``."""

    def __init__(self, head: str, body: str = "", times: int = 0, tail: str = "") -> None:
        """Compresses the parts; the block once, as an independent sequence that can be repeated."""
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        block = body.encode()
        pieces = [deflate.compress(head.encode()) + deflate.flush(zlib.Z_FULL_FLUSH)]
        once = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
        pieces += [once] * times
        pieces.append(deflate.compress(tail.encode()) + deflate.flush())
        self.deflated = b"".join(pieces)
        self.crc = zlib.crc32(head.encode())
        for _ in range(times):
            self.crc = zlib.crc32(block, self.crc)
        self.crc = zlib.crc32(tail.encode(), self.crc)
        self.size = len(head.encode()) + times * len(block) + len(tail.encode())


def package(path: Path, parts: dict[str, Part]) -> Path:
    """Writes a zip file of compressed parts."""
    body, directory = b"", b""
    for name, part in parts.items():
        at, raw = len(body), name.encode()
        common = struct.pack(
            "<HHHHHIIIHH", 20, 0, 8, 0, 33, part.crc, len(part.deflated), part.size, len(raw), 0
        )
        body += b"PK\3\4" + common + raw + part.deflated
        directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + raw
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    path.write_bytes(body + directory + b"PK\5\6" + end)
    return path


def workbook(folder: Path, sheet: Part | str, strings: Part | str = "", name: str = "台账.xlsx") -> Path:
    """Writes a workbook of one sheet with the given XML."""
    strings = strings or f'<sst xmlns="{_MAIN}"/>'
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _ROOT,
        "xl/workbook.xml": _BOOK,
        "xl/_rels/workbook.xml.rels": _PARTS,
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": strings,
    }
    packed = {at: part if isinstance(part, Part) else Part(part) for at, part in parts.items()}
    return package(folder / name, packed)


def text(folder: Path, content: str | bytes | Iterable[bytes], name: str = "台账.csv") -> Path:
    """Writes a text file."""
    path = folder / name
    with path.open("wb") as file:
        if isinstance(content, str):
            file.write(content.encode())
        elif isinstance(content, bytes):
            file.write(content)
        else:
            file.writelines(content)
    return path


def sound(path: Path) -> Path:
    """Writes a valid workbook of one organisation, as Excel would."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("台账2013")
        for at, (head, cell) in enumerate(zip(["org_id", "name", "employees"], [ID, "甲厂", 5], strict=True)):
            sheet.write(0, at, head)
            sheet.write(1, at, cell)
    return path


# Workbooks.

MEGABYTE = 1 << 20


def cut(folder, share):
    """A workbook whose copy was cut short."""
    path = sound(folder / "台账2013.xlsx")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def bomb_of_white_space(folder):
    """A sheet of 2 GiB, nearly all of it blanks between two rows."""
    return workbook(
        folder, Part(f"{_SHEET}<sheetData>{HEADER}", " " * MEGABYTE, 2048, f"{DATA}</sheetData></worksheet>")
    )


def bomb_in_a_cell(folder):
    """A cell of 2 GiB."""
    head = f'{_SHEET}<sheetData>{HEADER}<row r="2"><c r="A2" t="inlineStr"><is><t>{ID}</t></is></c><c r="B2" t="inlineStr"><is><t>'  # noqa: E501
    return workbook(folder, Part(head, "甲" * MEGABYTE, 700, "</t></is></c></row></sheetData></worksheet>"))


def bomb_in_an_attribute(folder):
    """An attribute of 2 GiB."""
    head = f'{_SHEET}<sheetData>{HEADER}<row r="2" x="'
    return workbook(folder, Part(head, "0" * MEGABYTE, 2048, '"></row></sheetData></worksheet>'))


def bomb_of_shared_strings(folder):
    """A table of 200 million strings that no cell uses."""
    strings = Part(f'<sst xmlns="{_MAIN}">', "<si><t>a</t></si>" * 65_536, 3000, "</sst>")
    return workbook(folder, f"{_SHEET}{ROWS}</worksheet>", strings)


def bomb_of_cells(folder):
    """One cell repeated 160 million times."""
    body = '<c r="A3"><v>1</v></c>' * 65_536
    head = f'{_SHEET}<sheetData>{HEADER}{DATA}<row r="3">'
    return workbook(folder, Part(head, body, 2500, "</row></sheetData></worksheet>"))


def bomb_of_rows(folder):
    """Hundreds of millions of rows without a number and without a cell."""
    return workbook(
        folder,
        Part(f"{_SHEET}<sheetData>{HEADER}{DATA}", "<row/>" * 65_536, 3000, "</sheetData></worksheet>"),
    )


def deep(folder):
    """Ten million nested elements."""
    return workbook(folder, Part(f"{_SHEET}<sheetData>{HEADER}{DATA}", "<x>" * 65_536, 160, ""))


def deep_strings(folder):
    """Ten million nested elements in the table of strings."""
    return workbook(
        folder, f"{_SHEET}{ROWS}</worksheet>", Part(f'<sst xmlns="{_MAIN}"><si>', "<r>" * 65_536, 160, "")
    )


def entities(folder):
    """Entities that expand to entities in turn."""
    laughs = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "哈">{laughs}]><worksheet xmlns="{_MAIN}">'
    cells = row(2, ID, "&a9;", 2013, 5)
    return workbook(folder, f"{head}<sheetData>{HEADER}{cells}</sheetData></worksheet>")


def blank_rows(folder):
    """All 1,048,576 rows formatted, one of them filled."""
    body = "".join(
        f'<row r="{at}" s="1" customFormat="1"><c r="A{at}" s="1"/><c r="B{at}" s="1"/></row>'
        for at in range(3, 1_048_577)
    )
    return workbook(folder, f"{_SHEET}<sheetData>{HEADER}{DATA}{body}</sheetData></worksheet>")


def blank_columns(folder):
    """Two rows of the maximum width of a sheet."""
    names = [_column(at) for at in range(16_384)]
    more = "".join(f'<c r="{name}2" s="1"/>' for name in names[4:])
    wide = DATA.replace("</row>", more + "</row>")
    return workbook(folder, f"{_SHEET}<sheetData>{HEADER}{wide}</sheetData></worksheet>")


def _column(at: int) -> str:
    name = ""
    at += 1
    while at:
        at, digit = divmod(at - 1, 26)
        name = chr(65 + digit) + name
    return name


def far_corner(folder):
    """A cell in the last row of the last column, with a matching dimension."""
    last = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return workbook(
        folder,
        f'{_SHEET}<dimension ref="A1:XFD1048576"/><sheetData>{HEADER}{DATA}{last}</sheetData></worksheet>',
    )


def far_corners(folder):
    """Ten thousand rows, each with a cell in the last column."""
    rows = "".join(f'<row r="{at}"><c r="XFD{at}"><v>1</v></c></row>' for at in range(3, 10_003))
    return workbook(folder, f"{_SHEET}<sheetData>{HEADER}{DATA}{rows}</sheetData></worksheet>")


def impossible_places(folder, reference):
    """A cell reference outside any sheet."""
    cells = f'<row r="3"><c r="{reference}"><v>1</v></c></row>'
    return workbook(folder, f"{_SHEET}<sheetData>{HEADER}{DATA}{cells}</sheetData></worksheet>")


def a_million_columns_of_a_sheet(folder):
    """A header of a million columns."""
    cells = "".join(f'<c r="{_column(at)}1"><v>{at}</v></c>' for at in range(4, 1_000_000))
    head = HEADER.replace("</row>", cells + "</row>")
    return workbook(folder, f"{_SHEET}<sheetData>{head}{DATA}</sheetData></worksheet>")


def long_cell_of_a_sheet(folder):
    """A name of 10 MB."""
    cells = row(2, ID, "甲" * (10 * MEGABYTE // 3), 2013, 5)
    return workbook(folder, f"{_SHEET}<sheetData>{HEADER}{cells}</sheetData></worksheet>")


def merges(folder, *ranges):
    """Merged cells that overlap, run backwards or cover everything."""
    merged = "".join(f'<mergeCell ref="{at}"/>' for at in ranges)
    return workbook(folder, f"{_SHEET}{ROWS}<mergeCells>{merged}</mergeCells></worksheet>")


def many_merges(folder):
    """A hundred thousand merged ranges over the whole sheet."""
    return merges(folder, *["A1:XFD1048576"] * 100_000)


def formulas(folder):
    """Formulas, some with a computed value and some without. Excel stores the value next to the formula."""
    path = folder / "台账2013.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["org_id", "name", "employees", "members_full", "party_org_id", "zone"])
        sheet.write_row(1, 0, [ID])
        sheet.write_formula(1, 1, '=HYPERLINK("http://evil.example/","甲厂")', None, "甲厂")
        sheet.write_formula(1, 2, "=2+3", None, 5)
        sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
        sheet.write_formula(1, 4, "='[其他.xlsx]Sheet1'!A1", None, "D1")
        sheet.write_formula(1, 5, "=cmd|'/C calc'!A0", None, "")
    return path


def external_links(folder):
    """A link to another user's file, whose last known value is in the cell."""
    path = formulas(folder)
    with zipfile.ZipFile(path, "a") as book:
        link = (
            f'<externalLink xmlns="{_MAIN}"><externalBook xmlns:r="{_RELATIONS}" r:id="rId1"/></externalLink>'
        )
        book.writestr("xl/externalLinks/externalLink1.xml", link)
        target = f'<Relationship Id="rId1" Type="{_RELATIONS}/externalLinkPath" Target="file:///etc/passwd" TargetMode="External"/>'  # noqa: E501
        book.writestr("xl/externalLinks/_rels/externalLink1.xml.rels", _RELS.format(target))
    return path


def disorder(folder):
    """Rows in reverse order, a repeated row, a repeated cell, rows and cells without numbers."""
    rows = row(9, OTHER, "乙厂", 2013, 7) + row(2, ID, "甲厂", 2013, 5) + row(2, ID, "甲厂", 2013, 6)
    return workbook(
        folder, f"{_SHEET}<sheetData>{HEADER}{rows}<row><c><v>1</v></c></row></sheetData></worksheet>"
    )


def bad_utf8(folder):
    """A sheet declared as UTF-8 that is not."""
    path = workbook(folder, f"{_SHEET}{ROWS}</worksheet>")
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(
        "甲".encode(), b"\xff\xfe\x80"
    )
    with zipfile.ZipFile(path, "w") as book:
        for name, part in parts.items():
            book.writestr(name, part)
    return path


def another_zip(folder):
    """A zip file that is not a workbook."""
    path = folder / "台账2013.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("word/document.xml", "<w/>")
    return path


def ods(folder, rows, columns):
    """A table whose last cell is repeated excessively."""
    space = "urn:oasis:names:tc:opendocument:xmlns"

    def cells(*texts):
        return "".join(
            f'<table:table-cell office:value-type="string"><text:p>{t}</text:p></table:table-cell>'
            for t in texts
        )

    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{space}:office:1.0" xmlns:table="{space}:table:1.0" '
        f'xmlns:text="{space}:text:1.0"><office:body><office:spreadsheet><table:table table:name="台账">'
        f"<table:table-row>{cells('org_id', 'name', 'year', 'employees')}</table:table-row>"
        f"<table:table-row>{cells(ID, '甲厂', 2013, 5)}</table:table-row>"
        f'<table:table-row table:number-rows-repeated="{rows}"><table:table-cell table:number-columns-repeated="{columns}" '
        'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    path = folder / "台账.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("content.xml", content)
    return path


# Text.


def a_million_columns(folder):
    """A header and a row of a million columns."""
    names = ",".join(f"列{at}" for at in range(1_000_000))
    return text(folder, f"{HEAD.strip()},{names}\n{ROW.strip()}{',1' * 1_000_000}\n")


def long_cell(folder):
    """A name of 10 MB."""
    return text(folder, f"{HEAD}{ID},{'甲' * (10 * MEGABYTE // 3)},2013,5\n")


def one_long_line(folder):
    """50 MB without a line end."""
    return text(folder, HEAD.encode()[:-1] + b",x" * (25 * MEGABYTE))


def lines_in_a_cell(folder):
    """A name of a million lines."""
    name = "甲\n" * 1_000_000
    return text(folder, f'{HEAD}{ID},"{name}",2013,5\n')


def open_quote(folder):
    """An unclosed quotation mark before 40 MB of rows."""
    rows = f"{OTHER},乙厂,2013,5\n".encode() * 1024
    return text(
        folder, [HEAD.encode(), f'{ID},"甲厂,2013,5\n'.encode(), *[rows] * (40 * MEGABYTE // len(rows))]
    )


def link_to(folder, target):
    """A symbolic link with the name of a ledger."""
    path = folder / "台账2013.csv"
    path.symlink_to(target)
    return path


def pipe(folder):
    """A pipe with the name of a ledger and no writer."""
    path = folder / "台账2013.csv"
    os.mkfifo(path)
    return path


def loops(folder):
    """A folder with links to itself, to nowhere and to its parent; a pipe; and one ledger."""
    text(folder, HEAD + ROW)
    (folder / "环").symlink_to(folder, target_is_directory=True)
    (folder / "环.xlsx").symlink_to(folder, target_is_directory=True)
    (folder / "自己.csv").symlink_to(folder / "自己.csv")
    (folder / "没有.csv").symlink_to(folder / "nowhere.csv")
    os.mkfifo(folder / "管道.csv")
    return folder


def folder_like_a_book(folder):
    """A folder with the name of a workbook."""
    inner = folder / "台账2013.xlsx"
    inner.mkdir()
    text(inner, HEAD + ROW)
    return inner


def emoji(folder):
    """Unusual characters in the names of folder, file, sheet and columns."""
    inner = folder / "两新😀 党建\u3000台账"
    inner.mkdir()
    path = inner / "台账🎉①二〇一三（2013年）.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("企业🏭、“非公”")
        sheet.write_row(0, 0, ["统一社会信用代码", "单位名称", "备注😀\n(可不填)", "从业人员", "ＡＢ'\"<b>"])
        sheet.write_row(1, 0, [ID, "甲🏭厂<script>", "好👍", 5, "x"])
    return path
