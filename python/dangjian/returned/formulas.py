"""Values of formulas in a workbook that is written again.

The library writes formulas without their values, and a reader that does not calculate would find nothing. So the
values are written back next to the formulas.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from openpyxl import load_workbook
from openpyxl.utils.datetime import to_excel

if TYPE_CHECKING:
    from pathlib import Path

_FORMULA = re.compile(rb'<c r="([A-Z]+[0-9]+)"([^>]*)>(<f[^>]*/>|<f.*?</f>)<v\s*(?:/>|></v>)</c>', re.DOTALL)
_TYPE = re.compile(rb'\s+t="[^"]*"')


def values(book: Any, source: Path) -> dict[str, dict[str, Any]]:
    """Returns the values that the formulas of ``book`` had in ``source``, by sheet and cell; empty where there is no
    formula.
    """
    places = {
        sheet.title: [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
        for sheet in book.worksheets
    }
    if not any(places.values()):
        return {}
    with source.open("rb") as file:
        old = load_workbook(file, data_only=True)
    return {
        title: {at: old[title][at].value for at in cells}
        for title, cells in places.items()
        if cells and title in old.sheetnames
    }


def put_back(target: Path, values: dict[str, dict[str, Any]]) -> None:
    """Writes ``values`` next to the formulas of the workbook ``target``."""
    with target.open("rb") as file:
        book = load_workbook(file, read_only=True)
        titles = [sheet.title for sheet in book.worksheets]
    # The library numbers the parts in the order of the sheets.
    parts = {f"xl/worksheets/sheet{n}.xml": values.get(title, {}) for n, title in enumerate(titles, 1)}
    done = target.with_name(f"{target.name}.values")
    with zipfile.ZipFile(target) as old, zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            cells = parts.get(item.filename)
            new.writestr(item, _with(data, cells) if cells else data)
    done.replace(target)


def _with(data: bytes, cells: dict[str, Any]) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        value = cells.get(found[1].decode())
        if value is None:
            return found[0]
        kind, text = _as_xml(value)
        rest = _TYPE.sub(b"", found[2]) + (f' t="{kind}"'.encode() if kind else b"")
        return b'<c r="%b"%b>%b<v>%b</v></c>' % (found[1], rest, found[3], escape(text).encode())

    return _FORMULA.sub(one, data)


def _as_xml(value: Any) -> tuple[str, str]:
    """Returns the type and the text of a value in a sheet's XML."""
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, (int, float)):
        return "", repr(value)
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return "", repr(to_excel(value))
    text = str(value)
    return ("e" if text.startswith("#") and text.endswith(("!", "?", "A")) else "str"), text
