"""Comparison of two surveys (摸底): organisations that are new, gone or back again, the changes, and their counts."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dangjian import _native, labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

STATUSES = _native.COMPARE_STATUSES
"""Statuses of an organisation in a comparison; together they cover all organisations of either survey."""

# Maximum number of columns that a summary names.
_MOST = 8


class Comparison:
    """A later survey compared with an earlier one. Made by ``Roster.compare``.

    Attributes:
        year: The later survey's year.
        earlier_year: The earlier survey's year.

    Example:
        >>> import dangjian as dj
        >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers).link()
        >>> compared = roster.compare(year=2013, earlier_year=2012, columns="mode")
        >>> compared.counts().columns[:6]
        ['year', 'earlier_year', 'earlier', 'later', 'new', 'reappeared']
    """

    def __init__(self, native: _native.Comparison) -> None:
        self._native = native
        self.year = native.year
        self.earlier_year = native.earlier_year
        self._counts = self.counts()
        self._columns = pl.DataFrame(native.column_counts())

    @property
    def organisations(self) -> pl.DataFrame:
        """Organisations that differ, a row each, by status and id.

        Returns:
            ``status`` (``new``, ``reappeared``: listed in a year before the earlier survey, ``gone``, ``changed``),
            ``org_id``, ``name``, ``region``, ``region_name`` (for ``gone`` those of the earlier survey),
            ``last_year`` (in which it was listed before; null for ``new``), ``changes`` (number of columns that
            differ).
        """
        return pl.DataFrame(self._native.organisations())

    @property
    def changes(self) -> pl.DataFrame:
        """Cells that differ, a row each, by organisation.

        Returns:
            ``org_id``, ``name``, ``region``, ``column``, ``change`` (``changed``; ``filled``: not known before;
            ``emptied``: no longer known), ``from`` and ``to`` as text, ``label_zh`` and ``label_en``: the change in
            words.
        """
        return pl.DataFrame(self._native.changes())

    def counts(self, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """Counts the organisations of each status, by any dimensions of a roster.

        Returns:
            ``year``, ``earlier_year``, the dimensions (of a gone organisation those of the earlier survey, of all
            others those of the later), ``earlier`` = gone + changed + unchanged, ``later`` = new + reappeared +
            changed + unchanged, and a count for each of the five statuses.
        """
        return pl.DataFrame(self._native.counts([by] if isinstance(by, str) else list(by)))

    @property
    def column_counts(self) -> pl.DataFrame:
        """Counts the cells of each column that differ: ``column``, ``compared`` (organisations in both surveys),
        ``changed``, ``filled``, ``emptied``.
        """
        return self._columns

    @property
    def not_compared(self) -> pl.DataFrame:
        """Columns that only one survey has: ``column``, ``why_zh``, ``why_en``."""
        return pl.DataFrame(self._native.not_compared())

    def to_excel(self, path: str | PathLike[str], *, lang: labels.Lang = "zh") -> Path:
        """Writes counts and lists into a workbook, one sheet a table, and returns its path.

        Example:
            >>> compared.to_excel("摸底对比.xlsx")  # doctest: +SKIP
        """
        from dangjian.report.excel import write_tables

        def named(frame: pl.DataFrame) -> pl.DataFrame:
            names = {name: labels.column(name, lang) for name in frame["column"].unique()}
            return frame.with_columns(pl.col("column").replace(names))

        tables = {
            "compared_counts": self._counts,
            "compared_columns": named(self._columns),
            "compared_organisations": self.organisations,
            "compared_changes": named(self.changes),
        }
        write_tables(tables, Path(path), labels.check_lang(lang))
        return Path(path)

    def summary(self, lang: labels.Lang = "zh") -> str:
        """Returns the counts and the columns that changed most, as lines of text.

        Example:
            >>> print(compared.summary("zh"))  # doctest: +SKIP
            2013年与2012年对比：较早单位数 541，较晚单位数 574
            新增 45，恢复 3，减少 15，变动 500，未变 26
        """
        return "\n".join(self._lines(labels.check_lang(lang)))

    def __repr__(self) -> str:
        return self.summary("en")

    def _repr_html_(self) -> str:
        def cells(tag: str, texts: Iterator[str]) -> str:
            return "".join(f"<{tag} style='text-align:right'>{escape(text)}</{tag}>" for text in texts)

        def table(caption: str, frame: pl.DataFrame) -> str:
            head = cells("th", (labels.column(name) for name in frame.columns))
            rows = "".join(f"<tr>{cells('td', (_shown(v) for v in row))}</tr>" for row in frame.iter_rows())
            return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

        most = self._most().with_columns(pl.col("column").map_elements(labels.column, return_dtype=pl.String))
        counts = self._counts.drop("year", "earlier_year")
        return table(f"{self.year}年与{self.earlier_year}年对比", counts) + table("变动最多的列", most)

    def _most(self) -> pl.DataFrame:
        """Returns the columns with the most differences."""
        total = pl.sum_horizontal("changed", "filled", "emptied")
        return (
            self._columns.filter(total > 0)
            .sort(total, descending=True, maintain_order=True)
            .select("column", "changed", "filled", "emptied")
            .head(_MOST)
        )

    def _lines(self, lang: labels.Lang) -> Iterator[str]:
        zh = lang == "zh"
        comma, colon = ("，", "：") if zh else (", ", ": ")
        sums = self._counts.sum()

        def figures(names: Sequence[str]) -> str:
            return comma.join(f"{labels.column(name, lang)} {_shown(sums[name].item())}" for name in names)

        title = (
            f"{self.year}年与{self.earlier_year}年对比"
            if zh
            else f"{self.year} compared with {self.earlier_year}"
        )
        yield f"{title}{colon}{figures(('earlier', 'later'))}"
        yield figures(STATUSES)
        for column, *counts in self._most().iter_rows():
            parts = zip(("changed", "filled", "emptied"), counts, strict=True)
            told = comma.join(f"{labels.column(name, lang)} {_shown(n)}" for name, n in parts if n)
            yield f"  {labels.column(column, lang)}{colon}{told}"


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
