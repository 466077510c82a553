"""Targets: their state, the organisations missing from them, their history, their distribution and their pace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dangjian import _native
from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from dangjian.roster.arguments import By, Source, Years
    from dangjian.roster.where import Where


def _set(targets: By | None, targets_file: Source | None) -> _native.TargetSet:
    """Builds the selection of targets in the form of the engine."""
    return {
        "targets": None if targets is None else arguments.names(targets),
        "targets_file": arguments.path(targets_file),
    }


class Targets(RosterPart):
    """Statistics of a target set. ``targets`` names some of the set, ``targets_file`` is a file with another set."""

    def targets(
        self,
        years: Years = None,
        *,
        by: By = (),
        targets: By | None = None,
        targets_file: Source | None = None,
        where: Where = None,
    ) -> pl.DataFrame:
        """Computes the target set (the "four 100 %"): the columns of ``coverage`` with ``target`` for ``rate_id``,
        then ``goal``, ``met`` (null where unknown answers decide), ``inferred``, ``note_zh``, ``note_en``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.targets(2013)["target"].to_list()[0]
            'eligible_established'
        """
        return pl.DataFrame(
            self._native.targets(
                _set(targets, targets_file),
                self._scope(by=by, where=where, years=years),
            )
        )

    def gaps(
        self, target: str, year: int, *, targets_file: Source | None = None, where: Where = None
    ) -> pl.DataFrame:
        """Lists the organisations missing from a target: ``status`` is ``missing``, or ``unknown`` where the ledger
        leaves it open.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> gaps = roster.gaps("eligible_established", 2013)
            >>> gaps.filter(pl.col("status") == "missing").height
            14
        """
        return pl.DataFrame(
            self._native.gaps(
                target,
                arguments.year(year),
                self._scope(where=where),
                targets_file=arguments.path(targets_file),
            )
        )

    def targets_series(
        self,
        *,
        by: By = (),
        targets: By | None = None,
        targets_file: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Computes every target in every year in which it is in force, target by target: the columns of ``targets``,
        then ``deadline``, and ``series``: the figures of a target are comparable where this is the same.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> series = roster.targets_series(targets="eligible_established")
            >>> series.select("year", "success", "failure", "unknown").rows()[-1]
            (2013, 163, 14, 1)
        """
        return pl.DataFrame(
            self._native.targets_series(
                _set(targets, targets_file),
                self._scope(by=by, where=where, years=years),
            )
        )

    def gap_counts(
        self,
        *,
        by: By = "township",
        targets: By | None = None,
        targets_file: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Counts the organisations missing from each target, by any dimensions: the same organisations that ``gaps``
        lists.

        Returns:
            ``year``, the dimensions, ``target``, ``label_zh``, ``label_en``, ``counts``, ``population``, ``success``,
            ``missing``, ``unknown`` (membership or answer not known), ``share`` (of all missing of the year).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> places = roster.gap_counts(targets="eligible_established", years=2013)
            >>> places["missing"].sum()
            14
        """
        return pl.DataFrame(
            self._native.gap_counts(
                _set(targets, targets_file),
                self._scope(by=by, where=where, years=years),
            )
        )

    def targets_pace(
        self,
        year: int,
        *,
        by: By = (),
        deadline: int | None = None,
        targets: By | None = None,
        targets_file: Source | None = None,
        where: Where = None,
    ) -> pl.DataFrame:
        """Computes the state of each target at the end of ``year``, and whether the pace so far reaches it in time.

        Args:
            year: The year.
            by: Dimensions.
            deadline: Deadline of targets without one: the year at whose end they are to be reached.
            targets: Some of the set.
            targets_file: Another set.
            where: Count only organisations for which this condition holds.

        Returns:
            ``year``, the dimensions, ``target``, ``label_zh``, ``label_en``, ``counts``, ``population``, ``success``,
            ``failure``, ``unknown``, ``population_unknown``, ``rate``, ``goal``, ``met``; ``missing`` (number of
            further organisations with a known answer that must meet it), ``missing_low`` and ``missing_high`` (bounds
            under any answers of the unknown); ``first_year`` and ``first_missing``; ``pace`` (decrease of the missing each
            year since then), ``deadline``, ``years_left``, ``needed`` (decrease needed each year from now on),
            ``suffices`` (null where unknown answers decide, or without a deadline or an earlier year), ``inferred``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> pace = roster.targets_pace(2013, deadline=2015, targets="eligible_established")
            >>> pace.select("missing", "years_left", "needed").row(0)
            (14, 2, 7.0)
        """
        return pl.DataFrame(
            self._native.targets_pace(
                arguments.year(year),
                _set(targets, targets_file),
                self._scope(by=by, where=where),
                deadline=None if deadline is None else arguments.year(deadline),
            )
        )
