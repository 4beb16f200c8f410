"""An answer on a terminal: the present plan beside the other one, and what both rest on."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workers.chances import chance_cell
from workers.pages import print_page
from workers.whatif.asking import Answer, Expected, Range, Way
from workers.whatif.fitting import Basis

WIDEST = 100

_WHOLE = 100.0
"""Amounts and counts from which decimals say nothing."""


def print_answer(console: Console, found: Answer) -> None:
    """Print an answer, at most `WIDEST` columns wide."""
    title = f"{found.campaign}, the {found.days} days after the last report's"
    basis = [Text(f"- {line}") for line in basis_lines(found.basis, found)]
    rests = Text("\nWhat it rests on", style="bold")
    print_page(console, (Text(title, style="bold"), _table(found), rests, *basis), WIDEST)


def _table(found: Answer) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for name in ("present plan", "what if", "change"):
        table.add_column(name, justify="right")
    present, other = found.present, found.other
    table.add_row("strategy", present.way.strategy, other.way.strategy, "")
    table.add_row("budget a day", *(_budget(each.way, found) for each in (present, other)), "")
    if _target(present.way) or _target(other.way):
        table.add_row("target", _target(present.way) or "none", _target(other.way) or "none", "")
    for name, before, after, unit in _measures(found):
        table.add_row()
        table.add_row(
            Text(f"{name} {unit}".rstrip(), style="bold"),
            Text(_number(before.p50), style="bold"),
            Text(_number(after.p50), style="bold"),
            _change(before, after),
        )
        table.add_row("  p10 to p90", _between(before), _between(after), "", style="dim")
    table.add_row()
    table.add_row("budget used up", *_likely(found), "")
    cost = [_cost(each) for each in (present, other)]
    table.add_row("cost a conversion", *cost, "")
    return table


def _measures(found: Answer) -> Iterator[tuple[str, Range, Range, str]]:
    yield "spend", found.present.spend, found.other.spend, found.currency
    yield "conversions", found.present.conversions, found.other.conversions, ""
    if found.present.value is not None and found.other.value is not None:
        yield "value", found.present.value, found.other.value, found.currency


def basis_lines(basis: Basis, found: Answer) -> Iterator[str]:
    """Return sentences that say what an answer rests on, and what it does not know."""
    told, ends = f"{basis.conversions:,.0f}", f"{basis.expected:,.0f}"
    won = f"{told} conversions" if told == ends else f"{ends} conversions ({told} told so far)"
    yield f"{basis.days} days, {basis.hours:,} hours with spend, {won}"
    if found.present.way.daily_budget is None:
        yield "neither a plan nor a report names the present budget: it is taken to have none"
    learned = f"{basis.elasticity:.1f} (± {basis.elasticity_sd:.1f})"
    if basis.varied:
        yield f"bids varied: spend answers them with an elasticity of {learned}"
    else:
        yield (
            f"bids never varied, as far as the log tells: how spend answers them, {learned}, is "
            "assumed and not learned, and only matters to strategy adaptive"
        )
    if basis.cut_off > 0.0:
        yield (
            f"{basis.cut_off:.0%} of the hours were cut off by a budget: how much more there was "
            "to buy in them is not known, so that a larger budget may bring more than it says"
        )
    if not basis.restated:
        yield "no report was restated upwards: conversions are taken to be final"
    if found.present.value is None:
        yield "nobody has told what a conversion is worth, so that no value is shown"


def _budget(way: Way, found: Answer) -> str:
    if way.daily_budget is None:
        return "no limit"
    return f"{_number(way.daily_budget)} {found.currency}".rstrip()


def _target(way: Way) -> str:
    if way.target_cpa is not None:
        return f"{way.target_cpa:g} a conversion"
    return "" if way.target_roas is None else f"{way.target_roas:g} times the spend"


def _between(found: Range) -> str:
    return f"{_number(found.p10)} to {_number(found.p90)}"


def _likely(found: Answer) -> Iterator[str]:
    """Return how likely the budget is used up; one without a limit never is."""
    for each in (found.present, found.other):
        limited = each.way.daily_budget is not None
        yield chance_cell(each.exhausted, decimals=0) if limited else "-"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:,.2f}"


def _change(before: Range, after: Range) -> str:
    return f"{after.p50 / before.p50 - 1.0:+.1%}" if before.p50 else ""


def _cost(found: Expected) -> str:
    conversions = found.conversions.mean
    return _number(found.spend.mean / conversions) if conversions else "-"
