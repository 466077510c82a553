"""Style of a returned ledger: colours by severity, one font, widths of Chinese text."""

from __future__ import annotations

import unicodedata

from openpyxl.styles import Font

COLOURS = {"error": "FFC7CE", "warning": "FFEB9C", "info": "DDEBF7"}
"""Fills by severity: the light red, yellow and blue that spreadsheets use for bad, neutral and notes."""

AUTHOR = "dangjian"
"""Author of the notes in cells."""


def clerk_font(*, size: int = 10, bold: bool = False, color: str = "000000") -> Font:
    """Returns a font that every office has and that shows Chinese well."""
    return Font(name="宋体", size=size, bold=bold, color=color)


def width_of(text: str) -> int:
    """Returns the width of ``text`` in narrow characters; Chinese characters count twice."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)
