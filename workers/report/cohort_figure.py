"""The cohort triangle as a figure: solid where observed, light and hatched where foreseen."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.palettes import Cividis256

from workers.report.cohort_rows import CohortTriangle, Row
from workers.report.drawing import INK, PALE, Figure, canvas, hover, scale
from workers.report.wording import count, exact

_LOOK: Final = {"width": 0.94, "height": 0.9, "line_color": None}
_HATCH: Final = {
    "hatch_pattern": "right_diagonal_line",
    "hatch_scale": 6,
    "hatch_weight": 0.6,
}
_TIP: Final = """
<div><b>@row, @age days on</b><br>@told<br>@behind</div>
"""


def cohort_figure(found: CohortTriangle, currency: str) -> Figure:
    """Return revenue per spend by cohort and age, or revenue where there was no spend."""
    per_spend = all(row.spend > 0.0 for row in found.rows)
    names = [row_name(row) for row in found.rows]
    plot = canvas(
        f"{'Revenue per spend' if per_spend else 'Revenue'} by day of the clicks and age",
        height=90 + 20 * len(names),
        x_range=[str(age) for age in found.ages],
        y_range=list(reversed(names)),
        x_axis_label="days since the end of the day of the clicks",
    )
    for grid in plot.grid:
        grid.update(visible=False)
    cells = [(i, j) for i in range(len(found.rows)) for j in range(len(found.ages))]
    shown = [_shown(found.rows[i], per_spend)[j] for i, j in cells if not found.rows[i].thin]
    # Cohorts differ by less than what all of them have: colours begin at the least of them.
    low, high = min(shown, default=0.0), max(shown, default=0.0)
    mapper = LinearColorMapper(palette=Cividis256[::-1], low=low, high=max(high, low + 1e-9))
    hover(plot, _drawn(plot, mapper, (found, cells, per_spend, currency)), _TIP)
    scale(plot, mapper)
    return plot


def row_name(row: Row) -> str:
    """Return what a row is called: its first day, and how many there are."""
    day = row.first.isoformat()
    return day if row.days == 1 else f"{day}, {row.days} days"


_What = tuple[CohortTriangle, list[tuple[int, int]], bool, str]


def _drawn(plot: Figure, mapper: LinearColorMapper, what: _What) -> list[Any]:
    found, cells, *_ = what
    colour = {"field": "value", "transform": mapper}
    thin = [(i, j) for i, j in cells if found.rows[i].thin]
    enough = [(i, j) for i, j in cells if not found.rows[i].thin]
    seen = [(i, j) for i, j in enough if found.rows[i].observed[j]]
    coming = [(i, j) for i, j in enough if not found.rows[i].observed[j]]
    light = {"fill_alpha": 0.5, "hatch_color": INK, "hatch_alpha": 0.35, **_HATCH}
    grey = {"fill_color": PALE, "hatch_color": "#9aa5b1", "hatch_alpha": 0.6, **_HATCH}
    return [
        plot.rect("age", "row", source=_source(seen, what), fill_color=colour, **_LOOK),
        plot.rect("age", "row", source=_source(coming, what), fill_color=colour, **_LOOK, **light),
        plot.rect("age", "row", source=_source(thin, what), **_LOOK, **grey),
    ]


def _shown(row: Row, per_spend: bool) -> list[float]:  # noqa: FBT001 -- what is divided by
    values: list[float] = (row.values / row.spend if per_spend else row.values).tolist()
    return values


def _source(places: list[tuple[int, int]], what: _What) -> ColumnDataSource:
    found, _, per_spend, currency = what
    rows = [found.rows[i] for i, _ in places]
    data: dict[str, Any] = {
        "row": [row_name(row) for row in rows],
        "age": [str(found.ages[j]) for _, j in places],
        "value": [_shown(found.rows[i], per_spend)[j] for i, j in places],
        "told": [_told(found.rows[i], j, currency) for i, j in places],
        "behind": [
            f"{count(np.round(row.conversions, 1))} conversions of {count(row.clicks)} clicks"
            + (": too few" if row.thin else "")
            for row in rows
        ],
    }
    return ColumnDataSource(data)


def _told(row: Row, age: int, currency: str) -> str:
    value = float(row.values[age])
    times = f", {value / row.spend:.2f} times the spend" if row.spend > 0.0 else ""
    if row.observed[age]:
        return f"observed: {exact(value, currency)}{times}"
    low, high = row.limits[age]
    return (
        f"foreseen: {exact(value, currency)}{times} "
        f"({exact(float(low), currency)} to {exact(float(high), currency)})"
    )
