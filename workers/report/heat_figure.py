"""The hours of the week as figures: one square a cell, grey where too little is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, LinearColorMapper
from bokeh.palettes import Cividis256

from workers.report.drawing import PALE, Figure, canvas, hover, scale
from workers.report.heat import DAYS, HOURS, Cells, Week
from workers.report.wording import count, exact

_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LOOK: Final = {"width": 0.94, "height": 0.9, "line_color": None}
_HATCHED: Final = {
    "fill_color": PALE,
    "hatch_pattern": "right_diagonal_line",
    "hatch_color": "#9aa5b1",
    "hatch_alpha": 0.6,
    "hatch_scale": 6,
    "hatch_weight": 0.6,
}
_TIP: Final = """
<div><b>@day @hour:00</b><br>@told<br>@behind</div>
"""


def heat_figures(week: Week, currency: str) -> list[Figure]:
    """Return one figure for each of the week's figures, in their order."""
    return [_map(cells, week, currency) for cells in week.figures]


def _map(cells: Cells, week: Week, currency: str) -> Figure:
    plot = canvas(
        _title(cells.name, currency),
        height=230,
        x_range=(-0.5, HOURS - 0.5),
        y_range=list(reversed(_NAMES)),
        x_axis_label="hour of the day, local time",
    )
    for grid in plot.grid:
        grid.update(visible=False)
    plot.xaxis[0].update(ticker=FixedTicker(ticks=list(range(0, HOURS, 3))))
    known = cells.values[~cells.thin & np.isfinite(cells.values)]
    top = float(known.max()) if known.size else 1.0
    mapper = LinearColorMapper(palette=Cividis256[::-1], low=0.0, high=max(top, 1e-9))
    solid, pale = _rows(cells, week, currency)
    colour = {"field": "value", "transform": mapper}
    hot = plot.rect("hour", "day", source=solid, fill_color=colour, **_LOOK)
    grey = plot.rect("hour", "day", source=pale, **_LOOK, **_HATCHED)
    hover(plot, [hot, grey], _TIP)
    scale(plot, mapper)
    return plot


def _title(name: str, currency: str) -> str:
    return {
        "Spend": f"Spend an hour, {currency}",
        "Conversions": "Conversions an hour",
        "CPA": f"Spend per conversion, {currency}",
    }[name].rstrip(", ")


def _rows(cells: Cells, week: Week, currency: str) -> tuple[ColumnDataSource, ColumnDataSource]:
    """Return the cells of enough evidence, and those of too little."""
    places = [(day, hour) for day in range(DAYS) for hour in range(HOURS)]
    enough = [at for at in places if not cells.thin[at] and np.isfinite(cells.values[at])]
    little = [at for at in places if at not in set(enough)]
    sources = [_source(part, cells, week, currency) for part in (enough, little)]
    return sources[0], sources[1]


def _source(
    places: Iterable[tuple[int, int]], cells: Cells, week: Week, currency: str
) -> ColumnDataSource:
    chosen = list(places)
    data: dict[str, Any] = {
        "day": [_NAMES[day] for day, _ in chosen],
        "hour": [hour for _, hour in chosen],
        "value": [float(cells.values[at]) for at in chosen],
        "told": [_told(cells, at, currency) for at in chosen],
        "behind": [
            f"{count(week.seen[at])} hours, {count(week.conversions[at])} conversions seen"
            + (": too little" if cells.thin[at] else "")
            for at in chosen
        ],
    }
    return ColumnDataSource(data)


def _told(cells: Cells, at: tuple[int, int], currency: str) -> str:
    value = float(cells.values[at])
    if not np.isfinite(value):
        return "nothing known"
    if cells.name == "Conversions":
        return f"{value:,.2f} conversions an hour"
    unit = "an hour" if cells.name == "Spend" else "per conversion"
    return f"{exact(value, currency)} {unit}"
