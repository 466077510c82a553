"""How long what was rated high stays so: survival at so many stars and more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl

from dangjian import _native
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from dangjian.roster.arguments import By, Source, Years
    from dangjian.roster.where import Where

Counts: TypeAlias = Literal["organisations", "party_organisations"]
Entry: TypeAlias = Literal["incident", "delayed", "calendar", "all"]
Interval: TypeAlias = Literal["log-log", "log", "plain"]
Variance: TypeAlias = Literal["organisation", "greenwood"]


class Survival(RosterPart):
    """Survival at so many stars and more (保级).

    A spell begins in the first year with at least ``at_least`` stars, and goes on while each next calendar year is in the
    roster with at least as many. It ends by the event, a year rated below, or by a loss: ``unrated``, ``no_party_org``,
    ``absent``. Where the next state is not known, or there is no survey in the next calendar year, the watch ends (censored).

    ``entry`` says which spells count, and from when: ``incident``, those that began under watch, in years since their start;
    ``delayed``, those whose start is known, who began before ``years`` coming under watch late; ``calendar``, all, on the scale
    of calendar years since the first, each under watch from the year in which it was first seen; ``all``, all, in years since
    first seen, which is too short for those that began earlier. ``recurrent`` says whether an organisation's later spells
    count too. ``by`` and ``where`` are asked of the year in which a spell was first seen; ``start`` (``known``, ``unknown``) is a
    dimension of spells. ``years`` are those in which spells are watched; earlier years of the roster tell when they began.
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
        """The curves: a row a group and year since the start.

        Args:
            at_least: The least number of stars; halves are grades of their own.
            by: Dimensions.
            counts: Organisations, or party organisations with the highest star of their rows.
            entry: Which spells, and from when their time counts.
            recurrent: Whether later spells of one organisation count.
            interval: On which scale intervals are symmetric: ``log-log`` is the default of lifelines and SAS, ``log`` that of R.
            level: The level of intervals.
            variance: ``organisation``: what each organisation adds, since its spells hang together (infinitesimal jackknife);
                ``greenwood``: as if all spells were independent. Equal where each organisation has one spell from the start.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years in which spells are watched.

        Returns:
            The dimensions, ``time`` (years), ``at_risk``, ``entered`` (came under watch since the time before), ``events``
            (rated below), ``competing`` (lost: the sum of ``unrated``, ``no_party_org``, ``absent``), ``censored``;
            ``hazard`` (events by those at risk: who of those still there fell in that year) with Wilson's ``hazard_low``,
            ``hazard_high``; ``survival``, ``std_error``, ``low``, ``high`` (Kaplan–Meier, losses taken as the end of the
            watch); ``cif``, ``cif_std_error``, ``cif_low``, ``cif_high`` (Aalen–Johansen: the share that has been rated
            below), ``cif_unrated``, ``cif_no_party_org``, ``cif_absent``, ``kept``: with the four of them it makes 1;
            ``interval``, ``variance``, ``entry``. Undefined is null: standard errors and the lower end where nobody has
            left, both ends where nobody is left.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.star_survival(at_least=2).select("time", "at_risk", "survival").row(0)
            (0.0, 69, 1.0)
        """
        options = _options(at_least, counts, entry, interval, level, variance, None, recurrent=recurrent)
        return pl.DataFrame(
            _native.star_survival(
                self._native, options, self._scope(by=by, bands=bands, where=where, years=years)
            )
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
        """What the curves come to: a row a group, with every spell accounted for.

        Args:
            at_least: As in ``star_survival``, and the options below likewise.
            by: Dimensions.
            counts: Whose spells.
            entry: Which spells.
            recurrent: Whether later spells count.
            horizon: Up to which time the mean is restricted; the last that all groups reach where none is given.
            interval: The scale of intervals.
            level: The level of intervals.
            variance: From what variances are worked out.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years in which spells are watched.

        Returns:
            The dimensions, ``at_least``, ``entry``, ``organisations`` (or ``party_organisations``: whose they are), ``spells``,
            ``events``, ``competing``, ``censored`` (these three make the spells), and how they ended one by one: ``unrated``,
            ``no_party_org``, ``absent``, ``end_of_study``, ``gap`` (no survey the year after), ``unknown`` (a state not known);
            left out: ``unknown_start``, ``earlier_start`` (began before ``years``), ``never_at_risk`` (seen only where the
            watch ends), ``later_spells``; ``median``, ``median_low``, ``median_high`` (years until half have fallen; null
            where that is not reached); ``horizon``, ``mean`` (years above within it, if nobody were lost otherwise),
            ``mean_std_error``, ``mean_low``, ``mean_high``, ``mean_kept``, ``mean_kept_std_error`` (years above and listed),
            ``survival_at_horizon``, ``cif_at_horizon``, ``kept_at_horizon``; null where the curve ends before; ``interval``,
            ``variance``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> summary = roster.star_survival_summary(at_least=2)
            >>> summary.select("spells", "events", "competing", "censored").row(0)
            (69, 8, 4, 57)
        """
        options = _options(at_least, counts, entry, interval, level, variance, horizon, recurrent=recurrent)
        return pl.DataFrame(
            _native.star_survival_summary(
                self._native, options, self._scope(by=by, bands=bands, where=where, years=years)
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
        """Compare the groups of ``by`` by the log-rank test: do they lose what they have at the same pace?

        Args:
            by: Dimensions.
            at_least: As in ``star_survival``.
            of: What counts as an event: ``fall`` (rated below; losses end the watch), ``loss`` (falls end it), ``any``.
            counts: As in ``star_survival``.
            entry: As in ``star_survival``; ``entry="all", by="start"`` compares spells seen from their start with the others.
            recurrent: As in ``star_survival``.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years in which spells are watched.

        Returns:
            A row a group: the dimensions, ``spells``, ``observed``, ``expected``; the same in every row: ``of``, ``chi2``,
            ``df``, ``p`` (spells taken as independent), ``chi2_robust``, ``df_robust``, ``p_robust`` (organisations taken as
            independent); null where chance cannot make a difference.

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
            _native.star_logrank(
                self._native, of, options, self._scope(by=by, bands=bands, where=where, years=years)
            )
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
        """The spells one by one, by organisation and time.

        Args:
            at_least: As in ``star_survival``, and the options below likewise.
            by: Dimensions.
            counts: Whose spells.
            entry: Which spells, and the scale of ``time_entry`` and ``time_exit``.
            recurrent: Whether later spells are listed.
            bands: A TOML file of further size bands.
            where: Only spells for which this holds.
            years: The years in which spells are watched.

        Returns:
            ``org_id`` (or ``party_org_id``), the dimensions, ``begun`` (``risen``; ``appeared``: not listed the year before;
            ``first_year``, ``after_gap``, ``after_unknown``: nobody knows), ``start_year`` (null then), ``first_year``,
            ``last_year`` (in which it was seen), ``ended`` (``below``, ``unrated``, ``no_party_org``, ``absent``,
            ``end_of_study``, ``gap``, ``unknown``), ``time_entry``, ``time_exit``.

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
            _native.star_spells(
                self._native, options, self._scope(by=by, bands=bands, where=where, years=years)
            )
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
) -> _native.Study:
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
