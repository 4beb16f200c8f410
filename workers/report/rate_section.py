"""Rates that bids were advised by against what came: sentence, table and figure of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, NumeralTickFormatter

from engine.calibration import Calibration
from workers.report.calibration import ENOUGH
from workers.report.drawing import BLUE, INK, PALE, Figure, canvas, hover
from workers.report.rates import MATURE, Rates
from workers.report.wording import count, counted, share

HEADINGS: Final = (
    *("Foretold", "Clicks", "Conversions foretold", "Came"),
    *("Rate that came", "80% interval", "Held"),
)
NOTE: Final = (
    "Forecasts are told apart by their rate into parts of as many clicks. Each is of the local day "
    "in which a bid was advised, so only of ad sets whose bids were off by more than noise. A "
    "click counts for the share of its conversions that is reported by now: in full where hours "
    "are final, or where the forecast was of conversions as told. Clicks of one day "
    "convert more alike than each by itself: the intervals are narrower than they ought to be."
)
_TIP: Final = "<div><b>@foretold foretold</b><br>@told<br>@counted</div>"
_AROUND: Final = 1.3
_USUAL: Final = 0.01
_RATES: Final = [step * 10.0**power for power in range(-5, 0) for step in (1, 2, 5)]


class Part(NamedTuple):
    """One part of the forecasts."""

    rate: float
    clicks: float
    came: float
    low: float
    high: float
    held: bool

    @property
    def foretold(self) -> float:
        """Conversions that were foretold of its clicks."""
        return self.rate * self.clicks

    @property
    def seen(self) -> float:
        """The rate that came."""
        return self.came / self.clicks


def note(rates: Rates) -> str:
    """Return what the forecasts came to, in words."""
    waits = (
        f" {counted(rates.waiting, 'forecast')} cannot be judged yet: fewer than {MATURE:.0%} of "
        "the day's conversions are expected to be reported."
        if rates.waiting
        else ""
    )
    if rates.found is None:
        return f"No forecast of a conversion rate can be judged.{waits}"
    parts = list(_parts(rates.found))
    came, foretold = (
        sum(each) for each in zip(*((p.came, p.foretold) for p in parts), strict=True)
    )
    clicks = sum(each.clicks for each in parts)
    few = "Too few to judge: of" if came < ENOUGH else "Of"
    relative = rates.found.error * clicks / foretold if foretold > 0.0 else 0.0
    return (
        f"{few} {counted(rates.judged, 'forecast')} by which bids were advised, {count(foretold)} "
        f"conversions were foretold of {count(clicks)} clicks and {count(came)} came. Part by part "
        f"the two differ by {100 * rates.found.error:.2f} conversions per 100 clicks (expected "
        f"calibration error), which is {share(relative)} of what was foretold.{waits}"
    )


def table(rates: Rates) -> list[list[str]]:
    """Return a row for each part, from the lowest rate to the highest."""
    return [
        [
            f"{each.rate:.2%}",
            count(each.clicks),
            f"{each.foretold:,.1f}",
            f"{each.came:,.1f}",
            f"{each.seen:.2%}",
            f"{each.low:.2%} to {each.high:.2%}",
            "yes" if each.held else "no",
        ]
        for each in (_parts(rates.found) if rates.found else ())
    ]


def figure(rates: Rates) -> Figure:
    """Return the rate that came by the rate foretold; on the line the two agree."""
    parts = list(_parts(rates.found)) if rates.found else []
    # Rates of ad sets differ by factors, so equal factors are equal lengths.
    some = [number for each in parts for number in (each.rate, each.low, each.seen, each.high)]
    positive = [number for number in some if number > 0.0] or [_USUAL]
    ends = min(positive) / _AROUND, max(positive) * _AROUND
    plot = canvas(
        "",
        height=320,
        x_axis_type="log",
        y_axis_type="log",
        x_range=ends,
        y_range=ends,
        x_axis_label="conversions per click that were foretold",
        y_axis_label="conversions per click that came",
    )
    for axis in (plot.xaxis[0], plot.yaxis[0]):
        axis.update(
            formatter=NumeralTickFormatter(format="0.[00]%"), ticker=FixedTicker(ticks=_RATES)
        )
    plot.line(ends, ends, line_color=INK, line_dash="dashed")
    source = ColumnDataSource(_columns(parts, ends[0]))
    plot.segment("x", "low", "x", "high", source=source, line_color="#7b8794")
    points = plot.scatter("x", "y", source=source, size=9, line_color=BLUE, fill_color="colour")
    hover(plot, [points], _TIP)
    return plot


def _parts(found: Calibration) -> Iterator[Part]:
    """Yield the parts that have any clicks."""
    seen = found.observed
    columns = (found.predicted, found.clicks, seen.middle, seen.low, seen.high, found.kept)
    for rate, clicks, middle, low, high, held in zip(*columns, strict=True):
        if clicks > 0.0:
            size = float(clicks)
            yield Part(float(rate), size, size * float(middle), float(low), float(high), bool(held))


def _columns(parts: list[Part], least: float) -> dict[str, Any]:
    """Return what is drawn of the parts; nothing has a place of its own below ``least``."""
    return {
        "x": np.array([max(each.rate, least) for each in parts]),
        "y": np.array([max(each.seen, least) for each in parts]),
        "low": np.array([max(each.low, least) for each in parts]),
        "high": np.array([each.high for each in parts]),
        "colour": [BLUE if each.came >= ENOUGH else PALE for each in parts],
        "foretold": [f"{each.rate:.2%}" for each in parts],
        "told": [f"{each.seen:.2%} came ({each.low:.2%} to {each.high:.2%})" for each in parts],
        "counted": [
            f"{each.came:,.1f} conversions of {each.clicks:,.0f} clicks"
            + ("" if each.came >= ENOUGH else ": too few to judge")
            for each in parts
        ],
    }
