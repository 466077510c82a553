"""Formation of party organisations: the audit, joint branches, and organisations close to the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from dangjian.roster.arguments import By, Source, Years
    from dangjian.roster.where import Where


class Formation(RosterPart):
    """Statistics by the rules of formation. ``rules`` is a TOML file of rules, over the shipped ones kind by kind."""

    def formation_audit(
        self, *, by: By = (), rules: Source | None = None, where: Where = None, years: Years = None
    ) -> pl.DataFrame:
        """Counts the findings of the audit: one row a group and finding, for the findings that apply in the year.

        Returns:
            ``year``, the dimensions, ``finding``, ``label_zh``, ``label_en``, ``severity`` (``error``, ``warning``,
            ``info``), ``organisations`` (with the finding; null where the year's ledgers do not have a column that it
            needs), ``party_organisations`` (that these make up), ``unknown`` (undecided; null likewise). An
            organisation may have several findings. ``where`` selects the organisations counted; the composition of a
            party organisation is always taken from all of its organisations.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> audit = roster.formation_audit(years=2013)
            >>> audit.filter(finding="solo_due_none").select("organisations", "unknown").row(0)
            (14, 4)
        """
        return pl.DataFrame(
            self._native.formation_audit(
                self._scope(by=by, where=where, years=years),
                rules=arguments.path(rules),
            )
        )

    def formation_audit_list(
        self, year: int, finding: str | None = None, *, rules: Source | None = None, where: Where = None
    ) -> pl.DataFrame:
        """Lists the organisations with the findings of a year, or with one finding, and the reason in words.

        Returns:
            ``year``, ``finding``, ``label_zh``, ``label_en``, ``severity``, ``status`` (``found``, or ``unknown``
            where undecided), ``org_id``, ``name``, ``township``, ``township_name``, ``kind``, ``committee``, ``mode``
            and ``need`` (recorded, and by the rules), ``party_org_id``, ``party_org_level`` and ``level_need``
            (recorded, and by the rules), ``members_full``, ``party_members`` and ``units`` (of the party
            organisation), ``why_zh``, ``why_en``, ``rule`` (its source).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.formation_audit_list(2013, "solo_due_none")["why_en"][0]
            '3 full members: a party organisation of its own is needed; the ledger says none.'
        """
        return pl.DataFrame(
            self._native.formation_audit_list(
                arguments.year(year),
                self._scope(where=where),
                finding=finding,
                rules=arguments.path(rules),
            )
        )

    def joint_branches(
        self, years: Years = None, *, rules: Source | None = None, where: Where = None
    ) -> pl.DataFrame:
        """Lists the joint branches, one a row, with the totals of each.

        Returns:
            ``year``, ``party_org_id``, ``org_id``, ``name``, ``township``, ``township_name``, ``committee``,
            ``party_org_level`` (of its home, the first of its joint organisations), ``units_recorded`` (organisations
            with its code that are ``organised``), ``units_unknown`` (those with its code whose mode is not known),
            ``units_due_solo`` (those that need a party organisation of their own), ``party_members`` (full
            members of all; null where one is not recorded), ``townships`` (number over which it spreads),
            ``units_most`` (the limit in force, null where there is none), ``over_limit`` (null as well where unknown
            values decide).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> branches = roster.joint_branches(2013)
            >>> branches.height, branches["units_recorded"].sum()
            (42, 116)
        """
        return pl.DataFrame(
            self._native.joint_branches(self._scope(where=where, years=years), rules=arguments.path(rules))
        )

    def joint_summary(
        self, *, by: By = (), rules: Source | None = None, where: Where = None, years: Years = None
    ) -> pl.DataFrame:
        """Counts joint branches, each at its home.

        Returns:
            ``year``, the dimensions, ``party_organisations``, ``organisations`` (that they cover), ``units_mean``,
            ``units_due_solo``, ``party_members`` and ``members_unknown`` (branches whose members are not known),
            ``over_limit`` and ``limit_unknown`` (null where no limit is in force), ``alone`` (of one organisation),
            ``apart`` (over several townships), ``too_small`` (fewer members together than the lowest level has).

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> summary = roster.joint_summary(years=2013)
            >>> summary.select("party_organisations", "organisations", "alone").row(0)
            (42, 116, 1)
        """
        return pl.DataFrame(
            self._native.joint_summary(
                self._scope(by=by, where=where, years=years),
                rules=arguments.path(rules),
            )
        )

    def readiness(
        self,
        *,
        by: By = (),
        short: int = 1,
        rules: Source | None = None,
        where: Where = None,
        years: Years = None,
    ) -> pl.DataFrame:
        """Counts those short of the next step of the rules by up to ``short`` members, and their outcomes in the next
        year.

        Returns:
            ``year``, the dimensions, ``step``, ``label_zh``, ``label_en``, ``counts``, ``at_least``, ``ready``,
            ``unknown`` (members not known); of those ready, in the next year: ``gone``, ``next_unknown``, ``stayed``,
            ``reached``, ``formed`` (of those that reached it, the ones recorded with the mode or level), null where
            the next year is not in the roster; of the group in all earlier years: ``past_known`` (stayed or reached),
            ``past_reached``, ``past_rate``, their ratio.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.readiness(years=2013).filter(step="solo_3")["ready"].item()
            78
        """
        return pl.DataFrame(
            self._native.readiness(
                self._scope(by=by, where=where, years=years),
                short=arguments.whole(short, "short"),
                rules=arguments.path(rules),
            )
        )

    def readiness_list(
        self,
        year: int,
        step: str | None = None,
        *,
        short: int = 1,
        rules: Source | None = None,
        where: Where = None,
    ) -> pl.DataFrame:
        """Lists those short of one step, or of any: with ``members`` (that the step counts) and ``at_least``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.readiness_list(2013, "solo_3")["members"].unique().to_list()
            [2]
        """
        return pl.DataFrame(
            self._native.readiness_list(
                arguments.year(year),
                self._scope(where=where),
                step=step,
                short=arguments.whole(short, "short"),
                rules=arguments.path(rules),
            )
        )

    def formation_returns(self, *, by: By = (), where: Where = None, years: Years = None) -> pl.DataFrame:
        """Counts transitions between modes over missing years: from the last year in which an organisation was listed
        to the year in which it is listed again, with a year between in which it was not, or in which there was no
        survey.

        In ``formation_moves`` these are at most a departure and an arrival (``absent``). ``years`` selects the
        earlier years.

        Returns:
            ``year``, ``next_year``, the dimensions, ``mode``, ``next_mode``, ``organisations``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.formation_returns().columns
            ['year', 'next_year', 'mode', 'next_mode', 'organisations']
        """
        return pl.DataFrame(self._native.formation_returns(self._scope(by=by, where=where, years=years)))
