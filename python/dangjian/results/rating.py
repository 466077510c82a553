"""The result of a star rating (评星定级), made by ``Roster.rate_stars``: stars, reasons and plaques."""

from __future__ import annotations

from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dangjian import labels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from dangjian import _native


class Rating:
    """The stars that a scheme gives to scores, with the reason for each.

    Every table has ``year`` first. A missing score never counts as zero: an item without a score leaves the total
    between two bounds, and a star is given only where both bounds give the same one. Tables are computed on access.

    Example:
        >>> import dangjian as dj
        >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
        >>> scores = dj.datasets.hexigten().scores
        >>> rating = roster.rate_stars(scores, "wuhao", year=2013)
        >>> rating.stars.columns[:3]
        ['year', 'party_org_id', 'org_id']
    """

    def __init__(self, native: _native.Rating) -> None:
        self._native = native

    @property
    def scheme(self) -> str:
        """The id of the scheme."""
        return self._native.scheme

    @property
    def label(self) -> str:
        """The name of the scheme, in Chinese."""
        return self._native.label[0]

    @property
    def label_en(self) -> str:
        """The name of the scheme, in English."""
        return self._native.label[1]

    @property
    def has_plaques(self) -> bool:
        """True if the scheme gives plaques."""
        return self._native.has_plaques

    @property
    def years(self) -> list[int]:
        """The years that are rated, ascending."""
        return self._native.years

    @cached_property
    def stars(self) -> pl.DataFrame:
        """Scores and stars, one row an organisation.

        Returns:
            ``year``, ``party_org_id`` (or ``org_id``, where the scheme counts organisations), ``org_id``, ``name``,
            ``township``, ``township_name``, ``kind``, ``committee``, ``score`` (null where items are open),
            ``score_low``, ``score_high``, ``open_items``, ``open_points``; the star states after each kind of rule,
            ``by_score``, ``after_events``, ``after_gates``, ``after_caps``, ``after_vetoes``, ``after_first_year``,
            ``after_step``, ``after_direct``, ``after_quotas``; ``previous`` (of the round before; ``absent`` where
            that round does not have it), ``star_state`` (``unknown`` where open items decide), ``stars``,
            ``stars_low``, ``stars_high`` (null is unrated), ``moved`` (``up``, ``down``, ``same``, ``new``,
            ``unknown``).
        """
        return pl.DataFrame(self._native.stars())

    def select(self, *columns: str) -> pl.DataFrame:
        """Returns some columns of ``stars``, in this order; the others are not computed, which saves time on many
        rows.

        Raises:
            ArgumentError: The table has no such column.

        Example:
            >>> import dangjian as dj
            >>> made = dj.datasets.hexigten()
            >>> rating = dj.read_roster(made.ledgers).rate_stars(made.scores, "wuhao", year=2013)
            >>> rating.select("party_org_id", "score", "stars").columns
            ['party_org_id', 'score', 'stars']
        """
        return pl.DataFrame(self._native.select(columns))

    @cached_property
    def reasons(self) -> pl.DataFrame:
        """The reasons, one line each: ``year``, the id, ``name``, ``star_state``, ``reason_zh``, ``reason_en``."""
        return pl.DataFrame(self._native.reasons())

    @cached_property
    def trail(self) -> pl.DataFrame:
        """The audit trail: every step that led to the stars, by id, year and step; ``replay_stars`` replays it.

        Returns:
            ``year``, the id, ``name``, ``nth`` (0 is the score), ``rule_kind`` (``score``, ``event``, ``gate``,
            ``cap``, ``veto``, ``first_year``, ``exception``, ``step``, ``direct``, ``quota``, ``not_rated``),
            ``before``, ``after``, ``before_low``, ``before_high``, ``after_low``, ``after_high`` (star states),
            ``reason_zh``, ``reason_en``.
        """
        return pl.DataFrame(self._native.trail())

    @cached_property
    def summary(self) -> pl.DataFrame:
        """Counts of each star, rule after rule.

        Returns:
            ``year``, ``star_state`` (the highest first, then ``unrated``, ``unknown``), a count for each of the
            stages of ``stars``, ``share_rated`` (of those rated, after all rules), ``all`` (organisations of the
            year's ledger, or party organisations), ``share_all``.
        """
        return pl.DataFrame(self._native.summary())

    @cached_property
    def quotas(self) -> pl.DataFrame:
        """Places under the scheme's quotas and their use, by year and group.

        Returns:
            ``year``, ``stars``, ``group``, ``of``, ``share``, ``rounding``, ``ties``, ``population_low``,
            ``population_high``, ``places_low``, ``places_high``, ``candidates_low``, ``candidates_high`` (with the
            star before the quota), ``given_low``, ``given_high`` (with the star after it), ``direct`` (by direct
            grading), ``tied`` (number of equal scores at the last place), ``over`` (more than there are places),
            ``share_given``.
        """
        return pl.DataFrame(self._native.quotas())

    @cached_property
    def goals(self) -> pl.DataFrame:
        """The scheme's goals and how far they are reached: ``year``, ``label_zh``, ``label_en``, ``stars``, ``goal``,
        ``of``, ``population``, ``have_low``, ``have_high``, ``share_low``, ``share_high``, ``met``.
        """
        return pl.DataFrame(self._native.goals())

    @cached_property
    def needed(self) -> pl.DataFrame:
        """Needs of each organisation for one more star, the cheapest first.

        Returns:
            ``year``, the id, ``name``, ``star_state``, ``next_star``, ``order``, ``need_kind`` (``item``; ``open``,
            to be scored first; or the rule that prevents the star), ``what``, ``label_zh``, ``label_en``, ``have``,
            ``full``, ``asked``, ``gain``, ``missing`` (points in all), ``enough`` (with this and those before it),
            ``text_zh``, ``text_en``.
        """
        return pl.DataFrame(self._native.needed())

    @cached_property
    def plaques(self) -> pl.DataFrame:
        """The plaque list (命名挂牌名单): plaques awarded, renewed, changed, kept and withdrawn in each year.

        Returns:
            ``year``, the id, ``org_id``, ``name``, ``township``, ``township_name``, ``kind``, ``committee``,
            ``star_state``, ``plaque_action`` (``award``, ``renew``, ``change``, ``keep``, ``warn``, ``withdraw``,
            ``not_rated``, ``open``), ``plaque_stars``, ``since``, ``until``, ``failures``, ``reason_zh``,
            ``reason_en``.

        Raises:
            ArgumentError: The scheme has no plaques.
        """
        return pl.DataFrame(self._native.plaques())

    @cached_property
    def problems(self) -> pl.DataFrame:
        """Values of scores and events that could not be used: ``year``, the id, ``what``, ``value``, ``problem``,
        ``label_zh``, ``label_en``.
        """
        return pl.DataFrame(self._native.problems())

    @cached_property
    def notes(self) -> pl.DataFrame:
        """Notes: points that the scheme's source leaves open, and rules that could not act: ``note_zh``, ``note_en``."""
        return pl.DataFrame(self._native.notes())

    def counts(self, by: str | Sequence[str] = ()) -> pl.DataFrame:
        """Counts the stars by any dimensions of the roster: ``year``, the dimensions, ``star_state``, ``rated``."""
        return pl.DataFrame(self._native.counts([by] if isinstance(by, str) else list(by)))

    def sensitivity(self, thresholds: Sequence[float], *, stars: float | None = None) -> pl.DataFrame:
        """Counts the stars under other thresholds.

        Args:
            thresholds: Lower ends for the band of ``stars``; or, where each dimension is a star, proportions that it
                requires.
            stars: The star whose band is moved.

        Returns:
            ``year``, ``stars``, ``threshold``, ``star_state``, ``rated`` (number that have it then), ``before``
            (under the scheme as it is), ``rises``, ``falls``, ``undecided`` (of all of the year).
        """
        return pl.DataFrame(self._native.sensitivity([float(t) for t in thresholds], stars=stars))

    def compared(self, other: Rating, by: Sequence[str] = ()) -> pl.DataFrame:
        """Counts the rises and falls in another rating of the same scores, as in ``Roster.compare_schemes``."""
        return pl.DataFrame(self._native.compare(other._native, list(by)))

    def compared_list(self, other: Rating) -> pl.DataFrame:
        """Lists the rises and falls in another rating of the same scores, as in ``Roster.compare_schemes_list``."""
        return pl.DataFrame(self._native.compare_list(other._native))

    def tables(self) -> dict[str, pl.DataFrame]:
        """Returns all tables by id, as ``to_excel`` writes them; the plaque list only where the scheme has plaques."""
        made = {"star_plaques": self.plaques} if self.has_plaques else {}
        made["star_ratings"] = self.stars
        made["star_reasons"] = self.reasons
        made["star_summary"] = self.summary
        made["star_needed"] = self.needed
        more = {
            "star_quotas": self.quotas,
            "star_goals": self.goals,
            "star_trail": self.trail,
            "star_problems": self.problems,
            "star_notes": self.notes,
        }
        return made | {name: frame for name, frame in more.items() if frame.height}

    def to_excel(self, path: str | PathLike[str], *, lang: labels.Lang = "zh") -> Path:
        """Writes the plaque list, ready to print, and all other tables into a workbook, and returns its path.

        Example:
            >>> rating.to_excel("星级评定.xlsx")  # doctest: +SKIP
        """
        from dangjian.report.excel import write_tables

        other = "en" if labels.check_lang(lang) == "zh" else "zh"
        tables = {
            name: frame.drop(f"reason_{other}", f"text_{other}", strict=False)
            for name, frame in self.tables().items()
        }
        write_tables(tables, Path(path), lang)
        return Path(path)

    def __len__(self) -> int:
        return len(self._native)

    def _rows(self) -> list[tuple[int, str, int]]:
        """Returns the last count of each star."""
        return self.summary.select("year", "star_state", "after_quotas").rows()

    def __repr__(self) -> str:
        lines = [f"dangjian.Rating by {self.scheme}: {len(self)} rated"]
        for year in self.years:
            counts = ", ".join(
                f"{labels.value('star_state', state, 'en')} {n}"
                for own, state, n in self._rows()
                if own == year
            )
            lines.append(f"  {year}: {counts}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        states = dict.fromkeys(state for _, state, _ in self._rows())
        counts = {(year, state): n for year, state, n in self._rows()}
        head = "".join(
            f"<th style='text-align:right'>{escape(labels.value('star_state', s))}</th>" for s in states
        )
        body = "".join(
            f"<tr><th>{year}</th>"
            + "".join(f"<td style='text-align:right'>{counts[year, s]:,}</td>" for s in states)
            + "</tr>"
            for year in self.years
        )
        return (
            f"<table><caption>{escape(self.label)}</caption>"
            f"<thead><tr><th>年度</th>{head}</tr></thead><tbody>{body}</tbody></table>"
        )


class Judges:
    """The scores of several judges compared. Made by ``Roster.star_judges``."""

    def __init__(self, native: _native.Judges) -> None:
        self._native = native

    @cached_property
    def agreement(self) -> pl.DataFrame:
        """Agreement of two judges on each item and on the total.

        Returns:
            ``year``, ``judge``, ``other``, ``item`` (``total`` for the total), ``label_zh``, ``label_en``, ``full``,
            ``forms`` (that both scored), ``equal`` (proportion of those), ``mean_difference`` (judge less other),
            ``mean_absolute``, ``correlation`` (Pearson's), ``concordance`` (Lin's: 1 where both always agree).
        """
        return pl.DataFrame(self._native.agreement())

    @cached_property
    def offices(self) -> pl.DataFrame:
        """Differences between one judge's scores and another's, by township (自评虚高).

        Returns:
            ``year``, ``judge``, ``other``, ``township``, ``township_name``, ``forms``, ``higher``, ``lower``,
            ``mean_difference``, ``share_of_full``, ``beyond`` (standard errors from the mean of all).
        """
        return pl.DataFrame(self._native.offices())

    @cached_property
    def outliers(self) -> pl.DataFrame:
        """Organisations on whose total two judges differ far more than on others: robust z beyond 3.5.

        Returns:
            ``year``, the id and its columns of the ledger, ``judge``, ``other``, ``points``, ``other_points``,
            ``difference``, ``median``, ``z``.
        """
        return pl.DataFrame(self._native.outliers())

    @cached_property
    def forms(self) -> pl.DataFrame:
        """Forms that seem to have been filled in blindly.

        Returns:
            ``year``, the id and its columns of the ledger, ``judge``, ``flag`` (``straight_line``, ``all_full``,
            ``copied``), ``share`` (of full marks), ``alike`` (number of identical forms of the office).
        """
        return pl.DataFrame(self._native.forms())

    def __repr__(self) -> str:
        totals = self.agreement.filter(pl.col("item") == "total")
        lines = ["dangjian.Judges"]
        for row in totals.iter_rows(named=True):
            mean = row["mean_difference"]
            told = (
                "no form in common" if mean is None else f"{row['forms']} forms, mean difference {mean:.2f}"
            )
            lines.append(f"  {row['year']} {row['judge']} - {row['other']}: {told}")
        return "\n".join(lines)
