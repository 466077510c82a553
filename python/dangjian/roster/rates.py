"""Context of rates: breaks in them, reasons for change, agreement of the trees, tables of the annual report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dangjian.roster.arguments import By, Source
    from dangjian.roster.where import Where


def _ids(rates: Sequence[str] | str | None) -> Sequence[str] | None:
    return [rates] if isinstance(rates, str) else rates


class Rates(RosterPart):
    """Breaks, changes and totals of rates. ``rates_file`` is a TOML file of further rates, over the shipped ones."""

    def breaks(
        self, *, rates: Sequence[str] | str | None = None, rates_file: Source | None = None
    ) -> pl.DataFrame:
        """Lists the surveys at which the figures of a rate are not comparable with the survey before.

        Returns:
            ``year`` (of the first survey after the break), ``earlier_year``, ``rate_id``, ``label_zh``, ``label_en``,
            ``reason`` (``definition``: the rate has a new definition; ``column``: the ledgers of one of the two years
            lack the column; ``declared``: a ``[[break]]`` of the rates file declares a new meaning of the column),
            ``column``, ``note_zh``, ``note_en``. The column ``series`` of ``coverage`` numbers the stretches between
            breaks; charts draw no line across breaks.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.breaks(rates="organised").height
            0
        """
        return pl.DataFrame(self._native.breaks(rates=_ids(rates), rates_file=arguments.path(rates_file)))

    def explain_change(
        self,
        rate: str,
        earlier: int,
        later: int,
        *,
        by: By = (),
        rates_file: Source | None = None,
        bands: Source | None = None,
        where: Where = None,
    ) -> pl.DataFrame:
        """Explains the change of a rate between two years by the rates of groups and their weights (Griliches and
        Regev, 1995).

        With a group's rate r and its share s of those whose answer is known, the rate of all R, and means of the two
        years in a bar: ``within`` = s̄·Δr, ``between`` = (r̄ − R̄)·Δs; for a group in the later year only ``entry`` =
        s·(r − R̄), in the earlier only ``exit`` = −s·(r − R̄).

        Args:
            rate: The id of a rate, in force in both years and without a break between them.
            earlier: The first year.
            later: The last year.
            by: Dimensions.
            rates_file: A TOML file of further rates.
            bands: A TOML file of further size bands.
            where: Only organisations for which this holds.

        Returns:
            ``year``, ``earlier_year``, the dimensions, ``rate_id``, ``status`` (``continuing``, ``entry``, ``exit``),
            ``earlier_success``, ``earlier_failure``, ``success``, ``failure``, ``earlier_rate``, ``rate``,
            ``within``, ``between``, ``entry``, ``exit``, ``contribution``. The four parts of all rows add up to the
            sum of ``contribution`` exactly, to the last bit and in any order; that is the change of the rate, rounded
            to 2⁻⁴⁰.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> why = roster.explain_change("organised", 2009, 2013, by="kind")
            >>> parts = why.select("within", "between", "entry", "exit").sum().row(0)
            >>> sum(parts) == why["contribution"].sum()
            True
        """
        return pl.DataFrame(
            self._native.explain_change(
                rate,
                arguments.year(earlier),
                arguments.year(later),
                self._scope(by=by, where=where, bands=bands),
                rates_file=arguments.path(rates_file),
            )
        )

    def reconcile(self, year: int, *, where: Where = None) -> pl.DataFrame:
        """Lists the organisations missing from a tree to which they should belong, or at odds with it: one row a
        finding.

        The trees are the region (属地), the committee in charge (归口) and the superior of the party organisation
        (隶属), to which only organisations with a party organisation belong. Where ``with_tree`` gave the roster the
        table of a tree, that table must contain the unit that a ledger names.

        Returns:
            ``year``, ``finding`` (``no_region``, ``no_committee``, ``no_superior``; ``committee_unlisted``,
            ``superior_unlisted``: the table does not have the one named; ``superior_differs``: the table gives its
            party organisation another; ``superior_without_party_org``; ``several_superiors``), ``org_id``, ``name``,
            ``region``, ``committee``, ``party_superior``, ``party_org_id``, ``mode``. A tree whose column the year's
            ledgers do not have yields no findings.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> set(roster.reconcile(2013)["finding"]) <= {"no_region", "no_committee"}
            True
        """
        return pl.DataFrame(self._native.reconcile(arguments.year(year), self._scope(where=where)))

    def reconcile_totals(
        self,
        year: int,
        *,
        rates: Sequence[str] | str | None = None,
        rates_file: Source | None = None,
        where: Where = None,
    ) -> pl.DataFrame:
        """Computes the totals of every rate over each of the three trees: one row a rate and tree.

        Returns:
            ``year``, ``rate_id``, ``label_zh``, ``label_en``, ``counts``, ``tree``, ``population`` (of all),
            ``not_due`` (without a party organisation, in the tree of superiors), ``placed`` (the sum over the tree,
            by its table if ``with_tree`` gave one), ``unplaced``, ``success``, ``success_placed``, ``agrees``
            (``unplaced`` is 0). Null where the year's ledgers do not have the column of the tree.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> totals = roster.reconcile_totals(2013, rates="organised")
            >>> totals.filter(tree="region").select("population", "unplaced").row(0)
            (540, 2)
        """
        return pl.DataFrame(
            self._native.reconcile_totals(
                arguments.year(year),
                self._scope(where=where),
                rates=_ids(rates),
                rates_file=arguments.path(rates_file),
            )
        )

    def annual_table(
        self, table: str, year: int, *, tables_file: Source | None = None, where: Where = None
    ) -> pl.DataFrame:
        """Fills in a table of the national annual report (党内统计年报): ``"27"`` of enterprises, ``"30"`` of social
        organisations.

        Args:
            table: The number of the table.
            year: The year reported.
            tables_file: A TOML file of tables in place of the shipped ones (``definitions/annual.toml``).
            where: Only organisations for which this holds.

        Returns:
            ``year``, ``table``, ``line``, ``label_zh``, ``label_en``, then a count for each column of the template.
            Null where no ledger has the column, or the year's does not. The lines ``…_unknown`` count unknown
            answers, and ``undecided`` those that may or may not belong in the table and are in no other line.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> table = roster.annual_table("30", 2013)
            >>> table.filter(pl.col("line").is_in(["solo", "joint", "none"]))["all"].to_list()
            [35, 39, 64]
        """
        return pl.DataFrame(
            self._native.annual_table(
                table,
                arguments.year(year),
                self._scope(where=where),
                tables_file=arguments.path(tables_file),
            )
        )

    def annual_checks(
        self, table: str, year: int, *, tables_file: Source | None = None, where: Where = None
    ) -> pl.DataFrame:
        """Checks the required relations between the cells of ``annual_table``: one row a check and cell.

        Returns:
            ``year``, ``table``, ``check``, ``line``, ``column`` (of the whole), ``relation`` (``=`` or ``>=``),
            ``whole``, ``parts`` (their sum), ``agrees`` (null where a part is not known).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.annual_checks("27", 2013)["agrees"].all()
            True
        """
        return pl.DataFrame(
            self._native.annual_checks(
                table,
                arguments.year(year),
                self._scope(where=where),
                tables_file=arguments.path(tables_file),
            )
        )
