"""Every statistic of a roster, one method each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from dangjian.roster import arguments
from dangjian.roster.held import Held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dangjian.roster.arguments import By, Source, Years


class Statistics(Held):
    """What is counted. ``by`` names dimensions, ``where`` is a condition in SQL over the columns, ``years`` picks years."""

    def coverage(
        self,
        *,
        by: By = (),
        rates: Sequence[str] | str | None = None,
        rates_file: Source | None = None,
        where: str | None = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Rates: one row a group and rate.

        Args:
            by: Dimensions.
            rates: Ids of rates; all where ``None``.
            rates_file: A TOML file of further rates; one with the id of a shipped rate replaces it.
            where: Count only organisations for which this condition holds.
            years: Only these years.

        Returns:
            ``year``, the dimensions, ``rate_id``, ``label_zh``, ``label_en``, ``counts``, ``population``, ``success``,
            ``failure``, ``unknown`` (in the population, answer not known), ``population_unknown`` (not known whether in
            the population), ``unidentified``, ``rate`` = success / (success + failure) (null where that is 0),
            ``rate_low`` and ``rate_high`` (what the unknowns allow).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> rates = roster.coverage(by="kind", rates="organised", where="above_scale")
            >>> rates.select("year", "kind", "success", "failure", "unknown").rows()[-2:]
            [(2012, 'enterprise', 40, 8, 2), (2013, 'enterprise', 49, 8, 0)]
        """
        ids = [rates] if isinstance(rates, str) else rates
        return pl.DataFrame(
            self._native.coverage(
                arguments.names(by),
                rates=ids,
                rates_file=arguments.path(rates_file),
                filter=where,
                years=arguments.years(years),
            )
        )

    def targets(
        self,
        years: Years = None,
        *,
        by: By = (),
        targets_file: Source | None = None,
        where: str | None = None,
    ) -> pl.DataFrame:
        """The target set (the "four 100 %"): the columns of ``coverage`` with ``target`` for ``rate_id``, then ``goal``,
        ``met`` (null where what is not known decides), ``inferred``, ``note_zh``, ``note_en``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.targets(2013)["target"].to_list()[0]
            'eligible_established'
        """
        return pl.DataFrame(
            self._native.targets(
                arguments.names(by),
                targets_file=arguments.path(targets_file),
                filter=where,
                years=arguments.years(years),
            )
        )

    def gaps(self, target: str, year: int, *, targets_file: Source | None = None) -> pl.DataFrame:
        """Exactly who is missing from a target: ``status`` is ``missing``, or ``unknown`` where the ledger does not say.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> gaps = roster.gaps("eligible_established", 2013)
            >>> gaps.filter(pl.col("status") == "missing").height
            14
        """
        return pl.DataFrame(
            self._native.gaps(target, arguments.year(year), targets_file=arguments.path(targets_file))
        )

    def formation(self, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """How party organisations were formed: ``mode``, ``organisations``, ``party_organisations``."""
        return pl.DataFrame(
            self._native.formation(arguments.names(by), filter=where, years=arguments.years(years))
        )

    def formation_need(
        self, *, by: By = (), rules: Source | None = None, where: str | None = None, years: Years = None
    ) -> pl.DataFrame:
        """The mode the rules ask for (``need``) against the mode recorded (``mode``): ``organisations`` in each."""
        return pl.DataFrame(
            self._native.formation_need(
                arguments.names(by), rules=arguments.path(rules), filter=where, years=arguments.years(years)
            )
        )

    def formation_moves(self, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """Moves between modes from each year to the next: ``mode``, ``next_mode`` (with ``absent``), ``organisations``."""
        return pl.DataFrame(
            self._native.formation_moves(arguments.names(by), filter=where, years=arguments.years(years))
        )

    def moves(self, of: By, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """Moves between the values of any dimensions from each year to the next; each has its name and ``next_<name>``."""
        return pl.DataFrame(
            self._native.moves(
                arguments.names(of), arguments.names(by), filter=where, years=arguments.years(years)
            )
        )

    def star_distribution(
        self, *, by: By = (), where: str | None = None, years: Years = None
    ) -> pl.DataFrame:
        """How many have which star state: ``star_state``, ``organisations``, ``party_organisations``.

        The states are the grades, ``unrated`` (a party organisation without a star), ``no_party_org`` (listed, has
        none), ``unknown`` (the ledger does not say). They are never merged.
        """
        return pl.DataFrame(
            self._native.star_distribution(arguments.names(by), filter=where, years=arguments.years(years))
        )

    def star_transitions(
        self,
        *,
        by: By = (),
        counts: Literal["organisations", "party_organisations"] = "organisations",
        where: str | None = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Moves between star states from each year to the next, with ``absent`` for who is not in one of the years.

        A gap of two years is not a move of one. Organisations are linked by their id, party organisations by theirs.
        """
        return pl.DataFrame(
            self._native.star_transitions(
                arguments.names(by), counts=counts, filter=where, years=arguments.years(years)
            )
        )

    def workforce(self, *, by: By = (), where: str | None = None, years: Years = None) -> pl.DataFrame:
        """Instructors, seconded officers, owners who are secretary, full- and part-time workers: ``item``, ``value``."""
        return pl.DataFrame(
            self._native.workforce(arguments.names(by), filter=where, years=arguments.years(years))
        )

    def count(
        self,
        *,
        by: By = (),
        measures: Mapping[str, str] | None = None,
        where: str | None = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Count in your own words: each measure is ``"*"``, a condition, or ``"sum(column)"``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.count(by="kind", measures={"n": "*", "members": "sum(members_full)"}, years=2013).columns
            ['year', 'kind', 'n', 'members']
        """
        return self.count_sets([arguments.names(by)], measures, where=where, years=years)[0]

    def count_sets(
        self,
        sets: Iterable[By],
        measures: Mapping[str, str] | None = None,
        *,
        where: str | None = None,
        years: Years = None,
    ) -> list[pl.DataFrame]:
        """``count`` in several groupings at once: the rows are gone through once."""
        tables = self._native.count(
            [arguments.names(by) for by in sets],
            list((measures or {"organisations": "*"}).items()),
            filter=where,
            years=arguments.years(years),
        )
        return [pl.DataFrame(table) for table in tables]
