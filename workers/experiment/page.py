"""An experiment on a terminal: what it compares, the effect, the verdict, what it would take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from workers.cli.console import counted as _counted
from workers.cli.console import printable
from workers.experiment.model import Analysis, SideTotal, Verdict
from workers.pages import print_page
from workers.report.wording import NOTHING

WIDEST = 100

_MEASURED = {
    "conversions": "conversions",
    "value": "value of conversions",
    "value_per_cost": "value of conversions per cost",
}


def print_analysis(console: Console, found: Analysis) -> None:
    """Print what is known of one experiment."""
    print_page(console, _page(found), WIDEST)


def print_list(console: Console, found: Sequence[Analysis]) -> None:
    """Print a line for each experiment."""
    table = _table()
    table.add_column("experiment", overflow="fold")
    table.add_column("status", no_wrap=True)
    for name in ("days", "effect", "between"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for each in found:
        verdict = each.verdict
        table.add_row(
            each.experiment_id,
            each.status,
            f"{each.days:,}",
            NOTHING if verdict.estimate is None else per_cent(verdict.estimate),
            _interval(verdict),
            _in_a_word(verdict),
        )
    print_page(console, [table], WIDEST)


def per_cent(effect: float) -> str:
    """Return an effect, a factor less 1, with its sign: ``+2.4 %``."""
    return f"{100 * effect:+.1f} %"


def sentence(found: Analysis) -> str:
    """Return the verdict in words."""
    verdict, measured = found.verdict, _MEASURED[found.metric]
    if verdict.observations < verdict.least_observations:
        pairs = "days" if found.design == "halves" else "pairs of blocks"
        return (
            f"Too early: nothing is said before {verdict.least_observations} {pairs} can be "
            f"compared, and {verdict.observations} can by now."
        )
    if not verdict.differs:
        return f"No difference in {measured} is known: the days so far agree with none."
    way = "more" if (verdict.estimate or 0.0) > 0.0 else "less"
    return f"They differ: the treatment brings {way} {measured} than the control."


def reaching(found: Analysis) -> str:
    """Return how long it takes to know, and what the planned days can tell."""
    verdict = found.verdict
    if not verdict.reach:
        return "How long it takes is known once four pairs can be compared."
    some = [
        f"{100 * each.effect:.0f} % after {each.days:,} days"
        for each in verdict.reach
        if each.days is not None
    ]
    told = f"An effect of {', of '.join(some)}" if some else "No effect up to 20 % in ten years"
    if verdict.detectable is None:
        return f"{told}, four times of five."
    planned = f"{found.planned_days} days tell {per_cent(verdict.detectable)} from none"
    return f"{told}, four times of five; {planned}."


def _page(found: Analysis) -> Iterator[RenderableType]:
    until = f" until {found.end}" if found.end else ""
    over = f", stopped {found.stopped_at:%F %H:%M} UTC" if found.stopped_at else ""
    head = f"  {found.status}, from {found.start}{until}{over}"
    yield Text.assemble((found.experiment_id, "bold"), head)
    way = f"{found.design}, by {_MEASURED[found.metric]}; {printable(found.by)}"
    yield Text(way + (f": {printable(found.why)}" if found.why else ""), style="dim")
    sets = [f"the {each.side} sets {each.sets}" for each in found.sides if each.sets]
    yield Text(printable("; ".join(sets) or "no side sets anything: the plans differ, or nothing"))
    yield Text()
    yield _sides(found)
    yield Text()
    yield _facts(found)


def _facts(found: Analysis) -> Table:
    verdict = found.verdict
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    if verdict.estimate is not None:
        grid.add_row("effect", f"{per_cent(verdict.estimate)} in {_MEASURED[found.metric]}")
    if verdict.low is not None:
        sure = f"{100 * (1 - found.alpha):g} % sure, on whatever day it is looked at"
        grid.add_row("between", f"{_interval(verdict)}, {sure}")
    grid.add_row("evidence", f"e-value {verdict.e_value:.3g}, p {verdict.p_value:.2g} at any time")
    style = "bold green" if verdict.differs else "bold"
    grid.add_row("verdict", Text(sentence(found), style=style))
    grid.add_row("to know", reaching(found))
    halves = found.design == "halves"
    of = _counted(
        len(found.campaigns),
        one="pair of campaigns" if halves else "campaign",
        many="pairs of campaigns" if halves else "campaigns",
    )
    counted = f"{_counted(verdict.observations, one='comparison')} in {found.days:,} days"
    until = f"; reported until {found.as_of:%F %H:%M} UTC" if found.as_of else ""
    grid.add_row("from", f"{counted} of {of}{until}")
    return grid


def _sides(found: Analysis) -> Table:
    table = _table("side")
    for name in ("campaign-days", "conversions", "value", "cost", "per conversion"):
        table.add_column(name, justify="right", no_wrap=True)
    for side in found.sides:
        table.add_row(
            side.side,
            f"{side.campaign_days:,}",
            f"{side.conversions:,.1f}",
            f"{side.value:,.2f}",
            f"{side.cost:,.2f}",
            _price(side),
        )
    return table


def _price(side: SideTotal) -> str:
    return f"{side.cost / side.conversions:,.2f}" if side.conversions > 0.0 else NOTHING


def _interval(verdict: Verdict) -> str:
    if verdict.low is None or verdict.high is None:
        return NOTHING
    return f"{100 * verdict.low:+.1f} and {per_cent(verdict.high)}"


def _in_a_word(verdict: Verdict) -> str:
    if verdict.observations < verdict.least_observations:
        return "too early"
    return "they differ" if verdict.differs else "not known"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        table.add_column(name, no_wrap=True)
    return table
