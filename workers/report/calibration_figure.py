"""How often forecasts held, as a figure."""

from __future__ import annotations

from typing import Final

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, NumeralTickFormatter
from bokeh.models.annotations import Span

from workers.report.calibration import ENOUGH, NOMINAL, SLOTS, Calibration, wilson
from workers.report.drawing import BLUE, INK, PALE, Figure, canvas, hover
from workers.report.wording import share

_TIP: Final = """
<div><b>@slot of 24</b><br>@told<br>@counted</div>
"""


def calibration_figure(found: Calibration) -> Figure:
    """Return the share of forecasts that held, by the part of the period they were made in."""
    plot = canvas(
        "",
        height=280,
        x_range=(-0.7, SLOTS - 0.3),
        y_range=(-0.02, 1.05),
        x_axis_label="hour of the day of the forecast (of longer periods: 24ths)",
        y_axis_label="periods that ended within p10 to p90",
    )
    plot.yaxis[0].update(formatter=NumeralTickFormatter(format="0%"))
    plot.xaxis[0].update(ticker=FixedTicker(ticks=list(range(0, SLOTS, 3))))
    plot.add_layout(Span(location=NOMINAL, dimension="width", line_color=INK, line_dash="dashed"))
    source = ColumnDataSource(_columns(found))
    plot.segment("slot", "low", "slot", "high", source=source, line_color="#7b8794")
    points = plot.scatter(
        "slot", "share", source=source, size=9, line_color=BLUE, fill_color="colour"
    )
    hover(plot, [points], _TIP)
    return plot


def _columns(found: Calibration) -> dict[str, object]:
    slots = [slot for slot in range(SLOTS) if found.counts[slot]]
    ranges = [wilson(found.within[slot], found.counts[slot]) for slot in slots]
    shares = [found.within[slot] / found.counts[slot] for slot in slots]
    return {
        "slot": np.array(slots),
        "share": np.array(shares),
        "low": np.array([low for low, _ in ranges]),
        "high": np.array([high for _, high in ranges]),
        "colour": [BLUE if found.counts[slot] >= ENOUGH else PALE for slot in slots],
        "told": [f"{share(one)} held" for one in shares],
        "counted": [
            f"{found.counts[slot]:,.0f} forecasts"
            + ("" if found.counts[slot] >= ENOUGH else ": too few to judge")
            for slot in slots
        ],
    }
