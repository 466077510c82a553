"""Trends of a roster's figures: tests of trends, paired change, and the paths of organisations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from dangjian import _native
    from dangjian.roster.arguments import By, Source, Years
    from dangjian.roster.where import Where


class FigureTrends(RosterPart):
    """Trends of figures. A figure is one of: ``rate``, the id of a rate (``rates_file`` has further ones);
    ``success``, a condition in SQL, among the organisations for which ``population`` holds; ``measure``, a count as
    in ``count``.
    """

    def trend_test(
        self,
        rate: str | None = None,
        *,
        success: str | None = None,
        population: str | None = None,
        measure: str | None = None,
        by: By = (),
        method: Literal["auto", "exact", "normal"] = "auto",
        alpha: float = 0.05,
        rates_file: Source | None = None,
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Tests a figure's yearly series in each group for a trend (Mann–Kendall).

        Returns:
            One row a group and stretch of years between two breaks (``series``, see ``breaks``): no test spans a
            break. The dimensions, ``series``, ``first_year``, ``last_year``, ``n`` (years with a figure),
            ``years_missing``, ``first``, ``last`` (the figures), then the columns of ``mann_kendall``; ``tests``
            (number of groups tested, those with five years and some change) and ``p_adjusted`` (for that number, by
            Benjamini and Hochberg; null for the others); of rates ``success`` and ``known`` of all years, and their
            Cochran–Armitage trend: ``share_slope`` (of the proportion, a year), ``share_slope_low``,
            ``share_slope_high``, ``share_slope_z``, ``share_slope_p``; ``verdict`` by ``p_adjusted``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> trend = roster.trend_test("organised")
            >>> trend.select("n", "s", "p", "verdict").row(0)
            (5, 10, 0.016666666666666666, 'rising')
        """
        figure = _figure(rate, success, population, measure, rates_file)
        return pl.DataFrame(
            self._native.trend_test(
                figure, method, alpha, self._scope(by=by, bands=bands, where=where, years=years)
            )
        )

    def trend_pooled(
        self,
        rate: str | None = None,
        *,
        by: By,
        success: str | None = None,
        population: str | None = None,
        measure: str | None = None,
        alpha: float = 0.05,
        rates_file: Source | None = None,
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Tests the groups of ``by`` for a common trend (regional Kendall): do the counties rise as a whole?

        Returns:
            Two rows a stretch of years between breaks: ``series``, ``first_year``, ``last_year``, then the columns of
            ``pooled_kendall``: groups taken as independent, and as correlated.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.trend_pooled("organised", by="township").select("between", "verdict").rows()
            [('independent', 'rising'), ('correlated', 'rising')]
        """
        figure = _figure(rate, success, population, measure, rates_file)
        return pl.DataFrame(
            self._native.trend_pooled(
                figure, alpha, self._scope(by=by, bands=bands, where=where, years=years)
            )
        )

    def paired_change(
        self,
        rate: str | None = None,
        *,
        earlier: int,
        later: int,
        success: str | None = None,
        population: str | None = None,
        by: By = (),
        level: float = 0.95,
        rates_file: Source | None = None,
        bands: Source | None = None,
        where: Where = None,
    ) -> pl.DataFrame:
        """Compares the same organisations in two years: gains, losses, and McNemar's test of the two.

        Returns:
            ``year``, ``earlier_year``, the dimensions (of the earlier year), ``rate_id``, ``kept``, ``lost``,
            ``gained``, ``never`` (success in both years, only in the earlier, only in the later, in neither),
            ``unknown`` (in the population of both, an answer not known), ``left`` (no longer in it, or not listed),
            ``entered`` (only in the later one); ``difference`` of the first four (later proportion less earlier) with
            ``low``, ``high``; ``p`` (exact), ``chi2``, ``chi2_p``; null where nobody changed.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> change = roster.paired_change("organised", earlier=2009, later=2013)
            >>> change["gained"].item() > change["lost"].item()
            True
        """
        figure = _figure(rate, success, population, None, rates_file)
        return pl.DataFrame(
            self._native.paired_change(
                figure,
                arguments.year(earlier),
                arguments.year(later),
                level,
                self._scope(by=by, bands=bands, where=where),
            )
        )

    def star_paths(
        self,
        *,
        at_least: float = 3,
        counts: Literal["organisations", "party_organisations"] = "organisations",
        by: By = (),
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Describes the path of each organisation through its star states (星级轨迹), by id.

        A step goes from one calendar year to the next, rated in both; missing years have no steps.

        Args:
            at_least: The least number of stars for ``streak_at_least`` and ``longest_at_least``.
            counts: Organisations, or party organisations with the highest star of their rows.
            by: Dimensions, of the last year in which it was listed.
            bands: A TOML file of further size bands.
            where: Only those for which this holds in that year.
            years: Only these years.

        Returns:
            ``org_id`` (or ``party_org_id``), the dimensions, ``first_year``, ``last_year``, ``years_listed`` (=
            ``years_rated`` + ``years_unrated`` + ``years_no_party_org`` + ``years_unknown``), ``years_absent``
            (surveys in between without it), ``first_star``, ``last_star``, ``lowest_star``, ``highest_star``,
            ``rises``, ``falls``, ``holds`` (steps), ``course`` (``rising``: up and never down; ``falling``;
            ``steady``; ``swinging``: both; ``no_step``), ``state`` (in its last year), ``streak`` (years in a row in
            it), ``streak_at_least`` (years in a row, up to the last, with that many stars), ``longest_at_least``,
            ``longest_rise`` (rises in a row).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> paths = roster.star_paths()
            >>> set(paths["course"]) <= {"rising", "falling", "steady", "swinging", "no_step"}
            True
        """
        return pl.DataFrame(
            self._native.star_paths(
                float(at_least),
                counts,
                self._scope(by=by, bands=bands, where=where, years=years),
            )
        )

    def star_path_counts(
        self,
        *,
        by: By = (),
        counts: Literal["organisations", "party_organisations"] = "organisations",
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Counts organisations by course, every course in every group.

        Returns:
            The dimensions (of the last year in which one was listed), ``course``, ``organisations`` (or
            ``party_organisations``), ``share`` (of those with a step; null of ``no_step``, and where none has one).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.star_path_counts()["course"].to_list()
            ['rising', 'falling', 'steady', 'swinging', 'no_step']
        """
        return pl.DataFrame(
            self._native.star_path_counts(counts, self._scope(by=by, bands=bands, where=where, years=years))
        )


def _figure(
    rate: str | None,
    success: str | None,
    population: str | None,
    measure: str | None,
    rates_file: Source | None,
) -> _native.Figure:
    return {
        "rate": rate,
        "rates_file": arguments.path(rates_file),
        "success": success,
        "population": population,
        "measure": measure,
    }
