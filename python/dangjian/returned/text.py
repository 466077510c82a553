"""Text files written back: one more field at the end of every record, all other bytes unchanged.

In UTF-8 and GB18030 no byte of a longer character is a delimiter, a quotation mark or a line end. So records are
split in the bytes themselves, and nothing is decoded that would have to be encoded again.
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from dangjian.returned.plan import HEADERS, harmless

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dangjian.report.format import Formats
    from dangjian.returned.plan import Ledger, Mark, Sheet

_BOMS = {"utf-8-sig": b"\xef\xbb\xbf", "utf-16le": b"\xff\xfe", "utf-16be": b"\xfe\xff"}
_DELIMITERS = (",", "\t", ";", "|")
_TOP = 60


def write(ledger: Ledger, source: Path, target: Path, fmt: Formats) -> str | None:
    """Writes the text file of ``ledger`` with its problems in a further column; everything else is kept, so there is
    no note.
    """
    sheet = ledger.sheets[0]
    encoding = sheet.encoding or "utf-8"
    data = source.read_bytes()
    bom = _BOMS.get(encoding, b"")
    data = data.removeprefix(bom)
    wide = encoding.startswith("utf-16")
    inside = encoding if wide else "latin-1"  # one character a byte, whatever it means
    encoding = "utf-8" if encoding == "utf-8-sig" else encoding
    text = data.decode(inside)

    def shown(text: str) -> str:
        return text if wide else text.encode(inside).decode(encoding, "replace")

    def added(text: str) -> str:
        return text if wide else text.encode(encoding).decode(inside)

    delimiter, first, again = _layout(sheet, text, shown)
    header = first + max(1, sheet.header_rows) - 1
    marks = _by_line(sheet.marks)
    by_line = marks is not None
    marks = sheet.rows() if marks is None else marks
    out, number, line = [], 0, 1
    for record in _records(text, delimiter):
        whole, end = record.group(1), record.group(2)
        if whole:  # an empty line is not a record
            here = marks.get(line if by_line else number + 1, [])
            said = fmt.t(*HEADERS) if number == header else _said(here, fmt)
            if again:
                whole = whole[: _last_delimiter(whole, delimiter)]
            out += [whole, delimiter, added(_quoted(said, delimiter))]
            number += 1
        out.append(end)
        line += record.group().count("\n")
    target.write_bytes(bom + "".join(out).encode(inside))
    return None


def _by_line(marks: list[Mark]) -> dict[int, list[Mark]] | None:
    """Groups the marks by the line on which their record begins; ``None`` if lines do not distinguish the records."""
    lines: dict[int, list[Mark]] = {}
    for mark in marks:
        lines.setdefault(mark.line or 0, []).append(mark)
    return lines if 0 not in lines and len(lines) == len({mark.row for mark in marks}) else None


def _said(marks: list[Mark], fmt: Formats) -> str:
    texts = [f"{fmt.t(f'（{n}）', f'({n}) ')}{m.words}" for n, m in enumerate(marks, 1)]
    return harmless(" ".join(texts if len(marks) > 1 else [m.words for m in marks]))


def _records(text: str, delimiter: str) -> list[re.Match[str]]:
    """Splits the records, each with its line end. A quotation mark counts at the start of a field, as in reading."""
    d = re.escape(delimiter)
    fields = rf'(?:"(?:[^"]|"")*+"?[^{d}\r\n]*+|[^"{d}\r\n][^{d}\r\n]*+)?+'
    found = list(re.finditer(rf"({fields}(?:{d}{fields})*+)(\r\n|\n|\r|\Z)", text))
    return found[:-1] if found and not found[-1].group() else found


def _fields(record: str, delimiter: str) -> list[str]:
    return next(csv.reader([record], delimiter=delimiter), [])


def _layout(sheet: Sheet, text: str, shown: Callable[[str], str]) -> tuple[str, int, bool]:
    """Returns the delimiter, the number of the header's first record, from 0, and whether the file was returned
    before, in which case its last column is replaced.
    """
    best: tuple[int, str, int, list[list[str]]] = (-1, ",", 0, [])
    head = _head(text)
    for delimiter in _DELIMITERS:
        records = [_fields(shown(r.group(1)), delimiter) for r in _records(head, delimiter) if r.group(1)]

        def cell(row: int, column: int, records: list[list[str]] = records) -> str:
            if row >= len(records) or column >= len(records[row]):
                return ""
            return "".join(records[row][column].split())

        first, found = sheet.first_header_row(cell)
        if found > best[0]:
            best = (found, delimiter, first, records)
    _, delimiter, first, records = best
    last = records[first][-1] if first < len(records) and records[first] else ""
    return delimiter, first, last in HEADERS


def _head(text: str) -> str:
    """Returns the first lines, which hold the header."""
    end = 0
    for line in re.finditer(r"\r\n|\n|\r", text):
        end = line.end()
        if text.count("\n", 0, end) > _TOP or line.end() > 1 << 20:
            break
    return text[:end] if end else text


def _last_delimiter(record: str, delimiter: str) -> int:
    """Returns the position at which the last field of ``record`` begins, with its delimiter."""
    d = re.escape(delimiter)
    at = re.search(rf'{d}(?:"(?:[^"]|"")*"|[^"{d}]*)\Z', record)
    return at.start() if at else len(record)


def _quoted(text: str, delimiter: str) -> str:
    if not any(sign in text for sign in (delimiter, '"', "\r", "\n")):
        return text
    return '"' + text.replace('"', '""') + '"'
