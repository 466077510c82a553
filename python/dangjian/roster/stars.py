"""Star rating by any scheme."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from dangjian.errors import ArgumentError, FileError
from dangjian.results.rating import Judges, Rating
from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from dangjian import _native
    from dangjian.roster.arguments import By, Source

Table: TypeAlias = Any
"""A frame or anything else that speaks the Arrow PyCapsule interface; or the path of a CSV or Parquet file."""


def frame(table: Table, what: str) -> Any:
    """Returns the table in the engine's form. Cells of a CSV file stay text: the engine reports those that are not
    numbers.
    """
    if isinstance(table, str | PathLike):
        path = Path(table)
        if not path.exists():
            raise FileError(f"{path}: no such file", f"{path}：没有这个文件", file=str(path))
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        if path.suffix.lower() in {".csv", ".txt"}:
            try:
                return pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
            except pl.exceptions.PolarsError as error:
                raise FileError(
                    f"{path}: {error}", f"{path}：读不出来（库的原话：{error}）", file=str(path)
                ) from error
        raise FileError(
            f"{path}: {what} are read from CSV or Parquet files; save it as CSV (UTF-8)",
            f"{path}：这类表可读 CSV 或 Parquet，请另存为 CSV（UTF-8）",
            file=str(path),
        )
    if hasattr(table, "collect") and not hasattr(table, "__arrow_c_stream__"):
        return table.collect()
    if not hasattr(table, "__arrow_c_stream__"):
        got = type(table).__name__
        raise ArgumentError(
            f"{what}: expected a table (a frame, or a path), got {got}",
            f"{what} 应为表（数据框或文件路径），给的是 {got}",
        )
    return table


def _before(previous: Table | None) -> Any:
    """Returns the stars of the round before; a text stays a word unless it is the path of a file."""
    if previous is None or (isinstance(previous, str) and not Path(previous).suffix):
        return previous
    return frame(previous, "previous")


class Stars(RosterPart):
    """Star rating by a scheme: the id of one that ships with the package, or the path of a TOML file."""

    def rate_stars(
        self,
        scores: Table,
        scheme: Source,
        *,
        year: int | None = None,
        events: Table | None = None,
        previous: Table | Literal["none"] | None = None,
        judge: str | None = None,
    ) -> Rating:
        """Rates party organisations by their scores: stars, reasons, plaques.

        Args:
            scores: A row a score: ``party_org_id`` (``org_id`` where the scheme counts organisations), ``year``,
                ``item`` (its id or its Chinese name), ``points``; or a row an organisation with a column for each
                item. A scheme by quarters needs ``quarter`` as well. An item without a row, or without points, is not
                known.
            scheme: A scheme; ``star_schemes()`` lists those that ship with the package.
            year: Only this year; also the year of a table without a column ``year``.
            events: A register of events: ``party_org_id`` (``org_id``), ``kind``, ``date`` or ``year``. Events that
                are not in it did not happen.
            previous: The stars of the round before: ``party_org_id`` (``org_id``), ``stars``; they override those in
                the ledgers. ``"none"``: this is the first round.
            judge: In a table with a column ``judge``, the judge whose scores count; ``final`` by default.

        Raises:
            DefinitionError: The scheme is wrong, or does not fit the roster.
            DataError: A table lacks a column.
            ArgumentError: The roster lacks the year, or the round before is needed and not known.

        Example:
            >>> import dangjian as dj
            >>> sample = dj.datasets.hexigten()
            >>> roster = dj.read_roster(sample.ledgers)
            >>> rating = roster.rate_stars(sample.scores, "wuhao", year=2013, events=sample.events)
            >>> rating.summary.filter(star_state="4")["after_quotas"].item()
            3
        """
        options: _native.RatingOptions = {
            "year": None if year is None else arguments.year(year),
            "judge": judge,
            "events": None if events is None else frame(events, "events"),
            "previous": _before(previous),
        }
        return Rating(self._native.rate_stars(fspath(scheme), frame(scores, "scores"), options))

    def compare_schemes(
        self,
        scores: Table,
        a: Source,
        b: Source,
        *,
        by: By = (),
        year: int | None = None,
        events: Table | None = None,
        previous: Table | Literal["none"] | None = None,
    ) -> pl.DataFrame:
        """Counts the rises and falls under scheme ``b`` against ``a``, by any dimensions, such as township and kind.

        Both rate the same scores: items that only one of them has are not known to the other.

        Returns:
            ``year``, the dimensions, ``rises``, ``falls``, ``same``, ``undecided``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> scores = dj.datasets.hexigten().scores
            >>> roster.compare_schemes(scores, "wuhao", "wuhao", year=2013)["rises"].item()
            0
        """
        one, other = (
            self.rate_stars(scores, scheme, year=year, events=events, previous=previous) for scheme in (a, b)
        )
        return one.compared(other, arguments.names(by))

    def compare_schemes_list(
        self,
        scores: Table,
        a: Source,
        b: Source,
        *,
        year: int | None = None,
        events: Table | None = None,
        previous: Table | Literal["none"] | None = None,
    ) -> pl.DataFrame:
        """Lists the rises and falls under scheme ``b`` against ``a``, with the reasons.

        Returns:
            ``year``, the id and its columns of the ledger, ``score_a``, ``score_b``, ``star_a``, ``star_b``,
            ``change`` (``rises``, ``falls``, ``same``, ``undecided``), ``reason_zh``, ``reason_en`` (of ``b``, where
            it is not the same).
        """
        one, other = (
            self.rate_stars(scores, scheme, year=year, events=events, previous=previous) for scheme in (a, b)
        )
        return one.compared_list(other)

    def star_judges(self, scores: Table, scheme: Source, *, year: int | None = None) -> Judges:
        """Compares the scores of several judges: agreement, offices that score high, outliers, forms filled in
        blindly.

        Args:
            scores: As in ``rate_stars``, with a column ``judge``: ``self``, ``township``, ``final``, or others.
            scheme: The scheme with the items scored.
            year: Only this year.
        """
        native = self._native.star_judges(
            fspath(scheme),
            frame(scores, "scores"),
            year=None if year is None else arguments.year(year),
        )
        return Judges(native)
