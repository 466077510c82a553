"""The annual review of one year: its tables, its headline figures, and the files handed to an office."""

from __future__ import annotations

import json
import math
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dangjian import labels
from dangjian.results.review_data import ReviewData

if TYPE_CHECKING:
    from os import PathLike


class Review(ReviewData):
    """The annual review of one year. Made by ``Roster.review``; holds results only and computes nothing.

    Attributes:
        year: The year reviewed.
        tables: The tables by id, in the order of the report. Every one has a column ``year``.
        headline: The figures for scripts: counts, the four targets, the row balance. As in ``review.json``.
        targets: The definitions of the targets: ``id``, ``label_zh``, ``label_en``, ``counts``, the text of
            ``population`` and ``success`` (named conditions written out), ``source``, ``note_zh``, ``note_en``, ``inferred``.
        rates: The definitions of the rates in the coverage tables, with the same keys.
        scheme: The star scheme: ``id``, ``label_zh``, ``label_en``, ``listed_from`` (the stars from which party
            organisations are in the table ``starred``), ``listed_zh``, ``listed_en`` (in words).

    Example:
        >>> review = dangjian.read_roster("ledgers/*.xlsx").review(2013)  # doctest: +SKIP
        >>> review.tables["gaps"].filter(pl.col("target") == "eligible_established")  # doctest: +SKIP
        >>> review.write("review")  # doctest: +SKIP
    """

    def to_html(self, path: str | PathLike[str], *, lang: labels.Lang = "zh") -> Path:
        """Writes the report as one self-contained page and returns its path.

        The page needs no network and no script. All text from ledgers is escaped.

        Example:
            >>> review.to_html("review.html", lang="en")  # doctest: +SKIP
        """
        from dangjian.report.html import render

        return _text(path, render(self, labels.check_lang(lang)))

    def to_excel(self, path: str | PathLike[str], *, lang: labels.Lang = "zh") -> Path:
        """Writes a workbook, one sheet a table, and returns its path.

        Counts and rates are numbers, codes are text, and no text of a ledger can become a formula.

        Example:
            >>> review.to_excel("review.xlsx")  # doctest: +SKIP
        """
        from dangjian.report.excel import write

        write(self, Path(path), labels.check_lang(lang))
        return Path(path)

    def to_parquet(self, folder: str | PathLike[str]) -> list[Path]:
        """Writes every table as ``<folder>/<id>.parquet`` and returns the paths.

        Example:
            >>> review.to_parquet("review/tables")  # doctest: +SKIP
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{id}.parquet" for id in self.tables]
        for path, frame in zip(paths, self.tables.values(), strict=True):
            frame.write_parquet(path)
        return paths

    def to_json(self, path: str | PathLike[str]) -> Path:
        """Writes the headline figures, as UTF-8 JSON without NaN, and returns the path.

        Example:
            >>> review.to_json("review.json")  # doctest: +SKIP
        """
        text = json.dumps(_finite(self.headline), ensure_ascii=False, indent=2, allow_nan=False)
        return _text(path, text + "\n")

    def write(self, folder: str | PathLike[str], *, lang: labels.Lang = "zh") -> list[Path]:
        """Writes everything into ``folder``: ``review.html``, ``review.xlsx``, ``review.json``, ``tables/*.parquet``.

        Returns the paths, the page first. Files of an earlier run are replaced.

        Example:
            >>> review.write("review", lang="zh")[0]  # doctest: +SKIP
            PosixPath('review/review.html')
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        return [
            self.to_html(folder / "review.html", lang=lang),
            self.to_excel(folder / "review.xlsx", lang=lang),
            self.to_json(folder / "review.json"),
            *self.to_parquet(folder / "tables"),
        ]

    def __repr__(self) -> str:
        return f"<dangjian.Review of {self.year}: {len(self.tables)} tables, {len(self.targets)} targets>"

    def _repr_html_(self) -> str:
        from dangjian.report.format import Formats

        fmt = Formats("zh")
        rows = "".join(
            f"<tr><td>{escape(str(t['label']))}</td>"
            f"<td style='text-align:right'>{fmt.percent(t['rate'])}</td>"
            f"<td style='text-align:right'>{fmt.number(t['success'])}/{fmt.number(t['population'])}</td>"
            f"<td>{escape(fmt.verdict(t['met']))}</td></tr>"
            for t in self.headline.get("targets", [])
        )
        return (
            f"<table><caption>{self.year} 年度两新组织党建年报 · {len(self.tables)} 张表</caption>"
            f"<thead><tr><th>目标</th><th>比率</th><th>达到/总体</th><th>结论</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def _text(path: str | PathLike[str], text: str) -> Path:
    path = Path(path)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _finite(value: Any) -> Any:
    """Returns ``value`` with null for every number that JSON cannot express."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
