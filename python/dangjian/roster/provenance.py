"""Provenance of a roster: sources, columns, words and problems of its reading; ledgers returned to their senders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from dangjian.report.account import Account
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from dangjian.roster.arguments import Source


class Provenance(RosterPart):
    """The account that a roster gives of its reading."""

    @property
    def sources(self) -> pl.DataFrame:
        """Every table that was read: its rows by kind, and the outcomes of the rows of data.

        ``file`` is its name, with folders before it where files share it; ``path`` is as given. ``table`` numbers the
        tables of one sheet or text file from 1, ``range`` is the rectangle from its header to its last row of data.
        ``data = kept + rejected + merged + conflicts``, always.
        """
        return pl.DataFrame(self._native.sources())

    @property
    def tables(self) -> pl.DataFrame:
        """Every table found on the sheets, read or not.

        Returns:
            ``file``, ``sheet``, ``table`` (its number on the sheet, from 1), ``range`` (such as ``A3:K20``; of a table
            that is not read its rows), ``header``, ``rows`` (of data; of a table that is not read all rows below its
            header), ``fate`` (``read`` or ``unread``), ``why_zh``, ``why_en`` (why it is not read).

        Example:
            >>> import dangjian as dj
            >>> tables = dj.read_roster(dj.datasets.hexigten().ledgers).tables
            >>> tables["fate"].unique().to_list()
            ['read']
        """
        return pl.DataFrame(self._native.tables())

    @property
    def skipped(self) -> pl.DataFrame:
        """Sheets and files that are not ledgers: ``file``, ``sheet``, ``why_zh``, ``why_en``."""
        return pl.DataFrame(self._native.skipped())

    @property
    def columns_read(self) -> pl.DataFrame:
        """Every column of every source, and the column it was mapped to.

        Returns:
            ``file``, ``sheet``, ``table`` (its number on the sheet), ``index`` (the column's position, from 0),
            ``header`` (the second of two equal ones ends in ``(2)``), ``column``, ``value`` (the word that a tick
            means), ``unit`` (of money), ``status`` (mapped, ignored, personal, unknown). For an unknown header that
            resembles a known one: ``proposal`` (the column), ``proposal_value``, ``proposal_like``, ``similarity`` from
            0 to 1. A proposed column is not read until ``columns`` or a profile names it.
        """
        return pl.DataFrame(self._native.columns_read())

    @property
    def dropped_columns(self) -> pl.DataFrame:
        """Columns that were not read: ``file``, ``sheet``, ``header``, ``reason``.

        ``personal`` ones are about natural persons: never read unless ``keep`` or ``columns`` names them. ``ignored``
        ones are known and not needed, ``unknown`` ones are not known.

        Example:
            >>> import dangjian as dj
            >>> ledger = dj.datasets.hexigten().ledgers[-1]
            >>> dropped = dj.read_roster(ledger).dropped_columns
            >>> "党务工作力量/指导员联系电话" in dropped.filter(reason="personal")["header"]
            True
            >>> "指导员联系电话" in dj.read_roster(ledger, keep=["指导员联系电话"]).columns
            True
        """
        return self.columns_read.filter(pl.col("column").is_null()).select(
            "file", "sheet", "header", reason=pl.col("status")
        )

    @property
    def words(self) -> pl.DataFrame:
        """Spellings that were added: ``column``, ``written``, ``value``, and ``instead_of``: the meaning in the
        shipped words.
        """
        return pl.DataFrame(self._native.words())

    def save_profile(self, path: Source) -> None:
        """Writes the meaning of every header and word to a TOML file, to be edited and given to ``read_roster``
        again.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.save_profile("hexigten.toml")  # doctest: +SKIP
            >>> dj.read_roster("2014.xlsx", profile="hexigten.toml")  # doctest: +SKIP
        """
        self._native.save_profile(Path(path))

    def return_to(
        self, folder: Source, *, overwrite: bool = False, lang: Literal["zh", "en"] = "zh"
    ) -> pl.DataFrame:
        """Writes every ledger back into ``folder`` with its problems marked, for the office that sent it to correct.

        A workbook keeps its layout and gets a column 问题 at the right with all problems of a row, coloured cells
        with notes, and a summary in front; a CSV file gets the column and is otherwise unchanged to the byte. xls,
        xlsb and ods are written as xlsx, their cells without formats; for tables in memory and Parquet files a list
        of problems is written. A corrected ledger reads as before: column and summary are not data.

        Args:
            folder: Target folder, created if missing. Not the folder that a file came from.
            overwrite: Whether existing files may be overwritten.
            lang: The language of the text written.

        Returns:
            ``file``, ``written`` (the path), ``problems`` (their number), ``note`` (content that could not be kept,
            or null).

        Raises:
            ArgumentError: ``folder`` is the one the files came from, or two files share a name.
            FileError: A file exists already, or it cannot be written.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers[-1])
            >>> roster.return_to("returned").columns  # doctest: +SKIP
            ['file', 'written', 'problems', 'note']
        """
        from dangjian import returned

        return returned.write(account(self), Path(folder), overwrite=overwrite, lang=lang)

    @property
    def problems(self) -> pl.DataFrame:
        """Every rejected, emptied or doubtful row and cell: its place, the value as written, the action taken, the
        advice.
        """
        return pl.DataFrame(self._native.problems())


def account(roster: Provenance) -> Account:
    """Collects a roster's account of its reading, each frame built once."""
    return Account(roster.sources, roster.skipped, roster.columns_read, roster.words, roster.problems)
