"""Star-rating schemes (星级管理办法): which there are, their forms, their text; and trails gone through again."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING

import polars as pl

from dangjian import _native

if TYPE_CHECKING:
    from collections.abc import Sequence


def star_schemes(schemes: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None) -> pl.DataFrame:
    """The schemes that come with the package, or those that are named, by id or by the path of a TOML file.

    Returns:
        ``scheme``, ``label_zh``, ``label_en``, ``counts`` (what is rated), ``method`` (``bands``, ``dimensions``, ``both``,
        ``top``, ``score``), ``cycle``, ``stars``, ``dimensions``, ``items``, ``full``, ``most``, ``gates``, ``caps``,
        ``vetoes``, ``quotas``, ``step``, ``plaque``, ``inferred``, ``source``, ``open_zh``, ``open_en`` (what the source
        leaves open).

    Example:
        >>> star_schemes().filter(pl.col("scheme") == "anqing")["label_zh"].item()
        '安庆市社会组织评估'
    """
    if schemes is None:
        return pl.DataFrame(_native.star_schemes())
    named = [schemes] if isinstance(schemes, str | PathLike) else list(schemes)
    return pl.DataFrame(_native.star_schemes([fspath(one) for one in named]))


def star_form(scheme: str | PathLike[str]) -> pl.DataFrame:
    """The form of a scheme (评分表): its dimensions and items, with the points of each.

    Returns:
        ``dimension``, ``dimension_zh``, ``dimension_en``, ``weight``, ``item``, ``label_zh``, ``label_en``, ``gives``
        (``award``, ``deduct``, ``bonus``, ``penalty``), ``points``, ``values``, ``evidence``, ``inferred``.

    Example:
        >>> star_form("wuhao")["points"].sum()
        100.0
    """
    return pl.DataFrame(_native.star_form(fspath(scheme)))


def star_scheme_toml(scheme: str) -> str:
    """The text of a scheme that comes with the package, to be read, copied and changed.

    Example:
        >>> star_scheme_toml("badong").splitlines()[2]
        '[[scheme]]'
    """
    return _native.star_scheme_toml(scheme)


def replay_stars(trail: object) -> pl.DataFrame:
    """Go through an audit trail from its first year: the stars to which it leads, worked out from the trail alone.

    Returns:
        ``year``, the id, ``star_state`` (``absent`` for who was not rated), ``star_low``, ``star_high``.

    Raises:
        DataError: a step does not begin where the one before it ended: a star moved without a reason.
    """
    return pl.DataFrame(_native.replay_stars(trail))
