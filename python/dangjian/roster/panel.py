"""The class ``Roster``: plain methods over one object that return polars frames."""

from __future__ import annotations

from html import escape
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dangjian.catalogue.ledgers import FATES
from dangjian.progress import Bar
from dangjian.results import headline
from dangjian.results.review import Review
from dangjian.roster import arguments
from dangjian.roster.conditions import Conditions
from dangjian.roster.counts import Counts
from dangjian.roster.figure_trend import FigureTrends
from dangjian.roster.formation import Formation
from dangjian.roster.identity import Identity
from dangjian.roster.provenance import Provenance
from dangjian.roster.rates import Rates
from dangjian.roster.stars import Stars
from dangjian.roster.survival import Survival
from dangjian.roster.targets import Targets
from dangjian.roster.trees import Trees
from dangjian.roster.trends import Trends

if TYPE_CHECKING:
    from dangjian.roster.arguments import Progress, Source


class Roster(
    Provenance,
    Identity,
    Trees,
    Conditions,
    Formation,
    Rates,
    Targets,
    Stars,
    Trends,
    FigureTrends,
    Survival,
    Counts,
):
    """The panel: one row is one organisation in one survey year. Immutable.

    Every statistic is a method. ``by`` names dimensions (see ``dimensions``), ``where`` selects organisations by a
    condition in SQL over the columns or a Polars expression over ``to_polars()``, ``years`` selects years. A result
    always has ``year`` first: years are never added up.
    """

    @property
    def years(self) -> list[int]:
        """The survey years, ascending."""
        return self._native.years

    @property
    def columns(self) -> dict[str, str]:
        """The columns of the roster, each with its type; ``year`` and ``org_id`` aside."""
        return dict(self._native.fields)

    @property
    def dimensions(self) -> list[str]:
        """Names that ``by`` accepts."""
        return self._native.dimensions

    def to_polars(self) -> pl.DataFrame:
        """Returns the panel as a frame, by year and organisation id, in canonical types."""
        return pl.DataFrame(self._native.to_arrow())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Exports the panel as an Arrow stream, one batch a year."""
        return self._native.to_arrow().__arrow_c_stream__(requested_schema)

    def to_parquet(self, path: Source) -> None:
        """Writes the panel to a Parquet file: a table for any software, with the metadata that ``open_roster`` needs."""
        self._native.write_parquet(Path(path))

    def review(
        self,
        year: int,
        *,
        targets: Source | None = None,
        rates: Source | None = None,
        rules: Source | None = None,
        scheme: Source | None = None,
        workers: Source | None = None,
        progress: Progress | bool = False,
    ) -> Review:
        """Reviews a year: every statistic as a table, the headline figures, the report to write.

        Args:
            year: The year reviewed; earlier years of the roster are shown for comparison.
            targets: A TOML file that replaces the target set.
            rates: A TOML file of further rates.
            rules: A TOML file of rules of formation, over the shipped ones kind by kind.
            scheme: A star scheme, as in ``rate_stars``: party organisations with the stars from which it gives plaques
                are listed by name, or all with stars if it gives none. ``wuhao`` by default.
            workers: A CSV file of assignments: ``worker_id``, ``role``, ``from``, ``to``.
            progress: As in ``read_roster``.

        A named condition in one of the files holds for the whole review.

        Example:
            >>> import dangjian as dj
            >>> roster = dj.read_roster(dj.datasets.hexigten().ledgers)
            >>> roster.review(2013).headline["instructors"]
            246
        """
        with Bar(progress) as bar:
            made, used = self._native.review(
                arguments.year(year),
                targets=arguments.path(targets),
                rates=arguments.path(rates),
                rules=arguments.path(rules),
                scheme=None if scheme is None else fspath(scheme),
                workers=arguments.path(workers),
                progress=bar.callback,
            )
        tables = {"sources": _balance(self.sources, year), "problems_summary": _summary(self.problems, year)}
        tables |= {name: pl.DataFrame(table) for name, table in made.items()}
        return Review(year, tables, headline.of(year, tables), used["targets"], used["rates"], used["scheme"])

    def __len__(self) -> int:
        return sum(self._native.rows)

    def __repr__(self) -> str:
        return "\n".join(f"{label}: {value}" for label, value in self._facts())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(k)}</th><td style='text-align:left'>{escape(v)}</td></tr>"
            for k, v in self._facts()
        )
        return f"<table><caption>dangjian.Roster</caption>{rows}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        rows = zip(self._native.years, self._native.rows, strict=True)
        total = {name: int(self.sources[name].sum()) for name in ("data", *FATES)}
        fates = " + ".join(f"{total[name]} {name}" for name in FATES)
        return [
            ("years", ", ".join(f"{year} ({n} organisations)" for year, n in rows)),
            ("organisations", str(self._native.organisations)),
            ("columns", ", ".join(self.columns)),
            ("rows", f"{total['data']} = {fates}"),
            ("problems", f"{self.problems.height} (see .problems)"),
        ]


def _balance(sources: pl.DataFrame, year: int) -> pl.DataFrame:
    """Returns the row balance of the sources, for the report."""
    return sources.select(
        pl.lit(year, pl.Int16).alias("year"),
        "file",
        "sheet",
        "years",
        rows_in="data",
        **{f: f for f in FATES},
    )


def _summary(problems: pl.DataFrame, year: int) -> pl.DataFrame:
    """Counts the problems of the year by code."""
    return (
        problems.filter(pl.col("year").is_null() | (pl.col("year") == year))
        .group_by("code", "action", maintain_order=True)
        .agg(n=pl.len().cast(pl.Int64))
        .sort("n", "code", descending=[True, False])
        .select(pl.lit(year, pl.Int16).alias("year"), pl.all())
    )
