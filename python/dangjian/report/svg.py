"""Charts as inline SVG in the fonts and the light or dark tones of the page."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from dangjian.charts import PALETTE

if TYPE_CHECKING:
    from dangjian.charts import Chart

_TONES = {tone: f'"var(--{role})"' for role, tone in PALETTE.items()}
_TONE = re.compile('"(' + "|".join(_TONES) + ')"')
_TAG = re.compile("<[^>]+>")
# The page sets fonts, labels the picture and knows the namespaces.
_IDLE = re.compile(r' (?:font-family|xmlns(?::xlink)?|role|version|class|pointer-events|aria-[a-z]+)="[^"]*"')


def inline(chart: Chart, label: str, *, name: str) -> Markup:
    """Returns ``chart`` as an ``<svg>`` element with the text alternative ``label``.

    Tones of :data:`dangjian.charts.PALETTE` become variables of the page's style sheet. ``name`` prefixes the ids
    inside, which would otherwise clash with those of other charts on the page.

    Example:
        >>> inline(formation_over_years(frame), "历年组建形式", name="formation")  # doctest: +SKIP
    """
    text = io.StringIO()
    chart.save(text, format="svg")
    svg = _TAG.sub(lambda tag: _for_page(tag[0], name), text.getvalue())
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))  # noqa: S704 - vl-convert has escaped the picture


def _for_page(tag: str, name: str) -> str:
    """Returns one tag of the picture, adapted to the page; text between tags is never changed."""
    tag = _TONE.sub(lambda tone: _TONES[tone[1]], _IDLE.sub("", tag))
    return re.sub(r'\b(id="|url\(#|href="#)', rf"\g<1>{name}-", tag)
