"""How a ledger that goes back looks: colours by how much a problem matters, one font, widths of Chinese text."""

from __future__ import annotations

import unicodedata

from openpyxl.styles import Font

COLOURS = {"error": "FFC7CE", "warning": "FFEB9C", "info": "DDEBF7"}
"""Fills by severity: the light red, yellow and blue that spreadsheets use themselves for bad, neutral and notes."""

AUTHOR = "dangjian"
"""Who signs the notes."""


def clerk_font(*, size: int = 10, bold: bool = False, color: str = "000000") -> Font:
    """A font that every office has and that shows Chinese well."""
    return Font(name="宋体", size=size, bold=bold, color=color)


def width_of(text: str) -> int:
    """How many narrow characters ``text`` is wide: Chinese ones count twice."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)
