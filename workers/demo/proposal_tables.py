"""Tables of what was proposed: a group's budgets, and bids by device."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.box import SIMPLE
from rich.table import Table

from schemas import Recommendation
from workers.chances import chance_cell
from workers.demo.proposals import Rebalanced, by_device, gain_of

LISTED = 4
"""Most rows of a table; what else there is, is summed up."""

ID_SHOWN = 8
"""Characters of an id: enough for `pacekeeper explain` to know it by."""


def budget_heading(split: Rebalanced) -> str:
    """Return what the table of budgets is about, in a line."""
    platforms = sorted({each.platform for each in split.moves})
    return (
        f"One budget for {split.members} campaigns of {' and '.join(platforms)}, in "
        f"{split.group.currency} a day: who is to have it from {split.day:%A} on"
    )


def budget_table(split: Rebalanced, width: int) -> Table:
    """Return whose budget of a day is to change, from what to what, and what that brings."""
    table = _table("Campaign", f"all {split.members}", width)
    percent = float(split.after / split.before - 1)
    for name, foot in (
        ("Budget", f"{split.before:,.0f}"),
        ("New", f"{split.after:,.0f}"),
        ("Change", f"{percent:+z.1%}"),
        ("Conv. a day", f"{split.gain:+z,.1f}"),
        ("Sure", ""),
        ("ID", ""),
    ):
        table.add_column(name, foot, justify="right", no_wrap=True)
    shown = split.moves[:LISTED]
    for each in shown:
        before, after = each.current_value or Decimal(0), each.recommended_value or Decimal(0)
        table.add_row(
            f"{each.platform} {each.campaign_id}",
            f"{before:,.0f}",
            f"{after:,.0f}",
            f"{each.change_pct or 0.0:+z.1f}%",
            f"{gain_of(each):+z,.1f}",
            chance_cell(each.confidence, decimals=0),
            each.recommendation_id[:ID_SHOWN],
        )
    if split.members > len(shown):
        table.add_row(*_others(split, shown), "", "")
    return table


def bid_heading(bids: Sequence[Recommendation]) -> str:
    """Return what the table of bids is about, in a line."""
    first = bids[0]
    return (
        f"What to bid for a click, {first.platform} {first.account_id} in {first.currency}: "
        "usual bids, and adjustments by device"
    )


def bid_table(bids: Sequence[Recommendation], width: int) -> Table:
    """Return which bids are to change, from what to what, and their multipliers by device."""
    devices = sorted({name for each in bids for name in by_device(each)})
    table = _table("Campaign, ad set", None, width)
    for name in ("Bid", "New", *devices, "Sure", "ID"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in bids[:LISTED]:
        factors = by_device(each)
        table.add_row(
            f"{each.campaign_id}, {each.entity_id}",
            f"{each.current_value:,}",
            f"{each.recommended_value:,}",
            *(f"{factors[name] - 1.0:+.0%}" if name in factors else "" for name in devices),
            chance_cell(each.confidence, decimals=0),
            each.recommendation_id[:ID_SHOWN],
        )
    return table


def _others(split: Rebalanced, shown: Sequence[Recommendation]) -> tuple[str, ...]:
    """Return the row of all campaigns that are not shown, so that columns add up."""
    before = split.before - sum((each.current_value or Decimal(0) for each in shown), Decimal(0))
    after = split.after - sum((each.recommended_value or Decimal(0) for each in shown), Decimal(0))
    rest = split.gain - sum(map(gain_of, shown))
    return (
        f"{split.members - len(shown)} others",
        f"{before:,.0f}",
        f"{after:,.0f}",
        f"{float(after / before - 1):+z.1%}" if before else "",
        f"{rest:+z,.1f}",
    )


def _table(first: str, foot: str | None, width: int) -> Table:
    table = Table(
        width=width,
        header_style="bold",
        border_style="dim",
        box=SIMPLE,
        show_footer=foot is not None,
    )
    table.add_column(first, foot or "", no_wrap=True, ratio=1)
    return table
