"""The pace chart as a figure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, NumeralTickFormatter, Range1d

from schemas import BudgetPeriod
from workers.chances import chance_cell
from workers.report.decisions import Decision
from workers.report.drawing import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Figure,
    canvas,
    hover,
)
from workers.report.pace import Line, Marker, Pace, pieces_of
from workers.report.wording import exact, setting, short

LEGEND: Final = (
    ("actual", BLUE, "solid", "actual spend"),
    ("target", GREEN, "dotted", "target: the budget by the learned pattern"),
    ("plan", ORANGE, "dashed", "plan of the day's first decision"),
    ("band", SKY, "band", "forecast of the period's end, p10 to p90, as of then"),
    ("budget", INK, "solid", "budget of the period"),
    ("worst", VERMILION, "dotdash", "worst case by the platform's rule"),
)
"""What is drawn: name, colour, dash, words."""

_MILLISECONDS_A_DAY = 86_400_000.0
_FIRST_LOOK = 7 * _MILLISECONDS_A_DAY
_TIP: Final = """
<div style="max-width:320px;white-space:normal">
<b>@when</b><br>@what<br>@plan_note<br>
<i>@why</i><br>@became</div>
"""
_SHAPES = {1: "triangle", -1: "inverted_triangle", 0: "circle"}
_TURNS = {1: GREEN, -1: PURPLE, 0: INK}


def pace_figure(pace: Pace) -> Figure:
    """Return the pace chart of one campaign."""
    currency = pace.terms.currency
    plot = canvas(
        "",
        height=380,
        x_axis_type="datetime",
        x_axis_label=f"local time, {pace.terms.timezone}",
        y_axis_label=f"{currency} since the {pace.terms.period.value} began".strip(),
        **_ranges(pace),
    )
    times = DatetimeTickFormatter(hours="%H:%M", days="%a %d %b", months="%b %Y")
    plot.xaxis[0].update(formatter=times)
    plot.yaxis[0].update(formatter=NumeralTickFormatter(format="0,0"))
    _band(plot, pace)
    for name, colour, dash, _ in LEGEND:
        if dash != "band":
            width = 2.5 if name == "actual" else 1.5
            _line(plot, getattr(pace, name), (colour, dash, width))
    _points(plot, pace)
    return plot


def _line(plot: Figure, line: Line, look: tuple[str, str, float]) -> None:
    colour, dash, width = look
    source = ColumnDataSource({"x": line.times, "y": line.amounts})
    plot.line("x", "y", source=source, line_color=colour, line_dash=dash, line_width=width)


def _band(plot: Figure, pace: Pace) -> None:
    """Draw a patch for each period: Bokeh's areas would go on over the gaps between them."""
    pieces = list(zip(pieces_of(pace.low), pieces_of(pace.high), strict=True))
    xs = [np.concatenate([low.times, high.times[::-1]]) for low, high in pieces]
    ys = [np.concatenate([low.amounts, high.amounts[::-1]]) for low, high in pieces]
    plot.patches(xs, ys, fill_color=SKY, fill_alpha=0.22, line_color=None)
    _line(plot, pace.middle, (SKY, "solid", 1.0))


def _points(plot: Figure, pace: Pace) -> None:
    """Draw decisions: up and down triangles, hollow where nothing of them is in force."""
    drawn = []
    for turn, shape in _SHAPES.items():
        chosen = [marker for marker in pace.markers if marker.decision.direction == turn]
        source = ColumnDataSource(_columns(chosen, pace.terms.currency))
        renderer = plot.scatter(
            "x",
            "y",
            source=source,
            marker=shape,
            size=7 if turn else 5,
            line_color=_TURNS[turn],
            fill_color=_TURNS[turn],
            fill_alpha="solid",
        )
        drawn.append(renderer)
    hover(plot, drawn, _TIP)


def _columns(markers: list[Marker], currency: str) -> dict[str, Any]:
    made = [marker.decision for marker in markers]
    return {
        "x": np.array([marker.time for marker in markers]),
        "y": np.array([marker.amount for marker in markers]),
        "solid": np.array([0.85 if one.is_in_force else 0.0 for one in made]),
        "when": [
            f"{np.datetime64(int(each.time), 'ms'):}"[:16].replace("T", " ") for each in markers
        ],
        "what": [_what(one, currency) for one in made],
        "plan_note": [_limits(one, currency) for one in made],
        "why": [short(" ".join(one.reasons)) for one in made],
        "became": [_became(one) for one in made],
    }


def _what(one: Decision, currency: str) -> str:
    before = setting(one.before, one.unit, currency)
    after = setting(one.after, one.unit, currency)
    return f"{one.field.replace('_', ' ')}: {before} → {after}"


def _limits(one: Decision, currency: str) -> str:
    cap = f"at most {exact(one.cap, currency)} in the hour; " if one.cap is not None else ""
    return f"{cap}confidence {chance_cell(one.confidence)}"


def _became(one: Decision) -> str:
    status = one.outcome.value.replace("_", " ") if one.outcome else "nothing in the audit trail"
    clamped = f"; guard rails: {', '.join(one.clamped)}" if one.clamped else ""
    return short(f"{status}{clamped}")


def _ranges(pace: Pace) -> dict[str, Range1d]:
    """Return what is seen at first: the last week, or the whole of a longer period."""
    lines = (pace.actual, pace.budget, pace.worst, pace.plan)
    top = float(np.nanmax(np.concatenate([[1.0], *(line.amounts for line in lines)])))
    ranges = {"y_range": Range1d(start=0.0, end=1.06 * top)}
    times = np.concatenate([pace.actual.times, pace.budget.times])
    if not times.size:
        return ranges
    first, last = float(times.min()), float(times.max())
    if pace.terms.period is BudgetPeriod.DAY:
        first = max(first, last - _FIRST_LOOK)
    edge = 0.01 * (last - first)
    return ranges | {"x_range": Range1d(start=first - edge, end=last + edge)}
