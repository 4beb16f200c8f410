"""What became of advice, as tables, sentences and a figure of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, NumeralTickFormatter

from workers.chances import chance, chance_cell
from workers.report.calibration import ENOUGH, NOMINAL, wilson
from workers.report.drawing import BLUE, INK, PALE, Figure, canvas, hover
from workers.report.outcomes import Advised
from workers.report.wording import count, counted, share

HEADINGS: Final = (
    *("Advice", "After", "Scored", "As projected", "95% interval"),
    *("More", "Less", "Provisional", "Overtaken"),
)
PAID_HEADINGS: Final = ("Sure by", "Changes", "Paid", "95% interval")
NOTE: Final = (
    "Provisional outcomes change yet: conversions are still to come, or hours are not reported. Of "
    "overtaken ones there is nothing to be held against: other advice or another plan took their "
    "place. Neither is scored. Days of one account fail and hold together: the intervals are "
    "narrower than they ought to be."
)
PAID_NOTE: Final = (
    "A change paid where its days brought more than as many days before it, beyond what the money "
    "on top is worth elsewhere by the advice itself. Single days vary more than most changes move, "
    "which draws what is seen towards a half."
)
_TIP: Final = "<div><b>@sure</b><br>@told<br>@counted</div>"


def note(found: Advised) -> str:
    """Return what outcomes came to, in words."""
    settled = sum(each.settled for each in found.tallies)
    if not found.tallies:
        return (
            "Nothing yet: the first outcome comes a day after advice took effect, from a scorer "
            "that runs."
        )
    if not settled:
        return "No outcome stands yet: all are provisional, or were overtaken."
    few = "Too few to judge: of" if settled < ENOUGH else "Of"
    return (
        f"{few} the advice that was followed so much came as projected, between p10 and p90: "
        f"{'; '.join(_horizons(found))}. {NOMINAL:.0%} should."
    )


def _horizons(found: Advised) -> Iterator[str]:
    """Yield the share of each horizon: the same advice comes once in each."""
    for horizon in sorted({each.horizon for each in found.tallies}):
        some = [each for each in found.tallies if each.horizon == horizon]
        settled = sum(each.settled for each in some)
        if settled:
            held = share(sum(each.inside for each in some) / settled)
            yield f"after {counted(horizon, 'day')} {held} of {count(settled)}"


def table(found: Advised) -> list[list[str]]:
    """Return a row for each kind of advice and horizon."""
    rows = []
    for each in found.tallies:
        low, high = wilson(each.inside, each.settled)
        held = share(each.inside / each.settled if each.settled else None)
        spread = f"{low:.1%} to {high:.1%}" if each.settled else ""
        sides = (each.more, each.less, each.provisional, each.overtaken)
        after = counted(each.horizon, "day")
        rows.append([each.kind, after, count(each.settled), held, spread, *map(count, sides)])
    return rows


def paid_note(found: Advised) -> str:
    """Return whether changes of budgets paid as often as they were sure to, in words."""
    if found.paid is None:
        return "No change of a budget has an outcome that says whether it paid."
    bins = _bins(found)
    changes = sum(size for _, size, _ in bins)
    sure = sum(each * size for each, size, _ in bins) / changes
    won = sum(each for *_, each in bins) / changes
    few = "Too few to judge: of" if changes < ENOUGH else "Of"
    return (
        f"{few} {counted(changes, 'change')} of budgets {share(won)} paid; the advice was "
        f"{chance(sure)} sure of it on average. Part by part the two differ by "
        f"{share(found.paid.error)} (expected calibration error)."
    )


def paid_table(found: Advised) -> list[list[str]]:
    """Return a row for each part of the changes, by their confidence."""
    rows = []
    for sure, changes, won in _bins(found):
        low, high = wilson(won, changes)
        rows.append(
            [chance_cell(sure), count(changes), share(won / changes), f"{low:.1%} to {high:.1%}"]
        )
    return rows


def paid_figure(found: Advised) -> Figure:
    """Return how many changes paid, by how sure they were; on the line the two agree."""
    plot = canvas(
        "",
        height=280,
        x_range=(-0.02, 1.02),
        y_range=(-0.02, 1.05),
        x_axis_label="confidence of the advice",
        y_axis_label="changes that paid",
    )
    for axis in (plot.xaxis[0], plot.yaxis[0]):
        axis.update(formatter=NumeralTickFormatter(format="0%"))
    plot.line([0.0, 1.0], [0.0, 1.0], line_color=INK, line_dash="dashed")
    source = ColumnDataSource(_columns(found))
    plot.segment("x", "low", "x", "high", source=source, line_color="#7b8794")
    points = plot.scatter("x", "y", source=source, size=9, line_color=BLUE, fill_color="colour")
    hover(plot, [points], _TIP)
    return plot


def _bins(found: Advised) -> list[tuple[float, float, float]]:
    """Return mean confidence, changes and how many paid of each part that has any."""
    if found.paid is None:
        return []
    rows = zip(found.paid.predicted, found.paid.clicks, found.paid.observed.middle, strict=True)
    return [(float(sure), float(size), float(size * seen)) for sure, size, seen in rows if size]


def _columns(found: Advised) -> dict[str, Any]:
    bins = _bins(found)
    ranges = [wilson(won, size) for _, size, won in bins]
    return {
        "x": np.array([sure for sure, _, _ in bins]),
        "y": np.array([won / size for _, size, won in bins]),
        "low": np.array([low for low, _ in ranges]),
        "high": np.array([high for _, high in ranges]),
        "colour": [BLUE if size >= ENOUGH else PALE for _, size, _ in bins],
        "sure": [f"{chance(sure, decimals=0)} sure" for sure, _, _ in bins],
        "told": [f"{won / size:.0%} paid" for _, size, won in bins],
        "counted": [counted(size, "change") for _, size, _ in bins],
    }
