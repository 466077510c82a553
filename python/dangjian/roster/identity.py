"""Identity of organisations through the years: one organisation under several ids, and surveys compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dangjian import _native
from dangjian.errors import ArgumentError
from dangjian.results.comparison import Comparison
from dangjian.roster import arguments
from dangjian.roster.part import RosterPart

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from dangjian.roster.arguments import By


class Identity(RosterPart):
    """Links between a roster's ids, and the comparison of surveys."""

    @property
    def links(self) -> pl.DataFrame:
        """Ids that seem to be one organisation, each pair with its reason. Reading the property joins nothing; see
        ``link``.

        Returns:
            ``from_id``, ``to_id`` (the id after all proposed links), ``reason`` (``old_code``,
            ``same_organisation_code``, ``code_changed``, ``renamed``, ``one_character``), ``status`` (``proposed``,
            or ``ambiguous`` where several are possible), ``name``, ``region``, ``region_name``, ``last_year`` (of
            ``from_id``), ``to_name``, ``first_year`` (of ``to_id``), ``why_zh``, ``why_en``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.links.row(0, named=True)["reason"]
            'old_code'
        """
        return pl.DataFrame(self._native.links())

    def links_from(self, register: Self) -> pl.DataFrame:
        """Returns ``links`` extended by a register, such as the result of a look-up in business registration.

        Args:
            register: A roster of any year, read from a table of codes with names, former names (曾用名) or
                registration numbers (注册号). An id may then lead to a code that only the register has.

        Example:
            >>> register = dj.read_roster("工商信息.xlsx", year=2020)  # doctest: +SKIP
            >>> linked = roster.link(roster.links_from(register))  # doctest: +SKIP
        """
        return pl.DataFrame(self._native.links(_of(register, "register")))

    def link(self, links: object = None, *, reasons: Sequence[str] | str | None = None) -> Self:
        """Returns a new roster in which ids of one organisation are one id; this one is unchanged.

        Args:
            links: ``links`` or ``links_from``, filtered or edited, as any object with ``__arrow_c_stream__``: rows of
                status ``proposed`` or ``accepted`` are applied, ``ambiguous`` ones are not. Only ``from_id`` and
                ``to_id`` are needed. All proposed links where ``None``.
            reasons: Only links with these reasons.

        Raises:
            DataError: One organisation would have two rows in one year.
            ArgumentError: A link names an id that the roster does not have, or an unknown status or reason.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> linked = roster.link(reasons=["old_code", "one_character"])
            >>> len(linked) == len(roster), linked.linked.columns
            (True, ['former_id', 'org_id'])
        """
        only = [reasons] if isinstance(reasons, str) else reasons
        if links is None or hasattr(links, "__arrow_c_stream__") or hasattr(links, "__arrow_c_array__"):
            return type(self)(self._native.link(links, reasons=only))
        got = type(links).__name__
        raise ArgumentError(
            f"links is of type {got}; expected a table with from_id and to_id, as Roster.links gives it",
            f"links 的类型是 {got}，应为含 from_id、to_id 的表，如 Roster.links",
        )

    @property
    def linked(self) -> pl.DataFrame:
        """Ids that ``link`` replaced: ``former_id`` as in the ledgers, ``org_id`` as it is now."""
        return pl.DataFrame(self._native.linked())

    def compare(
        self,
        earlier: Self | None = None,
        *,
        year: int | None = None,
        earlier_year: int | None = None,
        columns: By | None = None,
    ) -> Comparison:
        """Compares two surveys (摸底): organisations that are new, gone or back, and changes. Ids must match;
        ``link`` first.

        Args:
            earlier: The roster of the earlier survey; this one where ``None``.
            year: The later survey; the last year where ``None``.
            earlier_year: The earlier one; the last year of ``earlier`` where ``None``, and within one roster the year
                before.
            columns: Only these columns; all where ``None``.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> compared = roster.link().compare(year=2013, columns=["mode", "star"])
            >>> compared.counts()["later"].item() == 574
            True
        """
        compared = self._native.compare(
            None if earlier is None else _of(earlier, "earlier"),
            year=None if year is None else arguments.year(year),
            earlier_year=None if earlier_year is None else arguments.year(earlier_year),
            columns=None if columns is None else arguments.names(columns),
        )
        return Comparison(compared)


def _of(given: object, name: str) -> _native.Roster:
    if isinstance(given, RosterPart):
        return given._native  # noqa: SLF001 - a roster's own
    got = type(given).__name__
    raise ArgumentError(
        f"{name} is of type {got}; expected a Roster: read it with read_roster first",
        f"{name} 的类型是 {got}，应为 Roster：请先用 read_roster 读取",
    )
