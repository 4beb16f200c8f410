"""Answers about one campaign as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from engine.steering import BINDING
from schemas import BudgetPeriod
from schemas.levers import BID_MULTIPLIER
from schemas.zones import zone
from workers.chances import chance
from workers.report.wording import counted, exact, moment, setting
from workers.status.answers import Answers, Cell, Lever
from workers.status.model import Brought, CampaignStatus, Limits

_RISKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "budget_used_up": "A budget is used up.",
        "runs_out_early": "It spends more than a fifth faster than meant, and may run out early.",
        "left_over": "It spends more than a fifth slower than meant, and may leave money over.",
        "target_missed": "Conversions cost more than the target allows, and chance is no excuse.",
        "nothing_comes_back": "It has spent what two conversions may cost, and none has come.",
        "getting_worse": "Conversions have become clearly dearer than in the week before.",
        "little_known": "Too few conversions have come to be sure of what they cost.",
    }
)
"""What each of `engine.status.RISKS` means."""

_BINDING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "budget": "what is left of the budget",
        "daily_cap": "the plan's daily cap",
        "daily_minimum": "the plan's daily minimum",
        "target": "the plan's target",
        "bid_limit": "the range that the plan leaves bids",
    }
)
"""What a multiplier follows from, of `engine.steering.BINDING`."""


def head(status: CampaignStatus) -> str:
    """Tell of when and of what kind it is."""
    plan = "no plan that runs now" if status.period is None else f"one budget a {status.period}"
    if status.period is not None and status.flight is not None:
        plan = "one budget for the flight"
    now = _clock(status.as_of, status)
    told = _clock(status.reported_until, status)
    late = "" if told == now else f", reported until {told}"
    return f"as of {now} {status.timezone}{late}; {plan}, in {status.currency or '?'}"


def standing(status: CampaignStatus) -> list[str]:
    """Tell of pace, projection and what it brings."""
    lines = [""]
    ahead, code = status.ahead, status.currency
    if ahead.pace is not None:
        lines.append(f"It has spent {ahead.pace:.2f} times what the learned pattern meant by now.")
    if ahead.p50 is not None:
        between = f"{exact(ahead.p10, code)} and {exact(ahead.p90, code)}"
        lines.append(
            f"The {status.period or 'period'} is expected to end at {exact(ahead.p50, code)}, "
            f"four times of five between {between}."
        )
    else:
        lines.append("No decision about its present period projects where that ends.")
    return lines + _brought(status.brought, status)


def helping(found: Answers) -> list[str]:
    """Tell whether it is at risk, and what would help."""
    status, ahead = found.status, found.status.ahead
    lines = [_RISKS[name] for name in status.risks]
    if ahead.exhaustion is not None:
        at = _clock(ahead.exhausts_at, status) if ahead.exhausts_at else ""
        when = f", at about {at}" if at else ""
        lines.append(
            f"The {status.period}'s budget is used up before its end with a probability of "
            f"{chance(ahead.exhaustion, decimals=0)}{when}."
        )
    lines += _cap(found)
    if found.safe_daily_budget is not None and status.worst is not None:
        now = exact(status.worst.daily_budget, status.currency)
        safe = exact(found.safe_daily_budget, status.currency)
        lines.append(
            f"Should the platform go to the worst that its rules allow, a daily budget of {safe} "
            f"there would still keep the plan; {now} is reckoned with."
        )
    return lines or ["Nothing says so, and nothing was decided yet that could tell."]


def next_hours(found: Answers) -> list[str]:
    """Tell what is set for the next hours."""
    lever, status = found.lever, found.status
    if lever is None:
        return ["Nothing is set for them: no decision about an hour of today names a value."]
    unit = "multiplier" if lever.field == BID_MULTIPLIER else "currency"
    value = setting(lever.value, unit, status.currency)
    before = setting(lever.in_force, unit, status.currency)
    name = "Bids" if unit == "multiplier" else "Its budget"
    start = _clock(lever.start, status)
    capped = (
        "" if lever.cap is None else f", cut off at {exact(lever.cap, status.currency)} an hour"
    )
    lines = [f"{name}: {value} from {start} on (in force: {before}){capped}."]
    lines += _multiplier(lever, alone=status.period is not BudgetPeriod.DAY)
    lines.append(f"Sure of it: {chance(status.ahead.confidence, decimals=0)}.")
    return lines


def learned(found: Answers) -> list[str]:
    """Tell which hours and weekdays convert best."""
    known = found.learned
    if known is None:
        return ["Nothing that could be learned again from what the log keeps of it."]
    return [
        f"{known.trust:.0%} of the week is the campaign's own, the rest is what others taught.",
        f"Strongest hours by conversions per click: {_cells(known.hours)}.",
        f"Weekdays, the strongest first: {_cells(known.days)}.",
        "In brackets: how much of each is the campaign's own.",
    ]


def held(found: Answers) -> list[str]:
    """Tell what is held, why, and what to do."""
    hold = found.status.hold
    if hold is None:
        return ["Nothing."]
    reason = hold.reason.replace("_", " ")
    since = f"Since {moment(int(hold.since.timestamp()))}: {reason}."
    return [line for line in (since, hold.text, hold.remedy) if line]


def _brought(result: Brought, status: CampaignStatus) -> list[str]:
    if result.spend <= 0.0:
        return ["Nothing was spent in the last seven days."]
    code = status.currency
    spent = exact(result.spend, code)
    won = counted(round(result.conversions, 1), "conversion")
    lines = [
        f"Seven days: {spent} for {won}, {_price(result, code)}.",
        *_still_to_come(result, code),
    ]
    if result.roas.middle:
        lines.append(f"ROAS {result.roas.middle:.2f} ({_between(result.roas, 2)}).")
    if result.conversion_rate.middle is not None:
        rate = f"{100 * result.conversion_rate.middle:.2f} %"
        lines.append(f"Of the clicks {rate} converted ({_per_cent(result.conversion_rate)}).")
    if result.efficiency is not None:
        better = result.efficiency >= 1.0
        word = "better" if better else "worse"
        lines.append(f"That is {abs(result.efficiency - 1.0):.0%} {word} than the target asks.")
    if result.trend > 0:
        lines.append("Conversions are clearly cheaper than in the seven days before.")
    return lines


def _still_to_come(result: Brought, code: str) -> list[str]:
    """Tell what is reported by now where it is less, or more, by what can be seen."""
    counts = [round(each, 1) for each in (result.conversions_told, result.conversions)]
    money = [exact(each, code) for each in (result.revenue_told, result.revenue)]
    if counts[0] == counts[1] and money[0] == money[1]:
        return []
    worth = f", worth {money[0]} of {money[1]}" if result.revenue > 0.0 else ""
    told = f"Told so far: {_tenths(counts[0])} of these {_tenths(counts[1])}{worth}"
    return [f"{told}; the rest is expected by how late conversions come."]


def _tenths(count: float) -> str:
    """Return a count to the tenth, and a whole one without it."""
    return f"{count:,.1f}".removesuffix(".0")


def _per_cent(limits: Limits) -> str:
    """Return the ends of a rate in per cent."""
    return f"{100 * limits.low:.2f} to {100 * (limits.high or 0.0):.2f} %"


def _price(result: Brought, code: str) -> str:
    if result.cpa.middle is None:
        return f"each would cost {exact(result.cpa.low, code)} at least"
    return f"{exact(result.cpa.middle, code)} each ({_between(result.cpa, 2)})"


def _between(limits: Limits, decimals: int) -> str:
    if limits.high is None:
        return f"{limits.low:,.{decimals}f} or more"
    return f"{limits.low:,.{decimals}f} to {limits.high:,.{decimals}f}"


def _cap(found: Answers) -> list[str]:
    forecast, status, lines = found.forecast, found.status, []
    if forecast is None:
        return []
    if status.period is not BudgetPeriod.DAY and forecast.chance is not None:
        at = _clock(forecast.exhausts_at, status) if forecast.exhausts_at else ""
        last = f", at about {at}" if at else ""
        money = "What the rest of today may spend is used up with a probability of"
        lines.append(f"{money} {chance(forecast.chance, decimals=0)}{last}.")
    cap = f"An hourly cap of {exact(forecast.helping_cap, status.currency)} on the next hour"
    lines.append(f"{cap}, and its like on each after it, makes it last to the end of the day.")
    return lines


def _multiplier(lever: Lever, *, alone: bool) -> list[str]:
    if lever.follows_from is None:
        return []
    lines = [f"It follows from {_BINDING[lever.follows_from]}; one multiplier is meant to last."]
    if lever.by_today_alone is not None and (alone or lever.follows_from != BINDING[0]):
        wanted = setting(lever.by_today_alone, "multiplier", "")
        lines.append(f"The rest of today's money alone would ask for {wanted}, before offsets.")
    return lines


def _cells(cells: Sequence[Cell]) -> str:
    return ", ".join(
        f"{each.name} {each.times:.2f}\N{MULTIPLICATION SIGN} ({each.trust:.0%})" for each in cells
    )


def _clock(at: datetime, status: CampaignStatus) -> str:
    return f"{at.astimezone(zone(status.timezone)):%a %d %b %H:%M}"
