"""Numbers and times of a status in as few characters as a table has room for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from schemas.zones import zone
from workers.chances import chance_cell
from workers.report.wording import NOTHING, amount, counted
from workers.status.model import CampaignStatus, CurrencyTotal, Limits, Use, Worst

_WEEK: Final = timedelta(days=6)
_TRENDS: Final = {1: "better", -1: "worse", 0: ""}


def money(value: float | None, code: str) -> str:
    """Return an amount without its currency, in whole units from a thousand on."""
    return amount(value, code).removeprefix(f"{code} ")


def spent_of(use: Use, code: str) -> str:
    """Return what is spent of what: ``12.00 / 240.00``."""
    spent = money(use.spent, code)
    return spent if use.budget is None else f"{spent} / {money(use.budget, code)}"


def per_cent(share: float | None) -> str:
    """Return a share in whole per cent."""
    return NOTHING if share is None else f"{share:.0%}"


def sure(confidence: float) -> str:
    """Return how sure a decision is; nothing where none was made."""
    return chance_cell(confidence, decimals=0) if confidence > 0.0 else NOTHING


def pace_of(value: float | None) -> str:
    """Return a pace, 1 is as meant."""
    return NOTHING if value is None else f"{value:.2f}"


def between(low: float | None, high: float | None, code: str) -> str:
    """Return two ends of a range of money."""
    return NOTHING if low is None else f"{money(low, code)}\N{EN DASH}{money(high, code)}"


def ends(limits: Limits, code: str) -> str:
    """Return the ends of an interval of money, or ``from 12.00`` where it is open above."""
    if limits.high is None:
        return f"from {money(limits.low, code)}" if limits.low > 0.0 else NOTHING
    return between(limits.low, limits.high, code)


def rate(limits: Limits) -> str:
    """Return the middle of a rate in per cent."""
    return NOTHING if limits.middle is None else f"{limits.middle:.2%}"


def rates(limits: Limits) -> str:
    """Return the ends of a rate in per cent."""
    if limits.middle is None or limits.high is None:
        return NOTHING
    return f"{100 * limits.low:.2f}\N{EN DASH}{limits.high:.2%}"


def trend(sign: int) -> str:
    """Return whether conversions became cheaper (better) or dearer (worse)."""
    return _TRENDS[sign]


def worst_day(worst: Worst | None, code: str) -> str:
    """Return what the day may come to by the platform's rules."""
    return NOTHING if worst is None else money(worst.day, code)


def moment(at: datetime | None, now: datetime, timezone: str) -> str:
    """Return a time on the campaign's own clock, with as much of its date as tells it apart."""
    if at is None:
        return NOTHING
    there, here = at.astimezone(zone(timezone)), now.astimezone(zone(timezone))
    if there.date() == here.date():
        return f"{there:%H:%M}"
    return f"{there:%a %H:%M}" if there.date() - here.date() <= _WEEK else f"{there:%d %b}"


def owner(total: CurrencyTotal) -> str:
    """Return whose totals they are."""
    return counted(total.campaigns, "campaign")


def points(each: CampaignStatus | CurrencyTotal) -> str:
    """Return a score of 100 in whole points."""
    return NOTHING if each.score is None else f"{each.score.points:.0f}"


def cost(each: CampaignStatus) -> str:
    """Return what a conversion costs, or what spend returns where the plan asks for revenue."""
    if not each.wants_revenue:
        return money(each.brought.cpa.middle, each.currency)
    middle = each.brought.roas.middle
    return NOTHING if middle is None else f"ROAS {middle:.2f}"


def cost_range(each: CampaignStatus) -> str:
    """Return the ends of the same."""
    if not each.wants_revenue:
        return ends(each.brought.cpa, each.currency)
    return ends(each.brought.roas, "")


def cost_told(each: CampaignStatus) -> str:
    """Return the same by what is reported so far; nothing where it looks no other."""
    told = each.brought
    if not each.wants_revenue:
        found = _by_told(told.spend, told.conversions_told)
        text = NOTHING if found is None else money(found, each.currency)
    else:
        found = _by_told(told.revenue_told, told.spend)
        text = NOTHING if found is None else f"ROAS {found:.2f}"
    return "" if text in {NOTHING, cost(each)} else text


def _by_told(part: float, whole: float) -> float | None:
    return part / whole if whole > 0.0 else None
