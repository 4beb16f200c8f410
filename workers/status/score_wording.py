"""Why a part of a score is what it is, and what would raise it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workers.chances import chance
from workers.report.wording import counted, exact, setting
from workers.status.model import CampaignStatus
from workers.status.offers import Offer

NAMES: Final = {
    "advice": "advice followed",
    "budget_use": "budget and pace",
    "target": "target reached",
    "data": "data in time",
    "evidence": "evidence",
}
"""What the parts of `engine.optimisation_score.PARTS` are called."""

_LATE: Final = 3.0


def why(name: str, status: CampaignStatus, offers: Sequence[Offer], held: float) -> str:
    """Return why a part is what it is."""
    match name:
        case "advice":
            return "; ".join(map(_offered, offers)) or "no advice with an expected gain is open"
        case "budget_use":
            return _use(status)
        case "target":
            return _target(status)
        case "data":
            return _data(status, held)
        case _:
            won = counted(round(status.brought.conversions, 1), "conversion")
            return f"{won} in seven days; 20 are half of what being sure takes"


def remedy(name: str, status: CampaignStatus, offers: Sequence[Offer], held: float) -> str:
    """Return what would raise a part; empty where nothing is missing."""
    match name:
        case "advice":
            return "approve it by `pacekeeper decide approve` before it expires" if offers else ""
        case "budget_use":
            return _use_remedy(status)
        case "target":
            short = status.brought.efficiency is not None and status.brought.efficiency < 1.0
            return "hold bids to the target (strategy adaptive), or loosen it" if short else ""
        case "data":
            late = _behind(status) > _LATE
            return (status.hold.remedy if status.hold else "") or (
                "look at the publisher" if late or held > 0.0 else ""
            )
        case _:
            return "time, or more budget where it pays"


def _offered(offer: Offer) -> str:
    advice = offer.advice
    unit, code = advice.unit or "", advice.currency or ""
    value = setting(float(advice.recommended_value or 0), unit, code)
    if offer.conversions is not None:
        brings = counted(round(offer.conversions, 1), "conversion")
    else:
        brings = exact(offer.revenue, code)
    name = (advice.field or "").replace("_", " ")
    return f"open: {name} {value} for {brings} a day, {chance(advice.confidence, decimals=0)} sure"


def _use(status: CampaignStatus) -> str:
    own, ahead = status.own, status.ahead
    if not own.budget or ahead.p50 is None:
        return "left out: nothing projects where a budget ends"
    parts = [f"the {status.period} is to end at {ahead.p50 / own.budget:.0%} of its budget"]
    if ahead.pace is not None:
        parts.append(f"pace {ahead.pace:.2f}")
    if ahead.exhausts_at is not None and ahead.exhaustion:
        parts.append(f"it runs out early with {chance(ahead.exhaustion, decimals=0)}")
    return ", ".join(parts)


def _use_remedy(status: CampaignStatus) -> str:
    own, ahead = status.own, status.ahead
    if not own.budget or ahead.p50 is None:
        return "publish a plan, or wait for the first decision"
    if ahead.p50 < own.budget and (ahead.exhaustion or 0.0) < 0.5:  # noqa: PLR2004 -- an even chance
        return "loosen its target or caps, or lower its budget"
    return "let its hours or bids be set (autonomy auto), or raise its budget"


def _target(status: CampaignStatus) -> str:
    reached = status.brought.efficiency
    if reached is None:
        return "left out: the plan has no target, or nothing was spent"
    return f"conversions cost {1.0 / max(reached, 1e-9):.2f} times what the target allows"


def _data(status: CampaignStatus, held: float) -> str:
    found = []
    if status.hold is not None and status.hold.reason == "suspected_outage":
        found.append("conversions are suspected not to be counted")
    if held > 0.0:
        found.append(f"something broken held {held:.0%} of its last week's decisions")
    if _behind(status) > _LATE:
        found.append(f"reports are {_behind(status):.0f} hours behind")
    return ", ".join(found) or "reports are in time and nothing is broken"


def _behind(status: CampaignStatus) -> float:
    return (status.as_of - status.reported_until).total_seconds() / 3_600.0
