"""Counts and rates of a roster by any dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dangjian.roster.arguments import By, Source, Years
    from dangjian.roster.where import Where


class Counts(RosterPart):
    """Basic statistics. ``by`` names dimensions, ``where`` selects organisations, ``years`` selects years."""

    def coverage(
        self,
        *,
        by: By = (),
        rates: Sequence[str] | str | None = None,
        rates_file: Source | None = None,
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
        rollup: bool = False,
        interval: float | None = None,
    ) -> pl.DataFrame:
        """Computes rates: one row a group and rate; none where a rate is not in force in the year.

        Args:
            by: Dimensions.
            rates: Ids of rates; all where ``None``.
            rates_file: A TOML file of further rates; one with the id of a shipped rate replaces it.
            bands: A TOML file of further size bands, such as ``employees_size``; each is a dimension.
            where: Count only organisations for which this holds: a condition in SQL, or a Polars expression over
                ``to_polars()``, which is evaluated over all years at once.
            years: Only these years.
            rollup: Whether to add subtotals: the dimensions added up from the last to the first, as SQL's ``ROLLUP``.
                ``grouping`` distinguishes them from unknown values: SQL's ``GROUPING`` of the dimensions, a bit for
                each, the last the lowest, set where it is added up; 0 is not a subtotal.
            interval: The level of a Wilson interval of success among those whose answer is known, such as 0.95:
                columns ``wilson_low`` and ``wilson_high``. It covers sampling variation of the rate; ``unknown`` and
                the bounds cover what is not known.

        Returns:
            ``year``, the dimensions, ``rate_id``, ``label_zh``, ``label_en``, ``counts``, ``population``,
            ``success``, ``failure``, ``unknown`` (in the population, answer not known), ``population_unknown``
            (membership in the population not known), ``unidentified``, ``rate`` = success / (success + failure) (null
            where that is 0), ``rate_low`` and ``rate_high`` (bounds under any answers of the unknown), ``series``
            (the figures of a rate are comparable where this is the same; see ``breaks``).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> rates = roster.coverage(by="kind", rates="organised", where="above_scale")
            >>> rates.select("year", "kind", "success", "failure", "unknown").rows()[-2:]
            [(2012, 'enterprise', 40, 8, 2), (2013, 'enterprise', 49, 8, 0)]
            >>> levels = roster.coverage(by=["kind", "committee"], rates="organised", years=2013, rollup=True)
            >>> levels.filter(grouping=3)["population"].item()
            540
        """
        ids = [rates] if isinstance(rates, str) else rates
        return pl.DataFrame(
            self._native.coverage(
                self._scope(by=by, where=where, years=years, bands=bands),
                rates=ids,
                rates_file=arguments.path(rates_file),
                rollup=rollup,
                interval=interval,
            )
        )

    def formation(self, *, by: By = (), where: Where = None, years: Years = None) -> pl.DataFrame:
        """Counts organisations by formation mode: ``mode``, ``organisations``, ``party_organisations``."""
        return pl.DataFrame(self._native.formation(self._scope(by=by, where=where, years=years)))

    def formation_need(
        self, *, by: By = (), rules: Source | None = None, where: Where = None, years: Years = None
    ) -> pl.DataFrame:
        """Counts the mode that the rules require (``need``) against the mode recorded (``mode``): ``organisations``
        in each.
        """
        return pl.DataFrame(
            self._native.formation_need(
                self._scope(by=by, where=where, years=years), rules=arguments.path(rules)
            )
        )

    def formation_moves(self, *, by: By = (), where: Where = None, years: Years = None) -> pl.DataFrame:
        """Counts transitions between modes from each year to the next: ``mode``, ``next_mode`` (with ``absent``),
        ``organisations``.
        """
        return pl.DataFrame(self._native.formation_moves(self._scope(by=by, where=where, years=years)))

    def moves(self, of: By, *, by: By = (), where: Where = None, years: Years = None) -> pl.DataFrame:
        """Counts transitions between values of any dimensions from each year to the next, as the name and
        ``next_<name>``.
        """
        return pl.DataFrame(
            self._native.moves(arguments.names(of), self._scope(by=by, where=where, years=years))
        )

    def star_distribution(self, *, by: By = (), where: Where = None, years: Years = None) -> pl.DataFrame:
        """Counts star states: ``star_state``, ``organisations``, ``party_organisations``.

        The states are the grades, ``unrated`` (a party organisation without a star), ``no_party_org`` (listed, has
        none), ``unknown`` (not recorded in the ledger). They are never merged.
        """
        return pl.DataFrame(self._native.star_distribution(self._scope(by=by, where=where, years=years)))

    def star_transitions(
        self,
        *,
        by: By = (),
        counts: Literal["organisations", "party_organisations"] = "organisations",
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Counts transitions between star states from each year to the next, with ``absent`` for those missing in one
        of the years.

        Two years with a missing year between them make no transition. Organisations are linked by their id, party
        organisations by theirs.
        """
        return pl.DataFrame(
            self._native.star_transitions(self._scope(by=by, where=where, years=years), counts=counts)
        )

    def workforce(self, *, by: By = (), where: Where = None, years: Years = None) -> pl.DataFrame:
        """Counts instructors, seconded officers, owners who are secretary, full- and part-time workers: ``item``,
        ``value``.
        """
        return pl.DataFrame(self._native.workforce(self._scope(by=by, where=where, years=years)))

    def count(
        self,
        *,
        by: By = (),
        measures: Mapping[str, str] | None = None,
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Counts measures of your own: each is ``"*"``, a condition, or ``"sum(column)"``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.count(by="kind", measures={"n": "*", "members": "sum(members_full)"}, years=2013).columns
            ['year', 'kind', 'n', 'members']
        """
        return self.count_sets([arguments.names(by)], measures, bands=bands, where=where, years=years)[0]

    def count_sets(
        self,
        sets: Iterable[By],
        measures: Mapping[str, str] | None = None,
        *,
        bands: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> list[pl.DataFrame]:
        """Counts in several groupings at once, as ``count`` does, in one scan of the rows."""
        tables = self._native.count(
            [arguments.names(by) for by in sets],
            list((measures or {"organisations": "*"}).items()),
            self._scope(where=where, years=years, bands=bands),
        )
        return [pl.DataFrame(table) for table in tables]
