"""Survival of star ratings: the time for which organisations keep a number of stars or more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl

from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from dangjian import _native
    from dangjian.roster.arguments import By, Source, Years
    from dangjian.roster.where import Where

Counts: TypeAlias = Literal["organisations", "party_organisations"]
Entry: TypeAlias = Literal["incident", "delayed", "calendar", "all"]
Interval: TypeAlias = Literal["log-log", "log", "plain"]
Variance: TypeAlias = Literal["organisation", "greenwood"]


class Survival(RosterPart):
    """Survival at ``at_least`` stars and more (保级).

    A spell begins in the first year with at least ``at_least`` stars, and lasts while each next calendar year is in
    the roster with at least as many. It ends by the event, a year rated below, or by a loss: ``unrated``,
    ``no_party_org``, ``absent``. Where the next state is not known, or there is no survey in the next calendar year,
    the spell is censored.

    ``entry`` selects spells and their time scale: ``incident``, spells that began under observation, in years since
    their start; ``delayed``, spells with a known start, those that began before ``years`` entering late (left
    truncation); ``calendar``, all, in calendar years since the first, each at risk from the year in which it was
    first observed; ``all``, all, in years since first observed, which is too short for those that began earlier.
    ``recurrent`` sets whether an organisation's later spells count too. ``by`` and ``where`` are evaluated in the
    year in which a spell was first observed; ``start`` (``known``, ``unknown``) is a dimension of spells. ``years``
    are the years under observation; earlier years of the roster only show when spells began.
    """

    def star_survival(
        self,
        *,
        at_least: float = 3,
        by: By = (),
        counts: Counts = "organisations",
        entry: Entry = "incident",
        recurrent: bool = True,
        interval: Interval = "log-log",
        level: float = 0.95,
        variance: Variance = "organisation",
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Estimates survival curves: a row a group and year since the start.

        Args:
            at_least: The least number of stars; halves are grades of their own.
            by: Dimensions.
            counts: Organisations, or party organisations with the highest star of their rows.
            entry: Spells included, and the origin of their time.
            recurrent: Whether later spells of one organisation count.
            interval: Scale on which intervals are symmetric: ``log-log`` is the default of lifelines and SAS, ``log``
                that of R.
            level: The level of intervals.
            variance: ``organisation``: between organisations, since spells of one are dependent (infinitesimal
                jackknife); ``greenwood``: as if all spells were independent. Equal where each organisation has one
                spell from the start.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years under observation.

        Returns:
            The dimensions, ``time`` (years), ``at_risk``, ``entered`` (came under observation since the time before),
            ``events`` (rated below), ``competing`` (lost: the sum of ``unrated``, ``no_party_org``, ``absent``),
            ``censored``; ``hazard`` (events among those at risk in that year) with Wilson's ``hazard_low``,
            ``hazard_high``; ``survival``, ``std_error``, ``low``, ``high`` (Kaplan–Meier, with losses censored);
            ``cif``, ``cif_std_error``, ``cif_low``, ``cif_high`` (Aalen–Johansen: the proportion that has been rated
            below), ``cif_unrated``, ``cif_no_party_org``, ``cif_absent``, ``kept``, which with the four incidences
            adds up to 1; ``interval``, ``variance``, ``entry``. Undefined is null: standard errors and the lower end
            where nobody has left, both ends where nobody is left.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.star_survival(at_least=2).select("time", "at_risk", "survival").row(0)
            (0.0, 69, 1.0)
        """
        options = _options(at_least, counts, entry, interval, level, variance, None, recurrent=recurrent)
        return pl.DataFrame(
            self._native.star_survival(options, self._scope(by=by, bands=bands, where=where, years=years))
        )

    def star_survival_summary(
        self,
        *,
        at_least: float = 3,
        by: By = (),
        counts: Counts = "organisations",
        entry: Entry = "incident",
        recurrent: bool = True,
        horizon: float | None = None,
        interval: Interval = "log-log",
        level: float = 0.95,
        variance: Variance = "organisation",
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Summarises the curves: a row a group, with every spell accounted for.

        Args:
            at_least: As in ``star_survival``, and the options below likewise.
            by: Dimensions.
            counts: Spells of organisations or of party organisations.
            entry: Spells included.
            recurrent: Whether later spells count.
            horizon: Time to which the mean is restricted; by default the last that all groups reach.
            interval: The scale of intervals.
            level: The level of intervals.
            variance: The basis of variances.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years under observation.

        Returns:
            The dimensions, ``at_least``, ``entry``, ``organisations`` (or ``party_organisations``: the owners of the
            spells), ``spells``, ``events``, ``competing``, ``censored`` (these three add up to the spells), and
            counts by end: ``unrated``, ``no_party_org``, ``absent``, ``end_of_study``, ``gap`` (no survey the year
            after), ``unknown`` (a state not known); left out: ``unknown_start``, ``earlier_start`` (began before
            ``years``), ``never_at_risk`` (observed only where observation ends), ``later_spells``; ``median``,
            ``median_low``, ``median_high`` (years until half have fallen; null where that is not reached);
            ``horizon``, ``mean`` (years above within it, if nobody were lost otherwise), ``mean_std_error``,
            ``mean_low``, ``mean_high``, ``mean_kept``, ``mean_kept_std_error`` (years above and listed),
            ``survival_at_horizon``, ``cif_at_horizon``, ``kept_at_horizon``; null where the curve ends before;
            ``interval``, ``variance``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> summary = roster.star_survival_summary(at_least=2)
            >>> summary.select("spells", "events", "competing", "censored").row(0)
            (69, 8, 4, 57)
        """
        options = _options(at_least, counts, entry, interval, level, variance, horizon, recurrent=recurrent)
        return pl.DataFrame(
            self._native.star_survival_summary(
                options, self._scope(by=by, bands=bands, where=where, years=years)
            )
        )

    def star_logrank(
        self,
        *,
        by: By,
        at_least: float = 3,
        of: Literal["fall", "loss", "any"] = "fall",
        counts: Counts = "organisations",
        entry: Entry = "incident",
        recurrent: bool = True,
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Compares the groups of ``by`` by the log-rank test: do they lose their stars at the same pace?

        Args:
            by: Dimensions.
            at_least: As in ``star_survival``.
            of: The event: ``fall`` (rated below; losses are censored), ``loss`` (falls are censored), ``any``.
            counts: As in ``star_survival``.
            entry: As in ``star_survival``; ``entry="all", by="start"`` compares spells observed from their start with
                the others.
            recurrent: As in ``star_survival``.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years under observation.

        Returns:
            A row a group: the dimensions, ``spells``, ``observed``, ``expected``; the same in every row: ``of``,
            ``chi2``, ``df``, ``p`` (spells taken as independent), ``chi2_robust``, ``df_robust``, ``p_robust``
            (organisations taken as independent); null where no difference is possible.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.star_logrank(by="kind", at_least=2)["spells"].sum()
            69
        """
        options = _options(
            at_least, counts, entry, "log-log", 0.95, "organisation", None, recurrent=recurrent
        )
        return pl.DataFrame(
            self._native.star_logrank(of, options, self._scope(by=by, bands=bands, where=where, years=years))
        )

    def star_spells(
        self,
        *,
        at_least: float = 3,
        by: By = (),
        counts: Counts = "organisations",
        entry: Entry = "all",
        recurrent: bool = True,
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Lists the spells, by organisation and time.

        Args:
            at_least: As in ``star_survival``, and the options below likewise.
            by: Dimensions.
            counts: Spells of organisations or of party organisations.
            entry: Spells included, and the scale of ``time_entry`` and ``time_exit``.
            recurrent: Whether later spells are listed.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years under observation.

        Returns:
            ``org_id`` (or ``party_org_id``), the dimensions, ``begun`` (``risen``; ``appeared``: not listed the year
            before; ``first_year``, ``after_gap``, ``after_unknown``: start not known), ``start_year`` (null if not
            known), ``first_year``, ``last_year`` (of observation), ``ended`` (``below``, ``unrated``,
            ``no_party_org``, ``absent``, ``end_of_study``, ``gap``, ``unknown``), ``time_entry``, ``time_exit``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.star_spells()["ended"].unique().sort().to_list()
            ['below', 'end_of_study']
        """
        options = _options(
            at_least, counts, entry, "log-log", 0.95, "organisation", None, recurrent=recurrent
        )
        return pl.DataFrame(
            self._native.star_spells(options, self._scope(by=by, bands=bands, where=where, years=years))
        )


def _options(
    at_least: float,
    counts: Counts,
    entry: Entry,
    interval: Interval,
    level: float,
    variance: Variance,
    horizon: float | None,
    *,
    recurrent: bool,
) -> _native.SpellOptions:
    return {
        "at_least": float(at_least),
        "counts": counts,
        "entry": entry,
        "recurrent": recurrent,
        "interval": interval,
        "level": level,
        "variance": variance,
        "horizon": horizon,
    }
