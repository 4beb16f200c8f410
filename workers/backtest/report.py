"""A back-test as a person reads it: a table, a sentence, and what the numbers cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from workers.backtest.contest import OURS
from workers.backtest.run import SIMULATOR, Result, Setup
from workers.backtest.summary import Lead, Range, Standing
from workers.pages import print_page

LABELS: Final = {
    OURS: "Pacekeeper",
    "none": "no control",
    "even": "even hours",
    "linear": "linear, daily reset",
    "pid": "PID",
    "waterlevel": "waterlevel",
    "mirror": "dual mirror descent",
    "weights": "mult. weights",
}
"""What people call the controllers."""

WIDEST: Final = 120
_PLAIN: Final = 110
"""Columns where the output is no terminal."""
_ROOMY: Final = 110
"""Columns from which there is room for bars and conversions."""
_BAR: Final = 10
_MANY: Final = 9.995

_STYLES: Final = {"hold": "bold yellow", "warning": "yellow", "note": "dim"}


def print_result(console: Console, result: Result) -> None:
    """Print a result, as wide as the terminal is, up to `WIDEST` columns."""
    if not console.is_terminal:
        console.width = _PLAIN
    print_page(console, _parts(result, min(console.width, WIDEST)), WIDEST)


def _parts(result: Result, width: int) -> Iterator[RenderableType]:
    yield Text()
    yield _heading(result.setup, result.repeated)
    yield _table(result, width)
    yield Text(_legend(result.setup), style="dim")
    if result.lead:
        yield Text()
        yield _sentence(result.lead, result.setup)
    if result.findings:
        yield _list("What to know of this log", _findings(result))
    yield _list("What cannot be known from it", _limits(result))


def _heading(setup: Setup, repeated: Range | None) -> Text:
    days = (setup.last_day - setup.first_day).days + 1
    text = Text(f"Back-test of {setup.source}", style="bold")
    text.append(
        f"\n{setup.campaigns:,} {'campaign' if setup.campaigns == 1 else 'campaigns'}, "
        f"{days} days, {setup.first_day} to {setup.last_day}; the first {setup.learn_days} of each "
        f"teach, {setup.scored_days:,} campaign-days are scored."
        f"\nBudget: {setup.budget}."
        + (f" Reports come {setup.late} h late." if setup.late else "")
        + ("" if setup.stops else " The platform does not stop a campaign.")
        + (_check(repeated) if repeated else ""),
        style="not bold",
    )
    return text


def _check(repeated: Range) -> str:
    return f"\nCheck: the model answers the log's own bids with {repeated.p50:.1%} of its spend."


def _table(result: Result, width: int) -> RenderableType:
    roomy = width >= _ROOMY
    table = Table(
        box=SIMPLE_HEAD, width=width, pad_edge=False, header_style="bold", border_style="dim"
    )
    table.add_column("Controller", no_wrap=True)
    if roomy:
        table.add_column("", width=_BAR)
    for name in ("Value", "p10 to p90", "Used", "Over"):
        table.add_column(name, justify="right", no_wrap=True)
    sold = roomy and any(each.conversions for each in result.standings)
    if sold:
        table.add_column("Conv.", justify="right", no_wrap=True)
    table.add_column("Worst campaign", ratio=1, no_wrap=True, overflow="ellipsis")
    for each in result.standings:
        style = "bold green" if each.controller == OURS else ""
        table.add_row(*_cells(each, roomy=roomy, sold=sold), style=style)
    return table


def _cells(each: Standing, *, roomy: bool, sold: bool) -> Iterator[RenderableType]:
    yield Text(LABELS[each.controller])
    if roomy:
        yield Text("━" * round(_BAR * min(each.value.p50, 1.0)), no_wrap=True)
    yield _share(each.value.p50)
    yield f"{_share(each.value.p10).removesuffix('%')} to {_share(each.value.p90)}"
    yield _share(each.use)
    yield Text(_share(each.overspend), style="red" if each.overspend else "")
    if sold:
        yield f"{each.conversions.p50:,.0f}" if each.conversions else ""
    yield Text(f"{each.worst:.0%} {each.worst_campaign.rpartition(':')[2]}")


def _share(value: float) -> str:
    """Return a share in per cent, or as so many times where it is many."""
    return f"{value:.1%}" if value < _MANY else f"{value:,.0f}x"


def _legend(setup: Setup) -> str:
    hidden = "" if setup.source == SIMULATOR else " of what the log hides"
    return (
        "Value: of the best purchase that hindsight allows within each day's budget, mean over "
        f"campaigns; p10 to p90: over {setup.draws} {_drawn(setup)}{hidden}, seed {setup.seed}. "
        "Used: spend over budget. Over: the most that any day spent above its budget."
    )


def _drawn(setup: Setup) -> str:
    return "worlds" if setup.source == SIMULATOR else "draws"


def _sentence(lead: Lead, setup: Setup) -> Text:
    ratio, name = lead.ratio, LABELS[lead.best]
    told = f"{abs(ratio.p50 - 1.0):.1%} {'more' if ratio.p50 >= 1.0 else 'less'}"
    return Text(
        f"Pacekeeper brings {told} value than the best of the others, {name} "
        f"({ratio.p10 - 1.0:+.1%} to {ratio.p90 - 1.0:+.1%}; ahead in "
        f"{round(lead.ahead_in * setup.draws)} of {setup.draws} {_drawn(setup)}).",
        style="bold green" if ratio.p50 >= 1.0 else "bold yellow",
    )


def _findings(result: Result) -> Iterator[Text]:
    for each in result.findings:
        yield Text.assemble((f"{each.level}: ", _STYLES[each.level]), each.text)


def _limits(result: Result) -> Iterator[Text]:
    for sentence in result.cannot_be_known:
        yield Text(sentence)


def _list(title: str, lines: Iterator[Text]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1)
    grid.add_column()
    for line in lines:
        grid.add_row(Text("·", style="dim"), line)
    return Padding(Group(Text(title, style="bold"), grid), (1, 0, 0, 0))
